// SPDX-License-Identifier: GPL-2.0-only
/*
 * The driver core learns some limits of a function's DMA only when a driver binds. The
 * provider checks them when a user takes ownership.
 *
 * Guest: two edus, dma_offset.ko.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "arch.h"
#include "edu.h"
#include "kselftest_harness.h"
#include "memory.h"
#include "passthrough.h"
#include "sysfs.h"
#include "vfio.h"

/* The bus reaches the first half of the guest's memory. */
#define LIMIT (RAM_START + 0x1fffffffULL)
#define TRIES 200000

FIXTURE(dma_limits)
{
	char edu[2][PCI_ADDRESS_SIZE];
	struct vfio vfio;
	struct vfio second;
};

BOTH_DRIVERS(dma_limits);

FIXTURE_SETUP(dma_limits)
{
	int i;

	ASSERT_EQ(0, passthrough_load());
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, edu_bind_nth(i, variant->driver, self->edu[i]));
	self->vfio = (struct vfio){ -1, -1, -1 };
	self->second = (struct vfio){ -1, -1, -1 };
	kernel_log_mark();
}

FIXTURE_TEARDOWN(dma_limits)
{
	vfio_close(&self->second);
	vfio_close(&self->vfio);
	EXPECT_EQ(0, run("rmmod dma_offset"));
}

/* Changes the DMA of the first edu while it has its driver. */
static int change_dma(const char *edu, const char *how)
{
	return run("insmod ./dma_offset.ko function=%s %s", edu, how);
}

/* The bus of the first edu reaches only a part of memory. */
static int limit_dma(const char *edu)
{
	char how[32];

	snprintf(how, sizeof(how), "limit=%#llx", LIMIT);
	return change_dma(edu, how);
}

TEST_F(dma_limits, offset)
{
	ASSERT_EQ(0, change_dma(self->edu[0], ""));
	EXPECT_EQ(-EOPNOTSUPP, vfio_open(&self->vfio, self->edu[0]));
	EXPECT_TRUE(kernel_log_has("refused: bus addresses are not physical"));
	vfio_close(&self->vfio);
	EXPECT_EQ(0, vfio_open(&self->vfio, self->edu[1]));
}

TEST_F(dma_limits, no_offset)
{
	ASSERT_EQ(0, change_dma(self->edu[0], "offset=0"));
	EXPECT_EQ(0, vfio_open(&self->vfio, self->edu[0]));
}

TEST_F(dma_limits, bounce_buffers)
{
	ASSERT_EQ(0, change_dma(self->edu[0], "bounce=1"));
	EXPECT_EQ(-EOPNOTSUPP, vfio_open(&self->vfio, self->edu[0]));
	EXPECT_TRUE(kernel_log_has("refused: its DMA must use bounce buffers"));
}

/* Finds a page of memory below the limit, or beyond. */
static void *find_page(bool beyond, __u64 *phys)
{
	char *memory = MAP_FAILED;
	int i;

	for (i = 0; i < TRIES; i++) {
		memory = memory_pages(PAGE);
		*phys = memory == MAP_FAILED ? 0 : memory_phys(memory);
		if (*phys && (*phys > LIMIT) == beyond)
			return memory;
	}
	return MAP_FAILED;
}

TEST_F(dma_limits, aperture)
{
	__u64 near, far;
	void *low = find_page(false, &near), *high = find_page(true, &far);

	ASSERT_NE(MAP_FAILED, low);
	ASSERT_NE(MAP_FAILED, high);
	ASSERT_EQ(0, limit_dma(self->edu[0]));
	ASSERT_EQ(0, vfio_open(&self->vfio, self->edu[0]));
	EXPECT_EQ(0, vfio_map(&self->vfio, low, PAGE, near));
	EXPECT_EQ(-EINVAL, vfio_map(&self->vfio, high, PAGE, far));
}

/* A function that cannot reach all memory of a container cannot join it. */
TEST_F(dma_limits, one_container)
{
	__u64 near, far;
	void *low = find_page(false, &near), *high = find_page(true, &far);

	ASSERT_NE(MAP_FAILED, low);
	ASSERT_NE(MAP_FAILED, high);
	ASSERT_EQ(0, limit_dma(self->edu[0]));
	ASSERT_EQ(0, vfio_open(&self->vfio, self->edu[1]));
	ASSERT_EQ(0, vfio_map(&self->vfio, low, PAGE, near));
	ASSERT_EQ(0, vfio_map(&self->vfio, high, PAGE, far));
	ASSERT_EQ(0, vfio_open_group(&self->second, self->edu[0]));
	EXPECT_EQ(-EINVAL, vfio_join(&self->second, &self->vfio));
	ASSERT_EQ(0, vfio_unmap(&self->vfio, far, PAGE));
	EXPECT_EQ(0, vfio_join(&self->second, &self->vfio));
	EXPECT_EQ(-EINVAL, vfio_map(&self->vfio, high, PAGE, far));
}

TEST_HARNESS_MAIN
