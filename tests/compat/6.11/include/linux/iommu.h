/* SPDX-License-Identifier: GPL-2.0-only */
/* Without CONFIG_IOMMU_API, and here before the real one. */
struct iommu_ops {};

struct iommu_domain_ops {
	int (*attach_dev)(struct iommu_domain *domain, struct device *dev);
	int (*set_dev_pasid)(struct iommu_domain *domain, struct device *dev,
			     struct iommu_domain *old);
};

struct iommu_ops
{
	/* Domain allocation and freeing by the iommu driver */
	struct iommu_domain *(*domain_alloc)(unsigned int);
	struct iommu_domain * ( *domain_alloc_paging )( struct device * dev );

	unsigned  long	pgsize_bitmap;
	union {
		struct {
			struct module *owner;
		};
	};
	struct iommu_domain	*identity_domain;
	struct iommu_domain * blocked_domain;
	struct iommu_domain *release_domain;
};
