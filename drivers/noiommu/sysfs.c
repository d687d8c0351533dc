// SPDX-License-Identifier: GPL-2.0-only
/*
 * The attributes of all claims in /sys/class/iommu/noiommu/.
 */
#include <linux/device.h>
#include <linux/kstrtox.h>
#include <linux/sysfs.h>

#include "noiommu.h"

/* The one device in sysfs that stands for all claims; never registered as an IOMMU. */
static struct iommu_device noiommu_sysfs;

static ssize_t identity_show(struct device *dev, struct device_attribute *attr,
			     char *buf)
{
	return sysfs_emit(buf, "1\n");
}
static DEVICE_ATTR_RO(identity);

static ssize_t claimed_show(struct device *dev, struct device_attribute *attr,
			    char *buf)
{
	return sysfs_emit(buf, "%u\n", noiommu_claims_count());
}
static DEVICE_ATTR_RO(claimed);

static ssize_t mapped_bytes_show(struct device *dev,
				 struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%lld\n", atomic64_read(&noiommu_mapped_bytes));
}
static DEVICE_ATTR_RO(mapped_bytes);

static ssize_t refused_maps_show(struct device *dev,
				 struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%lld\n", atomic64_read(&noiommu_refused_maps));
}
static DEVICE_ATTR_RO(refused_maps);

static ssize_t enable_show(struct device *dev, struct device_attribute *attr,
			   char *buf)
{
	return sysfs_emit(buf, "%d\n", noiommu_claims_enabled());
}

static ssize_t enable_store(struct device *dev, struct device_attribute *attr,
			    const char *buf, size_t count)
{
	bool enable;
	int ret;

	ret = kstrtobool(buf, &enable);
	if (ret)
		return ret;
	ret = enable ? noiommu_claims_enable() : noiommu_claims_disable();
	return ret ?: count;
}
static DEVICE_ATTR_RW(enable);

static struct attribute *noiommu_attrs[] = {
	&dev_attr_identity.attr,
	&dev_attr_claimed.attr,
	&dev_attr_mapped_bytes.attr,
	&dev_attr_refused_maps.attr,
	&dev_attr_enable.attr,
	NULL
};
ATTRIBUTE_GROUPS(noiommu);

/**
 * noiommu_sysfs_add() - create the device of all claims in sysfs
 *
 * Return: the device, valid until noiommu_sysfs_remove(); or an errno as a pointer.
 */
struct device *noiommu_sysfs_add(void)
{
	int ret = iommu_device_sysfs_add(&noiommu_sysfs, NULL, noiommu_groups,
					 "noiommu");

	return ret ? ERR_PTR(ret) : noiommu_sysfs.dev;
}

/**
 * noiommu_sysfs_remove() - remove the device of all claims from sysfs
 *
 * When this returns, nobody reads or writes an attribute of it any more.
 */
void noiommu_sysfs_remove(void)
{
	iommu_device_sysfs_remove(&noiommu_sysfs);
}
