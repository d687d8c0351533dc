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

#include "edu.h"
#include "kselftest_harness.h"
#include "memory.h"
#include "passthrough.h"
#include "sysfs.h"
#include "vfio.h"

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

/* A page of memory. */
struct page {
	void *memory;
	__u64 phys;
};

static bool find_page(struct page *page)
{
	page->memory = memory_pages(PAGE);
	if (page->memory == MAP_FAILED)
		return false;
	page->phys = memory_phys(page->memory);
	return page->phys;
}

/* Makes the bus of this function end between two pages. */
static bool limit_dma(const char *edu, struct page *near, struct page *far)
{
	char how[32];

	if (!find_page(near) || !find_page(far))
		return false;
	if (near->phys > far->phys) {
		struct page lower = *far;

		*far = *near;
		*near = lower;
	}
	snprintf(how, sizeof(how), "limit=%#llx", far->phys - 1);
	return !change_dma(edu, how);
}

TEST_F(dma_limits, aperture)
{
	struct page near, far;

	ASSERT_TRUE(limit_dma(self->edu[0], &near, &far));
	ASSERT_EQ(0, vfio_open(&self->vfio, self->edu[0]));
	EXPECT_EQ(0, vfio_map(&self->vfio, near.memory, PAGE, near.phys));
	EXPECT_EQ(-EINVAL, vfio_map(&self->vfio, far.memory, PAGE, far.phys));
}

/* A function that cannot reach all memory of a container cannot join it. */
TEST_F(dma_limits, one_container)
{
	struct page near, far;

	ASSERT_TRUE(limit_dma(self->edu[0], &near, &far));
	ASSERT_EQ(0, vfio_open(&self->vfio, self->edu[1]));
	ASSERT_EQ(0, vfio_map(&self->vfio, near.memory, PAGE, near.phys));
	ASSERT_EQ(0, vfio_map(&self->vfio, far.memory, PAGE, far.phys));
	ASSERT_EQ(0, vfio_open_group(&self->second, self->edu[0]));
	EXPECT_EQ(-EINVAL, vfio_join(&self->second, &self->vfio));
	ASSERT_EQ(0, vfio_unmap(&self->vfio, far.phys, PAGE));
	EXPECT_EQ(0, vfio_join(&self->second, &self->vfio));
	EXPECT_EQ(-EINVAL,
		  vfio_map(&self->vfio, far.memory, PAGE, far.phys));
}

TEST_HARNESS_MAIN
