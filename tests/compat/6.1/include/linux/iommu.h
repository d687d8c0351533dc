/* SPDX-License-Identifier: GPL-2.0-only */
/* What compat-probe.sh looks at, as it is in 6.1, and what may mislead it. */

struct iommu_ops;
struct iommu_domain *iommu_get_domain(const struct iommu_ops *ops);

/* Another struct with the members of newer kernels. */
struct iommu_ops_summary {
	struct iommu_domain *identity_domain;
	struct iommu_domain *blocked_domain;
	struct iommu_domain *(*domain_alloc_paging)(struct device *dev);
};

struct my_iommu_ops {
	struct iommu_domain *identity_domain;
};

/**
 * struct iommu_ops - iommu ops and capabilities
 * @domain_alloc: struct iommu_domain *(*domain_alloc)(void);
 * @identity_domain: not yet
 */
struct iommu_ops {
	bool (*capable)(struct device *dev, enum iommu_cap);

	/*
	 * struct iommu_domain *identity_domain;
	 * struct iommu_domain *blocked_domain; } };
	 */
	struct iommu_domain *(*domain_alloc)(unsigned iommu_domain_type);
	// struct iommu_domain *(*domain_alloc_paging)(struct device *dev);

	const struct iommu_domain_ops *default_domain_ops;
	unsigned long pgsize_bitmap; /* of all domains */
	struct module *owner;
};

struct iommu_domain_ops {
	/* int (*attach_dev)(struct iommu_domain *domain, struct device *dev,
	 *		     struct iommu_domain *old);
	 */
	int (*attach_dev)(struct iommu_domain *domain, struct device *dev);
	void (*detach_dev)(struct iommu_domain *domain, struct device *dev);
	int (*set_dev)(struct iommu_domain *domain, struct device *dev,
		       struct iommu_domain *old);
};

/* Without CONFIG_IOMMU_API. */
struct iommu_ops {};
