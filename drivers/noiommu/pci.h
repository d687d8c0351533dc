/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Declarations that the files of noiommu-pci share.
 */
#ifndef NOIOMMU_PCI_H
#define NOIOMMU_PCI_H

#include <linux/container_of.h>
#include <linux/vfio_pci_core.h>

/**
 * struct noiommu_pci - a function under this driver
 * @core: the device of vfio-pci-core, which frees it with the last reference; its
 *        address is the driver data
 * @stays_awake: not suspended while idle: we hold a reference of runtime PM
 * @write_combine: map BARs write-combined from the next open on
 * @combined: bit i is set if BAR i is mapped write-combined; 0 while the device is closed
 */
struct noiommu_pci {
	struct vfio_pci_core_device core;
	bool stays_awake;
	bool write_combine;
	unsigned long combined;
};

static inline struct noiommu_pci *to_noiommu_pci(struct vfio_device *vdev)
{
	return container_of(vdev, struct noiommu_pci, core.vdev);
}

/* combine.c */
extern const struct attribute_group *noiommu_pci_groups[];
int noiommu_pci_combine(struct noiommu_pci *dev);

/* memtype_x86.c, or else combine.c */
bool noiommu_pci_maps_combined(const void __iomem *bar);

#endif /* NOIOMMU_PCI_H */
