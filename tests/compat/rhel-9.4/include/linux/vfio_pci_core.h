/* SPDX-License-Identifier: GPL-2.0-only */
struct vfio_pci_core_device {
	struct vfio_device	vdev;
	void __iomem		*barmap[PCI_STD_NUM_BARS];
	struct mutex		vma_lock;
	struct list_head	vma_list;
	struct rw_semaphore	memory_lock;
};
