// SPDX-License-Identifier: GPL-2.0-only
/*
 * Functions that are not claimed, or whose DMA nobody gets, with one line that says
 * why.
 *
 * A map that succeeds promises that the device can reach the memory at its
 * physical address. Here is every way known in which that is not so, or in
 * which somebody else has already decided who reaches what.
 */
#include <linux/dma-direct.h>
#include <linux/dma-map-ops.h>
#include <linux/mm.h>
#include <linux/swiotlb.h>

#include "noiommu.h"

static bool noiommu_has_offset(struct device *dev)
{
	const struct bus_dma_region *map = dev->dma_range_map;
	phys_addr_t page = page_to_phys(ZERO_PAGE(0));

	/* A map may be identity, which boards describe and which is fine. */
	for (; map && map->size; map++)
		if (map->cpu_start != map->dma_start)
			return true;
	return !dev->dma_range_map && phys_to_dma(dev, page) != page;
}

/**
 * noiommu_refuse_dma() - would identity be a lie for this function as it is now?
 * @dev: the function
 *
 * The driver core finds out when it binds a driver, and forgets when it unbinds it.
 * So this is asked before a claim, and again when a user takes ownership.
 *
 * Return: 0, or -EOPNOTSUPP, with a line in the log: its bus addresses are not
 * physical addresses, by an offset or because DMA operations other than direct
 * ones translate (Xen PV, GART), or DMA has to go through bounce buffers.
 */
int noiommu_refuse_dma(struct device *dev)
{
	if (noiommu_has_offset(dev) || get_dma_ops(dev)) {
		dev_err(dev, "noiommu: refused: bus addresses are not physical addresses\n");
		return -EOPNOTSUPP;
	}
	if (is_swiotlb_force_bounce(dev)) {
		dev_err(dev, "noiommu: refused: its DMA must use bounce buffers\n");
		return -EOPNOTSUPP;
	}
	return 0;
}

/**
 * noiommu_refuse_function() - is this a function that may not be claimed?
 * @pdev: PCI function that has no driver; its device_lock is held
 *
 * Return: 0 if it may be claimed;
 * * -EBUSY: something else put it into an IOMMU group.
 * * -EPERM: whoever plugs it in is not trusted with all of memory.
 * * -EOPNOTSUPP: as noiommu_refuse_dma().
 */
int noiommu_refuse_function(struct pci_dev *pdev)
{
	if (device_iommu_mapped(&pdev->dev)) {
		pci_err(pdev, "noiommu: refused: already in an IOMMU group\n");
		return -EBUSY;
	}
	/* The IOMMU core wants to translate for it, which we cannot. */
	if (pdev->untrusted) {
		pci_err(pdev, "noiommu: refused: untrusted, as behind Thunderbolt\n");
		return -EPERM;
	}
	return noiommu_refuse_dma(&pdev->dev);
}
