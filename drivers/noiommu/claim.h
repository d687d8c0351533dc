/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Claims: declarations for the files that make, end and serve them.
 */
#ifndef NOIOMMU_CLAIM_H
#define NOIOMMU_CLAIM_H

#include "noiommu.h"

/**
 * struct noiommu_claim - a function that has a group
 * @function: the part that other files use
 * @pdev: the function; the claim holds a reference
 * @node: in noiommu_claims
 * @seized: the claim is about to be released: no user can get the function
 * @owned: noiommu itself owns the DMA while the claim is seized
 * @leaving: the function is being unplugged, which ends the claim
 */
struct noiommu_claim {
	struct noiommu_function function;
	struct pci_dev *pdev;
	struct list_head node;
	bool seized;
	bool owned;
	bool leaving;
};

/* claim.c */
void noiommu_claim_init(const struct iommu_ops *ops, struct device *parent);
struct iommu_device *noiommu_claim_probe(struct device *dev);
bool noiommu_claim_capable(struct device *dev, enum iommu_cap cap);
bool noiommu_claim(struct pci_dev *pdev);
int noiommu_claim_seize(struct pci_dev *pdev);
void noiommu_claims_unseize(void);
void noiommu_claim_release(struct pci_dev *pdev);
void noiommu_claim_leaves(struct pci_dev *pdev);
void noiommu_claim_left(struct pci_dev *pdev);
bool noiommu_claims_allow(bool allow);

/* offer.c */
void noiommu_offer(struct pci_dev *pdev);

#endif /* NOIOMMU_CLAIM_H */
