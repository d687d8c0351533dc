// SPDX-License-Identifier: GPL-2.0-only
/*
 * BARs: those that are mapped by a driver which knows where they are, and those whose
 * address is of no use to devices.
 *
 * A page table says nothing of a BAR before the first touch, and what it says
 * afterwards may be of a device that has been reset or is gone. noiommu-pci answers
 * from the mapping itself.
 */
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/rwsem.h>

#include "chardev.h"
#include "export.h"

/* Protects the pointer, and what it points to while it is called. */
static DECLARE_RWSEM(noiommu_bars_lock);
static const struct noiommu_bar_ops *noiommu_bars;

/**
 * noiommu_bars_register() - answer for mappings of BARs
 * @bars: stays until noiommu_bars_unregister()
 *
 * Return: 0, or -EBUSY if another driver does so.
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
 * noiommu_bars_unregister() - not any more
 * @bars: as registered; not called any more after this
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
 * @vma: the mapping; the mmap lock is held
 * @va: page-aligned address in it
 * @pfn: out: the page frame
 *
 * Return: 0; -ENOENT if nobody knows the mapping; -EFAULT if the device does not
 * answer there now.
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
 * noiommu_bars_moved() - has device memory another address on its bus?
 * @phys: physical address, as the processor uses it
 *
 * Behind some host bridges a BAR has: then another function cannot use @phys.
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
