// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "iommufd.h"
#include "iommufd_abi.h"
#include "passthrough.h"
#include "sysfs.h"

#define PCI_DEVICES "/sys/bus/pci/devices"
#define FIXED (ABI_FIXED_IOVA | ABI_READABLE | ABI_WRITEABLE)
#define ANYWHERE (ABI_READABLE | ABI_WRITEABLE)

static int result(int ret)
{
	return ret < 0 ? -errno : 0;
}

int iommufd_open(void)
{
	int fd = open("/dev/iommu", O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int iommufd_ioas(int fd, __u32 *ioas)
{
	struct abi_ioas_alloc alloc = { .size = sizeof(alloc) };
	int ret = result(ioctl(fd, ABI_IOAS_ALLOC, &alloc));

	*ioas = alloc.out_ioas_id;
	return ret;
}

int iommufd_hwpt(int fd, __u32 device, __u32 ioas, __u32 flags, __u32 *hwpt)
{
	struct abi_hwpt_alloc alloc = {
		.size = sizeof(alloc),
		.flags = flags,
		.dev_id = device,
		.pt_id = ioas,
	};
	int ret = result(ioctl(fd, ABI_HWPT_ALLOC, &alloc));

	*hwpt = alloc.out_hwpt_id;
	return ret;
}

int iommufd_destroy(int fd, __u32 id)
{
	struct abi_destroy destroy = { .size = sizeof(destroy), .id = id };

	return result(ioctl(fd, ABI_DESTROY, &destroy));
}

static int map(int fd, __u32 ioas, const void *memory, size_t length,
	       __u32 flags, __u64 *iova)
{
	struct abi_ioas_map map = {
		.size = sizeof(map),
		.flags = flags,
		.ioas_id = ioas,
		.user_va = (uintptr_t)memory,
		.length = length,
		.iova = *iova,
	};
	int ret = result(ioctl(fd, ABI_IOAS_MAP, &map));

	*iova = map.iova;
	return ret;
}

int iommufd_map(int fd, __u32 ioas, const void *memory, size_t length,
		__u64 iova)
{
	return map(fd, ioas, memory, length, FIXED, &iova);
}

int iommufd_map_extents(int fd, __u32 ioas,
			const struct translation *translation)
{
	const struct noiommu_extent *extent = translation->extents;
	const char *va = translation->va;
	int i, ret = 0;

	for (i = 0; i < translation->nr && !ret; i++, extent++) {
		ret = iommufd_map(fd, ioas, va, extent->length, extent->phys);
		va += extent->length;
	}
	return ret;
}

int iommufd_map_anywhere(int fd, __u32 ioas, const void *memory, size_t length,
			 __u64 *iova)
{
	return map(fd, ioas, memory, length, ANYWHERE, iova);
}

int iommufd_map_file(int fd, __u32 ioas, int file, size_t length, __u64 iova)
{
	struct abi_ioas_map_file map = {
		.size = sizeof(map),
		.flags = FIXED,
		.ioas_id = ioas,
		.fd = file,
		.length = length,
		.iova = iova,
	};

	return result(ioctl(fd, ABI_IOAS_MAP_FILE, &map));
}

int iommufd_copy(int fd, __u32 from, __u64 iova, size_t length, __u32 to,
		 __u64 other)
{
	struct abi_ioas_copy copy = {
		.size = sizeof(copy),
		.flags = FIXED,
		.dst_ioas_id = to,
		.src_ioas_id = from,
		.length = length,
		.dst_iova = other,
		.src_iova = iova,
	};

	return result(ioctl(fd, ABI_IOAS_COPY, &copy));
}

long iommufd_unmap(int fd, __u32 ioas, __u64 iova, size_t length)
{
	struct abi_ioas_unmap unmap = {
		.size = sizeof(unmap),
		.ioas_id = ioas,
		.iova = iova,
		.length = length,
	};
	int ret = result(ioctl(fd, ABI_IOAS_UNMAP, &unmap));

	return ret ?: (long)unmap.length;
}

int iommufd_ranges(int fd, __u32 ioas, struct iommufd_range *ranges, __u32 *nr,
		   __u64 *alignment)
{
	struct abi_ioas_iova_ranges arg = {
		.size = sizeof(arg),
		.ioas_id = ioas,
		.num_iovas = *nr,
		.allowed_iovas = (uintptr_t)ranges,
	};
	int ret = result(ioctl(fd, ABI_IOAS_IOVA_RANGES, &arg));

	*nr = arg.num_iovas;
	*alignment = arg.out_iova_alignment;
	return ret;
}

/* The only entry of the directory has the name of the node. */
static int node_path(const char *device, char *path, size_t size)
{
	char nodes[PATH_MAX];
	struct dirent *entry;
	int ret = -ENOENT;
	DIR *dir;

	snprintf(nodes, sizeof(nodes), "%s/vfio-dev", device);
	dir = opendir(nodes);
	if (!dir)
		return -errno;
	while (ret && (entry = readdir(dir))) {
		if (*entry->d_name == '.')
			continue;
		snprintf(path, size, "/dev/vfio/devices/%s", entry->d_name);
		ret = 0;
	}
	closedir(dir);
	return ret;
}

int cdev_path(const char *address, char *path, size_t size)
{
	char device[PATH_MAX];

	snprintf(device, sizeof(device), PCI_DEVICES "/%s", address);
	return node_path(device, path, size);
}

int cdev_open_at(struct vfio *vfio, const char *device)
{
	char path[64];
	int ret;

	*vfio = (struct vfio){ .container = -1, .group = -1, .device = -1 };
	ret = node_path(device, path, sizeof(path));
	if (ret)
		return ret;
	vfio->device = open(path, O_RDWR | O_CLOEXEC);
	return result(vfio->device);
}

int cdev_open(struct vfio *vfio, const char *address)
{
	char device[PATH_MAX];

	snprintf(device, sizeof(device), PCI_DEVICES "/%s", address);
	return cdev_open_at(vfio, device);
}

int cdev_bind(struct vfio *vfio, int fd, __u32 *device)
{
	struct abi_bind bind = { .argsz = sizeof(bind), .iommufd = fd };
	int ret = result(ioctl(vfio->device, ABI_BIND, &bind));

	*device = bind.out_devid;
	return ret;
}

int cdev_attach(struct vfio *vfio, __u32 *table)
{
	struct abi_attach attach = { .argsz = sizeof(attach), .pt_id = *table };
	int ret = result(ioctl(vfio->device, ABI_ATTACH, &attach));

	*table = attach.pt_id;
	return ret;
}

int cdev_detach(struct vfio *vfio)
{
	struct abi_detach detach = { .argsz = sizeof(detach) };

	return result(ioctl(vfio->device, ABI_DETACH, &detach));
}

static int start_edu(struct edu *edu)
{
	edu->registers = vfio_start(&edu->vfio, 0, &edu->registers_size);
	return edu->registers == MAP_FAILED ? -errno : 0;
}

/* Opens edu by its own node. */
static int bind_edu(struct space *space, const char *driver, unsigned int nth)
{
	int ret = pci_find(EDU_VENDOR, EDU_DEVICE, nth, space->address);

	if (!ret)
		ret = passthrough_bind(space->address, driver);
	if (!ret)
		ret = cdev_open(&space->edu.vfio, space->address);
	return ret ?: cdev_bind(&space->edu.vfio, space->fd, &space->device);
}

int space_bind(struct space *space, const char *driver, unsigned int nth)
{
	int ret = passthrough_load();

	*space = (struct space){ .fd = -1, .edu.vfio = { -1, -1, -1 } };
	if (ret)
		return ret;
	space->fd = iommufd_open();
	if (space->fd < 0)
		return space->fd;
	return iommufd_ioas(space->fd, &space->ioas) ?:
	       bind_edu(space, driver, nth);
}

int space_attach(struct space *space)
{
	space->table = space->ioas;
	return cdev_attach(&space->edu.vfio, &space->table);
}

int space_open(struct space *space, const char *driver, unsigned int nth)
{
	return space_bind(space, driver, nth) ?: space_attach(space) ?:
	       start_edu(&space->edu);
}

int space_join(struct space *space, const struct space *other,
	       const char *driver, unsigned int nth)
{
	*space = (struct space){
		.fd = dup(other->fd),
		.ioas = other->ioas,
		.edu.vfio = { -1, -1, -1 },
	};
	return bind_edu(space, driver, nth) ?: space_attach(space) ?:
	       start_edu(&space->edu);
}

void space_close(struct space *space)
{
	if (space->edu.registers)
		munmap((void *)space->edu.registers, space->edu.registers_size);
	space->edu.registers = NULL;
	vfio_close(&space->edu.vfio);
	if (space->fd >= 0)
		close(space->fd);
	space->fd = -1;
}
