// SPDX-License-Identifier: GPL-2.0-only
/*
 * Read the page table of the calling process without a lock.
 *
 * This works like get_user_pages_fast(): while interrupts are off, no page table is
 * freed, and its entries can be read. It faults nothing in and takes no reference.
 * walk_slow.c handles all pages that are not simply present. It also handles memory
 * that only the VMA can tell from other memory: secret memory, whose pages are small
 * and belong to a file; and device memory that has struct pages.
 */
#include <linux/hmm.h>
#include <linux/mm.h>
#include <linux/pgtable.h>

#include "chardev.h"
#include "compat.h"

#if NOIOMMU_COMPAT_GUP_FAST && NOIOMMU_COMPAT_KNOWN_PTES

/**
 * struct noiommu_fast_walk - state of a walk
 * @va: virtual address of the next page
 * @end: virtual address where the walk stops, exclusive
 * @write: accept only writable page-table entries
 * @sizes: the caller has pinned the memory, or needs only the page sizes. So memory of any
 *         kind is accepted, each page-table entry fills an element of @entry, and no
 *         extents are made
 * @entry: with @sizes: the next element to fill
 * @room: with @sizes: end of the elements, exclusive
 * @last: the last extent, which may still grow
 * @stop: the last extent that the walk may use
 * @full: the next page needs an extent after @stop
 * @next: physical address that continues @last
 * @limit: physical address of the last byte that the device can reach
 *
 * Inlined functions get this structure, so that its members stay in registers.
 */
struct noiommu_fast_walk {
	unsigned long va;
	unsigned long end;
	bool write;
	bool sizes;
	unsigned long *entry;
	unsigned long *room;
	struct noiommu_extent *last;
	struct noiommu_extent *stop;
	bool full;
	u64 next;
	u64 limit;
};

/*
 * Bits of the page frame in an entry of this size, on every architecture that is known here. The
 * frame may have more.
 */
#define NOIOMMU_FRAME_BITS(shift)	GENMASK_ULL(46, shift)

/* An entry that equals none in its flags. */
#define NOIOMMU_NO_ENTRY		U64_MAX

/*
 * Entries with the flags of one that permits the access permit it as well.
 *
 * Return: true if entries of this size have equal flags. Perhaps false if only the frames differ.
 */
static __always_inline bool noiommu_fast_alike(u64 one, u64 other,
					       unsigned int shift)
{
	return !((one ^ other) & ~NOIOMMU_FRAME_BITS(shift));
}

/* The page may be freed meanwhile, but the state that shows its kind stays readable. */
static __always_inline bool noiommu_fast_is_normal(struct folio *folio)
{
	return folio_test_swapbacked(folio) || folio_test_large(folio);
}

static __always_inline bool
noiommu_fast_takes(const struct noiommu_fast_walk *walk, unsigned long pfn)
{
	struct folio *folio;

	if (walk->sizes)
		return true;
	folio = page_folio(pfn_to_page(pfn));
	return !noiommu_folio_flags(folio) && noiommu_fast_is_normal(folio);
}

/* Return: false if there is no room for another extent, or the device cannot reach it all. */
static __always_inline bool noiommu_fast_extend(struct noiommu_fast_walk *walk,
						u64 phys, unsigned long length)
{
	if (unlikely(phys + length - 1 > walk->limit))
		return false;
	if (phys == walk->next) {
		walk->last->length += length;
	} else {
		walk->full = walk->last == walk->stop;
		if (walk->full)
			return false;
		walk->last++;
		walk->last->phys = phys;
		walk->last->length = length;
		walk->last->flags = 0;
	}
	walk->next = phys + length;
	return true;
}

/*
 * Takes a piece: the rest of one entry, or contiguous entries. If it does not fit, the walk
 * ends. The slow walk then appends the part that the device can reach.
 */
static __always_inline bool noiommu_fast_add(struct noiommu_fast_walk *walk,
					     unsigned long pfn,
					     unsigned int shift,
					     unsigned long length)
{
	if (walk->sizes) {
		if (walk->entry == walk->room)
			return false;
		*walk->entry++ = noiommu_entry(pfn, shift - PAGE_SHIFT);
	} else if (!noiommu_fast_extend(walk, PFN_PHYS(pfn), length)) {
		return false;
	}
	walk->va += length;
	return true;
}

/* Takes a huge page, or the rest of it. */
static __always_inline bool noiommu_fast_huge(struct noiommu_fast_walk *walk,
					      unsigned long pfn,
					      unsigned int shift)
{
	unsigned long offset = walk->va & ((1UL << shift) - 1);

	return noiommu_fast_takes(walk, pfn) &&
	       noiommu_fast_add(walk, pfn + (offset >> PAGE_SHIFT), shift,
				(1UL << shift) - offset);
}

/* pte_next_pfn() of newer kernels: present entries keep the page frame above PAGE_SHIFT. */
static __always_inline pte_t noiommu_pte_next(pte_t pte)
{
	pte.pte += PAGE_SIZE;
	return pte;
}

/*
 * Device memory with struct pages begins and ends at subsections: so pages in the subsection
 * of the first one are no such memory.
 *
 * Not inlined, so that its loop has all registers. The caller looks at the second entry first,
 * because a call for each scattered page would cost more than the rest.
 *
 * Return: number of entries, from the first on, that map contiguous pages of a subsection with
 * equal flags. The first one is accepted.
 */
static noinline unsigned long noiommu_fast_run(pte_t *ptep, pte_t pte,
					       unsigned long pfn,
					       unsigned long count)
{
	unsigned long first = pfn;
	unsigned long end = pfn + min(count, PAGES_PER_SUBSECTION -
				      pfn % PAGES_PER_SUBSECTION);

	while (++pfn < end) {
		pte = noiommu_pte_next(pte);
		if (!pte_same(ptep_get_lockless(++ptep), pte) ||
		    !noiommu_fast_is_normal(page_folio(pfn_to_page(pfn))))
			break;
	}
	return pfn - first;
}

/* Takes the pages of a table. */
static __always_inline void noiommu_fast_ptes(struct noiommu_fast_walk *walk,
					      pmd_t pmd)
{
	unsigned long end = min(walk->end, ALIGN(walk->va + 1, PMD_SIZE));
	unsigned long left = DIV_ROUND_UP(end - walk->va, PAGE_SIZE);
	unsigned long pages, pfn;
	pte_t *ptep = pte_offset_kernel(&pmd, walk->va);
	u64 accepted = NOIOMMU_NO_ENTRY;

	for (; left; left -= pages, ptep += pages) {
		pte_t pte = ptep_get_lockless(ptep);

		if (!noiommu_fast_alike(pte.pte, accepted, PAGE_SHIFT)) {
			if (!pte_access_permitted(pte, walk->write) ||
			    pte_special(pte))
				return;
			accepted = pte.pte;
		}
		pfn = pte_pfn(pte);
		if (!noiommu_fast_takes(walk, pfn))
			return;
		pages = 1;
		if (!walk->sizes && left > 1 &&
		    pte_same(ptep_get_lockless(ptep + 1), noiommu_pte_next(pte)))
			pages = noiommu_fast_run(ptep, pte, pfn, left);
		if (!noiommu_fast_add(walk, pfn, PAGE_SHIFT, pages * PAGE_SIZE))
			return;
	}
}

static __always_inline void noiommu_fast_pmds(struct noiommu_fast_walk *walk,
					      pmd_t *pmdp)
{
	unsigned long end = min(walk->end, ALIGN(walk->va + 1, PUD_SIZE));
	pmd_t pmd = READ_ONCE(*pmdp);
	u64 accepted = NOIOMMU_NO_ENTRY;

	if (pmd_present(pmd) && !pmd_leaf(pmd)) {
		if (!pmd_bad(pmd))
			noiommu_fast_ptes(walk, pmd);
		return;
	}
	for (;;) {
		if (!noiommu_fast_alike(pmd.pmd, accepted, PMD_SHIFT)) {
			if (!pmd_leaf(pmd) ||
			    !pmd_access_permitted(pmd, walk->write) ||
			    pmd_special(pmd))
				return;
			accepted = pmd.pmd;
		}
		if (!noiommu_fast_huge(walk, pmd_pfn(pmd), PMD_SHIFT) ||
		    walk->va >= end)
			return;
		pmd = READ_ONCE(*++pmdp);
	}
}

/* Walks to the end of one table of pages. Interrupts are off only so long. */
static __always_inline void noiommu_fast_table(struct noiommu_fast_walk *walk)
{
	pgd_t *pgdp = pgd_offset(current->mm, walk->va);
	pgd_t pgd = READ_ONCE(*pgdp);
	p4d_t *p4dp, p4d;
	pud_t *pudp, pud;

	if (pgd_none(pgd) || pgd_bad(pgd))
		return;
	p4dp = p4d_offset_lockless(pgdp, pgd, walk->va);
	p4d = READ_ONCE(*p4dp);
	if (p4d_none(p4d) || p4d_bad(p4d))
		return;
	pudp = pud_offset_lockless(p4dp, p4d, walk->va);
	pud = READ_ONCE(*pudp);
	if (!pud_present(pud))
		return;
	if (!pud_leaf(pud)) {
		if (!pud_bad(pud))
			noiommu_fast_pmds(walk, pmd_offset_lockless(pudp, pud,
								    walk->va));
		return;
	}
	if (pud_access_permitted(pud, walk->write) && !pud_special(pud))
		noiommu_fast_huge(walk, pud_pfn(pud), PUD_SHIFT);
}

/**
 * noiommu_walk_fast() - append present pages to the extents, without a lock
 * @extents: the extents so far
 * @va: virtual address in the calling process
 * @end: virtual address where to stop, exclusive
 * @flags: bits of enum noiommu_access_flags
 * @full: out: the next page needs another extent, but the buffer or the user's array is
 *        full
 *
 * The walk also stops at the end of a table of pages, and at memory that is absent, not
 * RAM, not permitted, beyond the limit of @extents, or needs a look at its VMA.
 *
 * Return: the address where it stopped.
 */
unsigned long noiommu_walk_fast(struct noiommu_extents *extents,
				unsigned long va, unsigned long end, u32 flags,
				bool *full)
{
	struct noiommu_extent *last = extents->last;
	unsigned long offset = offset_in_page(va), interrupts;
	struct noiommu_fast_walk walk = {
		.va = va - offset,
		.end = end,
		.write = flags & NOIOMMU_ACCESS_WRITE,
		.last = last,
		.stop = last + min_t(u64, extents->end - last,
				     extents->room - extents->total),
		.next = last->flags ? U64_MAX : last->phys + last->length,
		.limit = extents->limit,
	};

	local_irq_save(interrupts);
	noiommu_fast_table(&walk);
	local_irq_restore(interrupts);
	*full = walk.full;
	if (walk.va <= va)
		return va;
	/* Only the first page of a call begins at an offset, and it starts an extent. */
	if (offset) {
		last[1].phys += offset;
		last[1].length -= offset;
	}
	if (walk.va > end) {
		walk.last->length -= walk.va - end;
		walk.va = end;
	}
	extents->bytes += walk.va - va;
	extents->total += walk.last - last;
	extents->last = walk.last;
	return walk.va;
}

/**
 * noiommu_walk_sizes() - look up the sizes of present pages, without a lock
 * @va: page-aligned virtual address in the calling process
 * @end: virtual address where to stop, exclusive
 * @entries: out: page frames and orders, see noiommu_entry(). Each entry covers the rest
 *           of the page, huge or not, that maps the address where the previous entry
 *           ends; the first one covers the page at @va
 * @room: number of elements of @entries
 *
 * Return: number of entries filled. The walk stops early, perhaps at once, at memory that
 * is absent.
 */
unsigned int noiommu_walk_sizes(unsigned long va, unsigned long end,
				unsigned long *entries, unsigned int room)
{
	struct noiommu_fast_walk walk = {
		.va = va,
		.end = end,
		.sizes = true,
		.entry = entries,
		.room = entries + room,
	};
	unsigned long interrupts, from;

	local_irq_save(interrupts);
	do {
		from = walk.va;
		noiommu_fast_table(&walk);
	} while (walk.va != from && walk.va < end && walk.entry < walk.room);
	local_irq_restore(interrupts);
	return walk.entry - entries;
}

#else

unsigned long noiommu_walk_fast(struct noiommu_extents *extents,
				unsigned long va, unsigned long end, u32 flags,
				bool *full)
{
	*full = false;
	return va;
}

unsigned int noiommu_walk_sizes(unsigned long va, unsigned long end,
				unsigned long *entries, unsigned int room)
{
	return 0;
}

#endif
