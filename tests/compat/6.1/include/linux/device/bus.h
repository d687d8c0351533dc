/* SPDX-License-Identifier: GPL-2.0-only */
struct bus_type {
	const char		*name;
	int (*match)(struct device *dev, struct device_driver *drv);

	const struct iommu_ops	*iommu_ops;
};
