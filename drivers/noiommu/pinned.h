/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a pin holds.
 *
 * Vocabulary: a pin is what the user has an ID of. It holds references, each to
 * a struct page; "small" and "huge" are about what an entry of the page table maps.
 */
#ifndef NOIOMMU_PINNED_H
#define NOIOMMU_PINNED_H

#include <linux/mm_types.h>
#include <linux/types.h>

#include "chardev.h"
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

/**
 * struct noiommu_pinning - a pin that is being made
 * @pinned: the references so far
 * @extents: where they are
 * @va: what is pinned up to here
 * @end: of the range
 * @retried: where userfaultfd was waited for last, no address of the range if
 *           nowhere
 * @size: what the entry maps that was seen last; the next is likely the same
 */
struct noiommu_pinning {
	struct noiommu_pinned *pinned;
	struct noiommu_extents extents;
	unsigned long va;
	unsigned long end;
	unsigned long retried;
	unsigned long size;
};

/* pinned.c */
struct noiommu_pinned *noiommu_pinned_alloc(unsigned long pages, bool write);
int noiommu_pinned_grow(struct noiommu_pinned *pinned);
void noiommu_pinned_release(struct noiommu_pinned *pinned);

/* pin_walk.c */
int noiommu_pin_range(struct noiommu_pinning *pinning);

#endif /* NOIOMMU_PINNED_H */
