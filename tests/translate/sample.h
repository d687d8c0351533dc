/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An open device of the kernel's samples, with BAR 0 mapped but not touched. mdpy maps all of
 * it in mmap(), mbochs each page when it is touched.
 */
#ifndef TRANSLATE_SAMPLE_H
#define TRANSLATE_SAMPLE_H

#include "baseline.h"
#include "kselftest_harness.h"
#include "mdev.h"

FIXTURE(mdev)
{
	struct mdev mdev;
	size_t length;
	char *bar;
	int fd;
	long pinned;
	long locked;
};

FIXTURE_VARIANT(mdev)
{
	const char *type;
	/* Are pages present only after a touch? */
	bool faults;
};

FIXTURE_VARIANT_ADD(mdev, mdpy)
{
	.type = "mdpy-vga",
};

FIXTURE_VARIANT_ADD(mdev, mbochs)
{
	.type = "mbochs-small",
	.faults = true,
};

FIXTURE_SETUP(mdev)
{
	OPEN_NOIOMMU();
	self->pinned = memory_pinned();
	/* VFIO's containers count here. */
	self->locked = memory_locked();
	ASSERT_EQ(0, mdev_open(&self->mdev, variant->type));
	self->length = self->mdev.length;
	self->bar = self->mdev.bar;
}

FIXTURE_TEARDOWN(mdev)
{
	if (mdev_exists())
		EXPECT_EQ(0, mdev_remove(&self->mdev));
	EXPECT_FALSE(mdev_exists());
	close(self->fd);
	EXPECT_EQ(self->pinned, memory_pinned());
	EXPECT_EQ(self->locked, memory_locked());
}

#endif
