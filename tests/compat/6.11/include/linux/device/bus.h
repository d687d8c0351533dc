/* SPDX-License-Identifier: GPL-2.0-only */
/* bus_type has no iommu_ops any more. */
struct subsys_private { const struct iommu_ops *iommu_ops; };
struct bus_type {
	const char		*name;
	int (*match)(struct device *dev, const struct device_driver *drv);
	/* const struct iommu_ops *iommu_ops; */
	bool iommu_ops_gone;
};
