// SPDX-License-Identifier: GPL-2.0-only
/*
 * Claims: which PCI functions have an IOMMU group of ours, from when to when.
 *
 * A function is claimed while it has no driver: when the module is loaded,
 * after it is unbound from a native driver, and after it was plugged in and
 * the kernel had its chance to bind one. The IOMMU core counts an owner when a
 * driver is bound to a function that has a group, and warns when the counts
 * do not match at unbind; a group that comes and goes only between drivers
 * keeps them in balance.
 *
 * The core probes for groups only when an IOMMU is registered, and releases
 * only what belongs to the one that goes. So each claim is an IOMMU of its
 * own, with a single device behind it; sysfs shows them all as one.
 *
 * Lock order: pci_lock_rescan_remove(), device_lock(), noiommu_claims_lock.
 */
#define pr_fmt(fmt) "noiommu: " fmt

#include <linux/module.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "noiommu.h"
#include "trace.h"

/**
 * struct noiommu_claim - a function that has a group
 * @iommu: the IOMMU that the core believes to serve the function
 * @pdev: the function; a reference is held
 * @node: in noiommu_claims
 * @owner: who owns its DMA
 */
struct noiommu_claim {
	struct iommu_device iommu;
	struct pci_dev *pdev;
	struct list_head node;
	struct noiommu_owner owner;
};

/* Protects everything below it. */
static DEFINE_MUTEX(noiommu_claims_lock);
static LIST_HEAD(noiommu_claims);
static unsigned int noiommu_claim_total;
static bool noiommu_enabled;
/* Set while a claim is registered, for the core's call back to probe. */
static struct noiommu_claim *noiommu_claiming;
static struct device *noiommu_claiming_dev;

/**
 * noiommu_claim_probe() - iommu_ops.probe_device
 * @dev: a device of any bus the core knows
 *
 * The core asks for every device whenever an IOMMU is registered, a device is
 * added or a driver is bound. The answer is no, but for the one being claimed.
 *
 * Return: the IOMMU of the claim, or ERR_PTR(-ENODEV).
 */
struct iommu_device *noiommu_claim_probe(struct device *dev)
{
	/* Compared before use: other devices are probed without our lock. */
	if (dev != READ_ONCE(noiommu_claiming_dev))
		return ERR_PTR(-ENODEV);
	return &noiommu_claiming->iommu;
}

/**
 * noiommu_claim_owner() - who owns the DMA of a claimed function
 * @dev: the function; the IOMMU core is attaching it to a domain, so that the claim
 *       stays
 *
 * Return: the owner; always valid.
 */
struct noiommu_owner *noiommu_claim_owner(struct device *dev)
{
	struct noiommu_claim *claim = container_of(dev->iommu->iommu_dev,
						   struct noiommu_claim, iommu);

	return &claim->owner;
}

static struct noiommu_claim *noiommu_claim_find(struct pci_dev *pdev)
{
	struct noiommu_claim *claim;

	lockdep_assert_held(&noiommu_claims_lock);
	list_for_each_entry(claim, &noiommu_claims, node)
		if (claim->pdev == pdev)
			return claim;
	return NULL;
}

static bool noiommu_claimable(struct pci_dev *pdev)
{
	return pdev->hdr_type == PCI_HEADER_TYPE_NORMAL &&
	       pdev->class >> 16 != PCI_BASE_CLASS_BRIDGE &&
	       !pdev->dev.driver && noiommu_filter_match(pdev) &&
	       !noiommu_claim_find(pdev);
}

static int noiommu_claim_register(struct noiommu_claim *claim)
{
	struct device *dev = &claim->pdev->dev;
	int ret;

	/* All claims share the one device that sysfs shows. */
	claim->iommu.dev = noiommu_sysfs.dev;
	noiommu_claiming = claim;
	WRITE_ONCE(noiommu_claiming_dev, dev);
	ret = iommu_device_register(&claim->iommu, &noiommu_ops, NULL);
	WRITE_ONCE(noiommu_claiming_dev, NULL);
	noiommu_claiming = NULL;
	if (ret)
		return ret;

	/* Registering may succeed also if another provider won. */
	if (!dev->iommu || dev->iommu->iommu_dev != &claim->iommu) {
		iommu_device_unregister(&claim->iommu);
		return -EBUSY;
	}
	return 0;
}

/*
 * Return: 0, also when there is nothing to claim or the function is refused;
 * else what kept a function from being claimed that should have been.
 */
static int noiommu_claim(struct pci_dev *pdev)
{
	struct noiommu_claim *claim;
	int ret = -ENOMEM;

	device_lock_assert(&pdev->dev);
	lockdep_assert_held(&noiommu_claims_lock);
	if (!noiommu_claimable(pdev) || noiommu_refuse_function(pdev))
		return 0;

	claim = kzalloc(sizeof(*claim), GFP_KERNEL);
	if (!claim)
		goto err_report;
	claim->pdev = pci_dev_get(pdev);
	ret = noiommu_claim_register(claim);
	if (ret)
		goto err_free;
	ret = noiommu_function_show(pdev);
	if (ret)
		goto err_unregister;
	trace_noiommu_claim(&pdev->dev);
	list_add_tail(&claim->node, &noiommu_claims);
	noiommu_claim_total++;
	return 0;

err_unregister:
	iommu_device_unregister(&claim->iommu);
err_free:
	pci_dev_put(pdev);
	kfree(claim);
err_report:
	/* Whoever unbinds a function or plugs one in gets no errno. */
	pci_err(pdev, "noiommu: not claimed: %pe\n", ERR_PTR(ret));
	return ret;
}

static void noiommu_claim_release(struct noiommu_claim *claim)
{
	lockdep_assert_held(&noiommu_claims_lock);
	trace_noiommu_release(&claim->pdev->dev);
	noiommu_function_hide(claim->pdev);
	iommu_device_unregister(&claim->iommu);
	noiommu_owner_give(&claim->owner);
	list_del(&claim->node);
	noiommu_claim_total--;
	pci_dev_put(claim->pdev);
	kfree(claim);
}

static int noiommu_claim_all(void)
{
	struct pci_dev *pdev = NULL;
	int ret = 0;

	for_each_pci_dev(pdev) {
		/* Do not wait for a driver that is busy probing. */
		if (READ_ONCE(pdev->dev.driver))
			continue;
		device_lock(&pdev->dev);
		mutex_lock(&noiommu_claims_lock);
		if (noiommu_enabled)
			ret = noiommu_claim(pdev);
		mutex_unlock(&noiommu_claims_lock);
		device_unlock(&pdev->dev);
		if (ret) {
			pci_dev_put(pdev);
			break;
		}
	}
	return ret;
}

static bool noiommu_claim_idle(struct noiommu_claim *claim)
{
	struct pci_dev *pdev = claim->pdev;
	struct iommu_group *group;
	bool owned;

	if (pdev->dev.driver) {
		pci_notice(pdev, "noiommu: not released: in use by driver %s\n",
			   pdev->dev.driver->name);
		return false;
	}
	group = iommu_group_get(&pdev->dev);
	owned = group && iommu_group_dma_owner_claimed(group);
	iommu_group_put(group);
	if (owned)
		pci_notice(pdev, "noiommu: not released: its DMA is owned by a user\n");
	return !owned;
}

static void noiommu_claims_unlock_until(struct noiommu_claim *end)
{
	struct noiommu_claim *claim;

	list_for_each_entry(claim, &noiommu_claims, node) {
		if (claim == end)
			break;
		device_unlock(&claim->pdev->dev);
	}
}

/*
 * Lock every claimed function, so that none gets a driver between the look at
 * the last and the release of the first. trylock, because the order in which
 * a bus reset locks the same functions is not ours.
 */
static int noiommu_claims_lock_idle(void)
{
	struct noiommu_claim *claim;

	lockdep_assert_held(&noiommu_claims_lock);
	list_for_each_entry(claim, &noiommu_claims, node) {
		if (!device_trylock(&claim->pdev->dev)) {
			pci_notice(claim->pdev, "noiommu: not released: being bound, unbound or reset\n");
			noiommu_claims_unlock_until(claim);
			return -EBUSY;
		}
		if (!noiommu_claim_idle(claim)) {
			device_unlock(&claim->pdev->dev);
			noiommu_claims_unlock_until(claim);
			return -EBUSY;
		}
	}
	return 0;
}

static int noiommu_claims_release(void)
{
	struct noiommu_claim *claim, *next;
	int ret;

	mutex_lock(&noiommu_claims_lock);
	ret = noiommu_claims_lock_idle();
	if (!ret) {
		list_for_each_entry_safe(claim, next, &noiommu_claims, node) {
			struct pci_dev *pdev = pci_dev_get(claim->pdev);

			noiommu_claim_release(claim);
			device_unlock(&pdev->dev);
			pci_dev_put(pdev);
		}
		noiommu_enabled = false;
		noiommu_compat_forget_ops(&noiommu_ops);
	}
	mutex_unlock(&noiommu_claims_lock);
	return ret;
}

/**
 * noiommu_claims_enable() - claim what can be, now and from now on
 *
 * Return: 0; or an errno of noiommu_refuse_host(), -EBUSY if another provider
 * came first, -ENOMEM: then nothing is claimed.
 */
int noiommu_claims_enable(void)
{
	bool was_enabled;
	int ret;

	pci_lock_rescan_remove();
	ret = noiommu_refuse_host();
	if (ret)
		goto out_unlock;
	mutex_lock(&noiommu_claims_lock);
	was_enabled = noiommu_enabled;
	noiommu_enabled = true;
	mutex_unlock(&noiommu_claims_lock);
	ret = noiommu_claim_all();
	if (ret && !was_enabled)
		noiommu_claims_release();
out_unlock:
	pci_unlock_rescan_remove();
	return ret;
}

/**
 * noiommu_claims_disable() - release every claim, and claim no more
 *
 * Return: 0; or -EBUSY, with the function named in the log and nothing
 * changed, if one has a driver or its DMA is owned by a user.
 */
int noiommu_claims_disable(void)
{
	int ret;

	pci_lock_rescan_remove();
	ret = noiommu_claims_release();
	pci_unlock_rescan_remove();
	return ret;
}

bool noiommu_claims_enabled(void)
{
	return READ_ONCE(noiommu_enabled);
}

unsigned int noiommu_claims_count(void)
{
	return READ_ONCE(noiommu_claim_total);
}

static void noiommu_unbound(struct pci_dev *pdev)
{
	/* The driver core holds device_lock here. */
	mutex_lock(&noiommu_claims_lock);
	if (noiommu_enabled && noiommu_claimable(pdev) && !noiommu_refuse_host())
		noiommu_claim(pdev);
	mutex_unlock(&noiommu_claims_lock);
}

static void noiommu_removed(struct pci_dev *pdev)
{
	struct noiommu_claim *claim;

	mutex_lock(&noiommu_claims_lock);
	claim = noiommu_claim_find(pdev);
	if (claim)
		noiommu_claim_release(claim);
	mutex_unlock(&noiommu_claims_lock);
}

/* Is it a virtual function of a physical one that a user has? */
static bool noiommu_is_users_vf(struct pci_dev *pdev)
{
	struct pci_driver *driver = pci_dev_driver(pci_physfn(pdev));

	return pdev->is_virtfn && driver && driver->driver_managed_dma;
}

/*
 * VFIO wants the virtual functions for itself, and asked for them when they
 * appeared, too early to have a group.
 */
static void noiommu_offer_vfs(void)
{
	struct pci_dev *pdev = NULL;

	for_each_pci_dev(pdev)
		if (noiommu_is_users_vf(pdev) && !READ_ONCE(pdev->dev.driver) &&
		    device_attach(&pdev->dev) < 0)
			pci_notice(pdev, "noiommu: claimed, but no driver takes it\n");
}

static void noiommu_claim_new(struct work_struct *work)
{
	wait_for_device_probe();
	/* Held while a slot is scanned: now its functions are complete. */
	pci_lock_rescan_remove();
	if (noiommu_claims_enabled() && !noiommu_refuse_host()) {
		noiommu_claim_all();
		noiommu_offer_vfs();
	}
	pci_unlock_rescan_remove();
}

static DECLARE_WORK(noiommu_claim_new_work, noiommu_claim_new);

static int noiommu_bus_notify(struct notifier_block *nb, unsigned long action,
			      void *data)
{
	struct pci_dev *pdev = to_pci_dev(data);

	switch (action) {
	case BUS_NOTIFY_ADD_DEVICE:
		/* Not now: the function gets its native driver first. */
		schedule_work(&noiommu_claim_new_work);
		break;
	case BUS_NOTIFY_UNBOUND_DRIVER:
		noiommu_unbound(pdev);
		break;
	case BUS_NOTIFY_REMOVED_DEVICE:
		noiommu_removed(pdev);
		break;
	}
	return NOTIFY_OK;
}

static struct notifier_block noiommu_bus_nb = {
	.notifier_call = noiommu_bus_notify,
};

/**
 * noiommu_claims_init() - make the first claims and watch the bus
 *
 * Return: 0 or an errno of noiommu_claims_enable(); then nothing is left.
 */
int noiommu_claims_init(void)
{
	int ret;

	ret = bus_register_notifier(&pci_bus_type, &noiommu_bus_nb);
	if (ret)
		return ret;
	/* Built in: native drivers come first, also those that take their time. */
	if (IS_BUILTIN(CONFIG_NOIOMMU))
		wait_for_device_probe();
	ret = noiommu_claims_enable();
	if (ret)
		noiommu_claims_exit();
	return ret;
}

/**
 * noiommu_claims_exit() - stop watching the bus
 *
 * Each claim holds a reference on the module: there are none left here.
 */
void noiommu_claims_exit(void)
{
	bus_unregister_notifier(&pci_bus_type, &noiommu_bus_nb);
	cancel_work_sync(&noiommu_claim_new_work);
	noiommu_claims_disable();
}
