// SPDX-License-Identifier: GPL-2.0-only
/*
 * A claim: the time during which a PCI function has an IOMMU group of ours.
 *
 * The IOMMU core probes for groups only when an IOMMU is registered. When an IOMMU is
 * unregistered, it releases only the groups of that IOMMU. So each claim is an IOMMU
 * of its own, with a single device behind it; sysfs shows them all as one.
 *
 * The core counts an owner when a driver binds to a function that has a group, and warns
 * at unbind if the count does not match. A group that comes and goes only between
 * drivers keeps the count in balance.
 *
 * Either all claims are released or none. So each claim is seized first: its DMA is
 * reported as not coherent, which keeps VFIO's drivers out. If the function has no
 * driver, noiommu owns its DMA as well.
 *
 * A native driver keeps its function, and its DMA goes on: it uses physical addresses
 * without a group, too. noiommu only takes the driver off the owner count before the
 * group goes. At unbind the core finds no group, and counts nothing.
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
static bool noiommu_missed; /* a claim was wanted while none was allowed */
/* Set while a claim is being registered, because the core then calls probe. */
static struct noiommu_claim *noiommu_claiming;
static struct device *noiommu_claiming_dev;
/* The same for all claims; set before the first one. */
static const struct iommu_ops *noiommu_claim_ops;
static struct device *noiommu_claim_parent;

/**
 * noiommu_claim_init() - set what all claims share; before the first claim
 * @ops: callbacks for the IOMMU core
 * @parent: the device that stands for all claims in sysfs; must outlive them
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
 * The core calls this for every device when an IOMMU is registered, a device is added
 * or a driver is bound.
 *
 * Return: the IOMMU of the function that is being claimed; ERR_PTR(-ENODEV) for others.
 */
struct iommu_device *noiommu_claim_probe(struct device *dev)
{
	/* Only compared: other devices are probed without our lock. */
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
 * @cap: the capability to query
 *
 * Return: true for %IOMMU_CAP_CACHE_COHERENCY if the DMA of the function is coherent and
 * its claim is not seized. VFIO refuses other functions.
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
 * @pdev: the function; while its device_lock is held, only an unplug ends its claim
 *
 * Return: true if it is.
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
 * A group without a domain does not count: VFIO has made it without an IOMMU.
 */
bool noiommu_served_by_other(struct pci_dev *pdev)
{
	struct iommu_group *group;
	bool served = false;

	/* While we hold this lock, only an unplug can change our groups. */
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
 * noiommu_claims_allow() - allow or forbid new claims
 * @allow: if false, no claim is made after the return
 *
 * Return: true if a claim was wanted and not allowed since the last call.
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

	/* It succeeds even if another provider won. Without a group, others may free dev->iommu. */
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
 * noiommu_claim() - claim a function if possible
 * @pdev: the function; the caller holds its device_lock
 *
 * A line in the log names a function that is refused, or for which memory runs out: an
 * errno would not reach the user who plugs it in or unbinds it.
 *
 * Return: true if this call has claimed it.
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
 * noiommu_claim_seize() - prepare to release the claim of a function, if it has one
 * @pdev: the function; the caller does not hold its device_lock
 *
 * trylock, because unbinding a function from VFIO blocks as long as its user likes.
 *
 * Return: 0 if no user can get its DMA; or -EBUSY, with the reason in the log: its
 * driver manages DMA itself, a user owns its DMA, or it is being bound, unbound or reset.
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
 * noiommu_claims_unseize() - undo noiommu_claim_seize() for all claims
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
 * noiommu_claim_release() - end the claim of a function if it is seized
 * @pdev: the function; the caller does not hold its device_lock
 */
void noiommu_claim_release(struct pci_dev *pdev)
{
	struct noiommu_claim *claim;

	if (!noiommu_claimed(pdev))
		return;
	/* Keeps native drivers from binding and unbinding until the group is gone. */
	device_lock(&pdev->dev);
	mutex_lock(&noiommu_claims_lock);
	claim = noiommu_claim_find(pdev);
	if (claim && claim->seized) {
		/* As the driver core does at unbind: decrement the owner count. */
		if (pdev->dev.driver)
			pci_bus_type.dma_cleanup(&pdev->dev);
		noiommu_claim_end(claim);
	}
	mutex_unlock(&noiommu_claims_lock);
	device_unlock(&pdev->dev);
}

/**
 * noiommu_claim_leaves() - a function is being unplugged
 * @pdev: the function; no driver can bind to it any more
 *
 * The IOMMU core takes it out of its group next, and warns if the group has an owner.
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
 * noiommu_claim_left() - a function was unplugged, and has left its group
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
