// SPDX-License-Identifier: GPL-2.0-only
/*
 * BARs: ask the driver that maps a BAR for its address, and find BARs that other
 * devices cannot reach at their physical address.
 *
 * A page table has no entry for a BAR before the first touch. Later its entry may be
 * stale, because the device has been reset or is gone. noiommu-pci computes the
 * address from the mapping itself.
 */
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/rwsem.h>

#include "chardev.h"
#include "export.h"

/* Protects the pointer, and keeps its target registered during a call. */
static DECLARE_RWSEM(noiommu_bars_lock);
static const struct noiommu_bar_ops *noiommu_bars;

/**
 * noiommu_bars_register() - register the driver that knows mappings of BARs
 * @bars: callbacks; must stay valid until noiommu_bars_unregister()
 *
 * Return: 0, or -EBUSY if another driver is registered.
 */
int noiommu_bars_register(const struct noiommu_bar_ops *bars)
{
	int ret = -EBUSY;

	down_write(&noiommu_bars_lock);
	if (!noiommu_bars) {
		noiommu_bars = bars;
		ret = 0;
	}
	up_write(&noiommu_bars_lock);
	return ret;
}
EXPORT_SYMBOL_GPL(noiommu_bars_register);

/**
 * noiommu_bars_unregister() - undo noiommu_bars_register()
 * @bars: as registered; no callback runs after the return
 */
void noiommu_bars_unregister(const struct noiommu_bar_ops *bars)
{
	down_write(&noiommu_bars_lock);
	if (noiommu_bars == bars)
		noiommu_bars = NULL;
	up_write(&noiommu_bars_lock);
}
EXPORT_SYMBOL_GPL(noiommu_bars_unregister);

/**
 * noiommu_bars_pfn() - page frame of an address in a mapping of a BAR
 * @vma: the mapping; the caller holds the mmap lock
 * @va: page-aligned address in @vma
 * @pfn: out: the page frame number
 *
 * Return: 0; -ENOENT if no registered driver knows the mapping; -EFAULT if the device
 * does not respond now.
 */
int noiommu_bars_pfn(struct vm_area_struct *vma, unsigned long va,
		     unsigned long *pfn)
{
	int ret = -ENOENT;

	down_read(&noiommu_bars_lock);
	if (noiommu_bars)
		ret = noiommu_bars->pfn(vma, va, pfn);
	up_read(&noiommu_bars_lock);
	return ret;
}

static bool noiommu_bar_moved(struct pci_dev *pdev, int bar, u64 phys)
{
	return phys >= pci_resource_start(pdev, bar) &&
	       phys <= pci_resource_end(pdev, bar) &&
	       pci_bus_address(pdev, bar) != pci_resource_start(pdev, bar);
}

/**
 * noiommu_bars_moved() - does a BAR have another address on its bus?
 * @phys: physical address in the BAR, as the processor uses it
 *
 * Some host bridges translate addresses of BARs. Then other functions cannot use @phys.
 *
 * Return: true if @phys lies in a BAR whose bus address differs.
 */
bool noiommu_bars_moved(u64 phys)
{
	struct pci_dev *pdev = NULL;
	int bar;

	for_each_pci_dev(pdev)
		for (bar = 0; bar < PCI_STD_NUM_BARS; bar++)
			if (noiommu_bar_moved(pdev, bar, phys)) {
				pci_dev_put(pdev);
				return true;
			}
	return false;
}
