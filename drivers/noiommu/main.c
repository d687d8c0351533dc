// SPDX-License-Identifier: GPL-2.0-only
/*
 * noiommu: an IOMMU for hosts that have none.
 *
 * VFIO and iommufd need an IOMMU to give a device to userspace: they pin the memory
 * that it maps, and rely on it to block all other DMA. This provider does only the
 * first half. It puts each PCI function into a group of its own, and offers domains
 * that map an address only to itself. Nothing restrains the device: whoever has one
 * can read and write all memory. That is why noiommu requires CAP_SYS_RAWIO, taints the
 * kernel, and refuses the cases in host.c and refuse.c.
 */
#define pr_fmt(fmt) "noiommu: " fmt

#include <linux/err.h>
#include <linux/module.h>

#include "chardev.h"
#include "noiommu.h"

static int __init noiommu_init(void)
{
	struct device *dev;
	int ret;

	ret = noiommu_filter_init();
	if (ret)
		return ret;
	ret = noiommu_owner_init();
	if (ret)
		return ret;
	ret = noiommu_claims_init(&noiommu_ops);
	if (ret)
		goto err_owner;
	dev = noiommu_sysfs_add();
	ret = PTR_ERR_OR_ZERO(dev);
	if (ret)
		goto err_claims;
	ret = noiommu_chardev_init();
	if (ret)
		goto err_sysfs;
	noiommu_claims_start(dev);
	pr_info("%u functions claimed, without any isolation\n",
		noiommu_claims_count());
	return 0;

err_sysfs:
	noiommu_sysfs_remove();
err_claims:
	noiommu_claims_exit();
err_owner:
	noiommu_owner_exit();
	return ret;
}

static void __exit noiommu_exit(void)
{
	noiommu_chardev_exit();
	if (IS_ENABLED(CONFIG_X86))
		noiommu_pa_hint_exit();
	noiommu_sysfs_remove();
	noiommu_claims_exit();
	noiommu_owner_exit();
}

/* If built in, run after the other drivers that are. */
late_initcall_sync(noiommu_init);
module_exit(noiommu_exit);

MODULE_DESCRIPTION("Fake IOMMU: VFIO on hosts without one, unsafe by nature");
NOIOMMU_COMPAT_MODULE_VERSION;
MODULE_LICENSE("GPL");
