// SPDX-License-Identifier: GPL-2.0-only
/*
 * A function behind an IOMMU of ours: who owns its DMA, how far that reaches, and what
 * sysfs shows of it: /sys/bus/pci/devices/ADDRESS/noiommu/.
 */
#include <linux/ioport.h>
#include <linux/pci.h>
#include <linux/sysfs.h>

#include "noiommu.h"

/**
 * noiommu_function_of() - what we know of a function that has a group of ours
 * @dev: the function; it stays claimed: the IOMMU core calls for it, an attribute of
 *       it is read, or the lock of the claims is held
 */
struct noiommu_function *noiommu_function_of(struct device *dev)
{
	return container_of(dev->iommu->iommu_dev, struct noiommu_function,
			    iommu);
}

/**
 * noiommu_function_owner() - who owns the DMA of a function
 * @dev: as for noiommu_function_of()
 *
 * Return: the owner; always valid.
 */
struct noiommu_owner *noiommu_function_owner(struct device *dev)
{
	return &noiommu_function_of(dev)->owner;
}

/**
 * noiommu_dma_limit() - how far does a function's DMA reach?
 * @dev: the function
 *
 * What its bus lets through, as the firmware says when a driver is bound. What the
 * device itself can address only its driver knows.
 *
 * Return: the last byte.
 */
u64 noiommu_dma_limit(struct device *dev)
{
	/* Every address the bus can carry, RAM or BAR, is in this resource. */
	return min_not_zero(dev->bus_dma_limit, (u64)iomem_resource.end);
}

/**
 * noiommu_has_user_driver() - has a function a driver that leaves DMA to a user?
 * @dev: the function
 *
 * Only such drivers let anybody take ownership. The answer holds while device_lock is
 * held.
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
 * noiommu_function_show() - let sysfs show a claimed function
 * @pdev: the function
 *
 * Return: 0 or -ENOMEM.
 */
int noiommu_function_show(struct pci_dev *pdev)
{
	return sysfs_create_group(&pdev->dev.kobj, &noiommu_function_group);
}

/**
 * noiommu_function_hide() - the claim ends
 * @pdev: the function
 *
 * Nobody reads an attribute of it any more when this returns.
 */
void noiommu_function_hide(struct pci_dev *pdev)
{
	sysfs_remove_group(&pdev->dev.kobj, &noiommu_function_group);
}
