/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Compare pins as NOIOMMU_PIN returned them with pins as listed. Expectations of tests whose
 * fixture has fd, told and listed.
 */
#ifndef TESTS_LISTED_H
#define TESTS_LISTED_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "mappings.h"
#include "memory.h"
#include "noiommu.h"

#define WRITE NOIOMMU_ACCESS_WRITE
#define MAX_PINS 40
#define MAX_PAGES 3072
/* The number of extents if no two pages are neighbours. */
#define ROOM (MAX_PINS * MAX_PAGES)

/* Pins and their extents, one pin after the other. */
struct list {
	struct noiommu_pin_info pins[MAX_PINS];
	struct noiommu_extent extents[ROOM];
	__u32 nr_pins;
	__u32 nr_extents;
};

/* Pins, and appends the kernel's answer to earlier ones. */
static inline int pin_next(int fd, struct list *told, const void *va,
			   size_t length, __u32 flags)
{
	struct noiommu_pin_info *info = &told->pins[told->nr_pins];
	__u32 nr = ROOM - told->nr_extents;
	int ret;

	info->va = (unsigned long)va;
	info->length = length;
	info->flags = flags;
	ret = noiommu_pin_range(fd, va, length, flags,
				told->extents + told->nr_extents, &nr,
				&info->id);
	if (ret)
		return ret;
	info->nr_extents = nr;
	told->nr_extents += nr;
	told->nr_pins++;
	return 0;
}

/* Lists into arrays that are said to have this size. */
static inline int list_up_to(int fd, struct list *listed, __u32 nr_pins,
			     __u32 nr_extents)
{
	listed->nr_pins = nr_pins;
	listed->nr_extents = nr_extents;
	return noiommu_list(fd, listed->pins, &listed->nr_pins, listed->extents,
			    &listed->nr_extents);
}

static inline int list_all(int fd, struct list *listed)
{
	return list_up_to(fd, listed, MAX_PINS, ROOM);
}

/* IDs of consecutive pins rise as long as none is released. */
static inline bool is_same(const struct list *told, const struct list *listed)
{
	return told->nr_pins == listed->nr_pins &&
	       told->nr_extents == listed->nr_extents &&
	       !memcmp(told->pins, listed->pins,
		       told->nr_pins * sizeof(*told->pins)) &&
	       !memcmp(told->extents, listed->extents,
		       told->nr_extents * sizeof(*told->extents));
}

/* Returns small pages, hardly any two of which are contiguous. */
static inline char *scattered(size_t pages)
{
	char *memory = mapping_create(MAPPING_SMALL, pages * PAGE, NULL);
	size_t i;

	for (i = 0; memory != MAP_FAILED && i < pages; i++)
		memory[i * 7 % pages * PAGE] = 1;
	return memory;
}

/* For more extents than the kernel writes at once. */
#define SOME 40
/* The references that pin_some() takes. */
#define SOME_PINNED (5 * SOME - 10)

/* Makes five pins, each one page shorter than the previous one. */
static inline int pin_some(int fd, struct list *told)
{
	char *memory = scattered(SOME);
	int i, ret = 0;

	for (i = 0; !ret && i < 5; i++)
		ret = pin_next(fd, told, memory + i * PAGE, (SOME - i) * PAGE,
			       WRITE);
	return ret;
}

/* Arrays start with values other than zero, so that a missing write shows. */
#define ALLOCATE_LISTS()						\
do {									\
	self->told = calloc(1, sizeof(*self->told));			\
	ASSERT_NE(NULL, self->told);					\
	self->listed = malloc(sizeof(*self->listed));			\
	ASSERT_NE(NULL, self->listed);					\
	memset(self->listed, 0xa5, sizeof(*self->listed));		\
} while (0)

#define EXPECT_LISTED()							\
do {									\
	ASSERT_EQ(0, list_all(self->fd, self->listed));			\
	EXPECT_TRUE(is_same(self->told, self->listed));			\
} while (0)

#endif
