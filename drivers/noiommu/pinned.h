/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a pin holds.
 *
 * Vocabulary: a pin is what the user has an ID of. It holds references, each to
 * a struct page; "small" and "huge" are about what an entry of the page table maps.
 */
#ifndef NOIOMMU_PINNED_H
#define NOIOMMU_PINNED_H

#include <linux/atomic.h>
#include <linux/mm.h>
#include <linux/types.h>
#include <linux/xarray.h>

#include "chardev.h"
#include "owner.h"

/**
 * struct noiommu_chunk - some references of a pin
 * @next: the chunk after this one
 * @count: how many of @pages are filled
 * @room: how many there are
 * @order: each is for what is in the range of this many pages, aligned to as many
 * @pages: each pinned once; any of the pages that the reference is for
 */
struct noiommu_chunk {
	struct noiommu_chunk *next;
	unsigned short count;
	unsigned short room;
	unsigned int order;
	struct page *pages[];
};

/**
 * struct noiommu_pinned - a pin
 * @mm: of the process that made it, whose pinned memory (VmPin) counts it; a
 *      reference is held on the structure, not on the memory
 * @user: whose locked memory counts it, NULL for a process that had CAP_IPC_LOCK
 * @locked: pages that are counted at both
 * @va: first byte of the range, for that process
 * @length: bytes of the range
 * @write: the device may have written
 * @hold: for when the descriptor is closed and a function may still write
 * @last: the chunk that is filled now
 * @first: the first chunk, enough for most pins
 */
struct noiommu_pinned {
	struct mm_struct *mm;
	struct user_struct *user;
	unsigned long locked;
	u64 va;
	u64 length;
	bool write;
	struct noiommu_hold hold;
	struct noiommu_chunk *last;
	struct noiommu_chunk first;
};

/**
 * struct noiommu_tally - how many pages the references of a pin keep from others
 * @pages: of which the pin has not been charged yet
 * @folio: the large one that the last reference was on, if it is not in @pages yet
 * @covered: how many of its pages the range has so far
 * @part: a folio that is in @pages, though the range has only a part of it
 * @parts: the others, by page frame
 *
 * A reference keeps the whole folio. One of which the range has all pages counts
 * each time that it has; one of which it has a part counts as a whole and once,
 * however many pieces the range has of it.
 */
struct noiommu_tally {
	unsigned long pages;
	struct folio *folio;
	unsigned long covered;
	struct folio *part;
	struct xarray parts;
};

/**
 * struct noiommu_pin_walk - a pin that is being made
 * @pinned: the references so far
 * @tally: what they keep
 * @extents: where they are
 * @va: what is pinned up to here
 * @end: of the range
 * @retried: where userfaultfd was waited for last, no address of the range if
 *           nowhere
 * @size: what the entry maps that was seen last; the next is likely the same
 */
struct noiommu_pin_walk {
	struct noiommu_pinned *pinned;
	struct noiommu_tally tally;
	struct noiommu_extents extents;
	unsigned long va;
	unsigned long end;
	unsigned long retried;
	unsigned long size;
};

/* How many pages of an order a range touches. */
static inline unsigned long noiommu_pages_of(unsigned long va, unsigned long end,
					     unsigned int order)
{
	unsigned int shift = PAGE_SHIFT + order;

	return ((end - 1) >> shift) - (va >> shift) + 1;
}

/* The same of the smallest size. */
static inline unsigned long noiommu_pages(unsigned long va, unsigned long end)
{
	return noiommu_pages_of(va, end, 0);
}

/* tally.c */
void noiommu_tally_init(struct noiommu_tally *tally);
void noiommu_tally_destroy(struct noiommu_tally *tally);
int noiommu_tally_folio(struct noiommu_tally *tally);

/**
 * noiommu_tally_add() - count what a reference is for
 * @tally: the tally so far
 * @folio: the reference is on it
 * @pages: how many pages of the range it is for, all of the folio
 *
 * Return: 0 or -ENOMEM.
 */
static inline int noiommu_tally_add(struct noiommu_tally *tally,
				    struct folio *folio, unsigned long pages)
{
	int ret;

	if (!folio_test_large(folio) || pages == folio_nr_pages(folio)) {
		tally->pages += pages;
		return 0;
	}
	if (folio == tally->folio) {
		tally->covered += pages;
		return 0;
	}
	ret = noiommu_tally_folio(tally);
	tally->folio = folio;
	tally->covered = pages;
	return ret;
}

/* pinned.c */
extern atomic64_t noiommu_pinned_bytes;
extern atomic64_t noiommu_held_bytes;
struct noiommu_pinned *noiommu_pinned_alloc(u64 va, u64 length, bool write);
int noiommu_pinned_grow(struct noiommu_pinned *pinned, unsigned long wanted);
int noiommu_pinned_charge(struct noiommu_pinned *pinned, unsigned long pages);
void noiommu_pinned_release(struct noiommu_pinned *pinned);
bool noiommu_pinned_hold(struct noiommu_pinned *pinned);

/* pin_walk.c */
int noiommu_pin_range(struct noiommu_pin_walk *walk);

/* pin_list.c */
void noiommu_listings_forget(struct noiommu_file *file,
			     const struct noiommu_pinned *pinned);

#endif /* NOIOMMU_PINNED_H */
