/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A fake IOMMU provider. Each of its parts uses only the parts below it.
 *
 *   main.c       load and unload
 *
 * /dev/noiommu, which chardev.h declares:
 *
 *   chardev.c    the device, its descriptors, dispatch of ioctls
 *   pin_dmabuf.c NOIOMMU_PIN_DMABUF: keep the memory of a dma-buf
 *   pin.c        NOIOMMU_PIN and NOIOMMU_UNPIN
 *   pin_walk.c   pin a range, huge page by huge page
 *   pin_list.c   NOIOMMU_LIST_PINS: the pins of a descriptor
 *   pinned.c     the references of a pin
 *   attachment.c a dma-buf that is mapped for a function
 *   tally.c      count the pages that a pin keeps from others
 *   alloc.c      NOIOMMU_ALLOC and NOIOMMU_FREE
 *   memory.c     memory of NOIOMMU_ALLOC: its dma-buf, its mappings, when it is freed
 *   import.c     map that memory for the device of another driver
 *   contig.c     find physically contiguous pages
 *   charge.c     count pages as locked memory of a process
 *   translate.c  NOIOMMU_TRANSLATE: page tables to extents
 *   walk_slow.c  read the page table under the mmap lock, with faults; device memory
 *   walk_fast.c  read the page table of present pages, without a lock
 *   bars.c       BARs that noiommu-pci maps, and BARs that other functions cannot use
 *   extents.c    the user's array of extents
 *
 * The provider:
 *
 *   sysfs.c      the attributes of all claims in sysfs, and enable
 *   ops.c        the callbacks of the IOMMU core
 *   claims.c     all claims: when they begin and end
 *   pa_hint_x86.c  make unmodified DPDK use physical addresses
 *   offer.c      offer claimed functions to drivers that wait for a group
 *   host.c       hosts where nothing may be claimed
 *   claim.c      a single claim: begin, seize, end
 *   domain.c     the domains: identity, blocked, and the user's
 *   filter.c     functions that may be claimed: the devices= parameter
 *   function.c   a claimed function: its owner, its DMA limit, its attributes
 *   refuse.c     functions whose DMA cannot use physical addresses
 *   owner.c      DMA ownership of functions, and memory held until it ends
 *   policy.c     the privilege that DMA needs, and the taint
 *   trace.c      tracepoints
 *
 * Locks, outermost first:
 *
 *   noiommu_enable_lock (claims.c) > device_lock() > noiommu_claims_lock (claim.c)
 *     > iommu_group.mutex (IOMMU core) > noiommu_owner_lock (owner.c)
 *     > noiommu_attachment.lock > reservation of the dma-buf
 *   mmap_lock > noiommu_bars_lock (bars.c) > memory_lock (vfio-pci-core)
 *
 * pci_lock_rescan_remove() is never combined with device_lock(), because the kernel
 * nests the two in both orders.
 */
#ifndef NOIOMMU_H
#define NOIOMMU_H

#include <linux/atomic.h>
#include <linux/iommu.h>
#include <linux/pci.h>

#include "compat.h"
#include "export.h"
#include "owner.h"

/**
 * struct noiommu_function - a function behind an IOMMU of its own
 * @iommu: the IOMMU that the core sees; it serves only this function
 * @owner: DMA ownership of the function
 */
struct noiommu_function {
	struct iommu_device iommu;
	struct noiommu_owner owner;
};

/* policy.c */
void noiommu_taint(struct device *dev);

/* refuse.c */
int noiommu_refuse_function(struct pci_dev *pdev);
int noiommu_refuse_dma(struct device *dev);

/* function.c */
struct noiommu_function *noiommu_function_of(struct device *dev);
struct noiommu_owner *noiommu_function_owner(struct device *dev);
u64 noiommu_dma_limit(struct device *dev);
bool noiommu_has_user_driver(struct device *dev);
int noiommu_function_show(struct pci_dev *pdev);
void noiommu_function_hide(struct pci_dev *pdev);

/* filter.c */
int noiommu_filter_init(void);
bool noiommu_claimable(struct pci_dev *pdev);
void noiommu_filter_report(void (*explain)(const char *entry,
					   struct pci_dev *pdev));

/* domain.c */
struct iommu_domain *noiommu_domain_alloc(struct device *dev);
extern struct iommu_domain noiommu_identity_domain;
extern struct iommu_domain noiommu_blocked_domain;
extern const struct iommu_domain_ops noiommu_user_domain_ops;
extern atomic64_t noiommu_mapped_bytes;
extern atomic64_t noiommu_refused_maps;

/* claim.c */
bool noiommu_claims_enabled(void);
unsigned int noiommu_claims_count(void);
bool noiommu_served_by_other(struct pci_dev *pdev);

/* pa_hint_x86.c, on x86 only */
void noiommu_pa_hint_init(struct device *target);
void noiommu_pa_hint_notify(struct pci_dev *pdev, unsigned long action);
void noiommu_pa_hint_exit(void);

/* host.c */
int noiommu_refuse_host(void);

/* claims.c */
int noiommu_claims_init(const struct iommu_ops *ops);
void noiommu_claims_start(struct device *parent);
void noiommu_claims_exit(void);
int noiommu_claims_enable(void);
int noiommu_claims_disable(void);

/* ops.c */
extern const struct iommu_ops noiommu_ops;

/* sysfs.c */
struct device *noiommu_sysfs_add(void);
void noiommu_sysfs_remove(void);

#endif /* NOIOMMU_H */
