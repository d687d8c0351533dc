// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pinned pages stay in place: during migration and compaction, which move all others, and
 * after their mapping has ended. Guest: two NUMA nodes.
 */
#include <fcntl.h>
#include <sched.h>
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
#define HUGE_COUNT 3

FIXTURE(pin_stays)
{
	int fd;
	struct noiommu_extent *extents;
	long pinned;
	long locked;
};

FIXTURE_SETUP(pin_stays)
{
	OPEN_NOIOMMU();
	self->extents = calloc(ROOM, sizeof(*self->extents));
	ASSERT_NE(NULL, self->extents);
	REMEMBER_PINS();
}

FIXTURE_TEARDOWN(pin_stays)
{
	CLOSE_NOIOMMU();
}

#define PIN(va, length, flags)						\
({									\
	__u32 __nr = ROOM, __id = 0;					\
									\
	ASSERT_EQ(0, noiommu_pin_range(self->fd, va, length, flags,	\
				       self->extents, &__nr, &__id));	\
	EXPECT_TRUE(extents_are_pagemap(self->extents, __nr, va,	\
					length));			\
	__id;								\
})

#define EXPECT_MOVES(va)						\
do {									\
	__u64 __phys = memory_phys(va);					\
									\
	EXPECT_EQ(0, memory_migrate(va));				\
	EXPECT_NE(__phys, memory_phys(va));				\
} while (0)

#define EXPECT_STAYS(va)						\
do {									\
	__u64 __phys = memory_phys(va);					\
									\
	EXPECT_GT(0, memory_migrate(va));				\
	EXPECT_EQ(__phys, memory_phys(va));				\
} while (0)

TEST_F(pin_stays, control_what_is_locked_moves)
{
	char *memory = memory_pages(PAGE), *huge = memory_huge(HUGE_2M);

	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_NE(MAP_FAILED, huge);
	EXPECT_MOVES(memory);
	ASSERT_EQ(0, mlock(memory, PAGE));
	EXPECT_MOVES(memory);
	ASSERT_EQ(0, mlock(huge, HUGE_2M));
	EXPECT_MOVES(huge);
}

TEST_F(pin_stays, small_pages)
{
	char *memory = memory_pages(20 * PAGE);
	__u32 id;
	int i;

	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_MOVES(memory);
	id = PIN(memory, 10 * PAGE, WRITE);
	for (i = 0; i < 10; i++)
		EXPECT_STAYS(memory + i * PAGE);
	EXPECT_MOVES(memory + 10 * PAGE);
	ASSERT_EQ(0, noiommu_unpin_id(self->fd, id));
	EXPECT_MOVES(memory);
	PIN(memory, 10 * PAGE, 0);
	EXPECT_STAYS(memory + 9 * PAGE);
}

TEST_F(pin_stays, shared_memory)
{
	char *memory = mapping_create(MAPPING_MEMFD, 4 * PAGE, NULL);

	ASSERT_NE(MAP_FAILED, memory);
	mapping_touch(memory, 4 * PAGE);
	EXPECT_MOVES(memory);
	PIN(memory, 2 * PAGE, 0);
	EXPECT_STAYS(memory);
	EXPECT_STAYS(memory + PAGE);
	EXPECT_MOVES(memory + 3 * PAGE);
}

/* One reference must hold all of the huge page, whichever part is pinned. */
TEST_F(pin_stays, huge_pages)
{
	enum mapping kinds[] = { MAPPING_THP, MAPPING_HUGETLB };
	int i, j;

	if (!memory_has_thp())
		SKIP(return, NO_THP);
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		char *memory = mapping_create(kinds[i], 5 * HUGE_2M, NULL);
		__u32 id;

		ASSERT_NE(MAP_FAILED, memory);
		mapping_touch(memory, 5 * HUGE_2M);
		EXPECT_MOVES(memory);
		id = PIN(memory, HUGE_COUNT * HUGE_2M, WRITE);
		for (j = 0; j < HUGE_COUNT; j++)
			EXPECT_STAYS(memory + j * HUGE_2M);
		EXPECT_MOVES(memory + HUGE_COUNT * HUGE_2M);
		ASSERT_EQ(0, noiommu_unpin_id(self->fd, id));
		EXPECT_MOVES(memory + HUGE_2M);

		id = PIN(memory + 7 * PAGE, 2 * PAGE, 0);
		EXPECT_STAYS(memory);
		ASSERT_EQ(0, noiommu_unpin_id(self->fd, id));
		EXPECT_MOVES(memory);
		munmap(memory, 5 * HUGE_2M);
	}
}

/* Splitting the mapping of a huge page does not split the page. */
TEST_F(pin_stays, huge_page_split_after_the_pin)
{
	char *memory = mapping_create(MAPPING_THP, 2 * HUGE_2M, NULL);
	__u64 phys[2];

	ASSERT_NE(MAP_FAILED, memory);
	mapping_touch(memory, 2 * HUGE_2M);
	PIN(memory, 2 * HUGE_2M, WRITE);
	phys[0] = memory_phys(memory + HUGE_2M / 2);
	phys[1] = memory_phys(memory + HUGE_2M + PAGE);
	ASSERT_EQ(0, mprotect(memory, PAGE, PROT_READ));
	ASSERT_EQ(0, munmap(memory + HUGE_2M, PAGE));
	EXPECT_STAYS(memory + HUGE_2M / 2);
	EXPECT_STAYS(memory + HUGE_2M + PAGE);
	memory[HUGE_2M / 2] = 1;
	memory[HUGE_2M + PAGE] = 1;
	EXPECT_EQ(phys[0], memory_phys(memory + HUGE_2M / 2));
	EXPECT_EQ(phys[1], memory_phys(memory + HUGE_2M + PAGE));
}

static bool is_in(const struct noiommu_extent *extents, __u32 nr, __u64 phys)
{
	__u32 i;

	for (i = 0; i < nr; i++)
		if (phys >= extents[i].phys &&
		    phys < extents[i].phys + extents[i].length)
			return true;
	return false;
}

/* Allocates many pages; returns how many of them lie in the extents. */
static int taken_again(const struct noiommu_extent *extents, __u32 nr)
{
	char *fresh = memory_pages(3000 * PAGE);
	int i, found = 0;

	for (i = 0; i < 3000; i++)
		found += is_in(extents, nr, memory_phys(fresh + i * PAGE));
	munmap(fresh, 3000 * PAGE);
	return found;
}

TEST_F(pin_stays, munmap_does_not_free)
{
	char *memory = memory_pages(50 * PAGE);
	__u32 nr = ROOM, id;
	cpu_set_t one;

	/* Freed pages wait on per-CPU lists for the next allocation. */
	CPU_ZERO(&one);
	CPU_SET(0, &one);
	ASSERT_EQ(0, sched_setaffinity(0, sizeof(one), &one));
	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_EQ(0, noiommu_pin_range(self->fd, memory, 50 * PAGE, WRITE,
				       self->extents, &nr, &id));
	ASSERT_EQ(0, munmap(memory, 50 * PAGE));
	EXPECT_EQ(self->pinned + 50, memory_pinned());
	EXPECT_EQ(0, taken_again(self->extents, nr));
	ASSERT_EQ(0, noiommu_unpin_id(self->fd, id));
	EXPECT_LT(0, taken_again(self->extents, nr));
}

TEST_F(pin_stays, neither_does_the_end_of_the_file)
{
	int file = memfd_create("pins", MFD_CLOEXEC);
	__u32 nr = ROOM, id;
	char *memory, *view;

	ASSERT_EQ(0, ftruncate(file, 50 * PAGE));
	memory = mmap(NULL, 50 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
		      file, 0);
	ASSERT_NE(MAP_FAILED, memory);
	strcpy(memory + PAGE, "content");
	ASSERT_EQ(0, noiommu_pin_range(self->fd, memory, 50 * PAGE, WRITE,
				       self->extents, &nr, &id));
	ASSERT_EQ(0, munmap(memory, 50 * PAGE));
	view = mmap(NULL, 50 * PAGE, PROT_READ, MAP_SHARED, file, 0);
	ASSERT_NE(MAP_FAILED, view);
	EXPECT_STREQ("content", view + PAGE);
	EXPECT_TRUE(is_in(self->extents, nr, memory_phys(view + PAGE)));
	ASSERT_EQ(0, ftruncate(file, 0));
	EXPECT_EQ(0, taken_again(self->extents, nr));
	ASSERT_EQ(0, noiommu_unpin_id(self->fd, id));
}

/* Bit 4 of /proc/kpageflags: the content differs from what is stored. */
static bool is_dirty(const void *va)
{
	__u64 flags = 0;
	int fd = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);

	if (pread(fd, &flags, sizeof(flags),
		  memory_phys(va) / PAGE * sizeof(flags)) != sizeof(flags))
		flags = 0;
	close(fd);
	return flags >> 4 & 1;
}

TEST_F(pin_stays, dirty_after_a_pin_for_writing)
{
	char *memory = memory_pages(2 * PAGE);

	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_FALSE(is_dirty(memory));
	ASSERT_EQ(0, noiommu_unpin_id(self->fd, PIN(memory, PAGE, 0)));
	EXPECT_FALSE(is_dirty(memory));
	ASSERT_EQ(0, noiommu_unpin_id(self->fd, PIN(memory, PAGE, WRITE)));
	EXPECT_TRUE(is_dirty(memory));
	EXPECT_FALSE(is_dirty(memory + PAGE));
}

TEST_HARNESS_MAIN
