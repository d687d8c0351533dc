// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "iommufd.h"
#include "mdev.h"
#include "passthrough.h"
#include "sysfs.h"

#define UUID "c2e8d3f0-0a51-4b6e-9d1c-000000000001"
#define DEVICE "/sys/bus/mdev/devices/" UUID

/* The name of the type begins with that of the parent. */
static int create(const char *type)
{
	int length = strcspn(type, "-");
	char path[PATH_MAX];

	snprintf(path, sizeof(path),
		 "/sys/class/%.*s/%.*s/mdev_supported_types/%s/create", length,
		 type, length, type, type);
	return file_write(path, UUID);
}

/* Opens the group that VFIO makes for a device without an IOMMU. */
static int open_group(void)
{
	char path[PATH_MAX], target[PATH_MAX];
	ssize_t length;
	int fd;

	length = readlink(DEVICE "/iommu_group", target, sizeof(target) - 1);
	if (length < 0)
		return -errno;
	target[length] = '\0';
	snprintf(path, sizeof(path), "/dev/vfio/%d",
		 atoi(strrchr(target, '/') + 1));
	fd = open(path, O_RDWR | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int map_bar(struct mdev *mdev)
{
	struct vfio_region_info info;
	int ret = region_info(&mdev->vfio, 0, &info);

	if (ret)
		return ret;
	mdev->length = info.size;
	mdev->bar = region_map(&mdev->vfio, 0, 0, info.size,
			       PROT_READ | PROT_WRITE);
	return mdev->bar == MAP_FAILED ? -errno : 0;
}

int mdev_open(struct mdev *mdev, const char *type)
{
	struct vfio *vfio = &mdev->vfio;
	int ret;

	*mdev = (struct mdev){ .vfio = { -1, -1, -1 }, .bar = MAP_FAILED };
	ret = run("modprobe -a vfio_iommu_type1 mdpy mbochs") ?:
	      create(type) ?: vfio_open_container(vfio);
	if (ret)
		return ret;
	vfio->group = open_group();
	ret = vfio->group < 0 ? vfio->group : vfio_attach(vfio);
	if (!ret)
		ret = vfio_open_device(vfio, UUID);
	return ret ?: map_bar(mdev);
}

int mdev_open_cdev(struct mdev *mdev, int iommufd)
{
	__u32 device;

	return cdev_open_at(&mdev->vfio, DEVICE) ?:
	       cdev_bind(&mdev->vfio, iommufd, &device) ?: map_bar(mdev);
}

void mdev_close(struct mdev *mdev)
{
	if (mdev->bar != MAP_FAILED)
		munmap(mdev->bar, mdev->length);
	mdev->bar = MAP_FAILED;
	vfio_close(&mdev->vfio);
}

int mdev_remove(struct mdev *mdev)
{
	mdev_close(mdev);
	return file_write(DEVICE "/remove", "1");
}

bool mdev_exists(void)
{
	return !access(DEVICE, F_OK);
}
