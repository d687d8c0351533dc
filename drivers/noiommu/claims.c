// SPDX-License-Identifier: GPL-2.0-only
/*
 * All claims: when they are made and ended.
 *
 * A function is claimed while it has no driver: when the module is loaded, after
 * it is unbound from a native driver, after a driver did not take it, and after it
 * was plugged in and the kernel had its chance to bind one.
 */
#define pr_fmt(fmt) "noiommu: " fmt

#include <linux/module.h>
#include <linux/workqueue.h>

#include "claim.h"

static DEFINE_MUTEX(noiommu_enable_lock);
static const struct iommu_ops *noiommu_claims_ops;
/* The load cannot fail any more: from here on there may be claims. */
static bool noiommu_loaded;

/**
 * noiommu_claim_comes() - will a function be claimed that is not yet?
 * @pdev: the function, being probed by a driver that manages DMA itself and does
 *        not take it without a claim
 *
 * The driver is asked again after the claim. If the function then turns out to be
 * one that is refused, the log says so.
 */
bool noiommu_claim_comes(struct pci_dev *pdev)
{
	return noiommu_claims_enabled() && noiommu_claimable(pdev);
}
EXPORT_SYMBOL_GPL(noiommu_claim_comes);

/* A slot is scanned under this lock: what is found after it is complete. */
static struct pci_dev *noiommu_next_function(struct pci_dev *pdev)
{
	pci_lock_rescan_remove();
	pdev = pci_get_device(PCI_ANY_ID, PCI_ANY_ID, pdev);
	pci_unlock_rescan_remove();
	return pdev;
}

static void noiommu_claim_all(bool offer)
{
	struct pci_dev *pdev = NULL;
	bool claimed;

	while ((pdev = noiommu_next_function(pdev))) {
		/* Do not wait for a driver that is busy probing. */
		if (READ_ONCE(pdev->dev.driver))
			continue;
		device_lock(&pdev->dev);
		claimed = noiommu_claim(pdev);
		device_unlock(&pdev->dev);
		if (claimed && offer)
			noiommu_offer(pdev);
	}
}

static int noiommu_seize_all(void)
{
	struct pci_dev *pdev = NULL;
	int ret;

	for_each_pci_dev(pdev) {
		ret = noiommu_claim_seize(pdev);
		if (ret) {
			pci_dev_put(pdev);
			return ret;
		}
	}
	return 0;
}

static void noiommu_release_all(void)
{
	struct pci_dev *pdev = NULL;

	for_each_pci_dev(pdev)
		noiommu_claim_release(pdev);
	noiommu_compat_forget_ops(noiommu_claims_ops);
}

/**
 * noiommu_claims_enable() - claim what can be, now and from now on
 *
 * Nothing is offered to drivers: all of it was unbound by somebody.
 *
 * Return: 0, also if some function could not be claimed: the log names it. An errno
 * of noiommu_refuse_host(), or -EAGAIN before the module is loaded: then nothing has
 * changed.
 */
int noiommu_claims_enable(void)
{
	int ret = -EAGAIN;

	mutex_lock(&noiommu_enable_lock);
	if (noiommu_loaded)
		ret = noiommu_refuse_host();
	if (!ret) {
		noiommu_claims_allow(true);
		noiommu_claim_all(false);
	}
	mutex_unlock(&noiommu_enable_lock);
	return ret;
}

/**
 * noiommu_claims_disable() - release every claim, and claim no more
 *
 * Native drivers keep their functions, and go on.
 *
 * Return: 0; or -EBUSY, with the function named in the log and nothing changed, if
 * one has a driver that manages DMA itself, or its DMA is owned by a user.
 */
int noiommu_claims_disable(void)
{
	bool was_enabled;
	int ret;

	mutex_lock(&noiommu_enable_lock);
	was_enabled = noiommu_claims_enabled();
	noiommu_claims_allow(false);
	ret = noiommu_seize_all();
	if (!ret) {
		noiommu_release_all();
	} else {
		noiommu_claims_unseize();
		/*
		 * Those that lost their driver meanwhile. Only if there are any: who
		 * removes a function that is in use holds up those who look for all.
		 */
		if (noiommu_claims_allow(was_enabled))
			noiommu_claim_all(false);
	}
	mutex_unlock(&noiommu_enable_lock);
	return ret;
}

/* While they are not allowed, what is to be claimed is noted at least. */
static bool noiommu_may_claim(void)
{
	return !noiommu_claims_enabled() || !noiommu_refuse_host();
}

static void noiommu_claim_new(struct work_struct *work)
{
	wait_for_device_probe();
	if (noiommu_may_claim())
		noiommu_claim_all(true);
}

static DECLARE_WORK(noiommu_claim_new_work, noiommu_claim_new);

static void noiommu_on_unbind(struct pci_dev *pdev)
{
	/* The driver core holds device_lock here. */
	if (noiommu_claimable(pdev) && !noiommu_claimed(pdev) &&
	    noiommu_may_claim())
		noiommu_claim(pdev);
}

static int noiommu_bus_notify(struct notifier_block *nb, unsigned long action,
			      void *data)
{
	struct pci_dev *pdev = to_pci_dev(data);

	switch (action) {
	case BUS_NOTIFY_ADD_DEVICE:
		/* Not now: the function gets its native driver first. */
	case BUS_NOTIFY_DRIVER_NOT_BOUND:
		/*
		 * Not now: the driver core has not finished with it. Nor is it
		 * asked now whether claims are made: they may be again by then,
		 * and who looked meanwhile saw a driver.
		 */
		schedule_work(&noiommu_claim_new_work);
		break;
	case BUS_NOTIFY_UNBOUND_DRIVER:
		noiommu_on_unbind(pdev);
		break;
	case BUS_NOTIFY_DEL_DEVICE:
		noiommu_claim_leaves(pdev);
		break;
	case BUS_NOTIFY_REMOVED_DEVICE:
		noiommu_claim_left(pdev);
		break;
	}
	return NOTIFY_OK;
}

static struct notifier_block noiommu_bus_nb = {
	.notifier_call = noiommu_bus_notify,
};

/**
 * noiommu_claims_init() - watch the bus, without any claim yet
 * @ops: what the IOMMU core calls for each claim
 *
 * Return: 0 or an errno of noiommu_refuse_host(); then nothing is left.
 */
int noiommu_claims_init(const struct iommu_ops *ops)
{
	int ret;

	noiommu_claims_ops = ops;
	/* Built in: native drivers come first, also those that take their time. */
	if (IS_BUILTIN(CONFIG_NOIOMMU))
		wait_for_device_probe();
	ret = noiommu_refuse_host();
	if (ret)
		return ret;
	return bus_register_notifier(&pci_bus_type, &noiommu_bus_nb);
}

/* What is refused has its line in the log already. */
static void noiommu_claims_explain(const char *entry,
				   struct pci_dev *pdev)
{
	if (noiommu_claimed(pdev))
		return;
	if (!noiommu_claimable(pdev))
		pr_notice("devices=%s: %s is a bridge and never claimed\n",
			  entry, pci_name(pdev));
	else if (READ_ONCE(pdev->dev.driver))
		pr_notice("devices=%s: %s is claimed when it is unbound from %s\n",
			  entry, pci_name(pdev), dev_driver_string(&pdev->dev));
}

/**
 * noiommu_claims_start() - make the first claims, and offer them to drivers
 * @parent: the device that stands for all claims in sysfs
 *
 * Claims use the module's memory, which a load that fails frees whatever refers to
 * it. So this cannot fail, and comes after all that can.
 */
void noiommu_claims_start(struct device *parent)
{
	noiommu_claim_init(noiommu_claims_ops, parent);
	mutex_lock(&noiommu_enable_lock);
	noiommu_loaded = true;
	noiommu_claims_allow(true);
	noiommu_claim_all(true);
	mutex_unlock(&noiommu_enable_lock);
	noiommu_filter_report(noiommu_claims_explain);
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
	noiommu_compat_forget_ops(noiommu_claims_ops);
}
