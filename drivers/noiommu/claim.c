// SPDX-License-Identifier: GPL-2.0-only
/*
 * A claim: a PCI function that has an IOMMU group of ours, from when to when.
 *
 * The IOMMU core probes for groups only when an IOMMU is registered, and releases
 * only what belongs to the one that goes. So each claim is an IOMMU of its own,
 * with a single device behind it; sysfs shows them all as one.
 *
 * The core counts an owner when a driver is bound to a function that has a group,
 * and warns when the counts do not match at unbind; a group that comes and goes
 * only between drivers keeps them in balance.
 *
 * All claims are released or none. So each is seized first: its memory is said not
 * to be coherent, which keeps VFIO's drivers out, and of one without a driver we own
 * the DMA, too.
 *
 * A native driver keeps its function, and its DMA goes on: identity is what it has
 * without a group. Only its owner is taken off the count before the group goes. When it
 * is unbound the core finds no group, and counts none.
 */
#define pr_fmt(fmt) "noiommu: " fmt

#include <linux/dma-map-ops.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "claim.h"
#include "trace.h"

/* Protects everything below it. */
static DEFINE_MUTEX(noiommu_claims_lock);
static LIST_HEAD(noiommu_claims);
static unsigned int noiommu_claim_count;
static bool noiommu_allowed;
static bool noiommu_missed; /* one was to be made, and was not allowed */
/* Set while a claim is registered, for the core's call back to probe. */
static struct noiommu_claim *noiommu_claiming;
static struct device *noiommu_claiming_dev;
/* Of all claims; set before the first. */
static const struct iommu_ops *noiommu_claim_ops;
static struct device *noiommu_claim_parent;

/**
 * noiommu_claim_init() - what all claims have in common
 * @ops: what the IOMMU core calls
 * @parent: the device that stands for all claims in sysfs
 */
void noiommu_claim_init(const struct iommu_ops *ops, struct device *parent)
{
	noiommu_claim_ops = ops;
	noiommu_claim_parent = parent;
}

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
	return &noiommu_claiming->function.iommu;
}

static struct noiommu_claim *noiommu_claim_of(struct device *dev)
{
	return container_of(noiommu_function_of(dev), struct noiommu_claim,
			    function);
}

/**
 * noiommu_claim_capable() - iommu_ops.capable
 * @dev: a claimed function
 * @cap: what is asked for
 *
 * Return: true for %IOMMU_CAP_CACHE_COHERENCY of a function that is coherent and
 * stays claimed. VFIO binds to no other.
 */
bool noiommu_claim_capable(struct device *dev, enum iommu_cap cap)
{
	return cap == IOMMU_CAP_CACHE_COHERENCY && dev_is_dma_coherent(dev) &&
	       !READ_ONCE(noiommu_claim_of(dev)->seized);
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

/**
 * noiommu_claimed() - is a function in a group of this provider?
 * @pdev: the function; while its device_lock is held this becomes false only when
 *        it is unplugged
 */
bool noiommu_claimed(struct pci_dev *pdev)
{
	bool claimed;

	mutex_lock(&noiommu_claims_lock);
	claimed = noiommu_claim_find(pdev);
	mutex_unlock(&noiommu_claims_lock);
	return claimed;
}
EXPORT_SYMBOL_GPL(noiommu_claimed);

/**
 * noiommu_served_by_other() - is a function behind an IOMMU that is not ours?
 * @pdev: the function
 *
 * A group without a domain is one that VFIO made by itself.
 */
bool noiommu_served_by_other(struct pci_dev *pdev)
{
	struct iommu_group *group;
	bool served = false;

	/* While it is held no group of ours comes or goes but by an unplug. */
	mutex_lock(&noiommu_claims_lock);
	group = iommu_group_get(&pdev->dev);
	if (group)
		served = iommu_get_domain_for_dev(&pdev->dev) &&
			 !noiommu_claim_find(pdev);
	iommu_group_put(group);
	mutex_unlock(&noiommu_claims_lock);
	return served;
}

bool noiommu_claims_enabled(void)
{
	return READ_ONCE(noiommu_allowed);
}

unsigned int noiommu_claims_count(void)
{
	return READ_ONCE(noiommu_claim_count);
}

/**
 * noiommu_claims_allow() - may claims be made from now on?
 * @allow: if not, none is made after the return
 *
 * Return: true if one was to be made and was not allowed, since the last call.
 */
bool noiommu_claims_allow(bool allow)
{
	bool missed;

	mutex_lock(&noiommu_claims_lock);
	WRITE_ONCE(noiommu_allowed, allow);
	missed = noiommu_missed;
	noiommu_missed = false;
	mutex_unlock(&noiommu_claims_lock);
	return missed;
}

static int noiommu_claim_register(struct noiommu_claim *claim)
{
	struct device *dev = &claim->pdev->dev;
	int ret;

	/* All claims share the one device that sysfs shows. */
	claim->function.iommu.dev = noiommu_claim_parent;
	noiommu_claiming = claim;
	WRITE_ONCE(noiommu_claiming_dev, dev);
	ret = iommu_device_register(&claim->function.iommu, noiommu_claim_ops, NULL);
	WRITE_ONCE(noiommu_claiming_dev, NULL);
	noiommu_claiming = NULL;
	if (ret)
		return ret;

	/*
	 * Registering may succeed also if another provider won. Without a group
	 * others may free what is looked at next.
	 */
	if (!device_iommu_mapped(dev) ||
	    dev->iommu->iommu_dev != &claim->function.iommu) {
		iommu_device_unregister(&claim->function.iommu);
		return -EBUSY;
	}
	return 0;
}

static int noiommu_claim_make(struct pci_dev *pdev)
{
	struct noiommu_claim *claim;
	int ret;

	claim = kzalloc(sizeof(*claim), GFP_KERNEL);
	if (!claim)
		return -ENOMEM;
	claim->pdev = pci_dev_get(pdev);
	ret = noiommu_claim_register(claim);
	if (ret)
		goto err_free;
	ret = noiommu_function_show(pdev);
	if (ret)
		goto err_unregister;
	trace_noiommu_claim(&pdev->dev);
	list_add_tail(&claim->node, &noiommu_claims);
	noiommu_claim_count++;
	return 0;

err_unregister:
	iommu_device_unregister(&claim->function.iommu);
err_free:
	pci_dev_put(pdev);
	kfree(claim);
	return ret;
}

/**
 * noiommu_claim() - claim a function, if it should be
 * @pdev: the function; its device_lock is held
 *
 * One that is refused, or for which there is no memory, is named in the log: nobody
 * who plugs one in or unbinds one could be told.
 *
 * Return: true if it is claimed now and was not before.
 */
bool noiommu_claim(struct pci_dev *pdev)
{
	int ret = -ENODEV;

	device_lock_assert(&pdev->dev);
	mutex_lock(&noiommu_claims_lock);
	noiommu_missed |= !noiommu_allowed;
	if (noiommu_allowed && !pdev->dev.driver && noiommu_claimable(pdev) &&
	    !noiommu_claim_find(pdev) && !noiommu_refuse_function(pdev)) {
		ret = noiommu_claim_make(pdev);
		if (ret)
			pci_err(pdev, "noiommu: not claimed: %pe\n",
				ERR_PTR(ret));
	}
	mutex_unlock(&noiommu_claims_lock);
	return !ret;
}

static void noiommu_claim_give_back(struct noiommu_claim *claim)
{
	struct iommu_group *group;

	lockdep_assert_held(&noiommu_claims_lock);
	if (claim->owned) {
		group = iommu_group_get(&claim->pdev->dev);
		iommu_group_release_dma_owner(group);
		iommu_group_put(group);
		claim->owned = false;
	}
	WRITE_ONCE(claim->seized, false);
}

static void noiommu_claim_end(struct noiommu_claim *claim)
{
	lockdep_assert_held(&noiommu_claims_lock);
	trace_noiommu_release(&claim->pdev->dev);
	noiommu_function_hide(claim->pdev);
	noiommu_claim_give_back(claim);
	iommu_device_unregister(&claim->function.iommu);
	noiommu_owner_give(&claim->function.owner);
	list_del(&claim->node);
	noiommu_claim_count--;
	pci_dev_put(claim->pdev);
	kfree(claim);
}

static int noiommu_claim_take_dma(struct noiommu_claim *claim)
{
	struct pci_dev *pdev = claim->pdev;
	struct iommu_group *group;

	if (noiommu_has_user_driver(&pdev->dev)) {
		pci_notice(pdev, "noiommu: not released: in use by driver %s\n",
			   pdev->dev.driver->name);
		return -EBUSY;
	}
	if (!pdev->dev.driver) {
		group = iommu_group_get(&pdev->dev);
		claim->owned = !iommu_group_claim_dma_owner(group, claim);
		iommu_group_put(group);
		if (!claim->owned) {
			pci_notice(pdev, "noiommu: not released: its DMA is owned by a user\n");
			return -EBUSY;
		}
	}
	WRITE_ONCE(claim->seized, true);
	return 0;
}

/**
 * noiommu_claim_seize() - get ready to release a claim, if there is one
 * @pdev: the function
 *
 * trylock: to unbind a function from VFIO may take as long as its user likes.
 *
 * Return: 0: no user can get its DMA; or -EBUSY, with the reason in the log: it has a
 * driver that manages DMA itself, its DMA has an owner, or it is about to get one.
 */
int noiommu_claim_seize(struct pci_dev *pdev)
{
	struct noiommu_claim *claim;
	int ret = 0;

	if (!noiommu_claimed(pdev))
		return 0;
	if (!device_trylock(&pdev->dev)) {
		pci_notice(pdev, "noiommu: not released: being bound, unbound or reset\n");
		return -EBUSY;
	}
	mutex_lock(&noiommu_claims_lock);
	claim = noiommu_claim_find(pdev);
	if (claim && !claim->leaving)
		ret = noiommu_claim_take_dma(claim);
	mutex_unlock(&noiommu_claims_lock);
	device_unlock(&pdev->dev);
	return ret;
}

/**
 * noiommu_claims_unseize() - leave all claims as they were before they were seized
 */
void noiommu_claims_unseize(void)
{
	struct noiommu_claim *claim;

	mutex_lock(&noiommu_claims_lock);
	list_for_each_entry(claim, &noiommu_claims, node)
		noiommu_claim_give_back(claim);
	mutex_unlock(&noiommu_claims_lock);
}

/**
 * noiommu_claim_release() - end a claim that is seized
 * @pdev: the function
 */
void noiommu_claim_release(struct pci_dev *pdev)
{
	struct noiommu_claim *claim;

	if (!noiommu_claimed(pdev))
		return;
	/* Held, so that no native driver comes or goes before the group has gone. */
	device_lock(&pdev->dev);
	mutex_lock(&noiommu_claims_lock);
	claim = noiommu_claim_find(pdev);
	if (claim && claim->seized) {
		/* As the driver core does it at unbind: one owner less. */
		if (pdev->dev.driver)
			pci_bus_type.dma_cleanup(&pdev->dev);
		noiommu_claim_end(claim);
	}
	mutex_unlock(&noiommu_claims_lock);
	device_unlock(&pdev->dev);
}

/**
 * noiommu_claim_leaves() - a function is being unplugged
 * @pdev: the function; it gets no driver any more
 *
 * The IOMMU core takes it out of its group soon, and warns if somebody owns it.
 */
void noiommu_claim_leaves(struct pci_dev *pdev)
{
	struct noiommu_claim *claim;

	mutex_lock(&noiommu_claims_lock);
	claim = noiommu_claim_find(pdev);
	if (claim) {
		noiommu_claim_give_back(claim);
		claim->leaving = true;
	}
	mutex_unlock(&noiommu_claims_lock);
}

/**
 * noiommu_claim_left() - a function was unplugged, and is in no group any more
 * @pdev: the function
 */
void noiommu_claim_left(struct pci_dev *pdev)
{
	struct noiommu_claim *claim;

	mutex_lock(&noiommu_claims_lock);
	claim = noiommu_claim_find(pdev);
	if (claim)
		noiommu_claim_end(claim);
	mutex_unlock(&noiommu_claims_lock);
}
