// SPDX-License-Identifier: GPL-2.0-only
/*
 * Functions that noiommu does not claim, or whose DMA it gives to nobody, with the
 * reason in one line of the log.
 *
 * A map that succeeds promises that the device can reach the memory at its physical
 * address. This file refuses every known case where the device cannot, or where
 * somebody else already controls the access.
 */
#include <linux/dma-direct.h>
#include <linux/dma-map-ops.h>
#include <linux/mm.h>
#include <linux/property.h>
#include <linux/resource_ext.h>
#include <linux/swiotlb.h>

#include "noiommu.h"

static bool noiommu_has_offset(struct device *dev)
{
	const struct bus_dma_region *map = dev->dma_range_map;
	phys_addr_t page = page_to_phys(ZERO_PAGE(0));

	/* Some boards describe an identity map, which is acceptable. */
	for (; map && map->size; map++)
		if (map->cpu_start != map->dma_start)
			return true;
	return !dev->dma_range_map && phys_to_dma(dev, page) != page;
}

static int noiommu_refuse_addresses(struct device *dev)
{
	dev_err(dev, "noiommu: refused: bus addresses are not physical addresses\n");
	return -EOPNOTSUPP;
}

/**
 * noiommu_refuse_dma() - check that a function can use physical addresses now
 * @dev: the function
 *
 * The driver core reads the DMA configuration when it binds a driver, and drops it at
 * unbind. So this is checked before a claim, and again when a user takes ownership.
 *
 * Return: 0; or -EOPNOTSUPP, with a line in the log, if its bus addresses are not physical
 * addresses or if its DMA must use bounce buffers. Bus addresses differ because of an
 * offset, or because other DMA operations than the direct ones translate (Xen PV, GART).
 */
int noiommu_refuse_dma(struct device *dev)
{
	if (noiommu_has_offset(dev) || get_dma_ops(dev))
		return noiommu_refuse_addresses(dev);
	if (is_swiotlb_force_bounce(dev)) {
		dev_err(dev, "noiommu: refused: its DMA must use bounce buffers\n");
		return -EOPNOTSUPP;
	}
	return 0;
}

/*
 * The firmware describes the DMA of all functions below a host bridge. The driver core copies that
 * to a function when it binds a driver. A refusal then comes too late to spare a function that
 * works with VFIO's own no-IOMMU mode, and VFIO's drivers give no reason for theirs.
 */
static int noiommu_refuse_bridge(struct pci_dev *pdev)
{
	struct pci_host_bridge *bridge = pci_find_host_bridge(pdev->bus);
	struct device *parent = bridge->dev.parent;
	struct resource_entry *window;

	resource_list_for_each_entry(window, &bridge->dma_ranges)
		if (window->offset)
			return noiommu_refuse_addresses(&pdev->dev);
	/* A device tree describes the parent of the bridge, ACPI the bridge. */
	if (!parent || !dev_of_node(parent))
		parent = &bridge->dev;
	if (!dev_is_dma_coherent(&pdev->dev) &&
	    device_get_dma_attr(parent) == DEV_DMA_NON_COHERENT) {
		pci_err(pdev, "noiommu: refused: its DMA is not cache-coherent\n");
		return -EOPNOTSUPP;
	}
	return 0;
}

/**
 * noiommu_refuse_function() - check that a function may be claimed
 * @pdev: PCI function that has no driver; the caller holds its device_lock
 *
 * Return: 0 if it may be claimed; otherwise, with a line in the log:
 * * -EBUSY: it is already in an IOMMU group of somebody else.
 * * -EPERM: its slot is untrusted: anybody may plug in a device there, and must not get
 *   access to all memory.
 * * -EOPNOTSUPP: as noiommu_refuse_dma(), or the firmware says that its DMA is not
 *   cache-coherent, which VFIO requires.
 */
int noiommu_refuse_function(struct pci_dev *pdev)
{
	if (device_iommu_mapped(&pdev->dev)) {
		pci_err(pdev, "noiommu: refused: already in an IOMMU group\n");
		return -EBUSY;
	}
	/* The IOMMU core requires translation for it, which we cannot do. */
	if (pdev->untrusted) {
		pci_err(pdev, "noiommu: refused: untrusted, as behind Thunderbolt\n");
		return -EPERM;
	}
	return noiommu_refuse_dma(&pdev->dev) ?: noiommu_refuse_bridge(pdev);
}
