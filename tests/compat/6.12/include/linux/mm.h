/* SPDX-License-Identifier: GPL-2.0-only */
struct follow_pfnmap_args {
	/**
	 * Inputs:
	 * @vma: Pointer to @vm_area_struct struct
	 */
	struct vm_area_struct *vma;
	unsigned long address;
};
int follow_pfnmap_start(struct follow_pfnmap_args *);
void follow_pfnmap_end(struct follow_pfnmap_args *args);

/* Once: int follow_pte(struct mm_struct *mm, unsigned long address, pte_t
 * **ptepp, spinlock_t **ptlp);
 * int follow_pte(struct vm_area_struct *vma, unsigned long address,
 *	       pte_t **ptepp, spinlock_t **ptlp);
 */

#ifndef CONFIG_ARCH_SUPPORTS_PMD_PFNMAP
static inline bool pmd_special(pmd_t pmd)
{
	return false;
}
#endif	/* CONFIG_ARCH_SUPPORTS_PMD_PFNMAP */
