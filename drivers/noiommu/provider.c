// SPDX-License-Identifier: GPL-2.0-only
/*
 * noiommu: an IOMMU for hosts that have none.
 *
 * VFIO and iommufd need an IOMMU to give a device to userspace: they pin what
 * is mapped through it, and trust it to stop the rest. This provider gives
 * them the first half. It puts each PCI function into a group of its own and
 * offers domains that map an address only to itself. What the device does is
 * not restrained by anything: whoever is given one can read and write all of
 * memory. Hence CAP_SYS_RAWIO, the taint, and the refusals in refuse.c.
 */
#define pr_fmt(fmt) "noiommu: " fmt

#include <linux/capability.h>
#include <linux/device.h>
#include <linux/kernel.h>
#include <linux/kstrtox.h>
#include <linux/module.h>
#include <linux/panic.h>
#include <linux/security.h>
#include <linux/sysfs.h>

#include "chardev.h"
#include "noiommu.h"

/* What interrupt controllers take for messages and not for memory. */
#define NOIOMMU_X86_MSI_START	0xfee00000UL
#define NOIOMMU_X86_MSI_SIZE	0x00100000UL

/* Never registered: the one device in sysfs that stands for all claims. */
struct iommu_device noiommu_sysfs;

/**
 * noiommu_taint() - mark the kernel: from here on userspace may do DMA at will
 * @dev: the first device for which that is so
 */
void noiommu_taint(struct device *dev)
{
	static atomic_t once = ATOMIC_INIT(0);

	if (atomic_xchg(&once, 1))
		return;
	add_taint(TAINT_USER, LOCKDEP_STILL_OK);
	dev_warn(dev, "noiommu: given to userspace, its DMA can reach all of memory\n");
}

/**
 * noiommu_permitted() - may the calling process have DMA, or physical addresses?
 *
 * Return: true with CAP_SYS_RAWIO, on a kernel that is not locked down.
 */
bool noiommu_permitted(void)
{
	return capable(CAP_SYS_RAWIO) &&
	       !security_locked_down(LOCKDOWN_PCI_ACCESS);
}
EXPORT_SYMBOL_GPL(noiommu_permitted);

static void noiommu_get_resv_regions(struct device *dev, struct list_head *head)
{
	struct iommu_resv_region *region;

	if (!IS_ENABLED(CONFIG_X86))
		return;
	region = iommu_alloc_resv_region(NOIOMMU_X86_MSI_START,
					 NOIOMMU_X86_MSI_SIZE, 0,
					 IOMMU_RESV_MSI, GFP_KERNEL);
	if (region)
		list_add_tail(&region->list, head);
}

/* A default domain that translates would break the kernel's own drivers. */
static int noiommu_def_domain_type(struct device *dev)
{
	return IOMMU_DOMAIN_IDENTITY;
}

const struct iommu_ops noiommu_ops = {
	.capable		= noiommu_claim_capable,
	.probe_device		= noiommu_claim_probe,
	.device_group		= generic_device_group,
	.get_resv_regions	= noiommu_get_resv_regions,
	.def_domain_type	= noiommu_def_domain_type,
	.default_domain_ops	= &noiommu_user_domain_ops,
	.owner			= THIS_MODULE,
	NOIOMMU_COMPAT_DOMAINS,
};

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

static int __init noiommu_init(void)
{
	int ret;

	ret = noiommu_filter_init();
	if (ret)
		return ret;
	ret = noiommu_owner_init();
	if (ret)
		return ret;
	ret = noiommu_claims_init();
	if (ret)
		goto err_owner;
	ret = iommu_device_sysfs_add(&noiommu_sysfs, NULL, noiommu_groups,
				     "noiommu");
	if (ret)
		goto err_claims;
	ret = noiommu_chardev_init();
	if (ret)
		goto err_sysfs;
	noiommu_claims_start();
	pr_info("%u functions claimed, without any isolation\n",
		noiommu_claims_count());
	return 0;

err_sysfs:
	iommu_device_sysfs_remove(&noiommu_sysfs);
err_claims:
	noiommu_claims_exit();
err_owner:
	noiommu_owner_exit();
	return ret;
}

static void __exit noiommu_exit(void)
{
	noiommu_chardev_exit();
	iommu_device_sysfs_remove(&noiommu_sysfs);
	noiommu_claims_exit();
	noiommu_owner_exit();
}

/* Built in: after the drivers that are. */
late_initcall_sync(noiommu_init);
module_exit(noiommu_exit);

MODULE_DESCRIPTION("Fake IOMMU: VFIO on hosts without one, unsafe by nature");
NOIOMMU_COMPAT_MODULE_VERSION;
MODULE_LICENSE("GPL");
