/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What maps through iommufd hold. Expectations of tests whose fixture remembers in "held"
 * what was held before.
 */
#ifndef TESTS_HELD_H
#define TESTS_HELD_H

#include "memory.h"
#include "sysfs.h"

struct held {
	/* Mapped bytes in all domains of the provider. */
	long mapped;
	long pinned;
	/* KiB accounted to this process. */
	long accounted;
};

static inline struct held held_now(void)
{
	struct held held = { provider_mapped(), -1, -1 };

	held.pinned = memory_pinned();
	file_field("/proc/self/status", "VmPin", &held.accounted);
	return held;
}

/* Expects this number of pages more than before, each in this number of domains. */
#define EXPECT_HELD_IN(domains, pages)					\
do {									\
	struct held __now = held_now();					\
									\
	EXPECT_EQ(self->held.mapped +					\
		  (long)((domains) * (pages) * PAGE), __now.mapped);	\
	EXPECT_EQ(self->held.pinned + (long)(pages), __now.pinned);	\
	EXPECT_EQ(self->held.accounted + (long)((pages) * PAGE / 1024),	\
		  __now.accounted);					\
} while (0)

#define EXPECT_HELD(pages) EXPECT_HELD_IN(1, pages)

#endif
