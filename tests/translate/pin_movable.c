// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of ZONE_MOVABLE moves to another zone before it is pinned; the returned addresses
 * are the new ones. Guest: a ZONE_MOVABLE.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "baseline.h"
#include "extents.h"
#include "kselftest_harness.h"
#include "mappings.h"
#include "memory.h"
#include "noiommu.h"
#include "sysfs.h"

#define WRITE NOIOMMU_ACCESS_WRITE
#define ROOM 4096
#define LENGTH (3 * HUGE_2M)

FIXTURE(pin_movable)
{
	int fd;
	struct noiommu_extent *extents;
	long pinned;
	long locked;
};

FIXTURE_VARIANT(pin_movable)
{
	enum mapping kind;
};

/* Without hugetlb: 6.1 warns and refuses to pin it, for VFIO, too. */
FIXTURE_VARIANT_ADD(pin_movable, small)
{
	.kind = MAPPING_SMALL,
};

FIXTURE_VARIANT_ADD(pin_movable, thp)
{
	.kind = MAPPING_THP,
};

FIXTURE_VARIANT_ADD(pin_movable, memfd)
{
	.kind = MAPPING_MEMFD,
};

FIXTURE_SETUP(pin_movable)
{
	OPEN_NOIOMMU();
	self->extents = calloc(ROOM, sizeof(*self->extents));
	ASSERT_NE(NULL, self->extents);
	REMEMBER_PINS();
}

FIXTURE_TEARDOWN(pin_movable)
{
	CLOSE_NOIOMMU();
}

static bool is_movable(__u64 phys)
{
	FILE *file = fopen("/proc/zoneinfo", "r");
	unsigned long start, spanned = 0;
	bool movable = false, found = false;
	char line[256];

	while (file && !found && fgets(line, sizeof(line), file)) {
		if (strstr(line, "zone "))
			movable = strstr(line, "Movable");
		if (sscanf(line, " spanned %lu", &spanned) == 1)
			continue;
		if (sscanf(line, " start_pfn: %lu", &start) == 1)
			found = movable && phys / PAGE >= start &&
				phys / PAGE < start + spanned;
	}
	if (file)
		fclose(file);
	return found;
}

static int movable_pages(const char *memory)
{
	int i, movable = 0;

	for (i = 0; i < LENGTH; i += HUGE_2M / 8)
		movable += is_movable(memory_phys(memory + i));
	return movable;
}

#define ASSERT_LEAVES_THE_ZONE(access)					\
do {									\
	char *__memory = mapping_create(variant->kind, LENGTH, NULL);	\
	__u32 __nr = ROOM, __id;					\
									\
	ASSERT_NE(MAP_FAILED, __memory);				\
	mapping_touch(__memory, LENGTH);				\
	ASSERT_LT(0, movable_pages(__memory));				\
	ASSERT_EQ(0, noiommu_pin_range(self->fd, __memory, LENGTH,	\
				       access, self->extents, &__nr,	\
				       &__id));				\
	EXPECT_EQ(0, movable_pages(__memory));				\
	EXPECT_TRUE(extents_are_pagemap(self->extents, __nr, __memory,	\
					LENGTH));			\
	EXPECT_EQ(0, noiommu_unpin_id(self->fd, __id));			\
} while (0)

TEST_F(pin_movable, for_writing)
{
	ASSERT_LEAVES_THE_ZONE(WRITE);
}

TEST_F(pin_movable, for_reading)
{
	ASSERT_LEAVES_THE_ZONE(0);
}

TEST_HARNESS_MAIN
