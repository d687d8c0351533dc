// SPDX-License-Identifier: GPL-2.0-only
/*
 * A pin belongs to the descriptor, not to the process that made it: it ends with the last
 * copy, and every process with a copy may unpin.
 */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "baseline.h"
#include "child.h"
#include "kselftest_harness.h"
#include "memory.h"
#include "noiommu.h"
#include "pin_owner.h"
#include "sysfs.h"

FIXTURE(pin_copies)
{
	int fd;
	char *memory;
	int channel[2];
	long pinned;
	long locked;
};

FIXTURE_SETUP(pin_copies)
{
	OPEN_NOIOMMU();
	self->memory = memory_pages(PAGES * PAGE);
	ASSERT_NE(MAP_FAILED, self->memory);
	ASSERT_EQ(0, child_channel(self->channel));
	REMEMBER_PINS();
}

FIXTURE_TEARDOWN(pin_copies)
{
	CLOSE_NOIOMMU();
}

TEST_F(pin_copies, last_of_dup)
{
	int copy = dup(self->fd);
	__u32 id = pin(self->fd, self->memory);

	ASSERT_LE(0, copy);
	ASSERT_NE(0, id);
	ASSERT_NE(0, pin(copy, self->memory));
	close(self->fd);
	EXPECT_PINNED(2 * PAGES);
	EXPECT_EQ(0, noiommu_unpin_id(copy, id));
	EXPECT_PINNED(PAGES);
	EXPECT_ACCOUNTED(PAGES);
	close(copy);
	EXPECT_PINNED(0);
	EXPECT_ACCOUNTED(0);
}

TEST_F(pin_copies, last_of_fork)
{
	pid_t pid;

	ASSERT_NE(0, pin(self->fd, self->memory));
	pid = child_fork(self->channel);
	if (!pid) {
		child_hear(self->channel[1]);
		_exit(0);
	}
	close(self->fd);
	EXPECT_PINNED(PAGES);
	EXPECT_ACCOUNTED(PAGES);
	child_say(self->channel[0], 1);
	EXPECT_EQ(0, child_ended(pid));
	EXPECT_PINNED(0);
	EXPECT_ACCOUNTED(0);
}

TEST_F(pin_copies, child_unpins)
{
	__u32 id = pin(self->fd, self->memory);
	pid_t pid;

	ASSERT_NE(0, id);
	pid = child_fork(self->channel);
	if (!pid)
		_exit(noiommu_unpin_id(self->fd, id) ? 1 : 0);
	EXPECT_EQ(0, child_ended(pid));
	EXPECT_PINNED(0);
	EXPECT_ACCOUNTED(0);
	EXPECT_EQ(-ENOENT, noiommu_unpin_id(self->fd, id));
}

TEST_F(pin_copies, exit_of_a_child_keeps_the_parents_pins)
{
	pid_t pid;

	ASSERT_NE(0, pin(self->fd, self->memory));
	pid = child_fork(self->channel);
	if (!pid)
		_exit(0);
	EXPECT_EQ(0, child_ended(pid));
	EXPECT_PINNED(PAGES);
	EXPECT_ACCOUNTED(PAGES);
}

/* The process of the memory has ended, but the descriptor is open. */
TEST_F(pin_copies, not_exit_of_who_pinned)
{
	pid_t pid = child_fork(self->channel);
	__u32 id;

	if (!pid) {
		child_say(self->channel[1], pin(self->fd, self->memory));
		child_say(self->channel[1], pin(self->fd, self->memory));
		_exit(0);
	}
	id = child_hear(self->channel[0]);
	ASSERT_NE(0, id);
	ASSERT_NE(0, child_hear(self->channel[0]));
	EXPECT_EQ(0, child_ended(pid));
	EXPECT_PINNED(2 * PAGES);
	EXPECT_ACCOUNTED(0);
	EXPECT_EQ(0, noiommu_unpin_id(self->fd, id));
	EXPECT_PINNED(PAGES);
	close(self->fd);
	EXPECT_PINNED(0);
}

TEST_F(pin_copies, receiver_has_the_last_one)
{
	pid_t pid = child_fork(self->channel);
	__u32 first, id;
	int fd;

	if (!pid) {
		fd = open_and_pin(self->channel[1]);
		child_say(self->channel[1], pin(fd, self->memory));
		_exit(child_pass(self->channel[1], fd) ? 1 : 0);
	}
	first = child_hear(self->channel[0]);
	id = child_hear(self->channel[0]);
	ASSERT_NE(0, first);
	ASSERT_NE(0, id);
	EXPECT_EQ(0, child_ended(pid));
	/* No process has the descriptor now. */
	EXPECT_PINNED(2 * PAGES);
	fd = child_receive(self->channel[0]);
	ASSERT_LE(0, fd);
	EXPECT_PINNED(2 * PAGES);
	EXPECT_EQ(0, noiommu_unpin_id(fd, id));
	EXPECT_PINNED(PAGES);
	EXPECT_NE(0, pin(fd, self->memory));
	EXPECT_ACCOUNTED(PAGES);
	close(fd);
	EXPECT_PINNED(0);
	EXPECT_ACCOUNTED(0);
}

TEST_F(pin_copies, nobody_receives_it)
{
	ASSERT_NE(0, pin(self->fd, self->memory));
	ASSERT_EQ(0, child_pass(self->channel[1], self->fd));
	close(self->fd);
	EXPECT_PINNED(PAGES);
	close(self->channel[0]);
	close(self->channel[1]);
	EXPECT_PINNED(0);
	EXPECT_ACCOUNTED(0);
}

TEST_HARNESS_MAIN
