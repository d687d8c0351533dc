// SPDX-License-Identifier: GPL-2.0-only
/*
 * NOIOMMU_LIST_PINS returns for each pin what NOIOMMU_PIN returned, byte for byte.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "baseline.h"
#include "kselftest_harness.h"
#include "listed.h"
#include "mappings.h"
#include "memory.h"
#include "noiommu.h"
#include "sysfs.h"

#define PIECE (2 * HUGE_2M)
/* More references than fit into a page of kernel memory. */
#define MANY 1200

FIXTURE(pin_list)
{
	int fd;
	struct list *told;	/* by NOIOMMU_PIN */
	struct list *listed;
	long pinned;
	long locked;
};

FIXTURE_SETUP(pin_list)
{
	OPEN_NOIOMMU();
	ALLOCATE_LISTS();
	REMEMBER_PINS();
}

FIXTURE_TEARDOWN(pin_list)
{
	CLOSE_NOIOMMU();
}

#define ASSERT_PINNED(va, length, flags)				\
	ASSERT_EQ(0, pin_next(self->fd, self->told, va, length, flags))

TEST_F(pin_list, nothing)
{
	ASSERT_EQ(0, list_all(self->fd, self->listed));
	EXPECT_EQ(0, self->listed->nr_pins);
	EXPECT_EQ(0, self->listed->nr_extents);
}

TEST_F(pin_list, of_each_kind_of_memory)
{
	char *memory;
	int kind;

	for (kind = 0; kind < MAPPINGS; kind++) {
		memory = mapping_create(kind, PIECE, NULL);
		ASSERT_NE(MAP_FAILED, (void *)memory);
		ASSERT_PINNED(memory, PIECE, WRITE);
		/* From the middle of a page into another page, and within one page. */
		ASSERT_PINNED(memory + 5, HUGE_2M + PAGE, 0);
		ASSERT_PINNED(memory + HUGE_2M - 1, 2, WRITE);
		ASSERT_PINNED(memory + PIECE - 7, 3, 0);
	}
	EXPECT_LISTED();
}

TEST_F(pin_list, of_many_extents)
{
	char *memory = scattered(MANY);

	ASSERT_NE(MAP_FAILED, (void *)memory);
	ASSERT_PINNED(memory, MANY * PAGE, WRITE);
	ASSERT_PINNED(memory + 1, 10 * PAGE, WRITE);
	ASSERT_PINNED(memory + 3 * PAGE, (MANY - 3) * PAGE, 0);
	ASSERT_LT(MANY, self->told->nr_extents);
	EXPECT_LISTED();
}

/* Extents of two pins of adjacent memory are not merged. */
TEST_F(pin_list, of_contiguous_ranges)
{
	char *memory = memory_huge(HUGE_2M);
	int i;

	ASSERT_NE(MAP_FAILED, (void *)memory);
	for (i = 0; i < 20; i++)
		ASSERT_PINNED(memory + i * PAGE, PAGE, WRITE);
	EXPECT_EQ(20, self->told->nr_extents);
	EXPECT_LISTED();
}

/* Creates small pages, THP, hugetlb and a file, one after the other. */
static char *create_mixed(size_t *length)
{
	static const enum mapping kinds[] = {
		MAPPING_THP, MAPPING_SMALL, MAPPING_HUGETLB, MAPPING_THP,
		MAPPING_MEMFD, MAPPING_THP,
	};
	char *memory;
	int i;

	*length = ARRAY_SIZE(kinds) * HUGE_2M;
	memory = mapping_create(MAPPING_SMALL, *length, NULL);
	for (i = 0; memory != MAP_FAILED && i < ARRAY_SIZE(kinds); i++)
		if (mapping_create(kinds[i], HUGE_2M, memory + i * HUGE_2M) ==
		    MAP_FAILED)
			return MAP_FAILED;
	return memory;
}

TEST_F(pin_list, of_ranges_that_begin_and_end_anywhere)
{
	unsigned int seed = 1;
	size_t length, start;
	char *memory = create_mixed(&length);
	int i;

	ASSERT_NE(MAP_FAILED, (void *)memory);
	/* Touch all pages; otherwise the first pin would change them. */
	mapping_touch(memory, length);
	for (i = 0; i < MAX_PINS; i++) {
		start = rand_r(&seed) % length;
		ASSERT_PINNED(memory + start,
			      1 + rand_r(&seed) % (length - start),
			      rand_r(&seed) & 1 ? WRITE : 0);
	}
	EXPECT_LISTED();
}

/* --- The arrays -------------------------------------------------------------- */

TEST_F(pin_list, numbers_only)
{
	__u32 nr_pins = 0, nr_extents = 0;

	ASSERT_EQ(0, pin_some(self->fd, self->told));
	ASSERT_EQ(0, noiommu_list(self->fd, NULL, &nr_pins, NULL, &nr_extents));
	EXPECT_EQ(self->told->nr_pins, nr_pins);
	EXPECT_EQ(self->told->nr_extents, nr_extents);
	/* Room for one of the two. */
	nr_extents = 0;
	ASSERT_EQ(0, noiommu_list(self->fd, self->listed->pins, &nr_pins, NULL,
				  &nr_extents));
	EXPECT_EQ(0, memcmp(self->told->pins, self->listed->pins,
			    nr_pins * sizeof(*self->told->pins)));
	EXPECT_EQ(self->told->nr_extents, nr_extents);
	nr_pins = 0;
	ASSERT_EQ(0, noiommu_list(self->fd, NULL, &nr_pins,
				  self->listed->extents, &nr_extents));
	EXPECT_EQ(self->told->nr_pins, nr_pins);
	EXPECT_EQ(0, memcmp(self->told->extents, self->listed->extents,
			    nr_extents * sizeof(*self->told->extents)));
}

TEST_F(pin_list, arrays_too_small)
{
	struct list *told = self->told, *listed = self->listed;
	__u32 nr_pins, nr_extents;

	ASSERT_EQ(0, pin_some(self->fd, told));
	for (nr_pins = 1; nr_pins < told->nr_pins; nr_pins++) {
		EXPECT_EQ(-ENOSPC, list_up_to(self->fd, listed, nr_pins, ROOM));
		EXPECT_EQ(told->nr_pins, listed->nr_pins);
		EXPECT_EQ(told->nr_extents, listed->nr_extents);
		EXPECT_EQ(0xa5a5a5a5, listed->pins[nr_pins].id);
	}
	for (nr_extents = 1; nr_extents < told->nr_extents; nr_extents++) {
		memset(listed->extents, 0xa5,
		       told->nr_extents * sizeof(*listed->extents));
		EXPECT_EQ(-ENOSPC, list_up_to(self->fd, listed, MAX_PINS,
					      nr_extents));
		EXPECT_EQ(told->nr_pins, listed->nr_pins);
		EXPECT_EQ(told->nr_extents, listed->nr_extents);
		EXPECT_EQ(0xa5a5a5a5, listed->extents[nr_extents].flags);
	}
	/* Exactly as large as the kernel has returned. */
	EXPECT_EQ(0, list_up_to(self->fd, listed, told->nr_pins,
				told->nr_extents));
	EXPECT_TRUE(is_same(told, listed));
}

TEST_F(pin_list, arrays_that_are_wrong)
{
	struct list *listed = self->listed;
	void *nowhere = (void *)PAGE;
	__u32 one = 1, none = 0;

	ASSERT_EQ(0, pin_some(self->fd, self->told));
	EXPECT_EQ(-EINVAL, noiommu_list(self->fd, NULL, &one, NULL, &none));
	EXPECT_EQ(-EINVAL, noiommu_list(self->fd, listed->pins, &none, NULL,
					&none));
	EXPECT_EQ(-EINVAL, noiommu_list(self->fd, NULL, &none, NULL, &one));
	EXPECT_EQ(-EINVAL, noiommu_list(self->fd, NULL, &none, listed->extents,
					&none));
	EXPECT_EQ(-EFAULT, noiommu_list(self->fd, nowhere, &one, NULL, &none));
	EXPECT_EQ(-EFAULT, noiommu_list(self->fd, NULL, &none, nowhere, &one));
	EXPECT_EQ(1, one);
	EXPECT_EQ(0, none);
	EXPECT_LISTED();
}

TEST_HARNESS_MAIN
