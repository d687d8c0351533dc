/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Steps of fixtures with members fd, pinned and locked: open /dev/noiommu, and remember
 * what was pinned before.
 */
#ifndef TESTS_BASELINE_H
#define TESTS_BASELINE_H

#include <unistd.h>

#include "memory.h"
#include "noiommu.h"
#include "sysfs.h"

#define KIB_PAGE (PAGE >> 10)

#define OPEN_NOIOMMU()							\
do {									\
	run("modprobe noiommu");					\
	self->fd = noiommu_open_device();				\
	ASSERT_LE(0, self->fd);						\
} while (0)

/* Last step of a setup, after all allocations of its own. */
#define REMEMBER_PINS()							\
do {									\
	self->pinned = memory_pinned();					\
	self->locked = memory_accounted();				\
} while (0)

/* Expects this number of references, and of charged pages, more than before. */
#define EXPECT_PINNED(references)					\
	EXPECT_EQ(self->pinned + (references), memory_pinned())

#define EXPECT_ACCOUNTED(pages)						\
	EXPECT_EQ(self->locked + (pages) * KIB_PAGE, memory_accounted())

#define EXPECT_PINS(references, pages)					\
do {									\
	EXPECT_PINNED(references);					\
	EXPECT_ACCOUNTED(pages);					\
} while (0)

#define EXPECT_NO_PINS() EXPECT_PINS(0, 0)

#define CLOSE_NOIOMMU()							\
do {									\
	close(self->fd);						\
	EXPECT_NO_PINS();						\
} while (0)

#endif
