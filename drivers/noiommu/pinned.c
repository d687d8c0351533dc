// SPDX-License-Identifier: GPL-2.0-only
/*
 * The references of a pin.
 */
#include <linux/mm.h>
#include <linux/slab.h>

#include "attachment.h"
#include "compat.h"
#include "pinned.h"

/* These limits keep each allocation within a page. */
#define NOIOMMU_FIRST_ROOM \
	((PAGE_SIZE - sizeof(struct noiommu_pinned)) / sizeof(struct page *))
#define NOIOMMU_CHUNK_ROOM \
	((PAGE_SIZE - sizeof(struct noiommu_chunk)) / sizeof(struct page *))

/* Bytes of the ranges of all pins, and of the pins that have lost their descriptor. */
atomic64_t noiommu_pinned_bytes = ATOMIC64_INIT(0);
atomic64_t noiommu_held_bytes = ATOMIC64_INIT(0);

/**
 * noiommu_pinned_release() - unpin the memory of a pin, and free the pin
 * @pinned: the pin, which nobody else can access any more
 */
void noiommu_pinned_release(struct noiommu_pinned *pinned)
{
	struct noiommu_chunk *chunk, *next;

	for (chunk = &pinned->first; chunk; chunk = next) {
		next = chunk->next;
		unpin_user_pages_dirty_lock(chunk->pages, chunk->count,
					    pinned->write);
		if (chunk != &pinned->first)
			kfree(chunk);
		cond_resched();
	}
	if (pinned->attachment)
		noiommu_attachment_destroy(pinned->attachment);
	noiommu_charge_end(&pinned->charge);
	noiommu_hold_end(&pinned->hold);
	atomic64_sub(pinned->length, &noiommu_pinned_bytes);
	kfree(pinned);
}

static void noiommu_pinned_unhold(struct noiommu_hold *hold)
{
	struct noiommu_pinned *pinned = container_of(hold, struct noiommu_pinned,
						     hold);

	atomic64_sub(pinned->length, &noiommu_held_bytes);
	noiommu_pinned_release(pinned);
}

/**
 * noiommu_pinned_hold() - hold a pin whose descriptor has ended, if necessary
 * @pinned: the pin
 *
 * Return: true if a function may still write to the memory: the pin is released when no
 * function may, and the caller must not use it. False if no function may write to it now:
 * the caller must release it.
 */
bool noiommu_pinned_hold(struct noiommu_pinned *pinned)
{
	u64 length = pinned->length;

	/* Once it is held, it may be freed at any time. */
	atomic64_add(length, &noiommu_held_bytes);
	if (noiommu_hold(&pinned->hold))
		return true;
	atomic64_sub(length, &noiommu_held_bytes);
	return false;
}

/**
 * noiommu_pinned_alloc() - allocate a pin without references
 * @va: first byte of its range, without a tag
 * @length: bytes of its range
 * @write: the device will write to the memory
 * @wanted: the most references that may follow
 *
 * Return: the pin, for noiommu_pinned_release(); or -ENOMEM as a pointer.
 */
struct noiommu_pinned *noiommu_pinned_alloc(u64 va, u64 length, bool write,
					    unsigned long wanted)
{
	unsigned int room = min(wanted, NOIOMMU_FIRST_ROOM);
	struct noiommu_pinned *pinned;

	pinned = kmalloc(struct_size(pinned, first.pages, room),
			 GFP_KERNEL_ACCOUNT);
	if (!pinned)
		return ERR_PTR(-ENOMEM);
	noiommu_charge_init(&pinned->charge);
	pinned->va = va;
	pinned->length = length;
	pinned->write = write;
	atomic64_add(length, &noiommu_pinned_bytes);
	noiommu_hold_init(&pinned->hold, noiommu_pinned_unhold);
	pinned->attachment = NULL;
	pinned->last = &pinned->first;
	pinned->first.next = NULL;
	pinned->first.count = 0;
	pinned->first.room = room;
	return pinned;
}

/**
 * noiommu_pinned_grow() - make room for more references
 * @pinned: a pin whose last chunk is full, or is for pages of another order
 * @wanted: the most references that may follow; the new chunk may have room for fewer
 *
 * Return: 0 or -ENOMEM.
 */
int noiommu_pinned_grow(struct noiommu_pinned *pinned, unsigned long wanted)
{
	unsigned int room = min(wanted, NOIOMMU_CHUNK_ROOM);
	struct noiommu_chunk *chunk;

	chunk = kmalloc(struct_size(chunk, pages, room), GFP_KERNEL_ACCOUNT);
	if (!chunk)
		return -ENOMEM;
	chunk->next = NULL;
	chunk->count = 0;
	chunk->room = room;
	pinned->last->next = chunk;
	pinned->last = chunk;
	return 0;
}
