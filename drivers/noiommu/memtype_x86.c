// SPDX-License-Identifier: GPL-2.0-only
/*
 * The memory type of a mapped BAR, which on x86 may differ from the requested type.
 */
#include <linux/io.h>
#include <linux/pgtable.h>

#include "pci.h"

/**
 * noiommu_pci_maps_combined() - does a mapping combine writes?
 * @bar: a BAR that pci_iomap_wc() has mapped
 *
 * If somebody else has mapped the BAR before, for example by its file in sysfs, the type
 * of that mapping applies to all. A processor without PAT cannot combine writes.
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
