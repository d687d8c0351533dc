// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a pin holds: made, counted, released.
 */
#include <linux/capability.h>
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "compat.h"
#include "pinned.h"

/* So that neither allocation is larger than a page. */
#define NOIOMMU_FIRST_ROOM \
	((PAGE_SIZE - sizeof(struct noiommu_pinned)) / sizeof(struct page *))
#define NOIOMMU_CHUNK_ROOM \
	((PAGE_SIZE - sizeof(struct noiommu_chunk)) / sizeof(struct page *))

/**
 * noiommu_pinned_release() - let go of all that a pin holds
 * @pinned: is freed
 */
void noiommu_pinned_release(struct noiommu_pinned *pinned)
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

/**
 * noiommu_pinned_alloc() - a pin that holds nothing yet
 * @pages: how many pages (of the smallest size) its range has
 * @write: the device will write
 *
 * Return: the pin, or -ENOMEM as a pointer.
 */
struct noiommu_pinned *noiommu_pinned_alloc(unsigned long pages,
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

/**
 * noiommu_pinned_grow() - room for more references
 * @pinned: of which the last chunk is full
 *
 * Return: 0 or -ENOMEM.
 */
int noiommu_pinned_grow(struct noiommu_pinned *pinned)
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
