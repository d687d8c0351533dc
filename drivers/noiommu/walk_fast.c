// SPDX-License-Identifier: GPL-2.0-only
/*
 * How memory of the calling process is mapped, read without a lock.
 *
 * As get_user_pages_fast() does: with interrupts off no page table is freed, so
 * that its entries can be read. Nothing is faulted in here and no reference is
 * taken. Whatever is not plainly there is left to walk.c, and so is what only the
 * VMA tells from other memory: secret memory, whose pages are small and of a file;
 * and device memory that has pages.
 */
#include <linux/hmm.h>
#include <linux/mm.h>
#include <linux/pgtable.h>

#include "chardev.h"
#include "compat.h"

#if NOIOMMU_COMPAT_GUP_FAST

/**
 * struct noiommu_fast_walk - a walk under way
 * @va: page-aligned address it has come to
 * @end: where to stop
 * @write: writable entries only
 * @pinned: the pages are pinned, or only their sizes asked for: any will do
 * @entry: the next to fill
 * @room: one after the last to fill
 */
struct noiommu_fast_walk {
	unsigned long va;
	unsigned long end;
	bool write;
	bool pinned;
	unsigned long *entry;
	unsigned long *room;
};

/* The page may go away meanwhile, but not what says of which kind it is. */
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

/* Return: the address from which on the table maps no more huge pages. */
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
 * noiommu_walk_fast() - where some pages are that are present
 * @va: page-aligned address of the caller's memory
 * @end: where to stop
 * @flags: bits of enum noiommu_access_flags
 * @entries: out: as noiommu_entry() makes them; each stands for what is left of
 *           the page, huge or not, that maps the address where the one before
 *           ends
 * @room: how many entries there are room for
 * @pinned: the caller has pinned the pages, or wants to know their sizes only
 *
 * Return: how many are filled; less than could be, perhaps 0, where memory is
 * not present, not RAM, or not permitted, or if not @pinned, where it takes a look
 * at the mapping.
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
