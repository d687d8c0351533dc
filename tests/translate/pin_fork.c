// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copy on write: a pinned page stays the page that the process sees, whether parent or child
 * writes to it, and whatever they shared before.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "baseline.h"
#include "child.h"
#include "extents.h"
#include "kselftest_harness.h"
#include "mappings.h"
#include "memory.h"
#include "noiommu.h"
#include "sysfs.h"

#define WRITE NOIOMMU_ACCESS_WRITE
#define ROOM 4096
#define LENGTH (3 * HUGE_2M)
#define STEP (HUGE_2M / 4)

FIXTURE(pin_fork)
{
	int fd;
	struct noiommu_extent *extents;
	__u32 nr;
	char *memory;
	int channel[2];
	long pinned;
	long locked;
};

FIXTURE_VARIANT(pin_fork)
{
	enum mapping kind;
};

FIXTURE_VARIANT_ADD(pin_fork, small)
{
	.kind = MAPPING_SMALL,
};

FIXTURE_VARIANT_ADD(pin_fork, thp)
{
	.kind = MAPPING_THP,
};

FIXTURE_VARIANT_ADD(pin_fork, file)
{
	.kind = MAPPING_PRIVATE_FILE,
};

FIXTURE_VARIANT_ADD(pin_fork, hugetlb)
{
	.kind = MAPPING_HUGETLB,
};

FIXTURE_SETUP(pin_fork)
{
	OPEN_NOIOMMU();
	self->extents = calloc(ROOM, sizeof(*self->extents));
	ASSERT_NE(NULL, self->extents);
	self->memory = mapping_create(variant->kind, LENGTH, NULL);
	ASSERT_NE(MAP_FAILED, self->memory);
	ASSERT_EQ(0, child_channel(self->channel));
	REMEMBER_PINS();
}

FIXTURE_TEARDOWN(pin_fork)
{
	close(self->fd);
	munmap(self->memory, LENGTH);
	EXPECT_NO_PINS();
}

#define ASSERT_PINS(flags)						\
do {									\
	__u32 __id;							\
									\
	self->nr = ROOM;						\
	ASSERT_EQ(0, noiommu_pin_range(self->fd, self->memory, LENGTH,	\
				       flags, self->extents,		\
				       &self->nr, &__id));		\
	EXPECT_PINNED_IS_SEEN();					\
} while (0)

#define EXPECT_PINNED_IS_SEEN()						\
	EXPECT_TRUE(extents_are_pagemap(self->extents, self->nr,	\
					self->memory, LENGTH))

/* Writes at all steps, and next to the borders of huge pages. */
static void write_all(char *memory, char value)
{
	size_t i;

	for (i = 0; i < LENGTH; i += STEP) {
		memory[i] = value;
		memory[i + STEP - 1] = value;
	}
}

static bool has_all(const char *memory, char value)
{
	size_t i;

	for (i = 0; i < LENGTH; i += STEP) {
		if (memory[i] == value && memory[i + STEP - 1] == value)
			continue;
		printf("# at %zu: %d and %d, not %d\n", i, memory[i],
		       memory[i + STEP - 1], value);
		return false;
	}
	return true;
}

/* Starts a child that writes on a message, and then checks its memory. */
static pid_t fork_writer(int channel[2], char *memory)
{
	pid_t pid = child_fork(channel);

	if (!pid) {
		child_hear(channel[1]);
		write_all(memory, 'c');
		child_say(channel[1], 1);
		child_hear(channel[1]);
		_exit(has_all(memory, 'c') ? 0 : 1);
	}
	return pid;
}

static __u32 child_writes(int channel)
{
	return child_say(channel, 1) ? child_hear(channel) : 0;
}

/* This process writes, then the child; each keeps what it wrote, and the pinned pages stay. */
#define EXPECT_OWN_COPIES(pid)						\
do {									\
	write_all(self->memory, 'q');					\
	EXPECT_PINNED_IS_SEEN();					\
	ASSERT_EQ(1, child_writes(self->channel[0]));			\
	EXPECT_PINNED_IS_SEEN();					\
	EXPECT_TRUE(has_all(self->memory, 'q'));			\
	child_say(self->channel[0], 1);					\
	EXPECT_EQ(0, child_ended(pid));					\
} while (0)

TEST_F(pin_fork, child_writes)
{
	pid_t pid;

	write_all(self->memory, 'p');
	ASSERT_PINS(WRITE);
	pid = fork_writer(self->channel, self->memory);
	EXPECT_PINNED_IS_SEEN();
	ASSERT_EQ(1, child_writes(self->channel[0]));
	EXPECT_PINNED_IS_SEEN();
	EXPECT_TRUE(has_all(self->memory, 'p'));
	write_all(self->memory, 'q');
	EXPECT_PINNED_IS_SEEN();
	child_say(self->channel[0], 1);
	EXPECT_EQ(0, child_ended(pid));
	EXPECT_PINNED_IS_SEEN();
	EXPECT_TRUE(has_all(self->memory, 'q'));
}

TEST_F(pin_fork, parent_writes_first)
{
	pid_t pid;

	write_all(self->memory, 'p');
	ASSERT_PINS(WRITE);
	pid = fork_writer(self->channel, self->memory);
	EXPECT_OWN_COPIES(pid);
}

/* The pages are already shared with a child when they are pinned. */
TEST_F(pin_fork, for_writing_after_fork)
{
	pid_t pid;

	write_all(self->memory, 'p');
	pid = fork_writer(self->channel, self->memory);
	ASSERT_PINS(WRITE);
	EXPECT_OWN_COPIES(pid);
}

TEST_F(pin_fork, for_reading_after_fork)
{
	pid_t pid;

	write_all(self->memory, 'p');
	pid = fork_writer(self->channel, self->memory);
	ASSERT_PINS(0);
	EXPECT_TRUE(has_all(self->memory, 'p'));
	EXPECT_OWN_COPIES(pid);
}

/* The memory is read-only when it is pinned, and becomes writable later. */
TEST_F(pin_fork, for_reading_while_read_only)
{
	pid_t pid;

	write_all(self->memory, 'p');
	pid = fork_writer(self->channel, self->memory);
	ASSERT_EQ(0, mprotect(self->memory, LENGTH, PROT_READ));
	ASSERT_PINS(0);
	ASSERT_EQ(0, mprotect(self->memory, LENGTH, PROT_READ | PROT_WRITE));
	EXPECT_OWN_COPIES(pid);
}

/* Before a write, reads see the zero page or the file's own page. */
TEST_F(pin_fork, for_reading_before_it_is_written)
{
	ASSERT_TRUE(has_all(self->memory, 0));
	ASSERT_PINS(0);
	EXPECT_TRUE(has_all(self->memory, 0));
	write_all(self->memory, 'q');
	EXPECT_PINNED_IS_SEEN();
}

TEST_F(pin_fork, for_reading_before_it_is_writable)
{
	ASSERT_EQ(0, mprotect(self->memory, LENGTH, PROT_READ));
	ASSERT_TRUE(has_all(self->memory, 0));
	ASSERT_PINS(0);
	ASSERT_EQ(0, mprotect(self->memory, LENGTH, PROT_READ | PROT_WRITE));
	write_all(self->memory, 'q');
	EXPECT_PINNED_IS_SEEN();
}

TEST_F(pin_fork, for_writing_before_it_is_written)
{
	ASSERT_TRUE(has_all(self->memory, 0));
	ASSERT_PINS(WRITE);
	write_all(self->memory, 'q');
	EXPECT_PINNED_IS_SEEN();
}

/* What the child below finds. */
enum finding {
	FOUND_NOTHING,
	FOUND_NO_PIN,
	FOUND_THE_PARENTS_DATA,
	FOUND_OTHER_PAGES,
	FOUND_NO_UNPIN,
};

static enum finding child_finds(int channel, int fd, char *memory,
				struct noiommu_extent *extents)
{
	__u32 nr = ROOM, id;
	int ret = noiommu_pin_range(fd, memory, LENGTH, 0, extents, &nr, &id);

	child_say(channel, 1);
	child_hear(channel);
	if (ret) {
		printf("# the child cannot pin: %d\n", ret);
		return FOUND_NO_PIN;
	}
	if (!has_all(memory, 'p'))
		return FOUND_THE_PARENTS_DATA;
	write_all(memory, 'c');
	if (!extents_are_pagemap(extents, nr, memory, LENGTH))
		return FOUND_OTHER_PAGES;
	return noiommu_unpin_id(fd, id) ? FOUND_NO_UNPIN : FOUND_NOTHING;
}

/* A child's pin makes a copy, which is not the parent's page. */
TEST_F(pin_fork, child_pins)
{
	pid_t pid;

	write_all(self->memory, 'p');
	pid = child_fork(self->channel);
	if (!pid) {
		enum finding finding = child_finds(self->channel[1], self->fd,
						   self->memory, self->extents);

		fflush(stdout);
		_exit(finding);
	}
	ASSERT_EQ(1, child_hear(self->channel[0]));
	write_all(self->memory, 'q');
	child_say(self->channel[0], 1);
	EXPECT_EQ(FOUND_NOTHING, child_ended(pid));
	EXPECT_TRUE(has_all(self->memory, 'q'));
}

TEST_HARNESS_MAIN
