/* SPDX-License-Identifier: GPL-2.0-only */
struct dma_buf_attach_ops {
	bool allow_peer2peer;
	/*
	 * Not void (*invalidate_mappings)(struct dma_buf_attachment *attach);
	 */
	void (*move_notify)(struct dma_buf_attachment *attach);
};
