// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <linux/pci_regs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sysfs.h"
#include "vfio.h"

static int result(int ret)
{
	return ret < 0 ? -errno : 0;
}

int vfio_open_container(struct vfio *vfio)
{
	*vfio = (struct vfio){ .container = -1, .group = -1, .device = -1 };
	vfio->container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	return result(vfio->container);
}

int vfio_open_group(struct vfio *vfio, const char *address)
{
	char path[64];
	int group = pci_group(address);

	if (group < 0)
		return group;
	snprintf(path, sizeof(path), "/dev/vfio/%d", group);
	vfio->group = open(path, O_RDWR | O_CLOEXEC);
	return result(vfio->group);
}

int vfio_join(struct vfio *vfio, const struct vfio *other)
{
	return result(ioctl(vfio->group, VFIO_GROUP_SET_CONTAINER,
			    &other->container));
}

int vfio_attach(struct vfio *vfio)
{
	int ret = vfio_join(vfio, vfio);

	if (ret)
		return ret;
	return result(ioctl(vfio->container, VFIO_SET_IOMMU,
			    VFIO_TYPE1v2_IOMMU));
}

int vfio_open_device(struct vfio *vfio, const char *address)
{
	vfio->device = ioctl(vfio->group, VFIO_GROUP_GET_DEVICE_FD, address);
	return result(vfio->device);
}

int vfio_open(struct vfio *vfio, const char *address)
{
	int ret;

	ret = vfio_open_container(vfio);
	if (!ret)
		ret = vfio_open_group(vfio, address);
	if (!ret)
		ret = vfio_attach(vfio);
	if (!ret)
		ret = vfio_open_device(vfio, address);
	if (ret)
		vfio_close(vfio);
	return ret;
}

static void close_one(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void vfio_close(struct vfio *vfio)
{
	close_one(&vfio->device);
	close_one(&vfio->group);
	close_one(&vfio->container);
}

int vfio_map(struct vfio *vfio, void *memory, size_t length, __u64 iova)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (__u64)(unsigned long)memory,
		.iova = iova,
		.size = length,
	};

	return result(ioctl(vfio->container, VFIO_IOMMU_MAP_DMA, &map));
}

int vfio_unmap(struct vfio *vfio, __u64 iova, size_t length)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap),
		.iova = iova,
		.size = length,
	};
	int ret = result(ioctl(vfio->container, VFIO_IOMMU_UNMAP_DMA, &unmap));

	return ret ?: unmap.size == length ? 0 : -ENOENT;
}

int region_info(struct vfio *vfio, unsigned int index,
		struct vfio_region_info *info)
{
	*info = (struct vfio_region_info){
		.argsz = sizeof(*info),
		.index = index,
	};
	return result(ioctl(vfio->device, VFIO_DEVICE_GET_REGION_INFO, info));
}

static int whole(ssize_t done, size_t length)
{
	return done == length ? 0 : done < 0 ? -errno : -EIO;
}

int region_read(struct vfio *vfio, unsigned int index, size_t at, void *data,
		size_t length)
{
	struct vfio_region_info info;
	int ret = region_info(vfio, index, &info);

	return ret ?: whole(pread(vfio->device, data, length, info.offset + at), length);
}

int region_write(struct vfio *vfio, unsigned int index, size_t at,
		 const void *data, size_t length)
{
	struct vfio_region_info info;
	int ret = region_info(vfio, index, &info);

	return ret ?: whole(pwrite(vfio->device, data, length, info.offset + at), length);
}

void *region_map(struct vfio *vfio, unsigned int index, size_t at,
		 size_t length, int prot)
{
	struct vfio_region_info info;
	int ret = region_info(vfio, index, &info);

	if (ret) {
		errno = -ret;
		return MAP_FAILED;
	}
	return mmap(NULL, length, prot, MAP_SHARED, vfio->device,
		    info.offset + at);
}

void *vfio_map_region(struct vfio *vfio, unsigned int index, size_t *length)
{
	struct vfio_region_info info;
	int ret = region_info(vfio, index, &info);

	if (ret) {
		errno = -ret;
		return MAP_FAILED;
	}
	*length = info.size;
	return region_map(vfio, index, 0, info.size, PROT_READ | PROT_WRITE);
}

void *vfio_start(struct vfio *vfio, unsigned int index, size_t *length)
{
	void *bar = vfio_map_region(vfio, index, length);
	int ret;

	if (bar == MAP_FAILED)
		return bar;
	ret = vfio_set_bus_master(vfio);
	if (!ret)
		return bar;
	munmap(bar, *length);
	errno = -ret;
	return MAP_FAILED;
}

static int change_command(struct vfio *vfio, __u16 set, __u16 clear)
{
	__u16 command;
	int ret;

	ret = region_read(vfio, VFIO_PCI_CONFIG_REGION_INDEX, PCI_COMMAND,
			  &command, sizeof(command));
	if (ret)
		return ret;
	command = (command & ~clear) | set;
	return region_write(vfio, VFIO_PCI_CONFIG_REGION_INDEX, PCI_COMMAND,
			    &command, sizeof(command));
}

int vfio_set_bus_master(struct vfio *vfio)
{
	return change_command(vfio, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 0);
}

bool vfio_is_bus_master(struct vfio *vfio)
{
	__u16 command = 0;

	region_read(vfio, VFIO_PCI_CONFIG_REGION_INDEX, PCI_COMMAND, &command,
		    sizeof(command));
	return command & PCI_COMMAND_MASTER;
}

int vfio_set_memory(struct vfio *vfio, bool on)
{
	return on ? change_command(vfio, PCI_COMMAND_MEMORY, 0) :
		    change_command(vfio, 0, PCI_COMMAND_MEMORY);
}

int vfio_set_intx(struct vfio *vfio, bool on)
{
	return on ? change_command(vfio, 0, PCI_COMMAND_INTX_DISABLE) :
		    change_command(vfio, PCI_COMMAND_INTX_DISABLE, 0);
}
