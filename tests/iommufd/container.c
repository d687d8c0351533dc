// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/iommu in place of /dev/vfio/vfio: programs that use groups and containers run on it.
 * The only difference: the device is attached when it is opened, not by VFIO_SET_IOMMU.
 */
#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "edu.h"
#include "held.h"
#include "iommufd.h"
#include "kselftest_harness.h"
#include "memory.h"
#include "passthrough.h"
#include "privilege.h"
#include "sysfs.h"

#define HUGE_PAGES (HUGE_2M / PAGE)

/* The group is in the container, and no device is open. */
FIXTURE(iommufd_container)
{
	char address[PCI_ADDRESS_SIZE];
	struct edu edu;
	struct vfio *vfio;
	struct held held;
	char *memory;
	__u64 iova;
};

BOTH_DRIVERS(iommufd_container);

FIXTURE_SETUP(iommufd_container)
{
	self->vfio = &self->edu.vfio;
	*self->vfio = (struct vfio){ -1, -1, -1 };
	ASSERT_EQ(0, passthrough_load());
	ASSERT_EQ(0, edu_bind_nth(0, variant->driver, self->address));
	self->vfio->container = iommufd_open();
	ASSERT_LE(0, self->vfio->container);
	ASSERT_EQ(0, vfio_open_group(self->vfio, self->address));
	ASSERT_EQ(0, vfio_attach(self->vfio));
	self->memory = memory_huge(HUGE_2M);
	ASSERT_NE(MAP_FAILED, (void *)self->memory);
	self->iova = memory_phys(self->memory);
	self->held = held_now();
	ASSERT_EQ(0, self->held.mapped);
}

FIXTURE_TEARDOWN(iommufd_container)
{
	vfio_close(self->vfio);
	EXPECT_HELD(0);
}

TEST_F(iommufd_container, identity)
{
	ASSERT_EQ(0, vfio_open_device(self->vfio, self->address));
	ASSERT_EQ(0, vfio_map(self->vfio, self->memory, HUGE_2M, self->iova));
	EXPECT_HELD(HUGE_PAGES);
	EXPECT_EQ(-EEXIST, vfio_map(self->vfio, self->memory, PAGE, self->iova));
	ASSERT_EQ(0, vfio_unmap(self->vfio, self->iova, HUGE_2M));
	EXPECT_HELD(0);
	EXPECT_EQ(-EINVAL, vfio_map(self->vfio, self->memory, HUGE_2M,
				    self->iova + PAGE));
	EXPECT_EQ(-EINVAL, vfio_map(self->vfio, self->memory, PAGE, 0));
	EXPECT_HELD(0);
}

TEST_F(iommufd_container, partly_contiguous)
{
	char *memory = memory_partly_contiguous();

	ASSERT_NE(MAP_FAILED, (void *)memory);
	ASSERT_EQ(0, vfio_open_device(self->vfio, self->address));
	EXPECT_EQ(-EINVAL, vfio_map(self->vfio, memory, 3 * PAGE,
				    memory_phys(memory)));
	EXPECT_HELD(0);
	EXPECT_EQ(0, vfio_map(self->vfio, memory, 2 * PAGE,
			      memory_phys(memory)));
	EXPECT_HELD(2);
}

TEST_F(iommufd_container, mapped_before_open)
{
	ASSERT_EQ(0, vfio_map(self->vfio, self->memory, HUGE_2M, self->iova));
	EXPECT_HELD(0);
	ASSERT_EQ(0, vfio_open_device(self->vfio, self->address));
	EXPECT_HELD(HUGE_PAGES);
}

TEST_F(iommufd_container, other_address_before_open)
{
	ASSERT_EQ(0, vfio_map(self->vfio, self->memory, PAGE, 0));
	EXPECT_EQ(-EINVAL, vfio_open_device(self->vfio, self->address));
	EXPECT_HELD(0);
	ASSERT_EQ(0, vfio_unmap(self->vfio, 0, PAGE));
	EXPECT_EQ(0, vfio_open_device(self->vfio, self->address));
}

TEST_F(iommufd_container, dma)
{
	char *to = self->memory + HUGE_2M / 2;
	int i;

	ASSERT_EQ(0, vfio_open_device(self->vfio, self->address));
	self->edu.registers = vfio_start(self->vfio, 0, &self->edu.registers_size);
	ASSERT_NE(MAP_FAILED, (void *)self->edu.registers);
	ASSERT_EQ(0, vfio_map(self->vfio, self->memory, HUGE_2M, self->iova));
	for (i = 0; i < EDU_BUFFER_SIZE; i++)
		self->memory[i] = i * 7;
	edu_dma_in(&self->edu, self->iova, EDU_BUFFER_SIZE);
	edu_dma_out(&self->edu, self->iova + HUGE_2M / 2, EDU_BUFFER_SIZE);
	EXPECT_EQ(0, memcmp(self->memory, to, EDU_BUFFER_SIZE));
	edu_close(&self->edu);
	EXPECT_HELD(0);
}

/* VFIO_TYPE1_IOMMU, which can unmap a part of a mapping. */
TEST_F(iommufd_container, unmap_in_parts)
{
	ASSERT_EQ(0, ioctl(self->vfio->container, VFIO_SET_IOMMU,
			   VFIO_TYPE1_IOMMU));
	ASSERT_EQ(0, vfio_open_device(self->vfio, self->address));
	ASSERT_EQ(0, vfio_map(self->vfio, self->memory, HUGE_2M, self->iova));
	EXPECT_EQ(0, vfio_unmap(self->vfio, self->iova + 3 * PAGE, PAGE));
	EXPECT_HELD(HUGE_PAGES - 1);
	EXPECT_EQ(-EINVAL, vfio_map(self->vfio, self->memory, PAGE,
				    self->iova + 3 * PAGE));
	EXPECT_EQ(0, vfio_map(self->vfio, self->memory + 3 * PAGE, PAGE,
			      self->iova + 3 * PAGE));
	EXPECT_HELD(HUGE_PAGES);
}

TEST_F(iommufd_container, open_needs_rawio)
{
	ASSERT_EQ(0, privilege_drop(CAP_SYS_RAWIO));
	EXPECT_EQ(-EPERM, vfio_open_device(self->vfio, self->address));
	ASSERT_EQ(0, vfio_map(self->vfio, self->memory, PAGE, self->iova));
	EXPECT_HELD(0);
}

TEST_HARNESS_MAIN
