/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * enum fault_flag - what a fault is about
 * @FAULT_FLAG_UNSHARE: The fault is an unsharing request to unshare (and mark
 *                      exclusive) a possibly shared anonymous page that is
 *                      mapped R/O. Other kernels break COW in a COW mapping.
 */
enum fault_flag {
	FAULT_FLAG_UNSHARE =		1 << 10,
};
