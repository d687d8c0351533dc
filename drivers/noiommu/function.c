// SPDX-License-Identifier: GPL-2.0-only
/*
 * What sysfs shows of a claimed function: /sys/bus/pci/devices/ADDRESS/noiommu/.
 */
#include <linux/pci.h>
#include <linux/sysfs.h>

#include "noiommu.h"

static ssize_t owner_show(struct device *dev, struct device_attribute *attr,
			  char *buf)
{
	return sysfs_emit(buf, "%d\n",
			  noiommu_owner_pid(noiommu_claim_owner(dev)));
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
