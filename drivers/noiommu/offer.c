// SPDX-License-Identifier: GPL-2.0-only
/*
 * Offer a function that was just claimed to the drivers that wait for a group.
 *
 * The kernel probes all drivers when they are loaded or when a function appears. VFIO's
 * drivers refuse a function then, because it has no group yet, and nobody probes them
 * again. So this file does. It does not probe native drivers: they have had their
 * chance, or were unbound on purpose.
 */
#include <linux/device.h>
#include <linux/kernfs.h>
#include <linux/kobject.h>
#include <linux/mm.h>

#include "claim.h"

/* The driver core shows drivers_autoprobe only as an attribute in sysfs. */
static bool noiommu_autoprobes(void)
{
	struct kset *bus = bus_get_kset(&pci_bus_type);
	struct bus_attribute *attribute;
	struct kernfs_node *node;
	bool autoprobes = true;
	char *value;

	node = kernfs_find_and_get(bus->kobj.sd, "drivers_autoprobe");
	if (!node)
		return true;
	value = (char *)get_zeroed_page(GFP_KERNEL);
	attribute = container_of(node->priv, struct bus_attribute, attr);
	if (value && attribute->show(&pci_bus_type, value) > 0)
		autoprobes = value[0] != '0';
	free_page((unsigned long)value);
	kernfs_put(node);
	return autoprobes;
}

/* Return: 1 if the driver is bound now, 0 to try the next one. */
static int noiommu_offer_to(struct device_driver *driver, void *data)
{
	struct pci_dev *pdev = data;

	if (!to_pci_driver(driver)->driver_managed_dma ||
	    driver->bus->match(&pdev->dev, driver) <= 0 ||
	    !noiommu_autoprobes())
		return 0;
	return !device_driver_attach(driver, &pdev->dev);
}

/**
 * noiommu_offer() - probe the drivers that manage DMA themselves
 * @pdev: function that was just claimed; the caller does not hold its device_lock
 *
 * Probes only drivers that match the function, by driver_override or by an ID that was
 * added to them. Probes none while drivers_autoprobe of the bus is off.
 */
void noiommu_offer(struct pci_dev *pdev)
{
	bus_for_each_drv(&pci_bus_type, NULL, pdev, noiommu_offer_to);
}
