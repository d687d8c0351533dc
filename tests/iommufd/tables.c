// SPDX-License-Identifier: GPL-2.0-only
/*
 * Address spaces: attach, detach, sharing by devices, and explicitly allocated page tables.
 *
 * Guest: edu twice.
 */
#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "held.h"
#include "iommufd.h"
#include "kselftest_harness.h"
#include "memory.h"
#include "passthrough.h"
#include "sysfs.h"

#define MSI_START 0xfee00000ULL
#define HUGE_PAGES (HUGE_2M / PAGE)
#define EVERYTHING UINT64_MAX

/* A bound device and an address space that it is not attached to yet. */
FIXTURE(cdev_tables)
{
	struct space space;
	struct vfio *vfio;
	struct held held;
	char *memory;
	__u64 iova;
	int fd;
};

BOTH_DRIVERS(cdev_tables);

FIXTURE_SETUP(cdev_tables)
{
	ASSERT_EQ(0, space_bind(&self->space, variant->driver, 0));
	self->vfio = &self->space.edu.vfio;
	self->fd = self->space.fd;
	self->memory = memory_huge(HUGE_2M);
	ASSERT_NE(MAP_FAILED, (void *)self->memory);
	self->iova = memory_phys(self->memory);
	self->held = held_now();
	ASSERT_EQ(0, self->held.mapped);
}

FIXTURE_TEARDOWN(cdev_tables)
{
	space_close(&self->space);
	EXPECT_HELD(0);
}

static int map(struct space *space, const void *memory, size_t length,
	       __u64 iova)
{
	return iommufd_map(space->fd, space->ioas, memory, length, iova);
}

/* --- Attach ------------------------------------------------------------------- */

/* Without a device, nothing needs pinned pages. */
TEST_F(cdev_tables, mapped_before_attach)
{
	int i;

	ASSERT_EQ(0, map(&self->space, self->memory, HUGE_2M, self->iova));
	for (i = 0; i < 2; i++) {
		EXPECT_HELD(0);
		ASSERT_EQ(0, space_attach(&self->space));
		EXPECT_NE(self->space.ioas, self->space.table);
		EXPECT_HELD(HUGE_PAGES);
		ASSERT_EQ(0, cdev_detach(self->vfio));
	}
	EXPECT_HELD(0);
}

TEST_F(cdev_tables, other_address_before_attach)
{
	ASSERT_EQ(0, map(&self->space, self->memory, PAGE, self->iova));
	ASSERT_EQ(0, map(&self->space, self->memory + PAGE, PAGE, self->iova + 2 * PAGE));
	EXPECT_EQ(-EINVAL, space_attach(&self->space));
	EXPECT_HELD(0);
	EXPECT_EQ(PAGE, iommufd_unmap(self->fd, self->space.ioas,
				      self->iova + 2 * PAGE, PAGE));
	EXPECT_EQ(0, space_attach(&self->space));
	EXPECT_HELD(1);
}

TEST_F(cdev_tables, anywhere_before_attach)
{
	__u64 iova = 0;

	ASSERT_EQ(0, iommufd_map_anywhere(self->fd, self->space.ioas,
					  self->memory, HUGE_2M, &iova));
	EXPECT_EQ(-EINVAL, space_attach(&self->space));
	EXPECT_HELD(0);
}

TEST_F(cdev_tables, reserved_before_attach)
{
	ASSERT_EQ(0, map(&self->space, self->memory, PAGE, MSI_START));
	EXPECT_EQ(-EADDRINUSE, space_attach(&self->space));
	EXPECT_HELD(0);
	ASSERT_EQ(PAGE, iommufd_unmap(self->fd, self->space.ioas, MSI_START,
				      PAGE));
	ASSERT_EQ(0, map(&self->space, self->memory, PAGE, 1ULL << 62));
	EXPECT_EQ(-EADDRINUSE, space_attach(&self->space));
	EXPECT_HELD(0);
}

TEST_F(cdev_tables, to_another_space)
{
	__u32 other, wrong;

	ASSERT_EQ(0, iommufd_ioas(self->fd, &other));
	ASSERT_EQ(0, iommufd_ioas(self->fd, &wrong));
	ASSERT_EQ(0, map(&self->space, self->memory, HUGE_2M, self->iova));
	ASSERT_EQ(0, iommufd_map(self->fd, other, self->memory, 3 * PAGE,
				 self->iova));
	ASSERT_EQ(0, iommufd_map(self->fd, wrong, self->memory, PAGE, 0));
	ASSERT_EQ(0, space_attach(&self->space));
	EXPECT_HELD(HUGE_PAGES);
	/* A failure changes nothing. */
	EXPECT_EQ(-EINVAL, cdev_attach(self->vfio, &wrong));
	EXPECT_HELD(HUGE_PAGES);
	EXPECT_EQ(0, cdev_attach(self->vfio, &other));
	EXPECT_HELD(3);
}

TEST_F(cdev_tables, destroy)
{
	__u32 none = 12345;

	ASSERT_EQ(0, map(&self->space, self->memory, PAGE, self->iova));
	ASSERT_EQ(0, space_attach(&self->space));
	EXPECT_EQ(-ENOENT, iommufd_destroy(self->fd, none));
	EXPECT_EQ(-ENOENT, cdev_attach(self->vfio, &none));
	EXPECT_EQ(-EBUSY, iommufd_destroy(self->fd, self->space.device));
	EXPECT_EQ(-EBUSY, iommufd_destroy(self->fd, self->space.table));
	EXPECT_EQ(-EBUSY, iommufd_destroy(self->fd, self->space.ioas));
	EXPECT_HELD(1);
	ASSERT_EQ(0, cdev_detach(self->vfio));
	EXPECT_EQ(-ENOENT, iommufd_destroy(self->fd, self->space.table));
	EXPECT_EQ(0, iommufd_destroy(self->fd, self->space.ioas));
	EXPECT_EQ(-ENOENT, space_attach(&self->space));
}

/* --- Two devices -------------------------------------------------------------------- */

TEST_F(cdev_tables, shared_by_two)
{
	struct space second;

	ASSERT_EQ(0, space_attach(&self->space));
	ASSERT_EQ(0, map(&self->space, self->memory, HUGE_2M, self->iova));
	ASSERT_EQ(0, space_join(&second, &self->space, variant->driver, 1));
	EXPECT_EQ(self->space.table, second.table);
	EXPECT_NE(self->space.device, second.device);
	EXPECT_HELD(HUGE_PAGES);
	EXPECT_EQ(-EINVAL, map(&self->space, self->memory, PAGE, 0));
	ASSERT_EQ(0, cdev_detach(self->vfio));
	EXPECT_HELD(HUGE_PAGES);
	EXPECT_EQ(-EINVAL, map(&self->space, self->memory, PAGE, 0));
	space_close(&second);
	EXPECT_HELD(0);
}

TEST_F(cdev_tables, a_space_each)
{
	struct space second;

	ASSERT_EQ(0, space_bind(&second, variant->driver, 1));
	ASSERT_EQ(0, space_attach(&self->space));
	ASSERT_EQ(0, space_attach(&second));
	ASSERT_EQ(0, map(&self->space, self->memory, HUGE_2M, self->iova));
	EXPECT_HELD(HUGE_PAGES);
	ASSERT_EQ(0, map(&second, self->memory, HUGE_2M, self->iova));
	EXPECT_HELD(2 * HUGE_PAGES);
	space_close(&self->space);
	EXPECT_HELD(HUGE_PAGES);
	space_close(&second);
}

/* --- Page tables of their own ------------------------------------------------------ */

/* A page table is kept up to date as long as it exists, attached or not. */
TEST_F(cdev_tables, own_table)
{
	__u32 hwpt, table;

	ASSERT_EQ(0, map(&self->space, self->memory, HUGE_2M, self->iova));
	ASSERT_EQ(0, iommufd_hwpt(self->fd, self->space.device,
				  self->space.ioas, 0, &hwpt));
	EXPECT_HELD(HUGE_PAGES);
	EXPECT_EQ(HUGE_2M, iommufd_unmap(self->fd, self->space.ioas,
					 self->iova, HUGE_2M));
	table = hwpt;
	ASSERT_EQ(0, cdev_attach(self->vfio, &table));
	EXPECT_EQ(hwpt, table);
	ASSERT_EQ(0, map(&self->space, self->memory, PAGE, self->iova));
	EXPECT_EQ(-EINVAL, map(&self->space, self->memory, PAGE, 0));
	EXPECT_HELD(1);
	EXPECT_EQ(-EBUSY, iommufd_destroy(self->fd, hwpt));
	ASSERT_EQ(0, cdev_detach(self->vfio));
	EXPECT_HELD(1);
	EXPECT_EQ(-EBUSY, iommufd_destroy(self->fd, self->space.ioas));
	EXPECT_EQ(0, iommufd_destroy(self->fd, hwpt));
	EXPECT_HELD(0);
}

TEST_F(cdev_tables, own_table_refused)
{
	static const __u32 flags[] = {
		HWPT_NEST_PARENT, HWPT_DIRTY_TRACKING, HWPT_FAULT_ID,
		HWPT_PASID, HWPT_DIRTY_TRACKING | HWPT_NEST_PARENT, 1U << 31,
	};
	__u32 hwpt;
	int i;

	for (i = 0; i < ARRAY_SIZE(flags); i++)
		EXPECT_EQ(-EOPNOTSUPP,
			  iommufd_hwpt(self->fd, self->space.device,
				       self->space.ioas, flags[i], &hwpt));
	ASSERT_EQ(0, map(&self->space, self->memory, PAGE, 0));
	EXPECT_EQ(-EINVAL, iommufd_hwpt(self->fd, self->space.device,
					self->space.ioas, 0, &hwpt));
	EXPECT_HELD(0);
	EXPECT_EQ(PAGE, iommufd_unmap(self->fd, self->space.ioas, 0,
				      EVERYTHING));
	EXPECT_EQ(0, iommufd_hwpt(self->fd, self->space.device,
				  self->space.ioas, 0, &hwpt));
	/* No nesting parent: a guest's page table cannot be stacked on it. */
	EXPECT_EQ(-EOPNOTSUPP, iommufd_hwpt(self->fd, self->space.device, hwpt,
					    0, &hwpt));
}

/* Pages are pinned once, and mapped in each table. */
TEST_F(cdev_tables, several_tables)
{
	__u32 hwpt[2];

	ASSERT_EQ(0, iommufd_hwpt(self->fd, self->space.device,
				  self->space.ioas, 0, &hwpt[0]));
	ASSERT_EQ(0, space_attach(&self->space));
	ASSERT_EQ(0, map(&self->space, self->memory, HUGE_2M, self->iova));
	EXPECT_HELD_IN(2, HUGE_PAGES);
	ASSERT_EQ(0, iommufd_hwpt(self->fd, self->space.device,
				  self->space.ioas, 0, &hwpt[1]));
	EXPECT_HELD_IN(3, HUGE_PAGES);
	EXPECT_EQ(-EINVAL, map(&self->space, self->memory, PAGE, 0));
	EXPECT_HELD_IN(3, HUGE_PAGES);
	EXPECT_EQ(0, iommufd_destroy(self->fd, hwpt[0]));
	EXPECT_HELD_IN(2, HUGE_PAGES);
	/* Detaching frees the table that attaching made. */
	ASSERT_EQ(0, cdev_attach(self->vfio, &hwpt[1]));
	EXPECT_HELD(HUGE_PAGES);
}

TEST_HARNESS_MAIN
