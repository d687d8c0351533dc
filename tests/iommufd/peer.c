// SPDX-License-Identifier: GPL-2.0-only
/*
 * Peer to peer through iommufd: it does not map a BAR by its virtual addresses, but as a
 * dma-buf, at its physical address.
 *
 * Guest: edu, and ivshmem with 4 MiB.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "iommufd.h"
#include "kselftest_harness.h"
#include "memory.h"
#include "passthrough.h"
#include "sysfs.h"

#define READ_WRITE (PROT_READ | PROT_WRITE)
#define SIZE EDU_BUFFER_SIZE
/* The BAR with ivshmem's memory. */
#define BAR 2

FIXTURE(cdev_peer)
{
	struct space space;
	struct vfio target;
	size_t length;
	__u64 phys;
	char *bar;
	int dmabuf;
	long pinned;
};

BOTH_DRIVERS(cdev_peer);

/* VFIO_DEVICE_FEATURE_DMA_BUF, which is new in 6.19 and missing in older headers. */
static int export_bar(struct vfio *vfio, size_t length)
{
	struct {
		struct vfio_device_feature feature;
		__u32 region;
		__u32 open_flags;
		__u32 flags;
		__u32 nr_ranges;
		__aligned_u64 offset;
		__aligned_u64 length;
	} export = {
		.feature = {
			.argsz = sizeof(export),
			.flags = VFIO_DEVICE_FEATURE_GET | 11,
		},
		.region = BAR,
		.open_flags = O_RDWR | O_CLOEXEC,
		.nr_ranges = 1,
		.length = length,
	};
	int fd = ioctl(vfio->device, VFIO_DEVICE_FEATURE, &export);

	return fd < 0 ? -errno : fd;
}

/* ivshmem is mapped and exported, on the same /dev/iommu. */
FIXTURE_SETUP(cdev_peer)
{
	char address[PCI_ADDRESS_SIZE];
	__u32 device;

	ASSERT_EQ(0, space_open(&self->space, variant->driver, 0));
	ASSERT_EQ(0, pci_find(SHM_VENDOR, SHM_DEVICE, 0, address));
	ASSERT_EQ(0, passthrough_bind(address, variant->driver));
	ASSERT_EQ(0, cdev_open(&self->target, address));
	ASSERT_EQ(0, cdev_bind(&self->target, self->space.fd, &device));
	ASSERT_EQ(0, vfio_set_memory(&self->target, true));
	self->phys = bar_start(address, BAR);
	self->length = bar_length(address, BAR);
	self->bar = region_map(&self->target, BAR, 0, self->length, READ_WRITE);
	ASSERT_NE(MAP_FAILED, (void *)self->bar);
	self->dmabuf = export_bar(&self->target, self->length);
	ASSERT_LE(0, self->dmabuf);
	self->pinned = memory_pinned();
}

FIXTURE_TEARDOWN(cdev_peer)
{
	munmap(self->bar, self->length);
	close(self->dmabuf);
	vfio_close(&self->target);
	space_close(&self->space);
}

static int map_bar(struct space *space, int dmabuf, size_t length, __u64 iova)
{
	return iommufd_map_file(space->fd, space->ioas, dmabuf, length, iova);
}

TEST_F(cdev_peer, identity)
{
	ASSERT_EQ(0, map_bar(&self->space, self->dmabuf, self->length,
			     self->phys));
	EXPECT_EQ(self->length, provider_mapped());
	EXPECT_EQ(self->pinned, memory_pinned());
	EXPECT_EQ(self->length, iommufd_unmap(self->space.fd, self->space.ioas,
					      self->phys, self->length));
	EXPECT_EQ(0, provider_mapped());
}

TEST_F(cdev_peer, other_address)
{
	EXPECT_EQ(-EINVAL, map_bar(&self->space, self->dmabuf, self->length,
				   self->phys + PAGE));
	EXPECT_EQ(-EINVAL, map_bar(&self->space, self->dmabuf, PAGE, 0));
	EXPECT_EQ(0, provider_mapped());
}

TEST_F(cdev_peer, dma)
{
	int i;

	ASSERT_EQ(0, map_bar(&self->space, self->dmabuf, self->length,
			     self->phys));
	for (i = 0; i < SIZE; i++)
		self->bar[i] = i * 5;
	edu_dma_in(&self->space.edu, self->phys, SIZE);
	edu_dma_out(&self->space.edu, self->phys + 3 * PAGE, SIZE);
	EXPECT_EQ(0, memcmp(self->bar, self->bar + 3 * PAGE, SIZE));
}

/* A revocable BAR stays mapped until the device revokes it. */
TEST_F(cdev_peer, revoked)
{
	ASSERT_EQ(0, map_bar(&self->space, self->dmabuf, self->length,
			     self->phys));
	ASSERT_EQ(0, vfio_set_memory(&self->target, false));
	EXPECT_EQ(0, provider_mapped());
	ASSERT_EQ(0, vfio_set_memory(&self->target, true));
	EXPECT_EQ(self->length, iommufd_unmap(self->space.fd, self->space.ioas,
					      self->phys, self->length));
	EXPECT_EQ(0, map_bar(&self->space, self->dmabuf, self->length,
			     self->phys));
	EXPECT_EQ(self->length, provider_mapped());
	munmap(self->bar, self->length);
	vfio_close(&self->target);
	EXPECT_EQ(0, provider_mapped());
}

TEST_HARNESS_MAIN
