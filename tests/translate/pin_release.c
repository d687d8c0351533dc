// SPDX-License-Identifier: GPL-2.0-only
/*
 * A pin ends with its descriptor, in whatever way the process closes that.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "baseline.h"
#include "child.h"
#include "kselftest_harness.h"
#include "memory.h"
#include "noiommu.h"
#include "pin_owner.h"
#include "sysfs.h"

FIXTURE(pin_release)
{
	int fd;
	char *memory;
	int channel[2];
	long pinned;
	long locked;
};

FIXTURE_SETUP(pin_release)
{
	OPEN_NOIOMMU();
	self->memory = memory_pages(PAGES * PAGE);
	ASSERT_NE(MAP_FAILED, self->memory);
	ASSERT_EQ(0, child_channel(self->channel));
	REMEMBER_PINS();
}

FIXTURE_TEARDOWN(pin_release)
{
	CLOSE_NOIOMMU();
}

TEST_F(pin_release, close)
{
	ASSERT_NE(0, pin(self->fd, self->memory));
	ASSERT_NE(0, pin(self->fd, self->memory));
	EXPECT_PINNED(2 * PAGES);
	EXPECT_ACCOUNTED(2 * PAGES);
	ASSERT_EQ(0, close(self->fd));
	EXPECT_PINNED(0);
	EXPECT_ACCOUNTED(0);
}

TEST_F(pin_release, exit)
{
	pid_t pid = child_fork(self->channel);

	if (!pid) {
		open_and_pin(self->channel[1]);
		child_hear(self->channel[1]);
		_exit(7);
	}
	ASSERT_NE(0, child_hear(self->channel[0]));
	EXPECT_PINNED(PAGES);
	child_say(self->channel[0], 1);
	EXPECT_EQ(7, child_ended(pid));
	EXPECT_PINNED(0);
}

TEST_F(pin_release, kill)
{
	pid_t pid = child_fork(self->channel);

	if (!pid) {
		open_and_pin(self->channel[1]);
		pause();
	}
	ASSERT_NE(0, child_hear(self->channel[0]));
	EXPECT_PINNED(PAGES);
	EXPECT_EQ(128 + SIGKILL, child_kill(pid));
	EXPECT_PINNED(0);
}

static void pin_forever(int channel)
{
	char *memory = memory_pages(3000 * PAGE);
	int fd = noiommu_open_device();
	__u32 nr, id;

	for (;;) {
		nr = 0;
		if (noiommu_pin_range(fd, memory, 3000 * PAGE, WRITE, NULL,
				      &nr, &id) ||
		    noiommu_unpin_id(fd, id))
			_exit(1);
		if (channel >= 0)
			child_say(channel, 1);
		channel = -1;
	}
}

TEST_F(pin_release, kill_in_the_middle)
{
	int i;

	for (i = 0; i < 20; i++) {
		pid_t pid = child_fork(self->channel);

		if (!pid)
			pin_forever(self->channel[1]);
		ASSERT_LT(0, pid);
		ASSERT_EQ(1, child_hear(self->channel[0]));
		usleep(i * 1777);
		EXPECT_EQ(128 + SIGKILL, child_kill(pid));
		EXPECT_PINNED(0);
	}
}

static void *outlive_the_leader(void *argument)
{
	int channel = *(int *)argument;

	child_hear(channel);
	child_say(channel, 2);
	child_hear(channel);
	return NULL;
}

TEST_F(pin_release, exit_of_the_leader)
{
	pid_t pid = child_fork(self->channel);
	char path[32], text[256] = "";

	if (!pid) {
		pthread_t thread;

		open_and_pin(self->channel[1]);
		pthread_create(&thread, NULL, outlive_the_leader,
			       &self->channel[1]);
		syscall(SYS_exit, 0);
	}
	ASSERT_NE(0, child_hear(self->channel[0]));
	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	ASSERT_TRUE(wait_until(!file_read(path, text, sizeof(text)) &&
			       strstr(text, ") Z ")));
	child_say(self->channel[0], 1);
	ASSERT_EQ(2, child_hear(self->channel[0]));
	EXPECT_PINNED(PAGES);
	child_say(self->channel[0], 1);
	EXPECT_EQ(0, child_ended(pid));
	EXPECT_PINNED(0);
}

TEST_F(pin_release, exec)
{
	pid_t pid = child_fork(self->channel);

	if (!pid) {
		open_and_pin(self->channel[1]);
		execl("/bin/sleep", "sleep", "100", NULL);
		_exit(1);
	}
	ASSERT_NE(0, child_hear(self->channel[0]));
	/* Exec also closes the child's end of the channel. */
	close(self->channel[1]);
	ASSERT_EQ(0, child_hear(self->channel[0]));
	EXPECT_TRUE(wait_until(memory_pinned() == self->pinned));
	EXPECT_EQ(0, waitpid(pid, NULL, WNOHANG));
	EXPECT_EQ(128 + SIGKILL, child_kill(pid));
}

TEST_F(pin_release, not_exec_if_it_inherits)
{
	pid_t pid = child_fork(self->channel);

	if (!pid) {
		fcntl(open_and_pin(self->channel[1]), F_SETFD, 0);
		execl("/bin/sleep", "sleep", "100", NULL);
		_exit(1);
	}
	ASSERT_NE(0, child_hear(self->channel[0]));
	close(self->channel[1]);
	ASSERT_EQ(0, child_hear(self->channel[0]));
	usleep(100000);
	EXPECT_PINNED(PAGES);
	EXPECT_EQ(128 + SIGKILL, child_kill(pid));
	EXPECT_PINNED(0);
}

TEST_HARNESS_MAIN
