// SPDX-License-Identifier: GPL-2.0-only
/*
 * Write-combining of BARs, which sysfs enables for each function.
 */
#include <linux/device.h>
#include <linux/kstrtox.h>
#include <linux/pci.h>
#include <linux/sysfs.h>

#include "compat.h"
#include "pci.h"

static bool noiommu_pci_may_combine(struct vfio_pci_core_device *core, int bar)
{
	unsigned long flags = pci_resource_flags(core->pdev, bar);

	/* The kernel itself maps the MSI-X table, uncached. */
	return flags & IORESOURCE_MEM && flags & IORESOURCE_PREFETCH &&
	       pci_resource_len(core->pdev, bar) &&
	       core->bar_mmap_supported[bar] && bar != core->msix_bar;
}

/* For architectures where each mapping gets the memory type that it requests. */
bool __weak noiommu_pci_maps_combined(const void __iomem *bar)
{
	return true;
}

/*
 * The first mapping of a BAR sets the memory type of all its mappings. So core's own
 * mapping is made first, here; core releases it when the device is closed.
 */
static int noiommu_pci_combine_bar(struct noiommu_pci *dev, int bar)
{
	struct vfio_pci_core_device *core = &dev->core;
	int ret;

	if (!IS_ERR_OR_NULL(core->barmap[bar])) {
		pci_iounmap(core->pdev, core->barmap[bar]);
	} else {
		ret = pci_request_selected_regions(core->pdev, BIT(bar),
						   "noiommu-pci");
		if (ret)
			return ret;
	}
	core->barmap[bar] = pci_iomap_wc(core->pdev, bar, 0);
	if (!core->barmap[bar]) {
		pci_release_selected_regions(core->pdev, BIT(bar));
		return -ENOMEM;
	}
	if (noiommu_pci_maps_combined(core->barmap[bar]))
		set_bit(bar, &dev->combined);
	return 0;
}

/**
 * noiommu_pci_combine() - map BARs write-combined if write_combine is set
 * @dev: the device, being opened; core allows mappings already
 *
 * Return: 0, -EBUSY or -ENOMEM. Core undoes all mappings, also after an error, when it
 * closes the device.
 */
int noiommu_pci_combine(struct noiommu_pci *dev)
{
	int bar, ret = 0;

	if (!READ_ONCE(dev->write_combine))
		return 0;
	for (bar = 0; !ret && bar < PCI_STD_NUM_BARS; bar++)
		if (noiommu_pci_may_combine(&dev->core, bar))
			ret = noiommu_pci_combine_bar(dev, bar);
	return ret;
}

static struct noiommu_pci *device_to_noiommu_pci(struct device *device)
{
	struct vfio_pci_core_device *core = dev_get_drvdata(device);

	return to_noiommu_pci(&core->vdev);
}

static ssize_t write_combine_show(struct device *device,
				  struct device_attribute *attr, char *buf)
{
	struct noiommu_pci *dev = device_to_noiommu_pci(device);

	return sysfs_emit(buf, "%d\n", READ_ONCE(dev->write_combine));
}

static ssize_t write_combine_store(struct device *device,
				   struct device_attribute *attr,
				   const char *buf, size_t count)
{
	bool combine;
	int ret;

	ret = kstrtobool(buf, &combine);
	if (ret)
		return ret;
	WRITE_ONCE(device_to_noiommu_pci(device)->write_combine, combine);
	return count;
}
static DEVICE_ATTR_RW(write_combine);

static ssize_t write_combined_show(struct device *device,
				   struct device_attribute *attr, char *buf)
{
	unsigned long combined;

	combined = READ_ONCE(device_to_noiommu_pci(device)->combined);
	return sysfs_emit(buf, "%*pbl\n", PCI_STD_NUM_BARS, &combined);
}
static DEVICE_ATTR_RO(write_combined);

static struct attribute *noiommu_pci_attrs[] = {
	&dev_attr_write_combine.attr,
	&dev_attr_write_combined.attr,
	NULL
};

static const struct attribute_group noiommu_pci_group = {
	.attrs = noiommu_pci_attrs,
};

const struct attribute_group *noiommu_pci_groups[] = {
	&noiommu_pci_group,
	NULL
};
