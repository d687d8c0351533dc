/* SPDX-License-Identifier: GPL-2.0-only */
struct iommu_ops {
	bool (*capable)(struct device *dev, enum iommu_cap);

	/* Domain allocation and freeing by the iommu driver */
#if IS_ENABLED(CONFIG_FSL_PAMU)
#ifdef CONFIG_PPC
	struct iommu_domain *(*domain_alloc)(unsigned int iommu_domain_type);
#endif
#endif
	struct iommu_domain *(*domain_alloc_identity)(struct device *dev);
	struct iommu_domain *(*domain_alloc_paging_flags)(
		struct device *dev, u32 flags,
		const struct iommu_user_data *user_data);
	struct iommu_domain *(*domain_alloc_paging)(
		struct device *dev /* may be NULL */);

	const struct iommu_domain_ops *default_domain_ops;
	struct module *owner;
	struct iommu_domain *identity_domain;
	struct iommu_domain *blocked_domain;
	u8 user_pasid_table:1;
};

struct iommu_domain_ops {
	int (*attach_dev)(struct iommu_domain *domain, struct device *dev,
			  struct iommu_domain *old);
	int (*set_dev_pasid)(struct iommu_domain *domain, struct device *dev,
			     ioasid_t pasid, struct iommu_domain *old);
};

struct iommu_domain {
	unsigned long pgsize_bitmap;	/* Bitmap of page sizes in use */
};

struct iommu_ops {};
