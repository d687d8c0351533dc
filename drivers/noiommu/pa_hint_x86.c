// SPDX-License-Identifier: GPL-2.0-only
/*
 * A hint for unmodified DPDK: use physical addresses as IOVA.
 *
 * DPDK prefers virtual addresses where VFIO has an IOMMU group, and noiommu cannot map
 * those. On x86, DPDK checks whether an Intel IOMMU is wide enough for them: it reads
 * iommu/intel-iommu/cap of the first PCI function that has a driver. If it finds no
 * number there, it uses physical addresses. So the device of all claims in sysfs gets
 * such a file, and each function that has a driver gets the link "iommu" to that device.
 * The IOMMU core makes the link for claimed functions, this file for all others.
 *
 * All DPDK on the host sees the hint, and DPDK that uses none of our functions may lack
 * the privilege for physical addresses. So the hint exists only while a claimed
 * function has a driver that leaves DMA to a user.
 *
 * DPDK's source: pci_device_iommu_support_va() in drivers/bus/pci/linux/pci.c.
 */
#include <linux/device.h>
#include <linux/iommu.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/sysfs.h>

#include "claim.h"

static bool noiommu_pa_hint = true;
module_param_named(pa_hint, noiommu_pa_hint, bool, 0444);
MODULE_PARM_DESC(pa_hint, "Make unmodified DPDK use physical addresses (default: Y)");

/* A function whose link "iommu" we made. It has a driver. */
struct noiommu_pa_link {
	struct list_head node;
	struct pci_dev *pdev;
};

/*
 * Protects the list, the flag and the links. A function that is bound when the lock is
 * taken stays in sysfs until the lock is released: the notifier of its unbinding waits.
 */
static DEFINE_MUTEX(noiommu_pa_lock);
static LIST_HEAD(noiommu_pa_links);
static bool noiommu_pa_shown;
static struct device *noiommu_pa_target;

/* The text must not begin with a hexadecimal digit: DPDK would read it as a number. */
static ssize_t cap_show(struct device *dev, struct device_attribute *attr,
			char *buf)
{
	return sysfs_emit(buf, "none: noiommu maps physical addresses only\n");
}
static DEVICE_ATTR_RO(cap);

static struct attribute *noiommu_pa_attrs[] = {
	&dev_attr_cap.attr,
	NULL
};

static const struct attribute_group noiommu_pa_group = {
	.name	= "intel-iommu",
	.attrs	= noiommu_pa_attrs,
};

/* A driver that is probing does not count: if its probe fails, nobody notifies us. */
static bool noiommu_pa_has_driver(struct pci_dev *pdev)
{
	return READ_ONCE(pdev->dev.links.status) == DL_DEV_DRIVER_BOUND;
}

static int noiommu_pa_make_link(struct pci_dev *pdev)
{
	struct noiommu_pa_link *link;
	int ret;

	link = kmalloc(sizeof(*link), GFP_KERNEL);
	if (!link)
		return -ENOMEM;
	/* -EEXIST: the function is claimed, or behind another IOMMU. */
	ret = sysfs_create_link_nowarn(&pdev->dev.kobj,
				       &noiommu_pa_target->kobj, "iommu");
	if (ret) {
		kfree(link);
		return ret == -EEXIST ? 0 : ret;
	}
	link->pdev = pdev;
	list_add(&link->node, &noiommu_pa_links);
	return 0;
}

static void noiommu_pa_add(struct pci_dev *pdev)
{
	int ret;

	/*
	 * If the firmware puts a function behind another IOMMU, the core makes the link,
	 * and fails if there is one.
	 */
	if (!noiommu_pa_has_driver(pdev) || dev_iommu_fwspec_get(&pdev->dev))
		return;
	ret = noiommu_pa_make_link(pdev);
	if (ret)
		pci_warn(pdev, "noiommu: no hint for DPDK, it may need --iova-mode=pa: %pe\n",
			 ERR_PTR(ret));
}

static void noiommu_pa_drop_link(struct noiommu_pa_link *link)
{
	sysfs_remove_link(&link->pdev->dev.kobj, "iommu");
	list_del(&link->node);
	kfree(link);
}

/* Is a claimed function bound to a driver that leaves DMA to a user? */
static bool noiommu_pa_is_needed(void)
{
	struct pci_dev *pdev = NULL;

	for_each_pci_dev(pdev) {
		if (noiommu_pa_has_driver(pdev) &&
		    noiommu_has_user_driver(&pdev->dev) &&
		    noiommu_claimed(pdev)) {
			pci_dev_put(pdev);
			return true;
		}
	}
	return false;
}

static int noiommu_pa_show(void)
{
	struct pci_dev *pdev = NULL;
	int ret;

	ret = sysfs_create_group(&noiommu_pa_target->kobj, &noiommu_pa_group);
	if (ret)
		return ret;
	noiommu_pa_shown = true;
	for_each_pci_dev(pdev)
		noiommu_pa_add(pdev);
	return 0;
}

static void noiommu_pa_hide(void)
{
	struct noiommu_pa_link *link, *next;

	list_for_each_entry_safe(link, next, &noiommu_pa_links, node)
		noiommu_pa_drop_link(link);
	sysfs_remove_group(&noiommu_pa_target->kobj, &noiommu_pa_group);
	noiommu_pa_shown = false;
}

static void noiommu_pa_on_bind(struct pci_dev *pdev)
{
	int ret = 0;

	if (noiommu_pa_shown)
		noiommu_pa_add(pdev);
	else if (noiommu_pa_is_needed())
		ret = noiommu_pa_show();
	if (ret)
		pci_warn(pdev, "noiommu: no hint for DPDK, it needs --iova-mode=pa: %pe\n",
			 ERR_PTR(ret));
}

static void noiommu_pa_on_unbind(struct pci_dev *pdev)
{
	struct noiommu_pa_link *link, *next;

	list_for_each_entry_safe(link, next, &noiommu_pa_links, node)
		if (link->pdev == pdev)
			noiommu_pa_drop_link(link);
	if (noiommu_pa_shown && !noiommu_pa_is_needed())
		noiommu_pa_hide();
}

/**
 * noiommu_pa_hint_notify() - follow the drivers of a function
 * @pdev: the function; the driver core holds its device_lock
 * @action: a BUS_NOTIFY_* of the driver core
 *
 * Call it before the function is claimed, because the IOMMU core makes the link at the
 * claim. If memory runs out, the hint is missing and the kernel log has a warning.
 */
void noiommu_pa_hint_notify(struct pci_dev *pdev, unsigned long action)
{
	mutex_lock(&noiommu_pa_lock);
	if (action == BUS_NOTIFY_BOUND_DRIVER && noiommu_pa_hint)
		noiommu_pa_on_bind(pdev);
	else if (action == BUS_NOTIFY_UNBOUND_DRIVER)
		noiommu_pa_on_unbind(pdev);
	mutex_unlock(&noiommu_pa_lock);
}

/**
 * noiommu_pa_hint_init() - set the target of the links; call it before the first claim
 * @target: the device that stands for all claims in sysfs; must outlive the hint
 */
void noiommu_pa_hint_init(struct device *target)
{
	noiommu_pa_target = target;
}

/**
 * noiommu_pa_hint_exit() - remove the hint for good
 *
 * pci-stub can bind to a function while its claim ends, so the hint can outlast the last
 * claim. Call it before the device of all claims leaves sysfs.
 */
void noiommu_pa_hint_exit(void)
{
	mutex_lock(&noiommu_pa_lock);
	noiommu_pa_hint = false;
	if (noiommu_pa_shown)
		noiommu_pa_hide();
	mutex_unlock(&noiommu_pa_lock);
}
