// SPDX-License-Identifier: GPL-2.0-only
/*
 * A function behind an IOMMU of ours: its DMA owner, its DMA limit, and its attributes
 * in /sys/bus/pci/devices/ADDRESS/noiommu/.
 */
#include <linux/pci.h>
#include <linux/sysfs.h>

#include "noiommu.h"

/**
 * noiommu_function_of() - look up our data of a function that has a group of ours
 * @dev: the function. It must stay claimed: inside a callback of the IOMMU core, while
 *       an attribute of it is read, or under the lock of the claims
 *
 * Return: the data; valid as long as the function stays claimed.
 */
struct noiommu_function *noiommu_function_of(struct device *dev)
{
	return container_of(dev->iommu->iommu_dev, struct noiommu_function,
			    iommu);
}

/**
 * noiommu_function_owner() - look up the DMA ownership of a function
 * @dev: as for noiommu_function_of()
 *
 * Return: the ownership, never NULL; valid as long as the function stays claimed.
 */
struct noiommu_owner *noiommu_function_owner(struct device *dev)
{
	return &noiommu_function_of(dev)->owner;
}

/**
 * noiommu_dma_limit() - last address that a function's bus lets through
 * @dev: the function
 *
 * The kernel reads it from the firmware when a driver is bound. Only the driver knows
 * the addresses that the device itself can use.
 *
 * Return: bus address of the last byte.
 */
u64 noiommu_dma_limit(struct device *dev)
{
	return min_not_zero(dev->bus_dma_limit, noiommu_last_address());
}

/**
 * noiommu_has_user_driver() - does a function have a driver that leaves DMA to a user?
 * @dev: the function
 *
 * Only such drivers let users take ownership.
 *
 * Return: true if it has; this stays true while device_lock is held.
 */
bool noiommu_has_user_driver(struct device *dev)
{
	struct device_driver *driver = READ_ONCE(dev->driver);

	return driver && to_pci_driver(driver)->driver_managed_dma;
}

static ssize_t owner_show(struct device *dev, struct device_attribute *attr,
			  char *buf)
{
	return sysfs_emit(buf, "%d\n",
			  noiommu_owner_pid(noiommu_function_owner(dev)));
}
static DEVICE_ATTR_RO(owner);

static ssize_t dma_limit_show(struct device *dev, struct device_attribute *attr,
			      char *buf)
{
	return sysfs_emit(buf, "%#llx\n", noiommu_dma_limit(dev));
}
static DEVICE_ATTR_RO(dma_limit);

static struct attribute *noiommu_function_attrs[] = {
	&dev_attr_owner.attr,
	&dev_attr_dma_limit.attr,
	NULL
};

static const struct attribute_group noiommu_function_group = {
	.name	= "noiommu",
	.attrs	= noiommu_function_attrs,
};

/**
 * noiommu_function_show() - add the attributes of a claimed function to sysfs
 * @pdev: the function
 *
 * Return: 0 or -ENOMEM.
 */
int noiommu_function_show(struct pci_dev *pdev)
{
	return sysfs_create_group(&pdev->dev.kobj, &noiommu_function_group);
}

/**
 * noiommu_function_hide() - remove the attributes of a function before its claim ends
 * @pdev: the function
 *
 * When this returns, nobody reads an attribute of it any more.
 */
void noiommu_function_hide(struct pci_dev *pdev)
{
	sysfs_remove_group(&pdev->dev.kobj, &noiommu_function_group);
}
