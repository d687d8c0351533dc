// SPDX-License-Identifier: GPL-2.0-only
/*
 * Offers: a function that was just claimed, to the drivers that wait for a group.
 *
 * VFIO's drivers are asked when they are loaded or a function appears, as all are,
 * and then refuse it, for it has no group. Nobody asks them again. Those that leave
 * DMA to the kernel have had their chance, or were removed on purpose: they are not
 * asked.
 */
#include <linux/device.h>

#include "claim.h"

/* Return: 1 if the driver has it now, 0 to ask the next. */
static int noiommu_offer_to(struct device_driver *driver, void *data)
{
	struct pci_dev *pdev = data;

	if (!to_pci_driver(driver)->driver_managed_dma ||
	    driver->bus->match(&pdev->dev, driver) <= 0)
		return 0;
	return !device_driver_attach(driver, &pdev->dev);
}

/**
 * noiommu_offer() - ask the drivers that manage DMA themselves
 * @pdev: function that was just claimed; its device_lock is not held
 *
 * Only those that match it: by driver_override, or by an ID that they were given.
 */
void noiommu_offer(struct pci_dev *pdev)
{
	bus_for_each_drv(&pci_bus_type, NULL, pdev, noiommu_offer_to);
}
