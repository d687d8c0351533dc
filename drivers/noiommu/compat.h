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

#endif /* NOIOMMU_COMPAT_H */
