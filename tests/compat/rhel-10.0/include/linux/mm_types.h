/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * enum fault_flag - what a fault is about
 * @FAULT_FLAG_UNSHARE: The fault is an unsharing request to break COW in a
 *                      COW mapping, making sure that an exclusive anon page is
 *                      mapped after the fault.
 */
