/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A function on its way to userspace. Paths are looked up in advance, because reading a
 * directory fails, too, when memory runs out.
 */
#ifndef SWEEP_DEVICE_H
#define SWEEP_DEVICE_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "iommufd.h"
#include "memory.h"
#include "passthrough.h"
#include "sysfs.h"
#include "vfio.h"

struct device {
	const char *driver;
	char address[PCI_ADDRESS_SIZE];
	/* The two ways to the device, and what the second one needs. */
	char group[64];
	char node[64];
	int iommufd;
	__u32 ioas;
	struct vfio vfio;
	/* Physically contiguous memory. */
	char *memory;
	__u64 phys;
};

static inline void device_find_paths(struct device *device)
{
	snprintf(device->group, sizeof(device->group), "/dev/vfio/%d",
		 pci_group(device->address));
	cdev_path(device->address, device->node, sizeof(device->node));
}

static inline int device_init(struct device *device, const char *driver,
			      unsigned int vendor, unsigned int id)
{
	*device = (struct device){
		.driver = driver,
		.vfio = { -1, -1, -1 },
	};
	device->memory = memory_huge(HUGE_2M);
	device->phys = memory_phys(device->memory);
	if (passthrough_load() || pci_find(vendor, id, 0, device->address) ||
	    passthrough_bind(device->address, driver))
		return -ENODEV;
	device_find_paths(device);
	device->iommufd = iommufd_open();
	return device->iommufd < 0 ? device->iommufd :
	       iommufd_ioas(device->iommufd, &device->ioas);
}

static inline void device_close(void *data)
{
	struct device *device = data;

	vfio_close(&device->vfio);
}

static inline int device_open(void *data)
{
	struct device *device = data;
	struct vfio *vfio = &device->vfio;
	int ret;

	ret = vfio_open_container(vfio);
	if (!ret) {
		vfio->group = open(device->group, O_RDWR | O_CLOEXEC);
		ret = vfio->group < 0 ? -errno : vfio_attach(vfio);
	}
	ret = ret ?: vfio_open_device(vfio, device->address);
	if (ret)
		vfio_close(vfio);
	return ret;
}

static inline int device_open_node(void *data)
{
	struct device *device = data;
	__u32 id, table = device->ioas;
	int ret;

	device->vfio.device = open(device->node, O_RDWR | O_CLOEXEC);
	if (device->vfio.device < 0)
		return -errno;
	ret = cdev_bind(&device->vfio, device->iommufd, &id) ?:
	      cdev_attach(&device->vfio, &table);
	if (ret)
		vfio_close(&device->vfio);
	return ret;
}

static inline int device_map(void *data)
{
	struct device *device = data;

	return vfio_map(&device->vfio, device->memory, HUGE_2M, device->phys);
}

static inline int device_unmap(void *data)
{
	struct device *device = data;

	return vfio_unmap(&device->vfio, device->phys, HUGE_2M);
}

static inline int device_map_node(void *data)
{
	struct device *device = data;

	return iommufd_map(device->iommufd, device->ioas, device->memory,
			   HUGE_2M, device->phys);
}

static inline int device_unmap_node(void *data)
{
	struct device *device = data;
	long done = iommufd_unmap(device->iommufd, device->ioas, device->phys,
				  HUGE_2M);

	return done < 0 ? done : done == HUGE_2M ? 0 : -EIO;
}

#endif
