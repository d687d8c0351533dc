// SPDX-License-Identifier: GPL-2.0-only
/*
 * The privilege that DMA through iommufd requires, and the taint.
 *
 * The tests run in the order of this file: a taint stays, and so does lockdown.
 */
#include <errno.h>
#include <linux/capability.h>
#include <sys/mman.h>
#include <unistd.h>

#include "held.h"
#include "iommufd.h"
#include "kselftest_harness.h"
#include "memory.h"
#include "passthrough.h"
#include "privilege.h"
#include "sysfs.h"

#define TAINT_USER (1 << 6)
#define WARNING "given to userspace, its DMA can reach all of memory"
#define LOCKDOWN "/sys/kernel/security/lockdown"
#define STOCK "vfio-pci"
#define OURS "noiommu-pci"

FIXTURE(cdev_privilege)
{
	struct space space;
	struct held held;
	char *memory;
	__u64 iova;
};

FIXTURE_SETUP(cdev_privilege)
{
	ASSERT_EQ(0, passthrough_load());
	self->space = (struct space){ .fd = -1, .edu.vfio = { -1, -1, -1 } };
	self->memory = memory_pages(PAGE);
	ASSERT_NE(MAP_FAILED, (void *)self->memory);
	self->iova = memory_phys(self->memory);
	self->held = held_now();
}

FIXTURE_TEARDOWN(cdev_privilege)
{
	space_close(&self->space);
	EXPECT_HELD(0);
}

static long tainted(void)
{
	long flags = -1;

	file_read_long("/proc/sys/kernel/tainted", &flags);
	return flags & TAINT_USER;
}

static int map(struct space *space, const void *memory, __u64 iova)
{
	return iommufd_map(space->fd, space->ioas, memory, PAGE, iova);
}

/* BARs and bus mastering allow DMA, even if the device is never attached. */
TEST_F(cdev_privilege, bind_needs_rawio)
{
	ASSERT_EQ(0, privilege_drop(CAP_SYS_RAWIO));
	EXPECT_EQ(-EPERM, space_bind(&self->space, STOCK, 0));
	EXPECT_EQ(MAP_FAILED, vfio_map_region(&self->space.edu.vfio, 0,
					      &self->space.edu.registers_size));
	EXPECT_GT(0, vfio_set_bus_master(&self->space.edu.vfio));
	space_close(&self->space);
	EXPECT_EQ(-EPERM, space_bind(&self->space, OURS, 0));
	EXPECT_EQ(0, tainted());
	EXPECT_FALSE(kernel_log_has(WARNING));
}

TEST_F(cdev_privilege, bind_taints)
{
	ASSERT_EQ(0, space_bind(&self->space, STOCK, 0));
	EXPECT_EQ(TAINT_USER, tainted());
	EXPECT_TRUE(kernel_log_has(WARNING));
}

/* The kernel is tainted by now, but the message names the driver that adds the taint. */
TEST_F(cdev_privilege, bind_taints_under_ours)
{
	char address[PCI_ADDRESS_SIZE];

	ASSERT_EQ(0, pci_find(EDU_VENDOR, EDU_DEVICE, 0, address));
	ASSERT_EQ(0, pci_unbind(address));
	ASSERT_EQ(0, run("rmmod noiommu-pci"));
	ASSERT_EQ(0, provider_unload());
	kernel_log_mark();
	ASSERT_EQ(0, passthrough_load());
	EXPECT_FALSE(kernel_log_has(WARNING));
	ASSERT_EQ(0, space_bind(&self->space, OURS, 0));
	EXPECT_TRUE(kernel_log_has(WARNING));
	kernel_log_mark();
	ASSERT_EQ(0, space_attach(&self->space));
	EXPECT_FALSE(kernel_log_has(WARNING));
}

/* The process keeps what it has, and gets nothing more. */
TEST_F(cdev_privilege, dropped_after_bind)
{
	__u32 hwpt, kept;

	ASSERT_EQ(0, space_bind(&self->space, OURS, 0));
	ASSERT_EQ(0, iommufd_hwpt(self->space.fd, self->space.device,
				  self->space.ioas, 0, &kept));
	ASSERT_EQ(0, privilege_drop(CAP_SYS_RAWIO));
	EXPECT_EQ(-EPERM, space_attach(&self->space));
	EXPECT_EQ(0, cdev_attach(&self->space.edu.vfio, &kept));
	EXPECT_EQ(0, map(&self->space, self->memory, self->iova));
	EXPECT_HELD(1);
	EXPECT_EQ(-EPERM, space_attach(&self->space));
	ASSERT_EQ(0, iommufd_hwpt(self->space.fd, self->space.device,
				  self->space.ioas, 0, &hwpt));
	EXPECT_EQ(-EPERM, cdev_attach(&self->space.edu.vfio, &hwpt));
	EXPECT_EQ(0, iommufd_destroy(self->space.fd, hwpt));
	/* Nothing has changed. */
	EXPECT_HELD(1);
	EXPECT_EQ(PAGE, iommufd_unmap(self->space.fd, self->space.ioas,
				      self->iova, PAGE));
	EXPECT_EQ(0, cdev_detach(&self->space.edu.vfio));
}

TEST_F(cdev_privilege, dropped_after_attach)
{
	ASSERT_EQ(0, space_open(&self->space, STOCK, 0));
	ASSERT_EQ(0, privilege_drop(CAP_SYS_RAWIO));
	EXPECT_EQ(0, map(&self->space, self->memory, self->iova));
	EXPECT_EQ(-EINVAL, map(&self->space, self->memory, self->iova + PAGE));
	EXPECT_HELD(1);
	edu_dma_in(&self->space.edu, self->iova, EDU_BUFFER_SIZE);
	EXPECT_EQ(0, cdev_detach(&self->space.edu.vfio));
	EXPECT_EQ(-EPERM, space_attach(&self->space));
	EXPECT_HELD(0);
}

TEST_F(cdev_privilege, nothing_under_lockdown)
{
	if (access(LOCKDOWN, F_OK))
		SKIP(return, "this kernel has no lockdown");
	ASSERT_EQ(0, file_write(LOCKDOWN, "integrity"));
	EXPECT_EQ(-EPERM, space_bind(&self->space, STOCK, 0));
	space_close(&self->space);
	EXPECT_EQ(-EPERM, space_bind(&self->space, OURS, 0));
}

TEST_HARNESS_MAIN
