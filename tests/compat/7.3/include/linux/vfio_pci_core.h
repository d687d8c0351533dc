/* SPDX-License-Identifier: GPL-2.0-only */
struct vfio_pci_core_device {
	struct vfio_device	vdev;
	const struct vfio_pci_device_ops *pci_ops;
	struct rw_semaphore	memory_lock;
	struct list_head	dmabufs;
};
