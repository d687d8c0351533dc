// SPDX-License-Identifier: GPL-2.0-only
/*
 * NOIOMMU_PIN_DMABUF for a BAR that vfio-pci exports: another function writes to it, and no
 * longer does when it is taken back.
 *
 * Guest: edu and ivshmem behind a switch, and another edu that is not. Without kmemleak: in 7.3
 * dma_buf_free_sgt() loses the list of addresses of each mapping of a BAR, because it frees as many
 * entries as orig_nents says, which is 0.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "edu.h"
#include "iommufd_abi.h"
#include "kselftest_harness.h"
#include "memory.h"
#include "noiommu.h"
#include "passthrough.h"
#include "sysfs.h"

/* The BAR with ivshmem's memory, and a part of it. */
#define SHM_BAR 2
#define OFFSET (2 * PAGE)
#define LENGTH (3 * PAGE)

FIXTURE(pin_bar)
{
	char edu_address[PCI_ADDRESS_SIZE];
	char shm_address[PCI_ADDRESS_SIZE];
	struct edu edu;
	struct vfio shm;
	char *bar;
	size_t bar_length;
	int fd;
	int exported;
	struct noiommu_extent extent;
	struct noiommu_pin_dmabuf pin;
};

BOTH_DRIVERS(pin_bar);

/* Returns a dma-buf of the part, or -errno. */
static int export_bar(struct vfio *vfio)
{
	struct abi_feature_dma_buf feature = {
		.argsz = sizeof(feature),
		.flags = VFIO_DEVICE_FEATURE_GET | ABI_FEATURE_DMA_BUF,
		.region_index = SHM_BAR,
		.open_flags = O_RDWR | O_CLOEXEC,
		.nr_ranges = 1,
		.offset = OFFSET,
		.length = LENGTH,
	};
	int ret = ioctl(vfio->device, VFIO_DEVICE_FEATURE, &feature);

	return ret < 0 ? -errno : ret;
}

FIXTURE_SETUP(pin_bar)
{
	ASSERT_EQ(0, passthrough_load());
	ASSERT_EQ(0, edu_bind_nth(0, variant->driver, self->edu_address));
	ASSERT_EQ(0, pci_find(SHM_VENDOR, SHM_DEVICE, 0, self->shm_address));
	ASSERT_EQ(0, passthrough_bind(self->shm_address, variant->driver));
	ASSERT_EQ(0, edu_open(&self->edu));
	ASSERT_EQ(0, vfio_open(&self->shm, self->shm_address));
	self->bar = vfio_start(&self->shm, SHM_BAR, &self->bar_length);
	ASSERT_NE(MAP_FAILED, (void *)self->bar);
	self->fd = noiommu_open_device();
	ASSERT_LE(0, self->fd);
	self->exported = export_bar(&self->shm);
	ASSERT_LE(0, self->exported);
	self->pin = noiommu_dmabuf_for(self->edu_address, self->exported,
				       &self->extent, 1);
}

FIXTURE_TEARDOWN(pin_bar)
{
	munmap(self->bar, self->bar_length);
	close(self->exported);
	close(self->fd);
	edu_close(&self->edu);
	vfio_close(&self->shm);
}

#define PIN() noiommu_ioctl(self->fd, NOIOMMU_PIN_DMABUF, &self->pin)

#define REVOKED (NOIOMMU_ACCESS_WRITE | NOIOMMU_PIN_IS_DMABUF | NOIOMMU_PIN_IS_REVOKED)

/* From one page of the BAR to another, without the processor. */
TEST_F(pin_bar, peer_to_peer)
{
	char *part = self->bar + OFFSET;

	ASSERT_EQ(0, PIN());
	EXPECT_EQ(LENGTH, self->pin.length);
	EXPECT_EQ(1, self->pin.nr_extents);
	EXPECT_EQ(bar_start(self->shm_address, SHM_BAR) + OFFSET,
		  self->extent.phys);
	EXPECT_EQ(LENGTH, self->extent.length);
	EXPECT_EQ(NOIOMMU_EXTENT_MMIO, self->extent.flags);
	memory_fill(part, PAGE, 1);
	memory_fill(part + 2 * PAGE, PAGE, 2);
	EXPECT_TRUE(edu_copies(&self->edu, self->extent.phys,
			       self->extent.phys + 2 * PAGE, part,
			       part + 2 * PAGE));
	EXPECT_EQ(0, noiommu_unpin_id(self->fd, self->pin.id));
}

TEST_F(pin_bar, revoked_without_memory)
{
	ASSERT_EQ(0, PIN());
	EXPECT_TRUE(vfio_is_bus_master(&self->edu.vfio));
	ASSERT_EQ(0, vfio_set_memory(&self->shm, false));
	EXPECT_FALSE(vfio_is_bus_master(&self->edu.vfio));
	EXPECT_EQ(REVOKED, noiommu_pin_flags(self->fd));
	ASSERT_EQ(0, noiommu_unpin_id(self->fd, self->pin.id));
	EXPECT_EQ(-ENODEV, PIN());
	ASSERT_EQ(0, vfio_set_memory(&self->shm, true));
	EXPECT_EQ(0, PIN());
}

TEST_F(pin_bar, revoked_by_the_end_of_its_function)
{
	ASSERT_EQ(0, PIN());
	vfio_close(&self->shm);
	munmap(self->bar, self->bar_length);
	EXPECT_TRUE(wait_until(!vfio_is_bus_master(&self->edu.vfio)));
	EXPECT_EQ(REVOKED, noiommu_pin_flags(self->fd));
	EXPECT_EQ(0, noiommu_unpin_id(self->fd, self->pin.id));
	EXPECT_EQ(-ENODEV, PIN());
}

/* The host bridge does not pass it on, or nobody knows whether it does. */
TEST_F(pin_bar, out_of_reach)
{
	char address[PCI_ADDRESS_SIZE];
	struct vfio other;

	ASSERT_EQ(0, edu_bind_nth(1, variant->driver, address));
	ASSERT_EQ(0, vfio_open(&other, address));
	self->pin = noiommu_dmabuf_for(address, self->exported, &self->extent, 1);
	EXPECT_EQ(-EINVAL, PIN());
	vfio_close(&other);
}

TEST_HARNESS_MAIN
