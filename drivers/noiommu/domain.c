// SPDX-License-Identifier: GPL-2.0-only
/*
 * Domains of an IOMMU that does not exist.
 *
 * A device puts on the bus the addresses that userspace programs into it, whatever is
 * "mapped" here. So identity is the only correct mapping, and it needs no table: a map
 * succeeds if the IOVA equals the physical address. VFIO and iommufd still pin the
 * memory, which is the purpose of this provider.
 *
 * Domains are of three kinds:
 *   identity  the default domain, for the kernel's own drivers
 *   blocked   between two owners. It maps nothing of a user's, as the core requires.
 *             It cannot stop a device, and nothing else can
 *   user      paging domains of VFIO type1 and iommufd
 */
#include <linux/slab.h>

#include "noiommu.h"
#include "trace.h"

/**
 * struct noiommu_domain - a user's domain
 * @domain: the domain that the core sees; the core owns it, and frees it by its ops
 * @allowed: the process that allocated it may have DMA. Stored, because attach also
 *           runs in threads with other privileges: resets, teardown, kworkers
 * @limited: the end of the aperture is the DMA limit of a function
 * @mapped: bytes mapped now
 */
struct noiommu_domain {
	struct iommu_domain domain;
	bool allowed;
	bool limited;
	atomic64_t mapped;
};

atomic64_t noiommu_mapped_bytes = ATOMIC64_INIT(0);
atomic64_t noiommu_refused_maps = ATOMIC64_INIT(0);

static struct noiommu_domain *to_noiommu_domain(struct iommu_domain *domain)
{
	return container_of(domain, struct noiommu_domain, domain);
}

/* On -EINVAL, VFIO and iommufd use another domain for this function. */
static int noiommu_domain_limit(struct noiommu_domain *user,
				struct device *dev)
{
	struct iommu_domain_geometry *geometry = &user->domain.geometry;
	u64 limit = noiommu_dma_limit(dev);

	if (!user->limited)
		geometry->aperture_end = limit;
	user->limited = true;
	return geometry->aperture_end > limit ? -EINVAL : 0;
}

static int noiommu_domain_attach(struct iommu_domain *domain,
				 struct device *dev, struct iommu_domain *old)
{
	struct noiommu_domain *user = to_noiommu_domain(domain);
	int ret;

	/*
	 * Fail here and not in the allocation, whose errno does not always
	 * reach the user.
	 */
	if (!user->allowed)
		return -EPERM;
	ret = noiommu_domain_limit(user, dev);
	if (!ret)
		noiommu_taint(dev);
	return ret;
}

static int noiommu_domain_map(struct iommu_domain *domain, unsigned long iova,
			      phys_addr_t paddr, size_t pgsize, size_t pgcount,
			      int prot, gfp_t gfp, size_t *mapped)
{
	size_t bytes = pgsize * pgcount;

	if (iova != paddr) {
		trace_noiommu_map_refused(iova, paddr, bytes);
		atomic64_inc(&noiommu_refused_maps);
		return -EINVAL;
	}
	atomic64_add(bytes, &to_noiommu_domain(domain)->mapped);
	atomic64_add(bytes, &noiommu_mapped_bytes);
	*mapped = bytes;
	return 0;
}

static size_t noiommu_domain_unmap(struct iommu_domain *domain,
				   unsigned long iova, size_t pgsize,
				   size_t pgcount,
				   struct iommu_iotlb_gather *gather)
{
	size_t bytes = pgsize * pgcount;

	atomic64_sub(bytes, &to_noiommu_domain(domain)->mapped);
	atomic64_sub(bytes, &noiommu_mapped_bytes);
	return bytes;
}

static phys_addr_t noiommu_domain_iova_to_phys(struct iommu_domain *domain,
					       dma_addr_t iova)
{
	return iova;
}

static void noiommu_domain_free(struct iommu_domain *domain)
{
	struct noiommu_domain *user = to_noiommu_domain(domain);

	/* The core may free a domain that still has mappings. */
	atomic64_sub(atomic64_read(&user->mapped), &noiommu_mapped_bytes);
	kfree(user);
}

NOIOMMU_COMPAT_ATTACH(noiommu_domain_attach)
const struct iommu_domain_ops noiommu_user_domain_ops = {
	.attach_dev	= noiommu_compat_attach(noiommu_domain_attach),
	.map_pages	= noiommu_domain_map,
	.unmap_pages	= noiommu_domain_unmap,
	.iova_to_phys	= noiommu_domain_iova_to_phys,
	.free		= noiommu_domain_free,
};

/*
 * Only one page size: then the core passes a physically contiguous run in one call,
 * whatever its length, and requires no alignment beyond a page.
 */
struct iommu_domain *noiommu_domain_alloc(struct device *dev)
{
	struct noiommu_domain *user = kzalloc(sizeof(*user), GFP_KERNEL);

	if (!user)
		return ERR_PTR(-ENOMEM);
	user->domain.ops = &noiommu_user_domain_ops;
	user->domain.pgsize_bitmap = PAGE_SIZE;
	user->domain.geometry.aperture_end = noiommu_last_address();
	user->domain.geometry.force_aperture = true;
	user->allowed = noiommu_permitted();
	/* Older kernels do not pass the function before they attach it. */
	if (dev)
		noiommu_domain_limit(user, dev);
	return &user->domain;
}

static void noiommu_static_free(struct iommu_domain *domain)
{
}

static int noiommu_identity_attach(struct iommu_domain *domain,
				   struct device *dev,
				   struct iommu_domain *old)
{
	struct noiommu_owner *owner = noiommu_function_owner(dev);

	if (noiommu_owner_taken(owner))
		trace_noiommu_disown(dev);
	noiommu_owner_give(owner);
	return 0;
}

/*
 * The core attaches this domain when a user takes ownership, and whenever no domain of
 * the user is attached. From the first time on, the user can make the device do DMA,
 * even if no domain of the user is ever attached. So the privilege is checked here.
 *
 * Some kernels also attach it to reset a function, and that must not fail. Such a
 * function usually has an owner already, or a driver that gives its DMA to no user. The
 * reset needs the same privilege only if VFIO has the function and nobody has opened it.
 */
static int noiommu_blocked_attach(struct iommu_domain *domain,
				  struct device *dev, struct iommu_domain *old)
{
	struct noiommu_owner *owner = noiommu_function_owner(dev);
	int ret;

	if (noiommu_owner_taken(owner) || !noiommu_has_user_driver(dev))
		return 0;
	if (!noiommu_permitted())
		return -EPERM;
	ret = noiommu_refuse_dma(dev) ?:
	      noiommu_owner_take(owner, dev, noiommu_dma_limit(dev));
	if (ret)
		return ret;
	trace_noiommu_own(dev);
	noiommu_taint(dev);
	return 0;
}

NOIOMMU_COMPAT_ATTACH(noiommu_identity_attach)
static const struct iommu_domain_ops noiommu_identity_ops = {
	.attach_dev	= noiommu_compat_attach(noiommu_identity_attach),
	.free		= noiommu_static_free,
};

struct iommu_domain noiommu_identity_domain = {
	.type	= IOMMU_DOMAIN_IDENTITY,
	.ops	= &noiommu_identity_ops,
};

NOIOMMU_COMPAT_ATTACH(noiommu_blocked_attach)
static const struct iommu_domain_ops noiommu_blocked_ops = {
	.attach_dev	= noiommu_compat_attach(noiommu_blocked_attach),
	.free		= noiommu_static_free,
};

struct iommu_domain noiommu_blocked_domain = {
	.type	= IOMMU_DOMAIN_BLOCKED,
	.ops	= &noiommu_blocked_ops,
};
