/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Functions of noiommu.ko that noiommu-pci.ko uses.
 */
#ifndef NOIOMMU_EXPORT_H
#define NOIOMMU_EXPORT_H

#include <linux/mm_types.h>
#include <linux/pci.h>

/**
 * struct noiommu_bar_ops - callbacks of a driver that knows the BARs that it maps
 * @pfn: look up the page frame of a page-aligned address in a mapping. The page frames
 *       of the mapping must be contiguous up to its end. Called under the mmap lock.
 *       Return: 0; -ENOENT if the mapping is not the driver's; -EFAULT if the device
 *       does not respond now
 */
struct noiommu_bar_ops {
	int (*pfn)(struct vm_area_struct *vma, unsigned long va,
		   unsigned long *pfn);
};

/* claim.c */
bool noiommu_claimed(struct pci_dev *pdev);

/* claims.c */
bool noiommu_claim_comes(struct pci_dev *pdev);

/* policy.c */
bool noiommu_permitted(void);

/* bars.c */
int noiommu_bars_register(const struct noiommu_bar_ops *bars);
void noiommu_bars_unregister(const struct noiommu_bar_ops *bars);

#endif /* NOIOMMU_EXPORT_H */
