/* SPDX-License-Identifier: GPL-2.0-only */
struct vfio_pci_mmap_vma {
	struct list_head	vma_list;
};

struct vfio_pci_core_device {
	struct vfio_device	vdev;
	struct list_head	ioeventfds_list;	/* not vma_list; */
};
