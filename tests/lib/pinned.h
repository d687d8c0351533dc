/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The effects of a pin. Expectations of tests whose fixture has fd, and remembers pinned and
 * locked.
 */
#ifndef TESTS_PINNED_H
#define TESTS_PINNED_H

#include "baseline.h"
#include "memory.h"
#include "noiommu.h"

/* Pins without asking for extents. */
static inline int pin(int fd, const void *va, size_t length, __u32 flags,
		      __u32 *id)
{
	__u32 nr = 0;

	return noiommu_pin_range(fd, va, length, flags, NULL, &nr, id);
}

#define EXPECT_REFUSED(error, va, length, flags)			\
do {									\
	__u32 __id = 0;							\
									\
	EXPECT_EQ(-(error), pin(self->fd, va, length, flags, &__id));	\
	EXPECT_EQ(0, __id);						\
	EXPECT_PINS(0, 0);						\
} while (0)

#endif
