// SPDX-License-Identifier: GPL-2.0-only
/*
 * What type of memory a BAR is mapped as, which on x86 need not be the one asked for.
 */
#include <linux/io.h>
#include <linux/pgtable.h>

#include "pci.h"

/**
 * noiommu_pci_maps_combined() - does a mapping combine writes?
 * @bar: a BAR, as pci_iomap_wc() mapped it
 *
 * If somebody else has the BAR mapped, for example by its file in sysfs, that mapping's
 * type holds for all. A processor without PAT has no such type.
 *
 * Return: true if the processor combines writes to it.
 */
bool noiommu_pci_maps_combined(const void __iomem *bar)
{
	pgprotval_t wanted = pgprot_val(pgprot_writecombine(PAGE_KERNEL));
	pgprotval_t type = wanted ^ pgprot_val(pgprot_noncached(PAGE_KERNEL));
	unsigned int level;
	pte_t *pte;

	pte = lookup_address((unsigned long __force)bar, &level);
	return pte && type && !((pte_flags(*pte) ^ wanted) & type);
}
