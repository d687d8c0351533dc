/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All differences between the newest kernel and older ones.
 *
 * The other sources use the API of the newest kernel. compat-probe.sh searches the
 * kernel's headers and writes compat-probed.h. Nothing is guessed from a version
 * number, because distributions backport. If a kernel has none of the known forms
 * of an API, the build fails.
 *
 * This file defines what older kernels lack, under the kernel's own name. If that
 * is not possible, the sources use noiommu_compat_x or NOIOMMU_COMPAT_X. On the
 * newest kernel this is a macro for the code that would otherwise stand there. See
 * Documentation/compat.rst.
 */
#ifndef NOIOMMU_COMPAT_H
#define NOIOMMU_COMPAT_H

#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/iommu.h>
#include <linux/mm.h>

#include "compat-probed.h"

/* --- The modules -------------------------------------------------------------- */

/* In a kernel tree the modules have no version of their own. */
#ifdef NOIOMMU_VERSION
#define NOIOMMU_COMPAT_MODULE_VERSION	MODULE_VERSION(NOIOMMU_VERSION)
#else
#define NOIOMMU_COMPAT_MODULE_VERSION
#endif

/* --- The IOMMU core ----------------------------------------------------------- */

/*
 * From 6.19 on, iommu_domain_ops.attach_dev has a third argument: the domain that
 * the device leaves.
 */
#if defined(HAVE_ATTACH_DEV_3ARGS)
#define NOIOMMU_COMPAT_ATTACH(fn)
#define noiommu_compat_attach(fn) fn
#elif defined(HAVE_ATTACH_DEV)
#define NOIOMMU_COMPAT_ATTACH(fn)					\
static int fn##_compat(struct iommu_domain *domain, struct device *dev)	\
{									\
	return fn(domain, dev, NULL);					\
}

#define noiommu_compat_attach(fn) fn##_compat
#else
#error "struct iommu_domain_ops has no attach_dev(domain, dev, old) and no attach_dev(domain, dev)"
#endif

/*
 * From 6.7 on, iommu_ops has static domains, and an allocator for the other types.
 * Before, it has one allocator for all types.
 */
#if defined(HAVE_DOMAIN_ALLOC_PAGING)
#if !defined(HAVE_IDENTITY_DOMAIN) || !defined(HAVE_BLOCKED_DOMAIN)
#error "struct iommu_ops has domain_alloc_paging, but not both identity_domain and blocked_domain"
#endif
#define NOIOMMU_COMPAT_DOMAIN_ALLOC(alloc, identity, blocked)
#define NOIOMMU_COMPAT_DOMAINS(alloc, identity, blocked)	\
	.identity_domain	= identity,			\
	.blocked_domain		= blocked,			\
	.domain_alloc_paging	= alloc
#elif defined(HAVE_DOMAIN_ALLOC) && defined(HAVE_OPS_PGSIZE_BITMAP)
#define NOIOMMU_COMPAT_DOMAIN_ALLOC(alloc, identity, blocked)		\
static struct iommu_domain *alloc##_compat(unsigned int type)		\
{									\
	struct iommu_domain *domain;					\
									\
	switch (type) {							\
	case IOMMU_DOMAIN_IDENTITY:					\
		return identity;					\
	case IOMMU_DOMAIN_BLOCKED:					\
		return blocked;					\
	case IOMMU_DOMAIN_UNMANAGED:					\
		domain = alloc(NULL);					\
		return IS_ERR(domain) ? NULL : domain;			\
	default:							\
		return NULL;						\
	}								\
}

#define NOIOMMU_COMPAT_DOMAINS(alloc, identity, blocked)	\
	.domain_alloc	= alloc##_compat,			\
	.pgsize_bitmap	= PAGE_SIZE
#else
#error "struct iommu_ops has no domain_alloc_paging, and not both domain_alloc and pgsize_bitmap"
#endif

/*
 * Before 6.8, each bus points to the ops of the only provider, even when the provider
 * is gone. Then the next device that is added causes a page fault.
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
#define noiommu_compat_forget_ops(ops)
#endif

/* --- Memory --------------------------------------------------------------------- */

/* From 6.10 on, the configuration option has the first of these names. */
#if defined(HAVE_CONFIG_GUP_FAST)
#define NOIOMMU_COMPAT_GUP_FAST IS_ENABLED(CONFIG_HAVE_GUP_FAST)
#elif defined(HAVE_CONFIG_FAST_GUP)
#define NOIOMMU_COMPAT_GUP_FAST IS_ENABLED(CONFIG_HAVE_FAST_GUP)
#else
#error "linux/rmap.h asks for neither CONFIG_HAVE_GUP_FAST nor CONFIG_HAVE_FAST_GUP"
#endif
/* walk_fast.c knows how these keep flags and page frame in an entry. */
#define NOIOMMU_COMPAT_KNOWN_PTES (IS_ENABLED(CONFIG_X86) || IS_ENABLED(CONFIG_ARM64))

/*
 * Look up the page frame of an address in a mapping of device memory. Kernels from
 * 6.12 on have follow_pfnmap_start(). They also map device memory by huge page-table
 * entries, and mark these as special.
 */
#if defined(HAVE_FOLLOW_PFNMAP)
#ifndef HAVE_PMD_SPECIAL
#error "linux/mm.h has follow_pfnmap_start(), but no pmd_special()"
#endif
#elif defined(HAVE_FOLLOW_PTE_MM) || defined(HAVE_FOLLOW_PTE_VMA)
#ifdef HAVE_FOLLOW_PTE_VMA
#define noiommu_compat_follow_pte follow_pte
#else
#define noiommu_compat_follow_pte(vma, address, ptep, lock) \
	follow_pte((vma)->vm_mm, address, ptep, lock)
#endif
static inline bool pmd_special(pmd_t pmd)
{
	return false;
}

static inline bool pud_special(pud_t pud)
{
	return false;
}

struct follow_pfnmap_args {
	struct vm_area_struct *vma;
	unsigned long address;
	spinlock_t *lock; /* of the page table */
	pte_t *ptep;
	unsigned long pfn;
	bool writable;
};

static inline int follow_pfnmap_start(struct follow_pfnmap_args *args)
{
	int ret = noiommu_compat_follow_pte(args->vma, args->address,
					    &args->ptep, &args->lock);

	if (ret)
		return ret;
	args->pfn = pte_pfn(*args->ptep);
	args->writable = pte_write(*args->ptep);
	return 0;
}

static inline void follow_pfnmap_end(struct follow_pfnmap_args *args)
{
	/* Taken in follow_pte(), where sparse does not see it. */
	__acquire(args->lock);
	pte_unmap_unlock(args->ptep, args->lock);
}
#else
#error "linux/mm.h lacks follow_pfnmap_start(args) and follow_pte(mm or vma, address, ptep, lock)"
#endif

/*
 * From 6.2 on, a long-term pin for reading gives the process its own copy of a private
 * page, so that the pinned page stays the one that the process sees. Before, it does so
 * for anonymous pages only. For a page of a file, or the zero page, in a private mapping,
 * the pin must be one for writing, and forced in case the process may only read. A shared
 * mapping neither allows nor needs that, and its pages would become dirty.
 */
#if defined(HAVE_UNSHARE_COW)
#define noiommu_compat_pin_fast pin_user_pages_fast
#elif defined(HAVE_UNSHARE_ANON)
/* Return: how many of the pages from va on belong to its VMA, 0 if that is shared. */
static inline int noiommu_compat_private(unsigned long va, int count)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;
	int private = 0;

	mmap_read_lock(mm);
	vma = vma_lookup(mm, va);
	if (vma && !(vma->vm_flags & VM_SHARED))
		private = min_t(unsigned long, count,
				(vma->vm_end - ALIGN_DOWN(va, PAGE_SIZE)) /
				PAGE_SIZE);
	mmap_read_unlock(mm);
	return private;
}

static inline int noiommu_compat_pin_fast(unsigned long va, int count,
					  unsigned int flags,
					  struct page **pages)
{
	int got, forced, private, anon = 0;

	got = pin_user_pages_fast(va, count, flags, pages);
	if (got <= 0 || flags & FOLL_WRITE)
		return got;
	while (anon < got && PageAnon(pages[anon]))
		anon++;
	if (anon == got)
		return got;
	private = noiommu_compat_private(va + anon * PAGE_SIZE, got - anon);
	if (!private)
		return got;
	/* Keep the anonymous pages before the first other page; the caller goes on there. */
	unpin_user_pages(pages + anon, got - anon);
	if (anon)
		return anon;
	forced = pin_user_pages_fast(va, private,
				     flags | FOLL_WRITE | FOLL_FORCE, pages);
	if (forced != -EFAULT)
		return forced;
	return pin_user_pages_fast(va, private, flags, pages);
}
#else
#error "FAULT_FLAG_UNSHARE is not said to break COW, and there is no gup_must_unshare(flags, page)"
#endif

/*
 * From 6.17 on, alloc_contig_range() takes flags. Before, it takes the type that the blocks
 * of pages have afterwards.
 */
#if defined(HAVE_ACR_FLAGS)
#elif defined(HAVE_CONTIG_NOPROF) || defined(HAVE_CONTIG_MIGRATETYPE)
#define ACR_FLAGS_NONE MIGRATE_MOVABLE
#else
#error "linux/gfp.h has no alloc_contig_range(start, end, flags or migratetype, gfp)"
#endif

/* A kernel without compaction and CMA does not have it. */
#if !defined(CONFIG_CONTIG_ALLOC)
#undef ACR_FLAGS_NONE
#define ACR_FLAGS_NONE 0
static inline int alloc_contig_range(unsigned long start, unsigned long end,
				     unsigned int flags, gfp_t gfp)
{
	return -EOPNOTSUPP;
}
#endif

/* From 6.13 on, MODULE_IMPORT_NS() is this, too. Before, it takes a name, not a string. */
#define NOIOMMU_COMPAT_IMPORT_NS(ns)	MODULE_INFO(import_ns, ns)

/* Before 7.0, importers of a dma-buf know this callback by another name. */
#if defined(HAVE_INVALIDATE_MAPPINGS)
#elif defined(HAVE_MOVE_NOTIFY)
#define invalidate_mappings	move_notify
#else
#error "struct dma_buf_attach_ops has no invalidate_mappings() and no move_notify()"
#endif

/* A kernel without graphics, media and iommufd may have no dma-bufs. */
#if !defined(CONFIG_DMA_SHARED_BUFFER)
#define dma_buf_export(info)	((void)(info), (struct dma_buf *)ERR_PTR(-EOPNOTSUPP))
#define dma_buf_get(fd)		((void)(fd), (struct dma_buf *)ERR_PTR(-EOPNOTSUPP))
#define dma_buf_put(dmabuf)	((void)(dmabuf))
#define dma_buf_dynamic_attach(dmabuf, dev, ops, priv) \
	((void)(ops), (struct dma_buf_attachment *)ERR_PTR(-EOPNOTSUPP))
#define dma_buf_detach(dmabuf, attach)	((void)(attach))
#define dma_buf_pin(attach)		((void)(attach), -EOPNOTSUPP)
#define dma_buf_unpin(attach)		((void)(attach))
#define dma_buf_map_attachment(attach, direction) \
	((void)(attach), (struct sg_table *)ERR_PTR(-EOPNOTSUPP))
#define dma_buf_unmap_attachment(attach, table, direction) ((void)(attach))
#define dma_resv_wait_timeout(resv, usage, intr, timeout) ((void)(resv), 0L)
#endif

/* --- VFIO ------------------------------------------------------------------------- */

/*
 * Before 6.10, vfio-pci-core keeps a list of mappings, and replaces the offset of a
 * mapping (region, page in it) by its page frame. From 6.10 on, it finds mappings by
 * their offsets, through an inode.
 */
#if defined(HAVE_VFIO_VMA_LIST)
#define NOIOMMU_COMPAT_PGOFF_IS_PFN true
#elif defined(HAVE_VFIO_INODE)
#define NOIOMMU_COMPAT_PGOFF_IS_PFN false
#else
#error "struct vfio_pci_core_device has no vma_list, and struct vfio_device no inode"
#endif

/*
 * vfio_device_ops that only some kernels have. vfio-pci-core implements each of them
 * where it exists, and compat-probe.sh refuses all others. Each macro has a line of its
 * own in the table, without a comma.
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

/* From 6.19 on, core exports BARs as dma-bufs if the driver returns their addresses. */
#ifdef HAVE_VFIO_PCI_OPS
#define NOIOMMU_COMPAT_VFIO_DMABUF 1
#else
#define NOIOMMU_COMPAT_VFIO_DMABUF 0
#endif

#endif /* NOIOMMU_COMPAT_H */
