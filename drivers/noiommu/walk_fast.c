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

#if NOIOMMU_COMPAT_GUP_FAST

/**
 * struct noiommu_fast_walk - state of a walk
 * @va: page-aligned virtual address of the next page
 * @end: virtual address where the walk stops, exclusive
 * @write: accept only writable page-table entries
 * @pinned: accept memory of any kind, because the caller has pinned it or needs only the
 *          page sizes
 * @entry: the next entry to fill
 * @room: end of the entries, exclusive
 */
struct noiommu_fast_walk {
	unsigned long va;
	unsigned long end;
	bool write;
	bool pinned;
	unsigned long *entry;
	unsigned long *room;
};

/* The page may be freed meanwhile, but the state that shows its kind stays readable. */
static __always_inline bool
noiommu_fast_takes(const struct noiommu_fast_walk *walk, unsigned long pfn)
{
	struct folio *folio;

	if (walk->pinned)
		return true;
	folio = page_folio(pfn_to_page(pfn));
	return !noiommu_folio_flags(folio) &&
	       (folio_test_swapbacked(folio) || folio_test_large(folio));
}

static unsigned long noiommu_huge_entry(unsigned long va, unsigned long pfn,
					unsigned int shift)
{
	return noiommu_entry(pfn + ((va & ((1UL << shift) - 1)) >> PAGE_SHIFT),
			     shift - PAGE_SHIFT);
}

static bool noiommu_fast_ptes(struct noiommu_fast_walk *walk, pmd_t pmd)
{
	unsigned long end = min(walk->end, ALIGN(walk->va + 1, PMD_SIZE));
	unsigned long *entry = walk->entry;
	unsigned long va = walk->va;
	pte_t *ptep;

	end = min(end, va + (walk->room - entry) * PAGE_SIZE);
	for (ptep = pte_offset_kernel(&pmd, va); va < end; ptep++) {
		pte_t pte = ptep_get_lockless(ptep);

		if (!pte_access_permitted(pte, walk->write) ||
		    pte_special(pte) ||
		    !noiommu_fast_takes(walk, pte_pfn(pte)))
			break;
		*entry++ = noiommu_entry(pte_pfn(pte), 0);
		va += PAGE_SIZE;
	}
	walk->entry = entry;
	walk->va = va;
	return va == end;
}

/* Return: the address after the last huge page that was accepted. */
static unsigned long noiommu_fast_huge(struct noiommu_fast_walk *walk,
				       pmd_t *pmdp, unsigned long end)
{
	unsigned long *entry = walk->entry;
	unsigned long va = walk->va;

	for (; va < end && entry < walk->room; pmdp++) {
		pmd_t pmd = READ_ONCE(*pmdp);

		if (!pmd_leaf(pmd) || !pmd_access_permitted(pmd, walk->write) ||
		    pmd_special(pmd) ||
		    !noiommu_fast_takes(walk, pmd_pfn(pmd)))
			break;
		*entry++ = noiommu_huge_entry(va, pmd_pfn(pmd), PMD_SHIFT);
		va = (va | ~PMD_MASK) + 1;
	}
	walk->entry = entry;
	walk->va = va;
	return va;
}

static bool noiommu_fast_pmds(struct noiommu_fast_walk *walk, pud_t *pudp,
			      pud_t pud)
{
	unsigned long end = min(walk->end, ALIGN(walk->va + 1, PUD_SIZE));

	while (walk->va < end && walk->entry < walk->room) {
		pmd_t *pmdp = pmd_offset_lockless(pudp, pud, walk->va);
		unsigned long va = walk->va;
		pmd_t pmd;

		if (noiommu_fast_huge(walk, pmdp, end) != va)
			continue;
		pmd = READ_ONCE(*pmdp);
		if (!pmd_present(pmd) || pmd_leaf(pmd) || pmd_bad(pmd) ||
		    !noiommu_fast_ptes(walk, pmd))
			return false;
	}
	return true;
}

static bool noiommu_fast_puds(struct noiommu_fast_walk *walk)
{
	pgd_t *pgdp = pgd_offset(current->mm, walk->va);
	pgd_t pgd = READ_ONCE(*pgdp);
	p4d_t *p4dp, p4d;
	pud_t *pudp, pud;

	if (pgd_none(pgd) || pgd_bad(pgd))
		return false;
	p4dp = p4d_offset_lockless(pgdp, pgd, walk->va);
	p4d = READ_ONCE(*p4dp);
	if (p4d_none(p4d) || p4d_bad(p4d))
		return false;
	pudp = pud_offset_lockless(p4dp, p4d, walk->va);
	pud = READ_ONCE(*pudp);
	if (!pud_present(pud))
		return false;
	if (!pud_leaf(pud))
		return !pud_bad(pud) && noiommu_fast_pmds(walk, pudp, pud);
	if (!pud_access_permitted(pud, walk->write) || pud_special(pud) ||
	    !noiommu_fast_takes(walk, pud_pfn(pud)))
		return false;
	*walk->entry++ = noiommu_huge_entry(walk->va, pud_pfn(pud), PUD_SHIFT);
	walk->va = (walk->va | ~PUD_MASK) + 1;
	return true;
}

/**
 * noiommu_walk_fast() - look up present pages without a lock
 * @va: page-aligned virtual address in the calling process
 * @end: virtual address where to stop, exclusive
 * @flags: bits of enum noiommu_access_flags
 * @entries: out: page frames and orders, see noiommu_entry(). Each entry covers the rest
 *           of the page, huge or not, that maps the address where the previous entry
 *           ends; the first one covers the page at @va
 * @room: number of elements of @entries
 * @pinned: the caller has pinned the pages, or needs only their sizes
 *
 * Return: number of entries filled. The walk stops early, perhaps at once, at memory
 * that is absent, not RAM or not permitted. Without @pinned it also stops at memory that
 * needs a look at its VMA.
 */
unsigned int noiommu_walk_fast(unsigned long va, unsigned long end, u32 flags,
			       unsigned long *entries, unsigned int room,
			      bool pinned)
{
	struct noiommu_fast_walk walk = {
		.va = va,
		.end = end,
		.write = flags & NOIOMMU_ACCESS_WRITE,
		.pinned = pinned,
		.entry = entries,
		.room = entries + room,
	};
	unsigned long interrupts;

	local_irq_save(interrupts);
	while (walk.va < end && walk.entry < walk.room)
		if (!noiommu_fast_puds(&walk))
			break;
	local_irq_restore(interrupts);
	return walk.entry - entries;
}

#else

unsigned int noiommu_walk_fast(unsigned long va, unsigned long end, u32 flags,
			       unsigned long *entries, unsigned int room,
			      bool pinned)
{
	return 0;
}

#endif
