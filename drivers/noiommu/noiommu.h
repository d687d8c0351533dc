/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A fake IOMMU provider: what its parts know of each other.
 *
 *   provider.c  the module: iommu_ops, sysfs, load and unload
 *   claim.c     a PCI function that has a group, from when to when
 *   claims.c    all of them: when they are made and ended
 *   offer.c     drivers that wait for a group
 *   filter.c    the devices= parameter
 *   refuse.c    hosts and functions where identity would be a lie
 *   domain.c    the domains: identity, blocked, and the user's
 *   function.c  what sysfs shows of a claimed function
 *   trace.c     tracepoints
 *   owner.c     who owns the DMA of a function, and what is held until that ends
 *
 * and, in chardev.h, those of /dev/noiommu.
 */
#ifndef NOIOMMU_H
#define NOIOMMU_H

#include <linux/atomic.h>
#include <linux/iommu.h>
#include <linux/pci.h>

#include "compat.h"
#include "export.h"
#include "owner.h"

/* provider.c */
extern const struct iommu_ops noiommu_ops;
extern struct iommu_device noiommu_sysfs;
void noiommu_taint(struct device *dev);

/* claim.c */
bool noiommu_claims_enabled(void);
unsigned int noiommu_claims_count(void);
struct iommu_device *noiommu_claim_probe(struct device *dev);
bool noiommu_claim_capable(struct device *dev, enum iommu_cap cap);
struct noiommu_owner *noiommu_claim_owner(struct device *dev);
bool noiommu_served_by_other(struct pci_dev *pdev);

/* claims.c */
int noiommu_claims_init(void);
void noiommu_claims_start(void);
void noiommu_claims_exit(void);
int noiommu_claims_enable(void);
int noiommu_claims_disable(void);

/* function.c */
int noiommu_function_show(struct pci_dev *pdev);
void noiommu_function_hide(struct pci_dev *pdev);

/* filter.c */
int noiommu_filter_init(void);
bool noiommu_filter_match(struct pci_dev *pdev);
void noiommu_filter_report(void);

/* refuse.c */
int noiommu_refuse_host(void);
int noiommu_refuse_function(struct pci_dev *pdev);
int noiommu_refuse_dma(struct device *dev);

/* domain.c */
struct iommu_domain *noiommu_domain_alloc(struct device *dev);
u64 noiommu_dma_limit(struct device *dev);
extern struct iommu_domain noiommu_identity_domain;
extern struct iommu_domain noiommu_blocked_domain;
extern const struct iommu_domain_ops noiommu_user_domain_ops;
extern atomic64_t noiommu_mapped_bytes;
extern atomic64_t noiommu_refused_maps;

#endif /* NOIOMMU_H */
