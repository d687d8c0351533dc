// SPDX-License-Identifier: GPL-2.0-only
/*
 * NOIOMMU_PIN of every kind of memory: the addresses agree with pagemap, and each page, huge
 * or not, takes one reference, in the size in which the process maps it.
 */
#include <linux/mman.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "baseline.h"
#include "extents.h"
#include "folios.h"
#include "kselftest_harness.h"
#include "mappings.h"
#include "memory.h"
#include "noiommu.h"
#include "sysfs.h"

#define WRITE NOIOMMU_ACCESS_WRITE
#define ROOM 16384
#define HUGE_PAGES 512

FIXTURE(pin_memory)
{
	int fd;
	struct noiommu_extent *extents;
	long pinned;
	long locked;
};

FIXTURE_SETUP(pin_memory)
{
	OPEN_NOIOMMU();
	self->extents = calloc(ROOM, sizeof(*self->extents));
	ASSERT_NE(NULL, self->extents);
	REMEMBER_PINS();
}

FIXTURE_TEARDOWN(pin_memory)
{
	CLOSE_NOIOMMU();
}

static long huge_pages(const void *va, size_t length)
{
	return ((unsigned long)va + length - 1) / HUGE_2M -
	       (unsigned long)va / HUGE_2M + 1;
}

#define PIN(va, length, flags, nr, id)					\
	noiommu_pin_range(self->fd, va, length, flags, self->extents,	\
			  nr, id)

static long small_pages(const void *va, size_t length)
{
	return ((unsigned long)va + length - 1) / PAGE -
	       (unsigned long)va / PAGE + 1;
}

/* Pins, checks, unpins. */
#define ASSERT_PINS(va, length, flags, references)			\
do {									\
	__u32 __nr = ROOM, __id = 0;					\
									\
	ASSERT_EQ(0, PIN(va, length, flags, &__nr, &__id));		\
	EXPECT_NE(0, __id);						\
	EXPECT_TRUE(extents_are_pagemap(self->extents, __nr, va,	\
					length));			\
	EXPECT_PINS(references, folios_pages_of(self->extents, __nr));	\
	ASSERT_EQ(0, noiommu_unpin_id(self->fd, __id));			\
	EXPECT_NO_PINS();						\
} while (0)

TEST_F(pin_memory, small_pages)
{
	static const int counts[] = { 1, 2, 3, 500, 511, 512, 513, 2000 };
	char *memory = memory_pages(2001 * PAGE);
	int i;

	ASSERT_NE(MAP_FAILED, memory);
	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		ASSERT_PINS(memory, counts[i] * PAGE, 0, counts[i]);
		ASSERT_PINS(memory + PAGE, counts[i] * PAGE, WRITE, counts[i]);
	}
}

TEST_F(pin_memory, unaligned)
{
	char *memory = memory_pages(8 * PAGE);

	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_PINS(memory, 1, WRITE, 1);
	ASSERT_PINS(memory + PAGE - 1, 1, WRITE, 1);
	ASSERT_PINS(memory + PAGE - 1, 2, WRITE, 2);
	ASSERT_PINS(memory + 123, 2 * PAGE, WRITE, 3);
	ASSERT_PINS(memory + 123, 7 * PAGE + 1, 0, 8);
}

TEST_F(pin_memory, stack)
{
	char variable[3 * PAGE] = {};

	ASSERT_PINS(variable, sizeof(variable), WRITE,
		    small_pages(variable, sizeof(variable)));
}

/* Pins whole pages, and ranges that begin and end inside of pages. */
#define ASSERT_PINS_HUGE(memory, count)					\
do {									\
	size_t __length = (count) * HUGE_2M;				\
	char *__va = (memory);						\
									\
	ASSERT_PINS(__va, __length, WRITE, count);			\
	ASSERT_PINS(__va, __length, 0, count);				\
	ASSERT_PINS(__va + PAGE, __length - PAGE, WRITE, count);	\
	ASSERT_PINS(__va + 123, __length - 123, 0, count);		\
	ASSERT_PINS(__va, __length - PAGE - 7, WRITE,			\
		    huge_pages(__va, __length - PAGE - 7));		\
	ASSERT_PINS(__va + HUGE_2M - 1, __length - HUGE_2M + 1, WRITE,	\
		    count);						\
	ASSERT_PINS(__va + 5 * PAGE, PAGE, WRITE, 1);			\
} while (0)

FIXTURE(pin_huge)
{
	int fd;
	struct noiommu_extent *extents;
	long pinned;
	long locked;
	char *memory;
};

FIXTURE_VARIANT(pin_huge)
{
	enum mapping kind;
};

FIXTURE_VARIANT_ADD(pin_huge, thp)
{
	.kind = MAPPING_THP,
};

FIXTURE_VARIANT_ADD(pin_huge, hugetlb)
{
	.kind = MAPPING_HUGETLB,
};

FIXTURE_VARIANT_ADD(pin_huge, hugetlb_shared)
{
	.kind = MAPPING_HUGETLB_SHARED,
};

FIXTURE_SETUP(pin_huge)
{
	long before = mapping_thp();

	OPEN_NOIOMMU();
	self->extents = calloc(ROOM, sizeof(*self->extents));
	ASSERT_NE(NULL, self->extents);
	/* The tests skip: after a skip here, the harness of 6.1 would run them. */
	if (variant->kind == MAPPING_THP && !memory_has_thp()) {
		REMEMBER_PINS();
		return;
	}
	self->memory = mapping_create(variant->kind, 36 * HUGE_2M, NULL);
	ASSERT_NE(MAP_FAILED, self->memory);
	mapping_touch(self->memory, 35 * HUGE_2M);
	if (variant->kind == MAPPING_THP)
		ASSERT_EQ(before + 35 * 2048, mapping_thp());
	REMEMBER_PINS();
}

FIXTURE_TEARDOWN(pin_huge)
{
	close(self->fd);
	munmap(self->memory, 36 * HUGE_2M);
	EXPECT_NO_PINS();
}

TEST_F(pin_huge, one_to_thirty_five)
{
	static const int counts[] = { 1, 2, 3, 15, 16, 17, 18, 33, 35 };
	int i;

	if (!self->memory)
		SKIP(return, NO_THP);
	for (i = 0; i < ARRAY_SIZE(counts); i++)
		ASSERT_PINS_HUGE(self->memory, counts[i]);
	ASSERT_PINS_HUGE(self->memory + HUGE_2M, 17);
}

TEST_F(pin_huge, never_touched)
{
	long before = mapping_thp();

	if (!self->memory)
		SKIP(return, NO_THP);
	ASSERT_PINS(self->memory + 35 * HUGE_2M, HUGE_2M, WRITE, 1);
	if (variant->kind == MAPPING_THP)
		EXPECT_EQ(before + 2048, mapping_thp());
	/* Only the last page is missing. */
	munmap(self->memory, 36 * HUGE_2M);
	ASSERT_NE(MAP_FAILED, mapping_create(variant->kind, 36 * HUGE_2M,
					     self->memory));
	mapping_touch(self->memory, 3 * HUGE_2M);
	ASSERT_PINS(self->memory, 4 * HUGE_2M, WRITE, 4);
	ASSERT_PINS(self->memory + 4 * HUGE_2M + 9 * PAGE, 20 * HUGE_2M, WRITE,
		    21);
}

/* Each of these splits the mapping of a huge page into small pages. */
TEST_F(pin_memory, thp_split_by_mprotect)
{
	char *memory = mapping_create(MAPPING_THP, 3 * HUGE_2M, NULL);
	char *middle = memory + HUGE_2M;

	if (!memory_has_thp())
		SKIP(return, NO_THP);
	ASSERT_NE(MAP_FAILED, memory);
	mapping_touch(memory, 3 * HUGE_2M);
	ASSERT_PINS(memory, 3 * HUGE_2M, WRITE, 3);
	ASSERT_EQ(0, mprotect(middle + 7 * PAGE, PAGE, PROT_READ));
	ASSERT_PINS(memory, 3 * HUGE_2M, 0, 2 + HUGE_PAGES);
	ASSERT_PINS(memory + PAGE, 3 * HUGE_2M - 2 * PAGE, 0, 2 + HUGE_PAGES);
}

TEST_F(pin_memory, thp_with_a_page_given_back)
{
	char *memory = mapping_create(MAPPING_THP, 4 * HUGE_2M, NULL);

	if (!memory_has_thp())
		SKIP(return, NO_THP);
	ASSERT_NE(MAP_FAILED, memory);
	mapping_touch(memory, 4 * HUGE_2M);
	ASSERT_EQ(0, madvise(memory + HUGE_2M + 7 * PAGE, 2 * PAGE,
			     MADV_DONTNEED));
	ASSERT_EQ(0, madvise(memory + 3 * HUGE_2M - PAGE, PAGE, MADV_DONTNEED));
	ASSERT_PINS(memory, 4 * HUGE_2M, WRITE, 2 + 2 * HUGE_PAGES);
}

/* No page table maps it as a whole: its second half is of another THP. */
TEST_F(pin_memory, thp_moved_by_half)
{
	char *from = mapping_create(MAPPING_THP, 3 * HUGE_2M, NULL);
	char *to = mapping_create(MAPPING_SMALL, 4 * HUGE_2M, NULL);

	ASSERT_NE(MAP_FAILED, from);
	ASSERT_NE(MAP_FAILED, to);
	mapping_touch(from, 3 * HUGE_2M);
	to += HUGE_2M / 2;
	ASSERT_EQ(to, mremap(from, 3 * HUGE_2M, 3 * HUGE_2M,
			     MREMAP_MAYMOVE | MREMAP_FIXED, to));
	ASSERT_PINS(to, 3 * HUGE_2M, WRITE, 3 * HUGE_PAGES);
}

TEST_F(pin_memory, gigantic_page)
{
	size_t size = 1UL << 30;
	char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB |
			    MAP_HUGE_1GB, -1, 0);

	if (memory == MAP_FAILED)
		SKIP(return, "no page of 1 GiB");
	ASSERT_PINS(memory, size, WRITE, 1);
	ASSERT_PINS(memory + HUGE_2M - 1, HUGE_2M + 2, WRITE, 1);
	ASSERT_PINS(memory + 5, size - 5, 0, 1);
}

TEST_F(pin_memory, shared_and_files)
{
	enum mapping kinds[] = { MAPPING_SHARED, MAPPING_MEMFD,
				 MAPPING_PRIVATE_FILE };
	char *memory;
	int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		memory = mapping_create(kinds[i], 600 * PAGE, NULL);
		ASSERT_NE(MAP_FAILED, memory);
		mapping_touch(memory, 300 * PAGE);
		/* The pin faults in half of the pages. */
		ASSERT_PINS(memory, 600 * PAGE, WRITE, 600);
		ASSERT_PINS(memory + 299 * PAGE + 1, 2 * PAGE, 0, 3);
		munmap(memory, 600 * PAGE);
	}
}

TEST_F(pin_memory, never_touched)
{
	char *memory = mapping_create(MAPPING_SMALL, 1000 * PAGE, NULL);

	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_PINS(memory + 500 * PAGE, PAGE, 0, 1);
	ASSERT_PINS(memory, 1000 * PAGE, WRITE, 1000);
}

#define MIXED_HUGE 2
#define MIXED_LENGTH (MAPPINGS * MIXED_HUGE * HUGE_2M)

/* Creates all kinds next to each other, in random order, partly touched. */
static char *create_mixed(enum mapping kinds[MAPPINGS])
{
	char *memory = mapping_create(MAPPING_SMALL, MIXED_LENGTH, NULL);
	size_t length = MIXED_HUGE * HUGE_2M;
	int i, j;

	for (i = 0; memory != MAP_FAILED && i < MAPPINGS; i++) {
		j = rand() % (i + 1);
		kinds[i] = kinds[j];
		kinds[j] = i;
	}
	for (i = 0; memory != MAP_FAILED && i < MAPPINGS; i++) {
		char *piece = memory + i * length;

		if (mapping_create(kinds[i], length, piece) == MAP_FAILED)
			return MAP_FAILED;
		mapping_touch(piece, rand() % length);
	}
	return memory;
}

static bool is_huge(enum mapping kind)
{
	return kind == MAPPING_THP || kind == MAPPING_HUGETLB ||
	       kind == MAPPING_HUGETLB_SHARED;
}

static long mixed_references(const enum mapping kinds[MAPPINGS],
			     const char *memory, const char *va, size_t length)
{
	size_t size = MIXED_HUGE * HUGE_2M;
	const char *end = va + length, *next;
	long references = 0;

	for (; va < end; va = next) {
		size_t kind = (va - memory) / size;

		next = memory + (kind + 1) * size;
		if (next > end)
			next = end;
		references += is_huge(kinds[kind]) ?
			      huge_pages(va, next - va) :
			      small_pages(va, next - va);
	}
	return references;
}

TEST_F(pin_memory, mixed)
{
	enum mapping kinds[MAPPINGS];
	char *memory, *va;
	size_t length;
	int i, j;

	if (!memory_has_thp())
		SKIP(return, NO_THP);
	srand(1);
	for (i = 0; i < 4; i++) {
		memory = create_mixed(kinds);
		ASSERT_NE(MAP_FAILED, memory);
		for (j = 0; j < 12; j++) {
			va = memory + rand() % MIXED_LENGTH;
			length = 1 + rand() % (memory + MIXED_LENGTH - va);
			ASSERT_PINS(va, length, rand() & 1 ? WRITE : 0,
				    mixed_references(kinds, memory, va,
						     length));
		}
		ASSERT_PINS(memory, MIXED_LENGTH, WRITE,
			    mixed_references(kinds, memory, memory,
					     MIXED_LENGTH));
		munmap(memory, MIXED_LENGTH);
	}
}

TEST_HARNESS_MAIN
