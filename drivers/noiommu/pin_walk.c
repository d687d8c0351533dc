// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pin a range.
 *
 * A page is pinned by a reference on its folio, and a folio moves as a whole or not
 * at all. So one reference is enough for a whole huge page, and the walk goes through
 * the range in strides. A stride is longer than a page only if a single page-table
 * entry maps all of it. This is checked after the pin was taken, because from then on
 * the kernel cannot put other pages there.
 *
 * For example a range that 2 MiB, 2 MiB and 4 KiB map, from a multiple of 2 MiB on:
 *
 * 1. No size is known yet: the page table shows that it is 2 MiB.
 * 2. Two strides of this size fit. One call pins the last small page of the first and the
 *    first small page of the second: two references. Then the page table must still map
 *    2 MiB at both addresses, with these pages in them.
 * 3. A single page is left: it is pinned.
 *
 * If small pages map the second 2 MiB, the check of step 2 fails for it, and its reference
 * is dropped. It is pinned again as one page, which shows the new size; the rest of its
 * table follows in one call.
 */
#include <linux/mm.h>
#include <linux/sched/signal.h>

#include "compat.h"
#include "pinned.h"

/*
 * Return: an errno with the reason why nothing could be pinned at walk->va; or, once for
 * each address, 0 to try again, if userfaultfd has now provided the page.
 */
static int noiommu_pin_error(struct noiommu_pin_walk *walk, long got)
{
	u32 flags = walk->pinned->write ? NOIOMMU_ACCESS_WRITE : 0;
	unsigned long va = walk->va;

	if (fatal_signal_pending(current))
		return -EINTR;
	if (got == -ENOMEM || got == -EOPNOTSUPP)
		return got;
	if (!noiommu_is_pinnable(va))
		return -EOPNOTSUPP;
	if (walk->retried != va && !noiommu_fault_in(va, flags)) {
		walk->retried = va;
		return 0;
	}
	return noiommu_reason(va, flags);
}

/* Return: bytes that the page-table entry for va maps, 0 if it maps nothing. */
static unsigned long noiommu_mapped_size(unsigned long va, unsigned long *pfn)
{
	unsigned long entry;

	if (!noiommu_walk_sizes(ALIGN_DOWN(va, PAGE_SIZE), va + 1, &entry, 1))
		return 0;
	*pfn = noiommu_entry_pfn(entry);
	return PAGE_SIZE << noiommu_entry_order(entry);
}

/*
 * Makes room for a reference. All references of a chunk are for pages of the same order,
 * so that the range of each is known later.
 *
 * Return: 0 if the last chunk has room for one more of this order; or -ENOMEM.
 */
static int noiommu_pin_room(struct noiommu_pin_walk *walk, unsigned int order)
{
	struct noiommu_pinned *pinned = walk->pinned;
	struct noiommu_chunk *last = pinned->last;
	int ret = 0;

	if (last->count == last->room || (last->count && last->order != order))
		ret = noiommu_pinned_grow(pinned,
					  noiommu_pages_of(walk->va,
							   walk->end, order));
	if (!ret)
		pinned->last->order = order;
	return ret;
}

static int noiommu_pin_pages(unsigned long va, int count, bool write,
			     struct page **pages)
{
	unsigned int flags = FOLL_LONGTERM | (write ? FOLL_WRITE : 0);

	return noiommu_compat_pin_fast(va, count, flags, pages);
}

/* Counts a pinned piece of the range, and appends it to the extents. */
static __always_inline int noiommu_pin_add(struct noiommu_pin_walk *walk,
					   struct page *page, u64 phys,
					   unsigned long va, unsigned long next)
{
	struct folio *folio = page_folio(page);

	return noiommu_tally_add(&walk->tally, folio,
				 noiommu_pages(va, next)) ?:
	       noiommu_extents_add(&walk->extents, phys, next - va,
				   noiommu_folio_flags(folio));
}

/* Pins the rest of the page-table entry at walk->va, and stores the entry's size. */
static int noiommu_pin_one(struct noiommu_pin_walk *walk)
{
	unsigned long va = walk->va, next, pfn, size;
	struct noiommu_chunk *chunk;
	struct page *page;
	long got;
	int ret;

	got = noiommu_pin_pages(va, 1, walk->pinned->write, &page);
	if (got != 1)
		return noiommu_pin_error(walk, got);
	size = noiommu_mapped_size(va, &pfn);
	if (!size || pfn != page_to_pfn(page))
		size = PAGE_SIZE;
	ret = noiommu_pin_room(walk, ilog2(size) - PAGE_SHIFT);
	if (ret) {
		unpin_user_page(page);
		return ret;
	}
	chunk = walk->pinned->last;
	chunk->pages[chunk->count++] = page;
	next = min((va | (size - 1)) + 1, walk->end);
	walk->size = size;
	walk->va = next;
	return noiommu_pin_add(walk, page,
			       page_to_phys(page) + offset_in_page(va), va,
			       next);
}

/* How many huge pages to pin before checking how they are mapped. */
#define NOIOMMU_HUGE_BATCH 16

/*
 * Pins huge pages in pairs: one call pins the last small page of the first and the first
 * small page of the second, which are neighbours. Most of the cost of a call is the way
 * down the page table. If the count is odd, the last huge page is pinned by its last
 * small page.
 *
 * Return: how many huge pages are pinned.
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

/* Return: how many of the pinned pages have a page-table entry of this size each. */
static unsigned int noiommu_verify_pairs(unsigned long va, unsigned long size,
					 struct page **pages,
					 unsigned int count,
					 unsigned long *entries)
{
	unsigned int order = ilog2(size) - PAGE_SHIFT, i;

	count = noiommu_walk_sizes(va, va + count * size, entries, count);
	for (i = 0; i < count; i++) {
		unsigned long pfn = page_to_pfn(pages[i]);

		if (!(i & 1))
			pfn -= (1UL << order) - 1;
		if (entries[i] != noiommu_entry(pfn, order))
			break;
	}
	return i;
}

/* Pins some huge pages of the last size, or a single entry if the size has changed. */
static int noiommu_pin_huge(struct noiommu_pin_walk *walk)
{
	unsigned long va = walk->va, size = walk->size;
	unsigned long entries[NOIOMMU_HUGE_BATCH];
	unsigned int count, good, i;
	struct noiommu_chunk *chunk;
	struct page **pages;
	int ret;

	ret = noiommu_pin_room(walk, ilog2(size) - PAGE_SHIFT);
	if (ret)
		return ret;
	chunk = walk->pinned->last;
	pages = chunk->pages + chunk->count;
	count = min3((walk->end - va) / size,
		     (unsigned long)(chunk->room - chunk->count),
		     (unsigned long)NOIOMMU_HUGE_BATCH);
	count = noiommu_pin_pairs(va, size, walk->pinned->write, pages, count);
	good = noiommu_verify_pairs(va, size, pages, count, entries);
	if (good < count)
		unpin_user_pages(pages + good, count - good);
	if (!good)
		return noiommu_pin_one(walk);
	chunk->count += good;
	walk->va += good * size;
	for (i = 0; !ret && i < good; i++, va += size)
		ret = noiommu_pin_add(walk, pages[i],
				      PFN_PHYS(noiommu_entry_pfn(entries[i])),
				      va, va + size);
	return ret;
}

/* Pins the rest of a page table that maps small pages. */
static int noiommu_pin_table(struct noiommu_pin_walk *walk)
{
	unsigned long end = min(ALIGN(walk->va + 1, PMD_SIZE), walk->end);
	unsigned long va = walk->va, next, count;
	struct noiommu_chunk *chunk;
	struct page **pages;
	long got, i;
	int ret;

	ret = noiommu_pin_room(walk, 0);
	if (ret)
		return ret;
	chunk = walk->pinned->last;
	pages = chunk->pages + chunk->count;
	count = min_t(unsigned long, chunk->room - chunk->count,
		      DIV_ROUND_UP(end, PAGE_SIZE) - va / PAGE_SIZE);
	got = noiommu_pin_pages(va, count, walk->pinned->write, pages);
	if (got <= 0)
		return noiommu_pin_error(walk, got);
	chunk->count += got;
	for (i = 0; !ret && i < got; i++, va = next) {
		next = min((va | ~PAGE_MASK) + 1, end);
		ret = noiommu_pin_add(walk, pages[i],
				      page_to_phys(pages[i]) +
				      offset_in_page(va), va, next);
	}
	walk->va = va;
	return ret;
}

/*
 * Tries the last size first: more huge pages usually follow a huge page, and small pages
 * of the same table follow a small one. At the start of a table the size is looked up.
 * An absent page may have any size once it is faulted in, so it is pinned alone, which
 * shows the size. For the rest of a single page the size makes no difference.
 */
static int noiommu_pin_next(struct noiommu_pin_walk *walk)
{
	unsigned long pfn;

	if (walk->end - 1 <= (walk->va | ~PAGE_MASK))
		return noiommu_pin_table(walk);
	if (!walk->size ||
	    (walk->size == PAGE_SIZE && IS_ALIGNED(walk->va, PMD_SIZE)))
		walk->size = noiommu_mapped_size(walk->va, &pfn);
	if (walk->size == PAGE_SIZE)
		return noiommu_pin_table(walk);
	if (walk->size && IS_ALIGNED(walk->va, walk->size) &&
	    walk->end - walk->va >= walk->size)
		return noiommu_pin_huge(walk);
	return noiommu_pin_one(walk);
}

static int noiommu_pin_charge(struct noiommu_pin_walk *walk)
{
	unsigned long pages = walk->tally.pages;

	if (!pages)
		return 0;
	walk->tally.pages = 0;
	return noiommu_charge_add(&walk->pinned->charge, pages);
}

/**
 * noiommu_pin_range() - pin the rest of a range
 * @walk: the pin that is being made
 *
 * Each step pins some huge pages or a table of small ones. It charges for them after
 * that, because their folios are only known then.
 *
 * Return: 0, or an errno as documented for &struct noiommu_pin. Then a part of the range
 * may be pinned, which the caller must release.
 */
int noiommu_pin_range(struct noiommu_pin_walk *walk)
{
	int ret = 0;

	while (!ret && walk->va < walk->end) {
		if (fatal_signal_pending(current))
			ret = -EINTR;
		else
			ret = noiommu_pin_next(walk) ?:
			      noiommu_pin_charge(walk);
		cond_resched();
	}
	return ret ?: noiommu_tally_folio(&walk->tally) ?:
	       noiommu_pin_charge(walk);
}
