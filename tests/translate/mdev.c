// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mediated devices: a BAR that is memory of the parent driver. It is RAM, which has addresses
 * and can be pinned.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "iommufd.h"
#include "memory.h"
#include "noiommu.h"
#include "passthrough.h"
#include "pinned.h"
#include "sample.h"
#include "translation.h"

#define WRITE NOIOMMU_ACCESS_WRITE

/* --- Addresses ------------------------------------------------------------------ */

TEST_F(mdev, untouched)
{
	size_t at;

	for (at = 0; at < self->length; at += 16 * PAGE)
		ASSERT_EQ(variant->faults, !memory_phys(self->bar + at));
	EXPECT_TRUE(translates(self->fd, self->bar, self->length, 0));
	for (at = 0; at < self->length; at += 16 * PAGE)
		ASSERT_NE(0, memory_phys(self->bar + at));
	EXPECT_TRUE(translates(self->fd, self->bar, self->length, WRITE));
}

TEST_F(mdev, some_touched)
{
	size_t at;

	for (at = 0; at < self->length; at += 3 * PAGE)
		self->bar[at] = 1;
	EXPECT_TRUE(translates(self->fd, self->bar, self->length, WRITE));
	EXPECT_TRUE(translates(self->fd, self->bar + 2 * PAGE - 5, PAGE + 9,
			       0));
}

/* The memory belongs to the device: every mapping has the same addresses. */
TEST_F(mdev, mapped_twice)
{
	struct translation one, other;
	char *again;

	ASSERT_TRUE(translation_get(&one, self->fd, self->bar, self->length,
				    WRITE, 0));
	again = region_map(&self->mdev.vfio, 0, 0, self->length,
			   PROT_READ | PROT_WRITE);
	ASSERT_NE(MAP_FAILED, (void *)again);
	ASSERT_TRUE(translation_get(&other, self->fd, again, self->length, 0,
				    0));
	EXPECT_EQ(0, one.error);
	EXPECT_TRUE(translation_same(&one, &other));
	memory_fill(self->bar, self->length, 1);
	EXPECT_EQ(0, memcmp(self->bar, again, self->length));
	translation_free(&one);
	translation_free(&other);
	munmap(again, self->length);
}

TEST_F(mdev, rights)
{
	ASSERT_EQ(0, mprotect(self->bar, self->length, PROT_READ));
	EXPECT_TRUE(translates(self->fd, self->bar, self->length, 0));
	EXPECT_EQ(-EFAULT, translate_error(self->fd, self->bar, PAGE, WRITE));
	ASSERT_EQ(0, mprotect(self->bar, self->length, PROT_NONE));
	EXPECT_EQ(-EFAULT, translate_error(self->fd, self->bar, PAGE, 0));
}

/* A grown mapping extends beyond the pages of the device. */
TEST_F(mdev, beyond_its_end)
{
	size_t room = self->length + PAGE;
	struct translation got;
	char *grown;

	grown = mremap(self->bar, self->length, room, MREMAP_MAYMOVE);
	if (!variant->faults) {
		EXPECT_EQ(MAP_FAILED, (void *)grown);
		return;
	}
	ASSERT_NE(MAP_FAILED, (void *)grown);
	self->mdev.bar = grown;
	self->mdev.length = room;
	ASSERT_TRUE(translation_get(&got, self->fd, grown, room, 0, 0));
	EXPECT_EQ(-EFAULT, got.error);
	EXPECT_EQ(self->length, got.done);
	EXPECT_TRUE(translation_is_pagemap(&got));
	EXPECT_REFUSED(EFAULT, grown, room, WRITE);
	translation_free(&got);
}

TEST_F(mdev, by_its_node)
{
	int iommufd = iommufd_open();

	ASSERT_LE(0, iommufd);
	mdev_close(&self->mdev);
	ASSERT_EQ(0, mdev_open_cdev(&self->mdev, iommufd));
	EXPECT_TRUE(translates(self->fd, self->mdev.bar, self->length, WRITE));
	mdev_close(&self->mdev);
	close(iommufd);
}

/* --- Pins ------------------------------------------------------------------------ */

TEST_F(mdev, pinned)
{
	size_t pages = self->length / PAGE;
	struct noiommu_extent *extents = calloc(pages, sizeof(*extents));
	struct translation got;
	__u32 nr = pages, id;

	ASSERT_NE(NULL, extents);
	ASSERT_EQ(0, noiommu_pin_range(self->fd, self->bar, self->length, WRITE,
				       extents, &nr, &id));
	EXPECT_PINS(pages, pages);
	ASSERT_TRUE(translation_get(&got, self->fd, self->bar, self->length, 0,
				    0));
	EXPECT_TRUE(translation_is_pagemap(&got));
	ASSERT_EQ(got.nr, nr);
	EXPECT_EQ(0, memcmp(got.extents, extents, nr * sizeof(*extents)));
	EXPECT_EQ(0, noiommu_unpin_id(self->fd, id));
	EXPECT_PINS(0, 0);
	translation_free(&got);
	free(extents);
}

TEST_F(mdev, pinned_for_reading)
{
	__u32 id;

	ASSERT_EQ(0, pin(self->fd, self->bar, self->length, 0, &id));
	EXPECT_PINS(self->length / PAGE, self->length / PAGE);
	EXPECT_TRUE(translates(self->fd, self->bar, self->length, 0));
	EXPECT_EQ(0, noiommu_unpin_id(self->fd, id));
}

TEST_F(mdev, pinned_for_longer_than_it_lives)
{
	__u32 id;

	ASSERT_EQ(0, pin(self->fd, self->bar, self->length, WRITE, &id));
	ASSERT_EQ(0, mdev_remove(&self->mdev));
	EXPECT_FALSE(mdev_exists());
	EXPECT_PINS(self->length / PAGE, self->length / PAGE);
	EXPECT_EQ(0, noiommu_unpin_id(self->fd, id));
	EXPECT_PINS(0, 0);
}

TEST_HARNESS_MAIN
