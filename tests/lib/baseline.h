/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * /dev/noiommu, and what was pinned before: steps of the fixtures that have fd, pinned
 * and locked.
 */
#ifndef TESTS_BASELINE_H
#define TESTS_BASELINE_H

#include <unistd.h>

#include "memory.h"
#include "noiommu.h"
#include "sysfs.h"

#define KIB_PAGE 4

#define OPEN_NOIOMMU()							\
do {									\
	run("modprobe noiommu");					\
	self->fd = noiommu_open_device();				\
	ASSERT_LE(0, self->fd);						\
} while (0)

/* After all that the setup itself allocates. */
#define REMEMBER_PINS()							\
do {									\
	self->pinned = memory_pinned();					\
	self->locked = memory_accounted();				\
} while (0)

/* So many references more than before, and pages that are counted for them. */
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
