// SPDX-License-Identifier: GPL-2.0-only
/*
 * The contract of NOIOMMU_TRANSLATE: longest possible pieces, small arrays, the progress of a
 * failed call, access rights, and answers that become stale. Guest: two NUMA nodes.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "mappings.h"
#include "memory.h"
#include "noiommu.h"
#include "sysfs.h"
#include "translation.h"

#define WRITE NOIOMMU_ACCESS_WRITE

FIXTURE(translate)
{
	int fd;
	struct translation got;
};

FIXTURE_SETUP(translate)
{
	run("modprobe noiommu");
	self->fd = noiommu_open_device();
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(translate)
{
	translation_free(&self->got);
	close(self->fd);
}

static bool get(struct translation *got, int fd, const void *va, size_t length,
		__u32 flags, __u32 room)
{
	translation_free(got);
	return translation_get(got, fd, va, length, flags, room) &&
	       translation_is_pagemap(got);
}

#define GET(...) get(&self->got, self->fd, __VA_ARGS__)

/* Returns a huge page, mapped as a whole. */
static char *huge(void)
{
	char *memory = mapping_create(MAPPING_THP, HUGE_2M, NULL);
	long before = mapping_thp();

	if (memory == MAP_FAILED)
		return MAP_FAILED;
	mapping_touch(memory, HUGE_2M);
	return mapping_thp() > before ? memory : MAP_FAILED;
}

/* Returns this number of runs of small pages; no two runs are contiguous. */
static char *runs(size_t count, size_t pages)
{
	size_t length = pages * PAGE, i;
	char *from = huge(), *to = huge();

	if (from == MAP_FAILED || to == MAP_FAILED)
		return MAP_FAILED;
	/* Place the runs in the opposite order. */
	for (i = 0; i < count; i++)
		if (mremap(from + (count - 1 - i) * length, length, length,
			   MREMAP_MAYMOVE | MREMAP_FIXED, to + i * length) ==
		    MAP_FAILED)
			return MAP_FAILED;
	return to;
}

TEST_F(translate, one_piece_across_pages)
{
	char *memory = runs(4, 16);

	if (!memory_has_thp())
		SKIP(return, NO_THP);
	ASSERT_NE(MAP_FAILED, (void *)memory);
	ASSERT_TRUE(GET(memory, 64 * PAGE, 0, 0));
	EXPECT_EQ(0, self->got.error);
	EXPECT_EQ(4, self->got.nr);
	ASSERT_TRUE(GET(memory + 100, 16 * PAGE, 0, 0));
	EXPECT_EQ(2, self->got.nr);
	EXPECT_EQ(100, self->got.extents[1].length);
}

TEST_F(translate, one_piece_across_mappings)
{
	char *memory = huge();

	if (!memory_has_thp())
		SKIP(return, NO_THP);
	ASSERT_NE(MAP_FAILED, (void *)memory);
	ASSERT_TRUE(GET(memory, HUGE_2M, WRITE, 0));
	EXPECT_EQ(1, self->got.nr);
	ASSERT_EQ(0, mprotect(memory + 100 * PAGE, 50 * PAGE, PROT_READ));
	EXPECT_EQ(0, mapping_thp());
	ASSERT_TRUE(GET(memory, HUGE_2M, 0, 0));
	EXPECT_EQ(0, self->got.error);
	EXPECT_EQ(1, self->got.nr);
	ASSERT_TRUE(GET(memory, HUGE_2M, WRITE, 0));
	EXPECT_EQ(-EFAULT, self->got.error);
	EXPECT_EQ(100 * PAGE, self->got.done);
	EXPECT_EQ(1, self->got.nr);
}

/* Adjacent pages of 2 MiB, mapped in the opposite order, then in order. */
TEST_F(translate, one_piece_across_huge_pages)
{
	const size_t count = 16;
	char *memory = mapping_create(MAPPING_HUGETLB, count * HUGE_2M, NULL);
	size_t i, expected = 1;

	ASSERT_NE(MAP_FAILED, (void *)memory);
	mapping_touch(memory, count * HUGE_2M);
	for (i = 1; i < count; i++)
		if (memory_phys(memory + i * HUGE_2M) !=
		    memory_phys(memory + (i - 1) * HUGE_2M) + HUGE_2M)
			expected++;
	ASSERT_TRUE(GET(memory, count * HUGE_2M, 0, 0));
	EXPECT_EQ(0, self->got.error);
	EXPECT_EQ(1, self->got.calls);
	EXPECT_EQ(expected, self->got.nr);
}

/* Adjacent pages on both sides of the end of a batch. */
TEST_F(translate, one_piece_across_batches)
{
	char *memory = huge();
	size_t at;

	if (!memory_has_thp())
		SKIP(return, NO_THP);
	ASSERT_NE(MAP_FAILED, (void *)memory);
	ASSERT_EQ(0, mprotect(memory + 10 * PAGE, PAGE, PROT_READ));
	for (at = 0; at < 4; at++) {
		ASSERT_TRUE(GET(memory + at * PAGE, HUGE_2M - at * PAGE,
				0, 0));
		EXPECT_EQ(1, self->got.nr);
	}
}

TEST_F(translate, small_arrays)
{
	static const __u32 rooms[] = { 1, 2, 3, 7, 15, 16, 17, 40 };
	const size_t length = 300 * PAGE - 50;
	struct translation all;
	char *memory = runs(100, 3);
	int i;

	if (!memory_has_thp())
		SKIP(return, NO_THP);
	ASSERT_NE(MAP_FAILED, (void *)memory);
	ASSERT_TRUE(translation_get(&all, self->fd, memory + 10, length, 0, 0));
	EXPECT_EQ(0, all.error);
	EXPECT_EQ(100, all.nr);
	EXPECT_EQ(1, all.calls);
	for (i = 0; i < ARRAY_SIZE(rooms); i++) {
		ASSERT_TRUE(GET(memory + 10, length, 0, rooms[i]));
		EXPECT_TRUE(translation_same(&all, &self->got));
		EXPECT_EQ((all.nr + rooms[i] - 1) / rooms[i], self->got.calls);
	}
	translation_free(&all);
}

/* The last piece may still grow in a full array. */
TEST_F(translate, array_that_just_suffices)
{
	char *memory = runs(20, 25);

	if (!memory_has_thp())
		SKIP(return, NO_THP);
	ASSERT_NE(MAP_FAILED, (void *)memory);
	ASSERT_TRUE(GET(memory, 500 * PAGE, 0, 20));
	EXPECT_EQ(1, self->got.calls);
	ASSERT_TRUE(GET(memory, 500 * PAGE, 0, 19));
	EXPECT_EQ(2, self->got.calls);
	EXPECT_EQ(0, self->got.error);
}

#define EXPECT_STOPS_AT(at, flags)					\
do {									\
	static const __u32 __rooms[] = { 0, 1, 2, 17 };			\
	int __i;							\
									\
	for (__i = 0; __i < ARRAY_SIZE(__rooms); __i++) {		\
		EXPECT_TRUE(GET(memory + 5, 512 * PAGE - 5,	\
				flags, __rooms[__i]));			\
		EXPECT_EQ(-EFAULT, self->got.error);			\
		EXPECT_EQ((at) - 5, self->got.done);			\
	}								\
} while (0)

TEST_F(translate, stops_at_a_hole)
{
	static const size_t holes[] = { 511, 400, 200, 64, 9, 8, 7, 1 };
	char *memory = runs(128, 4);
	int i;

	if (!memory_has_thp())
		SKIP(return, NO_THP);
	ASSERT_NE(MAP_FAILED, (void *)memory);
	for (i = 0; i < ARRAY_SIZE(holes); i++) {
		ASSERT_EQ(0, munmap(memory + holes[i] * PAGE, PAGE));
		EXPECT_STOPS_AT(holes[i] * PAGE, 0);
	}
	ASSERT_EQ(0, munmap(memory, PAGE));
	ASSERT_TRUE(GET(memory, 2 * PAGE, 0, 0));
	EXPECT_EQ(-EFAULT, self->got.error);
	EXPECT_EQ(0, self->got.done);
	EXPECT_EQ(0, self->got.nr);
}

/* The pages before the hole are not present, so the call faults them in. */
TEST_F(translate, stops_at_a_hole_after_what_was_never_touched)
{
	char *memory = mapping_create(MAPPING_SMALL, 1024 * PAGE, NULL);

	ASSERT_NE(MAP_FAILED, (void *)memory);
	ASSERT_EQ(0, munmap(memory + 300 * PAGE, PAGE));
	EXPECT_STOPS_AT(300 * PAGE, WRITE);
	EXPECT_STOPS_AT(300 * PAGE, 0);
}

TEST_F(translate, stops_between_huge_pages)
{
	char *memory = mapping_create(MAPPING_HUGETLB, 3 * HUGE_2M, NULL);
	static const __u32 flags[] = { 0, WRITE };
	int i;

	ASSERT_NE(MAP_FAILED, (void *)memory);
	mapping_touch(memory, 3 * HUGE_2M);
	ASSERT_EQ(0, mprotect(memory + HUGE_2M, HUGE_2M, PROT_READ));
	EXPECT_TRUE(GET(memory, 3 * HUGE_2M, WRITE, 0));
	EXPECT_EQ(HUGE_2M, self->got.done);
	ASSERT_EQ(0, munmap(memory + HUGE_2M, HUGE_2M));
	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		ASSERT_TRUE(GET(memory + 1, 3 * HUGE_2M - 1, flags[i],
				0));
		EXPECT_EQ(-EFAULT, self->got.error);
		EXPECT_EQ(HUGE_2M - 1, self->got.done);
	}
}

TEST_F(translate, stops_where_nothing_is_permitted)
{
	static const int kinds[] = { MAPPING_SMALL, MAPPING_MEMFD,
				     MAPPING_THP };
	char *memory;
	int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		memory = mapping_create(kinds[i], HUGE_2M, NULL);
		ASSERT_NE(MAP_FAILED, (void *)memory);
		mapping_touch(memory, HUGE_2M);
		ASSERT_EQ(0, mprotect(memory + 77 * PAGE, PAGE, PROT_NONE));
		EXPECT_STOPS_AT(77 * PAGE, 0);
		EXPECT_STOPS_AT(77 * PAGE, WRITE);
		ASSERT_EQ(0, mprotect(memory, HUGE_2M, PROT_NONE));
		EXPECT_EQ(0, translate_one(self->fd, memory, 0, NULL));
	}
}

TEST_F(translate, stops_where_writing_is_not_permitted)
{
	char *memory;
	int kind;

	for (kind = 0; kind < MAPPING_HUGETLB; kind++) {
		memory = mapping_create(kind, HUGE_2M, NULL);
		ASSERT_NE(MAP_FAILED, (void *)memory);
		mapping_touch(memory, HUGE_2M);
		ASSERT_EQ(0, mprotect(memory + 77 * PAGE, PAGE, PROT_READ));
		EXPECT_STOPS_AT(77 * PAGE, WRITE);
		EXPECT_TRUE(translates(self->fd, memory, HUGE_2M, 0));
		ASSERT_EQ(0, mprotect(memory, HUGE_2M, PROT_READ));
		EXPECT_EQ(0, translate_one(self->fd, memory, WRITE, NULL));
	}
}

/* The CPU can read writable pages, although the mapping's flags forbid it. */
TEST_F(translate, write_only_memory_is_no_garbage)
{
	char *memory = mapping_create(MAPPING_SMALL, HUGE_2M, NULL);
	static const __u32 flags[] = { 0, WRITE };
	int i;

	ASSERT_NE(MAP_FAILED, (void *)memory);
	mapping_touch(memory, HUGE_2M / 2);
	ASSERT_EQ(0, mprotect(memory, HUGE_2M, PROT_WRITE));
	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		EXPECT_TRUE(GET(memory, HUGE_2M, flags[i], 0));
		if (self->got.error)
			EXPECT_EQ(-EFAULT, self->got.error);
	}
}

/* Runs a child that returns its result as exit status. */
static int child(bool (*good)(int fd, char *memory, __u64 phys), int fd,
		 char *memory, __u64 phys)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		_exit(good(fd, memory, phys) ? 0 : 1);
	return waitpid(pid, &status, 0) == pid ? status : -1;
}

static bool shares_until_it_writes(int fd, char *memory, __u64 phys)
{
	return translate_one(fd, memory, 0, NULL) == phys &&
	       translate_one(fd, memory, WRITE, NULL) != phys &&
	       translate_one(fd, memory, 0, NULL) == memory_phys(memory) &&
	       memory_phys(memory) != phys && *memory == 7;
}

static bool shares_for_ever(int fd, char *memory, __u64 phys)
{
	return translate_one(fd, memory, WRITE, NULL) == phys &&
	       memory_phys(memory) == phys;
}

TEST_F(translate, to_write_takes_a_page_of_its_own_after_fork)
{
	static const int kinds[] = { MAPPING_SMALL, MAPPING_THP,
				     MAPPING_HUGETLB };
	char *memory;
	int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		memory = mapping_create(kinds[i], HUGE_2M, NULL);
		ASSERT_NE(MAP_FAILED, (void *)memory);
		mapping_touch(memory, HUGE_2M);
		*memory = 7;
		EXPECT_EQ(0, child(shares_until_it_writes, self->fd, memory,
				   memory_phys(memory)));
	}
	memory = mapping_create(MAPPING_MEMFD, HUGE_2M, NULL);
	ASSERT_NE(MAP_FAILED, (void *)memory);
	EXPECT_TRUE(translates(self->fd, memory, HUGE_2M, WRITE));
	EXPECT_EQ(0, child(shares_for_ever, self->fd, memory,
			   memory_phys(memory)));
}

TEST_F(translate, to_write_leaves_the_zero_page)
{
	char *memory = mapping_create(MAPPING_SMALL, 2 * PAGE, NULL);
	__u64 zero;

	ASSERT_NE(MAP_FAILED, (void *)memory);
	zero = translate_one(self->fd, memory, 0, NULL);
	EXPECT_EQ(zero, translate_one(self->fd, memory + PAGE, 0, NULL));
	EXPECT_NE(zero, translate_one(self->fd, memory, WRITE, NULL));
	EXPECT_NE(zero, memory_phys(memory));
	EXPECT_EQ(zero, memory_phys(memory + PAGE));
}

TEST_F(translate, answers_get_old_and_pins_do_not)
{
	char *memory = memory_pages(2 * PAGE), *pinned = memory + PAGE;
	struct noiommu_extent extent;
	__u32 nr = 1, id;
	__u64 phys;

	ASSERT_NE(MAP_FAILED, (void *)memory);
	phys = translate_one(self->fd, memory, WRITE, NULL);
	ASSERT_EQ(0, memory_migrate(memory));
	EXPECT_NE(phys, memory_phys(memory));
	EXPECT_TRUE(translates(self->fd, memory, PAGE, WRITE));

	ASSERT_EQ(0, noiommu_pin_range(self->fd, pinned, PAGE, WRITE, &extent,
				       &nr, &id));
	EXPECT_EQ(extent.phys, translate_one(self->fd, pinned, WRITE, NULL));
	EXPECT_GT(0, memory_migrate(pinned));
	EXPECT_EQ(extent.phys, memory_phys(pinned));
	EXPECT_TRUE(translates(self->fd, pinned, PAGE, WRITE));
	ASSERT_EQ(0, noiommu_unpin_id(self->fd, id));
	EXPECT_EQ(0, memory_migrate(pinned));
}

TEST_HARNESS_MAIN
