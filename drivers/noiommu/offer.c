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
#include <linux/kernfs.h>
#include <linux/kobject.h>
#include <linux/mm.h>

#include "claim.h"

/* The driver core keeps it to itself, but for the attribute in sysfs. */
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

/* Return: 1 if the driver has it now, 0 to ask the next. */
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
 * noiommu_offer() - ask the drivers that manage DMA themselves
 * @pdev: function that was just claimed; its device_lock is not held
 *
 * Only those that match it: by driver_override, or by an ID that they were given.
 * None while drivers_autoprobe of the bus is off.
 */
void noiommu_offer(struct pci_dev *pdev)
{
	bus_for_each_drv(&pci_bus_type, NULL, pdev, noiommu_offer_to);
}
