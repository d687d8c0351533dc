// SPDX-License-Identifier: GPL-2.0-only
/*
 * NOIOMMU_PIN and NOIOMMU_UNPIN: this memory stays where it is.
 *
 * A page is pinned by a reference on the folio it belongs to, and a folio moves
 * as a whole or not at all. So one reference is enough for what one huge page
 * maps: the range is gone through in strides. A stride is longer than a page
 * only where a single entry of the page table maps all of it, seen after
 * the pin was taken: from then on the kernel cannot put other pages there.
 *
 * Vocabulary: a pin is what the user has an ID of. It holds references, each to
 * a struct page; "small" and "huge" are about what an entry maps.
 */
#include <linux/capability.h>
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "chardev.h"
#include "compat.h"
#include "owner.h"

/**
 * struct noiommu_chunk - some references of a pin
 * @next: the chunk before this one
 * @count: how many of @pages are filled
 * @room: how many there are
 * @pages: each pinned once
 */
struct noiommu_chunk {
	struct noiommu_chunk *next;
	unsigned int count;
	unsigned int room;
	struct page *pages[];
};

/**
 * struct noiommu_pinned - a pin
 * @mm: whose locked memory counts it; a reference is held on the structure, not
 *      on the memory
 * @locked: pages that are counted there
 * @write: the device may have written
 * @hold: for when the descriptor is closed and a function may still write
 * @chunk: the references, the last first
 * @first: the first chunk, enough for most pins
 */
struct noiommu_pinned {
	struct mm_struct *mm;
	unsigned long locked;
	bool write;
	struct noiommu_hold hold;
	struct noiommu_chunk *chunk;
	struct noiommu_chunk first;
};

/* Never given out. */
#define NOIOMMU_SPARE_ID 1

/* So that neither allocation is larger than a page. */
#define NOIOMMU_FIRST_ROOM \
	((PAGE_SIZE - sizeof(struct noiommu_pinned)) / sizeof(struct page *))
#define NOIOMMU_CHUNK_ROOM \
	((PAGE_SIZE - sizeof(struct noiommu_chunk)) / sizeof(struct page *))

static void noiommu_pinned_release(struct noiommu_pinned *pinned)
{
	struct noiommu_chunk *chunk;

	while ((chunk = pinned->chunk)) {
		pinned->chunk = chunk->next;
		unpin_user_pages_dirty_lock(chunk->pages, chunk->count,
					    pinned->write);
		if (chunk != &pinned->first)
			kfree(chunk);
		cond_resched();
	}
	account_locked_vm(pinned->mm, pinned->locked, false);
	mmdrop(pinned->mm);
	put_pid(pinned->hold.maker);
	kfree(pinned);
}

static void noiommu_pinned_unhold(struct noiommu_hold *hold)
{
	noiommu_pinned_release(container_of(hold, struct noiommu_pinned, hold));
}

/* As account_locked_vm(), which asks for the capability before it is needed. */
static int noiommu_account(struct mm_struct *mm, unsigned long pages)
{
	int ret;

	mmap_write_lock(mm);
	ret = __account_locked_vm(mm, pages, true, current, false);
	if (ret && capable(CAP_IPC_LOCK))
		ret = __account_locked_vm(mm, pages, true, current, true);
	mmap_write_unlock(mm);
	return ret;
}

static struct noiommu_pinned *noiommu_pinned_alloc(unsigned long pages,
						   bool write)
{
	unsigned int room = min(pages, NOIOMMU_FIRST_ROOM);
	struct noiommu_pinned *pinned;
	int ret;

	pinned = kmalloc(struct_size(pinned, first.pages, room),
			 GFP_KERNEL_ACCOUNT);
	if (!pinned)
		return ERR_PTR(-ENOMEM);
	ret = noiommu_account(current->mm, pages);
	if (ret) {
		kfree(pinned);
		return ERR_PTR(ret);
	}
	mmgrab(current->mm);
	pinned->mm = current->mm;
	pinned->locked = pages;
	pinned->write = write;
	pinned->hold.maker = get_pid(task_tgid(current));
	pinned->hold.release = noiommu_pinned_unhold;
	pinned->chunk = &pinned->first;
	pinned->first.next = NULL;
	pinned->first.count = 0;
	pinned->first.room = room;
	return pinned;
}

static int noiommu_pinned_grow(struct noiommu_pinned *pinned)
{
	struct noiommu_chunk *chunk;

	chunk = kmalloc(PAGE_SIZE, GFP_KERNEL_ACCOUNT);
	if (!chunk)
		return -ENOMEM;
	chunk->next = pinned->chunk;
	chunk->count = 0;
	chunk->room = NOIOMMU_CHUNK_ROOM;
	pinned->chunk = chunk;
	return 0;
}

/**
 * struct noiommu_pinning - a pin that is being made
 * @pinned: the references so far
 * @extents: where they are
 * @va: what is pinned up to here
 * @end: of the range
 * @size: what the entry maps that was seen last; the next is likely the same
 */
struct noiommu_pinning {
	struct noiommu_pinned *pinned;
	struct noiommu_extents extents;
	unsigned long va;
	unsigned long end;
	unsigned long size;
};

static int noiommu_pin_error(long got, unsigned long va)
{
	if (fatal_signal_pending(current))
		return -EINTR;
	if (got == -ENOMEM || got == -EOPNOTSUPP)
		return got;
	return noiommu_is_device_memory(va) ? -EOPNOTSUPP : -EFAULT;
}

/* How much around va does the entry map that maps it? 0 if none does. */
static unsigned long noiommu_mapped_size(unsigned long va, unsigned long *pfn)
{
	unsigned long entry;

	if (!noiommu_lockless(ALIGN_DOWN(va, PAGE_SIZE), va + 1, 0, &entry, 1))
		return 0;
	*pfn = noiommu_entry_pfn(entry);
	return PAGE_SIZE << noiommu_entry_order(entry);
}

static int noiommu_pin_pages(unsigned long va, int count, bool write,
			     struct page **pages)
{
	unsigned int flags = FOLL_LONGTERM | (write ? FOLL_WRITE : 0);

	return noiommu_compat_pin_fast(va, count, flags, pages);
}

/* Pins what is left of what one entry maps, and learns its size. */
static int noiommu_pin_one(struct noiommu_pinning *pinning)
{
	struct noiommu_chunk *chunk = pinning->pinned->chunk;
	struct page **page = chunk->pages + chunk->count;
	unsigned long va = pinning->va, next, pfn, size;
	long got;

	got = noiommu_pin_pages(va, 1, pinning->pinned->write, page);
	if (got != 1)
		return noiommu_pin_error(got, va);
	chunk->count++;
	size = noiommu_mapped_size(va, &pfn);
	if (!size || pfn != page_to_pfn(*page))
		size = PAGE_SIZE;
	next = min((va | (size - 1)) + 1, pinning->end);
	pinning->size = size;
	pinning->va = next;
	return noiommu_extents_add(&pinning->extents,
				   page_to_phys(*page) + offset_in_page(va),
				   next - va, 0);
}

/* How many huge pages to pin before a look at how they are mapped. */
#define NOIOMMU_HUGE_BATCH 16

/*
 * Pins huge pages two by two: the last small page of one and the first of the
 * next are neighbours and take one call, and most of what a pin of one page
 * costs is the way down the page table. Of an odd one it is the last page.
 *
 * Return: how many are pinned.
 */
static unsigned int noiommu_pin_pairs(unsigned long va, unsigned long size,
				      bool write, struct page **pages,
				      unsigned int count)
{
	unsigned int i, two;
	int got;

	for (i = 0; i < count; i += two) {
		two = min(count - i, 2U);
		got = noiommu_pin_pages(va + (i + 1) * size - PAGE_SIZE, two,
					write, pages + i);
		if (got != two)
			return i + max(got, 0);
	}
	return i;
}

/* How many of the pinned pages are mapped by an entry of that size each? */
static unsigned int noiommu_verify_pairs(unsigned long va, unsigned long size,
					 struct page **pages,
					 unsigned int count,
					 unsigned long *entries)
{
	unsigned int order = ilog2(size) - PAGE_SHIFT, i;

	count = noiommu_lockless(va, va + count * size, 0, entries, count);
	for (i = 0; i < count; i++) {
		unsigned long pfn = page_to_pfn(pages[i]);

		if (!(i & 1))
			pfn -= (1UL << order) - 1;
		if (entries[i] != noiommu_entry(pfn, order))
			break;
	}
	return i;
}

/* Pins some huge pages, or what is there if they are not as the last one was. */
static int noiommu_pin_huge(struct noiommu_pinning *pinning)
{
	unsigned long va = pinning->va, size = pinning->size;
	struct noiommu_chunk *chunk = pinning->pinned->chunk;
	struct page **pages = chunk->pages + chunk->count;
	unsigned long entries[NOIOMMU_HUGE_BATCH];
	unsigned int count, good, i;
	int ret = 0;

	count = min3((pinning->end - va) / size,
		     (unsigned long)(chunk->room - chunk->count),
		     (unsigned long)NOIOMMU_HUGE_BATCH);
	count = noiommu_pin_pairs(va, size, pinning->pinned->write, pages, count);
	good = noiommu_verify_pairs(va, size, pages, count, entries);
	if (good < count)
		unpin_user_pages(pages + good, count - good);
	if (!good)
		return noiommu_pin_one(pinning);
	chunk->count += good;
	pinning->va += good * size;
	for (i = 0; !ret && i < good; i++)
		ret = noiommu_extents_add(&pinning->extents,
					  PFN_PHYS(noiommu_entry_pfn(entries[i])),
					  size, 0);
	return ret;
}

/* Pins what is left of a table that maps small pages. */
static int noiommu_pin_table(struct noiommu_pinning *pinning)
{
	struct noiommu_chunk *chunk = pinning->pinned->chunk;
	unsigned long end = min(ALIGN(pinning->va + 1, PMD_SIZE), pinning->end);
	struct page **pages = chunk->pages + chunk->count;
	unsigned long va = pinning->va, next, count;
	int ret = 0;
	long got, i;

	count = min_t(unsigned long, chunk->room - chunk->count,
		      DIV_ROUND_UP(end, PAGE_SIZE) - va / PAGE_SIZE);
	got = noiommu_pin_pages(va, count, pinning->pinned->write, pages);
	if (got <= 0)
		return noiommu_pin_error(got, va);
	chunk->count += got;
	for (i = 0; !ret && i < got; i++, va = next) {
		next = min((va | ~PAGE_MASK) + 1, end);
		ret = noiommu_extents_add(&pinning->extents,
					  page_to_phys(pages[i]) +
					  offset_in_page(va), next - va, 0);
	}
	pinning->va = va;
	return ret;
}

/*
 * Tries what was right last time: a huge page is followed by others, a small
 * one by those in the same table. What comes at the end of a table, or is not
 * present and may become anything when it is faulted in, shows its size first.
 * For what is left of a single page the size makes no difference.
 */
static int noiommu_pin_next(struct noiommu_pinning *pinning)
{
	unsigned long pfn;

	if (pinning->end - 1 <= (pinning->va | ~PAGE_MASK))
		return noiommu_pin_table(pinning);
	if (!pinning->size ||
	    (pinning->size == PAGE_SIZE && IS_ALIGNED(pinning->va, PMD_SIZE)))
		pinning->size = noiommu_mapped_size(pinning->va, &pfn);
	if (pinning->size == PAGE_SIZE)
		return noiommu_pin_table(pinning);
	if (pinning->size && IS_ALIGNED(pinning->va, pinning->size) &&
	    pinning->end - pinning->va >= pinning->size)
		return noiommu_pin_huge(pinning);
	return noiommu_pin_one(pinning);
}

static int noiommu_pin_range(struct noiommu_pinning *pinning)
{
	struct noiommu_pinned *pinned = pinning->pinned;
	int ret = 0;

	while (!ret && pinning->va < pinning->end) {
		if (fatal_signal_pending(current))
			ret = -EINTR;
		else if (pinned->chunk->count == pinned->chunk->room)
			ret = noiommu_pinned_grow(pinned);
		else
			ret = noiommu_pin_next(pinning);
		cond_resched();
	}
	return ret;
}

static int noiommu_pin_publish(struct noiommu_file *file,
			       struct noiommu_pinned *pinned,
			       struct noiommu_pin __user *user)
{
	u32 id;
	int ret;

	ret = xa_alloc(&file->pins, &id, pinned, xa_limit_31b,
		       GFP_KERNEL_ACCOUNT);
	if (ret)
		return -ENOMEM;
	if (!put_user(id, &user->id))
		return 0;
	/* Somebody else who has the descriptor may have guessed the ID. */
	return xa_cmpxchg(&file->pins, id, pinned, NULL, 0) == pinned ?
	       -EFAULT : 0;
}

/**
 * noiommu_pin() - NOIOMMU_PIN
 * @file: the open file
 * @arg: a struct noiommu_pin
 * @user: where the caller has it
 *
 * Return: 0, or an errno as documented there.
 */
int noiommu_pin(struct noiommu_file *file, void *arg, void __user *user)
{
	struct noiommu_pin __user *to = user;
	struct noiommu_pin *cmd = arg;
	struct noiommu_pinning pinning;
	struct noiommu_pinned *pinned;
	int ret;

	ret = noiommu_check_range(cmd->va, cmd->length, cmd->flags);
	if (ret)
		return ret;
	if (!cmd->extents != !cmd->nr_extents)
		return -EINVAL;
	pinning.va = cmd->va;
	pinning.end = cmd->va + cmd->length;
	pinning.size = 0;
	pinned = noiommu_pinned_alloc(DIV_ROUND_UP(pinning.end, PAGE_SIZE) -
				      cmd->va / PAGE_SIZE,
				      cmd->flags & NOIOMMU_ACCESS_WRITE);
	if (IS_ERR(pinned))
		return PTR_ERR(pinned);
	pinning.pinned = pinned;
	noiommu_extents_init(&pinning.extents, cmd->extents, cmd->nr_extents);

	ret = noiommu_pin_range(&pinning) ?:
	      noiommu_extents_flush(&pinning.extents);
	if (ret)
		goto err_release;
	if (put_user(min_t(u64, pinning.extents.total, U32_MAX),
		     &to->nr_extents))
		ret = -EFAULT;
	else if (cmd->extents && pinning.extents.total > pinning.extents.room)
		ret = -ENOSPC;
	else
		ret = noiommu_pin_publish(file, pinned, to);
	if (ret)
		goto err_release;
	return 0;

err_release:
	noiommu_pinned_release(pinned);
	return ret;
}

/**
 * noiommu_unpin() - NOIOMMU_UNPIN
 * @file: the open file
 * @arg: a struct noiommu_unpin
 * @user: where the caller has it
 *
 * Return: 0, or an errno as documented there.
 */
int noiommu_unpin(struct noiommu_file *file, void *arg, void __user *user)
{
	struct noiommu_pinned *pinned;
	struct noiommu_unpin *cmd = arg;

	if (cmd->flags)
		return -EOPNOTSUPP;
	if (cmd->reserved)
		return -EINVAL;
	/* To erase what only reserves a place would have it given out. */
	if (cmd->id <= NOIOMMU_SPARE_ID)
		return -ENOENT;
	pinned = xa_erase(&file->pins, cmd->id);
	if (!pinned)
		return -ENOENT;
	noiommu_pinned_release(pinned);
	return 0;
}

/**
 * noiommu_pins_init() - a file without pins
 * @file: the open file
 *
 * Return: 0 or -ENOMEM.
 */
int noiommu_pins_init(struct noiommu_file *file)
{
	xa_init_flags(&file->pins, XA_FLAGS_ALLOC1 | XA_FLAGS_ACCOUNT);
	/* Keeps the first node, which would come and go with a lone pin. */
	return xa_reserve(&file->pins, NOIOMMU_SPARE_ID, GFP_KERNEL_ACCOUNT);
}

/**
 * noiommu_unpin_all() - the last descriptor is gone
 * @file: the open file, which nobody can use any more
 *
 * What a function may still write to is unpinned when it may not any more.
 */
void noiommu_unpin_all(struct noiommu_file *file)
{
	struct noiommu_pinned *pinned;
	unsigned long id;

	xa_for_each(&file->pins, id, pinned)
		if (!noiommu_hold(&pinned->hold))
			noiommu_pinned_release(pinned);
	xa_destroy(&file->pins);
}
