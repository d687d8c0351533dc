// SPDX-License-Identifier: GPL-2.0-only
/*
 * The user's array of extents, filled through a small buffer.
 */
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "chardev.h"
#include "owner.h"

/* A page. */
#define NOIOMMU_EXTENTS_LARGE	(PAGE_SIZE / sizeof(struct noiommu_extent))

static void noiommu_extents_empty(struct noiommu_extents *extents)
{
	extents->last = extents->buffer;
	extents->last->flags = ~0;
}

/**
 * noiommu_extents_init() - begin with no extents
 * @extents: to be initialized
 * @user: address of the user's array
 * @room: elements of the array
 * @limit: physical address of the last byte that the device can reach, or 0 if the user
 *         gives none. The DMA limits of the functions of the process apply as well
 */
void noiommu_extents_init(struct noiommu_extents *extents, u64 user, u64 room,
			  u64 limit)
{
	extents->user = u64_to_user_ptr(user);
	extents->room = room;
	extents->limit = min_not_zero(limit, noiommu_owner_reach());
	extents->bytes = 0;
	extents->total = 0;
	extents->written = 0;
	extents->fault = false;
	extents->buffer = extents->small;
	extents->end = extents->small + NOIOMMU_EXTENTS_SMALL - 1;
	noiommu_extents_empty(extents);
}

/**
 * noiommu_extents_cut() - append the part of a piece that the device can reach
 * @extents: the extents so far
 * @phys: physical address of the first byte of the piece, which ends beyond the limit
 * @flags: bits of enum noiommu_extent_flags
 *
 * Return: -ERANGE, or -EFAULT if the array cannot be written.
 */
int noiommu_extents_cut(struct noiommu_extents *extents, u64 phys, u32 flags)
{
	int ret = 0;

	if (phys <= extents->limit)
		ret = noiommu_extents_add(extents, phys,
					  extents->limit - phys + 1, flags);
	return ret ?: -ERANGE;
}

/**
 * noiommu_extents_write() - write the buffered extents to the array, up to its end
 * @extents: the extents so far; none of those in the buffer grows any more
 *
 * Return: 0 or -EFAULT.
 */
int noiommu_extents_write(struct noiommu_extents *extents)
{
	struct noiommu_extent __user *to = extents->user + extents->written;
	const struct noiommu_extent *from = extents->buffer + 1;
	size_t count, i;

	count = min_t(u64, extents->last - extents->buffer,
		      extents->room - extents->written);
	noiommu_extents_empty(extents);
	if (!user_write_access_begin(to, count * sizeof(*to))) {
		extents->fault = true;
		return -EFAULT;
	}
	for (i = 0; i < count; i++) {
		unsafe_put_user(from[i].phys, &to[i].phys, err_fault);
		unsafe_put_user(from[i].length, &to[i].length, err_fault);
		unsafe_put_user(from[i].flags, &to[i].flags, err_fault);
		unsafe_put_user(0, &to[i].reserved, err_fault);
	}
	user_write_access_end();
	extents->written += count;
	return 0;

err_fault:
	user_write_access_end();
	extents->fault = true;
	return -EFAULT;
}

/**
 * noiommu_extents_enlarge() - write the buffered extents, and buffer more from now on
 * @extents: the extents so far; none of those in the buffer grows any more
 *
 * Without memory for a larger buffer, the small one stays in use.
 *
 * Return: 0 or -EFAULT.
 */
int noiommu_extents_enlarge(struct noiommu_extents *extents)
{
	int ret = noiommu_extents_write(extents);
	struct noiommu_extent *buffer;

	if (ret || extents->buffer != extents->small)
		return ret;
	buffer = kmalloc_array(NOIOMMU_EXTENTS_LARGE, sizeof(*buffer),
			       GFP_KERNEL);
	if (!buffer)
		return 0;
	extents->buffer = buffer;
	extents->end = buffer + NOIOMMU_EXTENTS_LARGE - 1;
	noiommu_extents_empty(extents);
	return 0;
}

/**
 * noiommu_extents_destroy() - free the buffer
 * @extents: the extents, after noiommu_extents_flush()
 */
void noiommu_extents_destroy(struct noiommu_extents *extents)
{
	if (extents->buffer != extents->small)
		kfree(extents->buffer);
}

/**
 * noiommu_extents_answer() - tell the user how many extents there are
 * @extents: the extents, after noiommu_extents_flush()
 * @nr: where the user gets the number, also if the array has no room for all
 *
 * Return: 0; -ENOSPC if there is an array, and it is too small; or -EFAULT.
 */
int noiommu_extents_answer(const struct noiommu_extents *extents,
			   u32 __user *nr)
{
	if (put_user(min_t(u64, extents->total, U32_MAX), nr))
		return -EFAULT;
	return extents->room && extents->total > extents->room ? -ENOSPC : 0;
}

/**
 * noiommu_extents_rewind() - drop the last extents
 * @extents: the extents so far; the first @total were flushed before the next was added
 * @total: number of extents to keep
 */
void noiommu_extents_rewind(struct noiommu_extents *extents, u64 total)
{
	extents->total = total;
	extents->written = min(total, extents->room);
	noiommu_extents_empty(extents);
}
