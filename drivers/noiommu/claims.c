// SPDX-License-Identifier: GPL-2.0-only
/*
 * All claims: when they begin and end.
 *
 * A function is claimed while it has no driver: when the module is loaded, when a
 * native driver is unbound, and after a driver's probe has failed. A function that is
 * plugged in is claimed after the kernel has tried to bind a driver.
 */
#define pr_fmt(fmt) "noiommu: " fmt

#include <linux/module.h>
#include <linux/workqueue.h>

#include "claim.h"

/* How often to look whether a driver has finished a probe that nobody waits for. */
#define NOIOMMU_PROBING_MS 100

static DEFINE_MUTEX(noiommu_enable_lock);
static const struct iommu_ops *noiommu_claims_ops;
/* The load cannot fail any more: claims are possible from now on. */
static bool noiommu_loaded;

/**
 * noiommu_claim_comes() - will an unclaimed function be claimed soon?
 * @pdev: the function; a driver that manages DMA itself, and needs the claim, is
 *        probing it
 *
 * The driver is probed again after the claim. If the claim is then refused, the log
 * has the reason.
 *
 * Return: true if the driver can expect a claim.
 */
bool noiommu_claim_comes(struct pci_dev *pdev)
{
	return noiommu_claims_enabled() && noiommu_claimable(pdev);
}
EXPORT_SYMBOL_GPL(noiommu_claim_comes);

/* The kernel scans a slot under this lock, so the search sees whole slots only. */
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
 * noiommu_claims_enable() - claim all functions that can be claimed, now and later
 *
 * Offers nothing to drivers: somebody has unbound all these functions.
 *
 * Return: 0, even if a function could not be claimed: the log names it. On error nothing
 * has changed: an errno of noiommu_refuse_host(), or -EAGAIN before the module is loaded.
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
 * noiommu_claims_disable() - release all claims, and make no new ones
 *
 * Native drivers keep their functions, and go on.
 *
 * Return: 0; or -EBUSY, with the reason of noiommu_claim_seize() in the log, if a claim
 * cannot be released. Then nothing has changed.
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
		 * Claim the functions that have lost their driver meanwhile. Search
		 * only if there are any: a removal of a function that is in use
		 * blocks the search.
		 */
		if (noiommu_claims_allow(was_enabled))
			noiommu_claim_all(false);
	}
	mutex_unlock(&noiommu_enable_lock);
	return ret;
}

/* While claims are not allowed, noiommu_claim() still records that one was wanted. */
static bool noiommu_may_claim(void)
{
	return !noiommu_claims_enabled() || !noiommu_refuse_host();
}

/* Is a driver probing a function, or not yet finished with it after its probe failed? */
static bool noiommu_is_probing(void)
{
	struct pci_dev *pdev = NULL;

	while ((pdev = noiommu_next_function(pdev))) {
		enum dl_dev_state state = READ_ONCE(pdev->dev.links.status);

		if (READ_ONCE(pdev->dev.driver) && noiommu_claimable(pdev) &&
		    state != DL_DEV_DRIVER_BOUND && state != DL_DEV_UNBINDING) {
			pci_dev_put(pdev);
			return true;
		}
	}
	return false;
}

static void noiommu_claim_new(struct work_struct *work);
static DECLARE_DELAYED_WORK(noiommu_claim_new_work, noiommu_claim_new);

/*
 * wait_for_device_probe() does not wait for probes that began with a write to "bind" in
 * sysfs. The last notifier of such a probe comes while the function still has its driver.
 */
static void noiommu_claim_new(struct work_struct *work)
{
	wait_for_device_probe();
	if (noiommu_may_claim())
		noiommu_claim_all(true);
	if (noiommu_is_probing())
		schedule_delayed_work(&noiommu_claim_new_work,
				      msecs_to_jiffies(NOIOMMU_PROBING_MS));
}

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

	if (IS_ENABLED(CONFIG_X86))
		noiommu_pa_hint_notify(pdev, action);
	switch (action) {
	case BUS_NOTIFY_ADD_DEVICE:
		/* Claim later: the function gets its native driver first. */
	case BUS_NOTIFY_DRIVER_NOT_BOUND:
		/*
		 * Claim later: the driver core has not finished with it. The work
		 * checks whether claims are allowed: that may change until then, and
		 * a search that runs meanwhile still sees a driver.
		 */
		schedule_delayed_work(&noiommu_claim_new_work, 0);
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
 * noiommu_claims_init() - start to watch the bus, without claims yet
 * @ops: callbacks for the IOMMU core, the same for each claim
 *
 * Return: 0; or an errno, of noiommu_refuse_host() or of registering the notifier. Then
 * nothing is left to undo.
 */
int noiommu_claims_init(const struct iommu_ops *ops)
{
	int ret;

	noiommu_claims_ops = ops;
	/* If built in, native drivers come first, even those that probe slowly. */
	if (IS_BUILTIN(CONFIG_NOIOMMU))
		wait_for_device_probe();
	ret = noiommu_refuse_host();
	if (ret)
		return ret;
	return bus_register_notifier(&pci_bus_type, &noiommu_bus_nb);
}

/* Refused functions already have a line in the log. */
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
 * A failing load frees the module's memory, which claims still use. So this function
 * cannot fail, and runs after everything that can.
 */
void noiommu_claims_start(struct device *parent)
{
	noiommu_claim_init(noiommu_claims_ops, parent);
	if (IS_ENABLED(CONFIG_X86))
		noiommu_pa_hint_init(parent);
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
 * Each claim holds a reference on the module, so no claim is left here.
 */
void noiommu_claims_exit(void)
{
	bus_unregister_notifier(&pci_bus_type, &noiommu_bus_nb);
	cancel_delayed_work_sync(&noiommu_claim_new_work);
	noiommu_compat_forget_ops(noiommu_claims_ops);
}
