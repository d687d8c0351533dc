/* SPDX-License-Identifier: GPL-2.0-only */
/* int follow_pfnmap_start(struct follow_pfnmap_args *args); */
int follow_pte(struct mm_struct *mm, unsigned long address,
	       pte_t **ptepp, spinlock_t **ptlp);

/* bool pmd_special(pmd_t pmd) */
#define pmd_special(pmd) \
	bool pmd_special(pmd_t pmd)

/* As gup_must_unshare(struct vm_area_struct *vma, ...) */
static inline bool gup_must_unshare(unsigned int flags, struct page *page)
{
	return !PageAnonExclusive(page);
}
