/* SPDX-License-Identifier: GPL-2.0-only */
/* VFIO's group interface with a type1 container, as in DPDK. */
#ifndef TESTS_VFIO_H
#define TESTS_VFIO_H

#include <linux/types.h>
#include <linux/vfio.h>
#include <stdbool.h>
#include <stddef.h>

/* The device is -1 until vfio_open_device(). */
struct vfio {
	int container;
	int group;
	int device;
};

/* All return 0 or -errno. */
int vfio_open_container(struct vfio *vfio);
int vfio_open_group(struct vfio *vfio, const char *address);
/* VFIO_GROUP_SET_CONTAINER and VFIO_SET_IOMMU; from here on DMA is possible. */
int vfio_attach(struct vfio *vfio);
/* Adds an unattached group to the container of another one. */
int vfio_join(struct vfio *vfio, const struct vfio *other);
int vfio_open_device(struct vfio *vfio, const char *address);
/* All of the above. */
int vfio_open(struct vfio *vfio, const char *address);
void vfio_close(struct vfio *vfio);

int vfio_map(struct vfio *vfio, void *memory, size_t length, __u64 iova);
int vfio_unmap(struct vfio *vfio, __u64 iova, size_t length);

/* A short read or write is -EIO. */
int region_info(struct vfio *vfio, unsigned int index,
		struct vfio_region_info *info);
int region_read(struct vfio *vfio, unsigned int index, size_t at, void *data,
		size_t length);
int region_write(struct vfio *vfio, unsigned int index, size_t at,
		 const void *data, size_t length);
/* Maps a part of a region; MAP_FAILED with errno set. */
void *region_map(struct vfio *vfio, unsigned int index, size_t at,
		 size_t length, int prot);

/* Maps a BAR; vfio_start() also lets the device access memory. MAP_FAILED with errno set. */
void *vfio_map_region(struct vfio *vfio, unsigned int index, size_t *length);
void *vfio_start(struct vfio *vfio, unsigned int index, size_t *length);
int vfio_set_bus_master(struct vfio *vfio);
bool vfio_is_bus_master(struct vfio *vfio);
/* Sets whether the device decodes its BARs. */
int vfio_set_memory(struct vfio *vfio, bool on);
/* Sets whether the device may raise INTx. */
int vfio_set_intx(struct vfio *vfio, bool on);

#endif
