// SPDX-License-Identifier: GPL-2.0-only
/*
 * NOIOMMU_TRANSLATE: look up the physical addresses of a range.
 *
 * The range is processed in batches: each is looked up, then written to the user's
 * array. Present pages are looked up without a lock. If that finds nothing, the mmap
 * lock is taken. The next pages are then faulted in, or turn out to be device memory.
 */
#include <linux/ioport.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "chardev.h"
#include "trace.h"

#define NOIOMMU_BATCH_SMALL	8
#define NOIOMMU_BATCH_LARGE	PTRS_PER_PTE

/**
 * struct noiommu_batch - the rest of the range, and some of its pages
 * @va: virtual address of the first byte
 * @end: end of the range, exclusive
 * @flags: bits of enum noiommu_access_flags
 * @device: @entries come from a mapping of device memory
 * @usable: physical end address of the last device memory that has the same address on
 *          its bus
 * @count: number of entries filled
 * @room: number of elements of @entries
 * @entries: page frames and orders from noiommu_walk_slow(). Points to @small or is
 *           allocated
 * @small: entries for short ranges, which need no allocation
 */
struct noiommu_batch {
	unsigned long va;
	unsigned long end;
	u32 flags;
	bool device;
	u64 usable;
	unsigned int count;
	unsigned int room;
	unsigned long *entries;
	unsigned long small[NOIOMMU_BATCH_SMALL];
};

static void noiommu_batch_init(struct noiommu_batch *batch, unsigned long va,
			       unsigned long end, u32 flags)
{
	batch->va = va;
	batch->end = end;
	batch->flags = flags;
	batch->usable = 0;
	batch->entries = batch->small;
	batch->room = NOIOMMU_BATCH_SMALL;
}

static void noiommu_batch_free(struct noiommu_batch *batch)
{
	if (batch->entries != batch->small)
		kfree(batch->entries);
}

/* Return: 0 or -ENOMEM. Most ranges are present, and need no entries. */
static int noiommu_batch_enlarge(struct noiommu_batch *batch, unsigned long va)
{
	unsigned long *entries;

	if (batch->room == NOIOMMU_BATCH_LARGE ||
	    batch->end - va <= NOIOMMU_BATCH_SMALL * PAGE_SIZE)
		return 0;
	entries = kmalloc_array(NOIOMMU_BATCH_LARGE, sizeof(*entries),
				GFP_KERNEL);
	if (!entries)
		return -ENOMEM;
	batch->entries = entries;
	batch->room = NOIOMMU_BATCH_LARGE;
	return 0;
}

/* Return: 0 if the batch has at least one entry, else an errno. */
static int noiommu_batch_fill(struct noiommu_batch *batch)
{
	unsigned long va = ALIGN_DOWN(batch->va, PAGE_SIZE);
	int ret;

	ret = noiommu_batch_enlarge(batch, va);
	if (ret)
		return ret;
	ret = noiommu_walk_slow(va, ALIGN(batch->end, PAGE_SIZE), batch->flags,
				batch->entries, batch->room, &batch->device);
	if (ret < 0)
		return ret;
	batch->count = ret;
	return 0;
}

/* Return: flags of an extent. */
static u32 noiommu_batch_flags(const struct noiommu_batch *batch,
			       unsigned long pfn)
{
	if (batch->device)
		return page_is_ram(pfn) ? 0 : NOIOMMU_EXTENT_MMIO;
	return noiommu_folio_flags(page_folio(pfn_to_page(pfn)));
}

/*
 * Return: true if device memory has the same address on its bus. Contiguous memory is
 * checked only once, because a BAR moves as a whole.
 */
static bool noiommu_batch_usable(struct noiommu_batch *batch, u64 phys,
				 u64 length)
{
	bool usable = phys == batch->usable || !noiommu_bars_moved(phys);

	batch->usable = phys + length;
	return usable;
}

/*
 * Appends the entries to the extents.
 *
 * Return: 0, -EFAULT, -ERANGE, -EOPNOTSUPP, or -ENOSPC if the user's array is full.
 */
static int noiommu_batch_drain(struct noiommu_batch *batch,
			       struct noiommu_extents *extents)
{
	unsigned long va = batch->va;
	unsigned int i;
	int ret = 0;

	for (i = 0; i < batch->count; i++) {
		unsigned long entry = batch->entries[i];
		unsigned long pfn = noiommu_entry_pfn(entry);
		unsigned long next = min(noiommu_entry_end(entry, va),
					 batch->end);
		u32 flags = noiommu_batch_flags(batch, pfn);
		u64 phys = PFN_PHYS(pfn) + offset_in_page(va);

		if (extents->total == extents->room &&
		    !noiommu_extents_grow(extents, phys, flags)) {
			ret = -ENOSPC;
			break;
		}
		if (flags && !noiommu_batch_usable(batch, phys, next - va)) {
			ret = -EOPNOTSUPP;
			break;
		}
		ret = noiommu_extents_add(extents, phys, next - va, flags);
		if (ret)
			break;
		va = next;
	}
	batch->va = va;
	return ret;
}

/* Return: -ENOSPC if the user's array is full, or another errno. */
static int noiommu_translate_step(struct noiommu_batch *batch,
				  struct noiommu_extents *extents)
{
	unsigned long va = batch->va;
	bool full;

	if (fatal_signal_pending(current))
		return -EINTR;
	batch->va = noiommu_walk_fast(extents, va, batch->end, batch->flags,
				      &full);
	if (full)
		return extents->total == extents->room ?
			-ENOSPC : noiommu_extents_enlarge(extents);
	if (batch->va != va)
		return 0;
	return noiommu_batch_fill(batch) ?: noiommu_batch_drain(batch, extents);
}

static int noiommu_translate_range(struct noiommu_batch *batch,
				   struct noiommu_extents *extents)
{
	int ret;

	for (;;) {
		ret = noiommu_translate_step(batch, extents);
		if (ret || batch->va == batch->end)
			break;
		cond_resched();
	}
	return ret == -ENOSPC ? 0 : ret;
}

/* Opens one access window for all members: it is much of the cost of a one-page call. */
static int noiommu_translate_answer(struct noiommu_translate __user *to,
				    const struct noiommu_translate *cmd,
				    const struct noiommu_extents *extents)
{
	if (!user_write_access_begin(to, offsetofend(typeof(*to), reserved)))
		return -EFAULT;
	unsafe_put_user(cmd->va + extents->bytes, &to->va, fault);
	unsafe_put_user(cmd->length - extents->bytes, &to->length, fault);
	unsafe_put_user(extents->written, &to->nr_extents, fault);
	user_write_access_end();
	return 0;

fault:
	user_write_access_end();
	return -EFAULT;
}

/**
 * noiommu_translate() - NOIOMMU_TRANSLATE
 * @ucmd: the call, with a struct noiommu_translate
 *
 * Return: 0, or an errno as documented for &struct noiommu_translate.
 */
int noiommu_translate(struct noiommu_ucmd *ucmd)
{
	struct noiommu_translate *cmd = ucmd->cmd;
	u64 va = untagged_addr(cmd->va);
	/* To clear these first would be a tenth of a call for one page. */
	struct noiommu_extents extents __uninitialized;
	struct noiommu_batch batch __uninitialized;
	int ret;

	ret = noiommu_check_range(va, cmd->length, cmd->flags);
	if (ret)
		return ret;
	if (!cmd->nr_extents || cmd->reserved)
		return -EINVAL;
	noiommu_batch_init(&batch, va, va + cmd->length, cmd->flags);
	noiommu_extents_init(&extents, cmd->extents, cmd->nr_extents,
			     cmd->limit);
	ret = noiommu_translate_range(&batch, &extents);
	noiommu_batch_free(&batch);
	trace_noiommu_translate(cmd->va, cmd->length, cmd->flags, extents.total,
				ret);
	/* If the array cannot be written, no extents are valid: report no progress. */
	ret = noiommu_extents_flush(&extents) ?:
	      noiommu_translate_answer(ucmd->user, cmd, &extents) ?: ret;
	noiommu_extents_destroy(&extents);
	return ret;
}
