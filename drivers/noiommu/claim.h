/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Claims: what the one that makes them and those who ask for them share.
 *
 * Lock order, outermost first; pci_lock_rescan_remove() is held alone, because the
 * kernel takes it under device_lock() as well as the other way round:
 *
 *   noiommu_enable_lock    claims.c: one at a time says yes or no
 *   device_lock()          of one function: no driver comes or goes
 *   noiommu_claims_lock    the claims
 *   iommu_group.mutex      in the IOMMU core
 *   noiommu_owner_lock     owner.c
 */
#ifndef NOIOMMU_CLAIM_H
#define NOIOMMU_CLAIM_H

#include "noiommu.h"

/**
 * struct noiommu_claim - a function that has a group
 * @iommu: the IOMMU that the core believes to serve the function
 * @pdev: the function; a reference is held
 * @node: in noiommu_claims
 * @owner: which user owns its DMA
 * @seized: we own its DMA ourselves, to release it
 * @leaving: the function is being unplugged, which ends the claim
 */
struct noiommu_claim {
	struct iommu_device iommu;
	struct pci_dev *pdev;
	struct list_head node;
	struct noiommu_owner owner;
	bool seized;
	bool leaving;
};

/* claim.c */
bool noiommu_claimable(struct pci_dev *pdev);
bool noiommu_claim(struct pci_dev *pdev);
int noiommu_claim_seize(struct pci_dev *pdev);
void noiommu_claims_unseize(void);
void noiommu_claim_release(struct pci_dev *pdev);
void noiommu_claim_leaves(struct pci_dev *pdev);
void noiommu_claim_left(struct pci_dev *pdev);
void noiommu_claims_allow(bool allow);

/* offer.c */
void noiommu_offer(struct pci_dev *pdev);

#endif /* NOIOMMU_CLAIM_H */
