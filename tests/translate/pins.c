// SPDX-License-Identifier: GPL-2.0-only
/*
 * The contract of NOIOMMU_PIN and NOIOMMU_UNPIN: IDs, the array of extents, the charge for
 * locked memory, and the kernel memory that a pin takes.
 */
#include <errno.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "baseline.h"
#include "extents.h"
#include "folios.h"
#include "kselftest_harness.h"
#include "mappings.h"
#include "memory.h"
#include "noiommu.h"
#include "pinned.h"
#include "privilege.h"
#include "sysfs.h"

#define WRITE NOIOMMU_ACCESS_WRITE
#define ROOM 4096

FIXTURE(pins)
{
	int fd;
	struct noiommu_extent *extents;
	long pinned;
	long locked;
};

FIXTURE_SETUP(pins)
{
	OPEN_NOIOMMU();
	self->extents = calloc(ROOM, sizeof(*self->extents));
	ASSERT_NE(NULL, self->extents);
	REMEMBER_PINS();
}

FIXTURE_TEARDOWN(pins)
{
	CLOSE_NOIOMMU();
}

TEST_F(pins, counted_once_for_each_pin)
{
	char *memory = memory_pages(20 * PAGE);
	__u32 id[3];

	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_EQ(0, pin(self->fd, memory, 20 * PAGE, WRITE, &id[0]));
	EXPECT_PINS(20, 20);
	ASSERT_EQ(0, pin(self->fd, memory, 20 * PAGE, WRITE, &id[1]));
	EXPECT_PINS(40, 40);
	/* Two bytes on two pages. */
	ASSERT_EQ(0, pin(self->fd, memory + PAGE - 1, 2, 0, &id[2]));
	EXPECT_PINS(42, 42);
	EXPECT_NE(id[0], id[1]);
	EXPECT_NE(id[1], id[2]);
	EXPECT_NE(0, id[0]);
	ASSERT_EQ(0, noiommu_unpin_id(self->fd, id[0]));
	EXPECT_PINS(22, 22);
	ASSERT_EQ(0, noiommu_unpin_id(self->fd, id[2]));
	EXPECT_PINS(20, 20);
	ASSERT_EQ(0, noiommu_unpin_id(self->fd, id[1]));
	EXPECT_PINS(0, 0);
}

TEST_F(pins, a_huge_page_counts_as_small_ones)
{
	char *memory = memory_huge(2 * HUGE_2M);
	__u32 id;

	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_EQ(0, pin(self->fd, memory, 2 * HUGE_2M, WRITE, &id));
	EXPECT_PINS(2 * HUGE_2M_PINS, 2 * HUGE_2M / PAGE);
	ASSERT_EQ(0, noiommu_unpin_id(self->fd, id));
	ASSERT_EQ(0, pin(self->fd, memory + HUGE_2M - PAGE, 2 * PAGE, 0, &id));
	EXPECT_PINS(2, 2 * HUGE_2M / PAGE);
}

/* Returns the kernel's own memory, in KiB. */
static long kernel_memory(void)
{
	long size = 0;

	/* Called to fold the per-CPU counters. */
	memory_pinned();
	file_field("/proc/meminfo", "SUnreclaim", &size);
	return size;
}

#define MANY 200

TEST_F(pins, memory_kept_for_huge_pages)
{
	char *memory = memory_huge(32 * HUGE_2M);
	long before = kernel_memory();
	__u32 id;
	int i;

	if (HUGE_2M_PINS > 1)
		SKIP(return, NO_HUGE_ENTRIES);
	ASSERT_NE(MAP_FAILED, memory);
	for (i = 0; i < MANY; i++)
		ASSERT_EQ(0, pin(self->fd, memory, 32 * HUGE_2M, WRITE, &id));
	/* 8 bytes for each huge page are 50 KiB; for each small page, 26 MiB. */
	EXPECT_LT(kernel_memory() - before, 4096);
	EXPECT_PINS(MANY * 32, MANY * 32 * 512);
}

TEST_F(pins, memory_kept_for_small_pages)
{
	char *memory = memory_pages(2000 * PAGE);
	long before = kernel_memory();
	__u32 id;
	int i;

	ASSERT_NE(MAP_FAILED, memory);
	for (i = 0; i < MANY; i++)
		ASSERT_EQ(0, pin(self->fd, memory, 2000 * PAGE, 0, &id));
	/* 8 bytes for each page are 3,200 KiB in whole pages; sanitizers double that. */
	EXPECT_LT(kernel_memory() - before, 3 * 3200);
	EXPECT_PINS(MANY * 2000, MANY * 2000);
}

TEST_F(pins, limit_of_locked_memory)
{
	char *memory = memory_pages(21 * PAGE);
	__u32 id, none;

	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_EQ(0, memory_limit_locked(self->locked / KIB_PAGE + 20));
	ASSERT_EQ(0, privilege_drop(CAP_IPC_LOCK));
	ASSERT_EQ(0, pin(self->fd, memory, 20 * PAGE, WRITE, &id));
	EXPECT_PINS(20, 20);
	EXPECT_EQ(-ENOMEM, pin(self->fd, memory, 1, 0, &none));
	EXPECT_PINS(20, 20);
	ASSERT_EQ(0, noiommu_unpin_id(self->fd, id));
	EXPECT_PINS(0, 0);
	EXPECT_REFUSED(ENOMEM, memory + 1, 20 * PAGE, WRITE);
	ASSERT_EQ(0, pin(self->fd, memory, 20 * PAGE, WRITE, &id));
	EXPECT_PINS(20, 20);
}

TEST_F(pins, no_limit_with_ipc_lock)
{
	char *memory = memory_pages(20 * PAGE);
	__u32 id;

	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_EQ(0, memory_limit_locked(1));
	ASSERT_EQ(0, pin(self->fd, memory, 20 * PAGE, WRITE, &id));
	EXPECT_PINS(20, 20);
}

TEST_F(pins, array_too_small)
{
	char *memory = memory_partly_contiguous();
	size_t length = 100 * PAGE;
	__u32 needed = 0, nr, id = 0;

	if (!memory_has_thp())
		SKIP(return, NO_THP);
	ASSERT_NE(MAP_FAILED, memory);
	/* Without an array, the pin returns the number of extents. */
	ASSERT_EQ(0, noiommu_pin_range(self->fd, memory, length, WRITE, NULL,
				       &needed, &id));
	ASSERT_LT(1, needed);
	ASSERT_EQ(0, noiommu_unpin_id(self->fd, id));

	for (nr = 1; nr < needed; nr = nr * 2 + 1) {
		__u32 said = nr;

		id = 0;
		ASSERT_EQ(-ENOSPC, noiommu_pin_range(self->fd, memory, length,
						     WRITE, self->extents,
						     &said, &id));
		EXPECT_EQ(needed, said);
		EXPECT_EQ(0, id);
		EXPECT_PINS(0, 0);
	}
	nr = needed;
	ASSERT_EQ(0, noiommu_pin_range(self->fd, memory, length, WRITE,
				       self->extents, &nr, &id));
	EXPECT_EQ(needed, nr);
	EXPECT_TRUE(extents_are_pagemap(self->extents, nr, memory, length));
	EXPECT_PINS(100, folios_pages(memory, length));
}

TEST_F(pins, array_is_not_written_beyond_its_room)
{
	char *memory = memory_partly_contiguous();
	static const struct noiommu_extent none;
	__u32 nr = 2, id = 0;

	if (!memory_has_thp())
		SKIP(return, NO_THP);
	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_EQ(-ENOSPC, noiommu_pin_range(self->fd, memory, 400 * PAGE,
					     WRITE, self->extents, &nr, &id));
	ASSERT_LT(2, nr);
	EXPECT_EQ(0, memcmp(&none, self->extents + 2, sizeof(none)));
	EXPECT_PINS(0, 0);
}

TEST_F(pins, array_that_cannot_be_written)
{
	char *memory = memory_pages(20 * PAGE);
	__u32 nr = 20, id = 0;

	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_EQ(-EFAULT, noiommu_pin_range(self->fd, memory, 20 * PAGE,
					     WRITE, (void *)PAGE, &nr, &id));
	EXPECT_EQ(0, id);
	EXPECT_PINS(0, 0);
}

TEST_F(pins, unknown_id)
{
	static const __u32 ids[] = { 0, 1, 2, 3, 0x7fffffff, 0x80000000, ~0U };
	int other = noiommu_open_device(), i;
	char *memory = memory_pages(PAGE);
	__u32 id;

	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_LE(0, other);
	for (i = 0; i < ARRAY_SIZE(ids); i++)
		EXPECT_EQ(-ENOENT, noiommu_unpin_id(self->fd, ids[i]));
	ASSERT_EQ(0, pin(self->fd, memory, PAGE, 0, &id));
	EXPECT_EQ(-ENOENT, noiommu_unpin_id(other, id));
	EXPECT_PINS(1, 1);
	EXPECT_EQ(0, noiommu_unpin_id(self->fd, id));
	EXPECT_EQ(-ENOENT, noiommu_unpin_id(self->fd, id));
	close(other);
}

TEST_HARNESS_MAIN
