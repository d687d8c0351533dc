/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All that is known here of kernels other than the newest.
 *
 * The sources speak the newest dialect. What a kernel has is probed in its
 * headers (compat-probe.sh writes compat-probed.h) and never guessed from a
 * version number: distributions backport.
 */
#ifndef NOIOMMU_COMPAT_H
#define NOIOMMU_COMPAT_H

#include <linux/err.h>
#include <linux/iommu.h>
#include <linux/mm.h>

#include "compat-probed.h"

/*
 * iommu_domain_ops.attach_dev has a third argument, the domain left, from
 * 6.19 on.
 */
#ifdef HAVE_ATTACH_DEV_OLD
#define NOIOMMU_COMPAT_ATTACH(fn)
#define noiommu_compat_attach(fn) fn
#else
#define NOIOMMU_COMPAT_ATTACH(fn)					\
static int fn##_compat(struct iommu_domain *domain, struct device *dev)	\
{									\
	return fn(domain, dev, NULL);					\
}

#define noiommu_compat_attach(fn) fn##_compat
#endif

/*
 * iommu_ops: static domains and an allocator for the rest from 6.7 on, one
 * allocator for all types before.
 */
struct iommu_domain *noiommu_domain_alloc(struct device *dev);
extern struct iommu_domain noiommu_identity_domain;
extern struct iommu_domain noiommu_blocked_domain;

#if defined(HAVE_DOMAIN_ALLOC_PAGING) && defined(HAVE_IDENTITY_DOMAIN) && \
	defined(HAVE_BLOCKED_DOMAIN)
#define NOIOMMU_COMPAT_ALLOC_ERR(err) ERR_PTR(err)
#define NOIOMMU_COMPAT_DOMAINS					\
	.identity_domain	= &noiommu_identity_domain,	\
	.blocked_domain		= &noiommu_blocked_domain,	\
	.domain_alloc_paging	= noiommu_domain_alloc
#elif defined(HAVE_DOMAIN_ALLOC) && defined(HAVE_OPS_PGSIZE_BITMAP)
#define NOIOMMU_COMPAT_ALLOC_ERR(err) NULL
static inline struct iommu_domain *noiommu_compat_domain_alloc(unsigned int type)
{
	switch (type) {
	case IOMMU_DOMAIN_IDENTITY:
		return &noiommu_identity_domain;
	case IOMMU_DOMAIN_BLOCKED:
		return &noiommu_blocked_domain;
	case IOMMU_DOMAIN_UNMANAGED:
		return noiommu_domain_alloc(NULL);
	default:
		return NULL;
	}
}

#define NOIOMMU_COMPAT_DOMAINS					\
	.domain_alloc	= noiommu_compat_domain_alloc,		\
	.pgsize_bitmap	= PAGE_SIZE
#else
#error "struct iommu_ops has neither domain_alloc_paging with static domains nor domain_alloc"
#endif

/*
 * Before 6.7 each bus points to the one provider's ops, and goes on doing so
 * when the provider is gone: the next device that is added faults.
 */
#ifdef HAVE_BUS_IOMMU_OPS
#include <linux/amba/bus.h>
#include <linux/fsl/mc.h>
#include <linux/pci.h>
#include <linux/platform_device.h>

static inline void noiommu_compat_forget_bus(struct bus_type *bus,
					     const struct iommu_ops *ops)
{
	if (bus->iommu_ops == ops)
		bus->iommu_ops = NULL;
}

static inline void noiommu_compat_forget_ops(const struct iommu_ops *ops)
{
	noiommu_compat_forget_bus(&platform_bus_type, ops);
	noiommu_compat_forget_bus(&pci_bus_type, ops);
#ifdef CONFIG_ARM_AMBA
	noiommu_compat_forget_bus(&amba_bustype, ops);
#endif
#ifdef CONFIG_FSL_MC_BUS
	noiommu_compat_forget_bus(&fsl_mc_bus_type, ops);
#endif
}
#else
static inline void noiommu_compat_forget_ops(const struct iommu_ops *ops)
{
}
#endif

/* From 6.12 on device memory is also mapped by huge entries. */
#ifdef HAVE_PMD_SPECIAL
#define noiommu_compat_pmd_special(pmd) pmd_special(pmd)
#define noiommu_compat_pud_special(pud) pud_special(pud)
#else
#define noiommu_compat_pmd_special(pmd) false
#define noiommu_compat_pud_special(pud) false
#endif

/*
 * The page frame of an address in a mapping of device memory, under the mmap
 * lock. Return: 0, or -EINVAL if the page table has none.
 */
static inline int noiommu_compat_follow_pfn(struct vm_area_struct *vma,
					    unsigned long va,
					    unsigned long *pfn, bool *writable)
{
#if defined(HAVE_FOLLOW_PFNMAP)
	struct follow_pfnmap_args args = { .vma = vma, .address = va };
	int ret = follow_pfnmap_start(&args);

	if (ret)
		return ret;
	*pfn = args.pfn;
	*writable = args.writable;
	follow_pfnmap_end(&args);
	return 0;
#elif defined(HAVE_FOLLOW_PTE_MM)
	spinlock_t *lock; /* of the page table */
	pte_t *pte;
	int ret = follow_pte(vma->vm_mm, va, &pte, &lock);

	if (ret)
		return ret;
	__acquire(lock);
	*pfn = pte_pfn(*pte);
	*writable = pte_write(*pte);
	pte_unmap_unlock(pte, lock);
	return 0;
#else
#error "linux/mm.h has neither follow_pfnmap_start() nor follow_pte(mm, ...)"
#endif
}

/*
 * From 6.2 on a long-term pin for reading makes a private page the process's own,
 * so that it stays the one the process sees. Before, that takes a write: a forced
 * one where the process may only read, but that would not mind PROT_NONE, so that
 * it is tried for reading first. Shared mappings neither allow nor need it.
 */
#ifdef HAVE_OLD_UNSHARE
static inline int noiommu_compat_pin_read(unsigned long va, int count,
					  struct page **pages)
{
	int got, forced;

	got = pin_user_pages_fast(va, count, FOLL_LONGTERM | FOLL_WRITE, pages);
	if (got != -EFAULT)
		return got;
	got = pin_user_pages_fast(va, count, FOLL_LONGTERM, pages);
	if (got <= 0)
		return got;
	unpin_user_pages(pages, got);
	forced = pin_user_pages_fast(va, got, FOLL_LONGTERM | FOLL_WRITE |
				     FOLL_FORCE, pages);
	if (forced != -EFAULT)
		return forced;
	return pin_user_pages_fast(va, got, FOLL_LONGTERM, pages);
}
#else
static inline int noiommu_compat_pin_read(unsigned long va, int count,
					  struct page **pages)
{
	return pin_user_pages_fast(va, count, FOLL_LONGTERM, pages);
}
#endif

static inline int noiommu_compat_pin(unsigned long va, int count, bool write,
				     struct page **pages)
{
	if (!write)
		return noiommu_compat_pin_read(va, count, pages);
	return pin_user_pages_fast(va, count, FOLL_LONGTERM | FOLL_WRITE,
				   pages);
}

/*
 * vfio_device_ops that some kernels want; core has them all where they exist.
 * Each stands on a line of its own in the table, without a comma.
 */
#ifdef HAVE_VFIO_IOMMUFD
#define NOIOMMU_COMPAT_VFIO_BIND				\
	.bind_iommufd	= vfio_iommufd_physical_bind,		\
	.unbind_iommufd	= vfio_iommufd_physical_unbind,		\
	.attach_ioas	= vfio_iommufd_physical_attach_ioas,
#else
#define NOIOMMU_COMPAT_VFIO_BIND
#endif
#ifdef HAVE_VFIO_DETACH_IOAS
#define NOIOMMU_COMPAT_VFIO_DETACH				\
	.detach_ioas	= vfio_iommufd_physical_detach_ioas,
#else
#define NOIOMMU_COMPAT_VFIO_DETACH
#endif
#ifdef HAVE_VFIO_PASID
#define NOIOMMU_COMPAT_VFIO_PASID				\
	.pasid_attach_ioas = vfio_iommufd_physical_pasid_attach_ioas, \
	.pasid_detach_ioas = vfio_iommufd_physical_pasid_detach_ioas,
#else
#define NOIOMMU_COMPAT_VFIO_PASID
#endif
#ifdef HAVE_VFIO_REGION_CAPS
#define NOIOMMU_COMPAT_VFIO_CAPS				\
	.get_region_info_caps = vfio_pci_ioctl_get_region_info,
#else
#define NOIOMMU_COMPAT_VFIO_CAPS
#endif
#ifdef HAVE_VFIO_TOKEN_UUID
#define NOIOMMU_COMPAT_VFIO_TOKEN				\
	.match_token_uuid = vfio_pci_core_match_token_uuid,
#else
#define NOIOMMU_COMPAT_VFIO_TOKEN
#endif

#endif /* NOIOMMU_COMPAT_H */
