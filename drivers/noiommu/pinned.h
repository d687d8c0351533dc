/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pins, and their references.
 *
 * Vocabulary: a pin is the object that has an ID. It holds references, each to a struct
 * page. "Small" and "huge" are the sizes that a page-table entry maps.
 */
#ifndef NOIOMMU_PINNED_H
#define NOIOMMU_PINNED_H

#include <linux/atomic.h>
#include <linux/mm.h>
#include <linux/types.h>
#include <linux/xarray.h>

#include "chardev.h"
#include "charge.h"
#include "owner.h"

/**
 * struct noiommu_chunk - some references of a pin
 * @next: the next chunk, NULL at the end
 * @count: number of elements of @pages that are filled
 * @room: number of elements of @pages
 * @order: each reference is for a block of (1 << order) pages, aligned to its size, as
 *         far as the block is in the range
 * @pages: the references, each pinned once; each is any page of its block
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
 * @charge: the pages that it keeps, as locked memory of the process that made it
 * @va: first byte of the range, in the address space of that process
 * @length: bytes of the range
 * @write: the device may have written to the memory
 * @hold: in use while the descriptor is closed and a function may still write
 * @attachment: the dma-buf that it keeps; then it has no references. Otherwise NULL
 * @last: the chunk that is being filled
 * @first: the first chunk, large enough for most pins
 */
struct noiommu_pinned {
	struct noiommu_charge charge;
	u64 va;
	u64 length;
	bool write;
	struct noiommu_hold hold;
	struct noiommu_attachment *attachment;
	struct noiommu_chunk *last;
	struct noiommu_chunk first;
};

/**
 * struct noiommu_tally - count of the pages that a pin keeps from others
 * @pages: pages that the pin has not been charged for yet
 * @folio: the large folio of the last reference, if it is not in @pages yet, else NULL
 * @covered: number of pages of @folio that the range covers so far
 * @part: the first folio that was counted although the range covers only a part of it
 * @parts: the other such folios, by page frame number
 *
 * A reference keeps the whole folio. If a piece of the range covers all pages of a folio,
 * they count for each such piece. If pieces cover only parts of a folio, all its pages
 * count once, whatever the number of pieces.
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
 * @pinned: the pin, with the references so far
 * @tally: count of the pages that they keep
 * @extents: their physical addresses
 * @va: the range is pinned up to this virtual address
 * @end: end of the range, exclusive
 * @retried: last address that was faulted in for userfaultfd; @end if none was
 * @size: bytes that the last page-table entry maps, 0 if not known; the next entry likely
 *        maps as many
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

/* Return: number of pages of an order that a range touches. */
static inline unsigned long noiommu_pages_of(unsigned long va, unsigned long end,
					     unsigned int order)
{
	unsigned int shift = PAGE_SHIFT + order;

	return ((end - 1) >> shift) - (va >> shift) + 1;
}

/* Return: number of pages of the smallest size that a range touches. */
static inline unsigned long noiommu_pages(unsigned long va, unsigned long end)
{
	return noiommu_pages_of(va, end, 0);
}

/* tally.c */
void noiommu_tally_init(struct noiommu_tally *tally);
void noiommu_tally_destroy(struct noiommu_tally *tally);
int noiommu_tally_folio(struct noiommu_tally *tally);

/**
 * noiommu_tally_add() - count the pages of a reference
 * @tally: the tally so far
 * @folio: folio of the reference
 * @pages: number of pages of the range that it is for, all in @folio
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
struct noiommu_pinned *noiommu_pinned_alloc(u64 va, u64 length, bool write,
					    unsigned long wanted);
int noiommu_pinned_grow(struct noiommu_pinned *pinned, unsigned long wanted);
void noiommu_pinned_release(struct noiommu_pinned *pinned);
bool noiommu_pinned_hold(struct noiommu_pinned *pinned);

/* pin.c */
int noiommu_pin_publish(struct noiommu_file *file,
			struct noiommu_pinned *pinned, u32 __user *user,
			u32 *id);

/* pin_walk.c */
int noiommu_pin_range(struct noiommu_pin_walk *walk);

/* pin_list.c */
void noiommu_listings_forget(struct noiommu_file *file,
			     const struct noiommu_pinned *pinned);

#endif /* NOIOMMU_PINNED_H */
