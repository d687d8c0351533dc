/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A dma-buf of another driver that is mapped for a function.
 */
#ifndef NOIOMMU_ATTACHMENT_H
#define NOIOMMU_ATTACHMENT_H

#include <linux/dma-direction.h>
#include <linux/mutex.h>
#include <linux/workqueue.h>
#include <uapi/linux/noiommu.h>

#include "owner.h"

struct dma_buf;
struct dma_buf_attachment;
struct sg_table;

/**
 * struct noiommu_attachment - a dma-buf that is mapped for a function
 * @tie: ends the mapping with ownership of the function
 * @dmabuf: the dma-buf, with a reference
 * @direction: direction of the transfers
 * @lock: protects @attach, and serializes what ends the mapping
 * @attach: what the exporter knows of the mapping; NULL once it has ended
 * @table: the mapping; NULL before and afterwards. Protected by the reservation of the
 *         dma-buf
 * @ended: the exporter, or the end of ownership, has ended the mapping
 * @work: ends the mapping after the exporter has revoked it
 * @count: elements of @pieces
 * @pieces: the bus addresses, constant
 */
struct noiommu_attachment {
	struct noiommu_tie tie;
	struct dma_buf *dmabuf;
	enum dma_data_direction direction;
	struct mutex lock;	/* of @attach */
	struct dma_buf_attachment *attach;
	struct sg_table *table;
	bool ended;
	struct work_struct work;
	unsigned int count;
	struct noiommu_extent *pieces;
};

struct noiommu_attachment *
noiommu_attachment_create(const struct noiommu_pin_dmabuf *cmd);
void noiommu_attachment_destroy(struct noiommu_attachment *attachment);

#endif /* NOIOMMU_ATTACHMENT_H */
