/* SPDX-License-Identifier: GPL-2.0-only */
struct follow_pfnmap_args {
	/* Inputs */
	struct vm_area_struct *vma;
	unsigned long address;
};
int follow_pfnmap_start(struct follow_pfnmap_args *args);
void follow_pfnmap_end(struct follow_pfnmap_args *args);

#ifndef CONFIG_ARCH_SUPPORTS_PMD_PFNMAP
static inline bool pmd_special(pmd_t pmd)
{
	return false;
}
#endif
