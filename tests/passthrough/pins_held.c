// SPDX-License-Identifier: GPL-2.0-only
/*
 * After a close, pins are held as long as a function may write to the memory, and no longer.
 *
 * Guest: two edus.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "child.h"
#include "edu.h"
#include "kselftest_harness.h"
#include "memory.h"
#include "noiommu.h"
#include "passthrough.h"
#include "pin_owner.h"
#include "sysfs.h"

/* Long enough for a wrong release to happen. */
#define WHILE_US 200000

#define EXPECT_STILL_HELD(pages)					\
do {									\
	usleep(WHILE_US);						\
	EXPECT_PINNED(pages);						\
} while (0)

/* A kernel thread releases the pages. */
#define EXPECT_RELEASED()						\
	EXPECT_TRUE(wait_until(memory_pinned() == self->pinned))

FIXTURE(pins_held)
{
	char edu[2][PCI_ADDRESS_SIZE];
	struct vfio vfio;
	int channel[2];
	pid_t child;
	char *memory;
	long pinned;
};

BOTH_DRIVERS(pins_held);

FIXTURE_SETUP(pins_held)
{
	int i;

	ASSERT_EQ(0, passthrough_load());
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, edu_bind_nth(i, variant->driver, self->edu[i]));
	self->vfio = (struct vfio){ -1, -1, -1 };
	self->memory = memory_pages(PAGES * PAGE);
	ASSERT_NE(MAP_FAILED, (void *)self->memory);
	ASSERT_EQ(0, child_channel(self->channel));
	self->pinned = memory_pinned();
}

FIXTURE_TEARDOWN(pins_held)
{
	vfio_close(&self->vfio);
	EXPECT_RELEASED();
}

/* In a child: sends 1 when it has the device, and continues on a message. */
static void child_opens(const char *address, int channel, struct vfio *vfio)
{
	if (vfio_open(vfio, address) || !child_say(channel, 1))
		_exit(1);
}

/* The child above has the device, and has pinned memory. */
#define ASSERT_OPENED_AND_PINNED()					\
do {									\
	ASSERT_EQ(1, child_hear(self->channel[0]));			\
	ASSERT_NE(0, child_hear(self->channel[0]));			\
} while (0)

/* Starts a child that pins memory of its own, and has no device. */
static pid_t fork_without_functions(int channel[2], struct vfio *inherited)
{
	pid_t pid = child_fork(channel);

	if (!pid) {
		vfio_close(inherited);
		open_and_pin(channel[1]);
		pause();
	}
	return pid;
}

TEST_F(pins_held, until_the_device_is_closed)
{
	int fd;

	ASSERT_EQ(0, vfio_open(&self->vfio, self->edu[0]));
	fd = noiommu_open_device();
	ASSERT_NE(0, pin(fd, self->memory));
	ASSERT_NE(0, pin(fd, self->memory));
	ASSERT_EQ(0, close(fd));
	EXPECT_STILL_HELD(2 * PAGES);
	vfio_close(&self->vfio);
	EXPECT_RELEASED();
}

TEST_F(pins_held, not_by_unpin)
{
	int fd = noiommu_open_device();
	__u32 id;

	ASSERT_EQ(0, vfio_open(&self->vfio, self->edu[0]));
	id = pin(fd, self->memory);
	ASSERT_NE(0, id);
	EXPECT_PINNED(PAGES);
	ASSERT_EQ(0, noiommu_unpin_id(fd, id));
	EXPECT_PINNED(0);
	ASSERT_EQ(0, close(fd));
}

TEST_F(pins_held, not_after_the_device)
{
	int fd = noiommu_open_device();

	ASSERT_EQ(0, vfio_open(&self->vfio, self->edu[0]));
	ASSERT_NE(0, pin(fd, self->memory));
	vfio_close(&self->vfio);
	EXPECT_STILL_HELD(PAGES);
	ASSERT_EQ(0, close(fd));
	EXPECT_PINNED(0);
}

/* Ownership counts, not the device's descriptor: DMA may go on until ownership ends. */
TEST_F(pins_held, from_ownership_on)
{
	int fd = noiommu_open_device();

	ASSERT_EQ(0, vfio_open_container(&self->vfio));
	ASSERT_EQ(0, vfio_open_group(&self->vfio, self->edu[0]));
	ASSERT_EQ(0, vfio_attach(&self->vfio));
	ASSERT_NE(0, pin(fd, self->memory));
	ASSERT_EQ(0, close(fd));
	EXPECT_STILL_HELD(PAGES);
	vfio_close(&self->vfio);
	EXPECT_RELEASED();
}

/* The memory may be of any process, because the function is this process's. */
TEST_F(pins_held, of_a_process_without_functions)
{
	ASSERT_EQ(0, vfio_open(&self->vfio, self->edu[0]));
	self->child = fork_without_functions(self->channel, &self->vfio);
	ASSERT_NE(0, child_hear(self->channel[0]));
	EXPECT_PINNED(PAGES);
	child_kill(self->child);
	EXPECT_STILL_HELD(PAGES);
	vfio_close(&self->vfio);
	EXPECT_RELEASED();
}

/* Two users of a host do not hold each other's memory. */
TEST_F(pins_held, by_the_functions_of_its_process_only)
{
	struct vfio vfio;

	ASSERT_EQ(0, vfio_open(&self->vfio, self->edu[0]));
	self->child = child_fork(self->channel);
	if (!self->child) {
		child_opens(self->edu[1], self->channel[1], &vfio);
		open_and_pin(self->channel[1]);
		pause();
	}
	ASSERT_OPENED_AND_PINNED();
	EXPECT_PINNED(PAGES);
	child_kill(self->child);
	EXPECT_RELEASED();
}

/* As above, but the other process has released its function before. */
TEST_F(pins_held, by_nobody_when_all_is_given_back)
{
	struct vfio vfio;
	int fd;

	ASSERT_EQ(0, vfio_open(&self->vfio, self->edu[0]));
	self->child = child_fork(self->channel);
	if (!self->child) {
		child_opens(self->edu[1], self->channel[1], &vfio);
		fd = open_and_pin(self->channel[1]);
		vfio_close(&vfio);
		close(fd);
		child_say(self->channel[1], 1);
		pause();
	}
	ASSERT_OPENED_AND_PINNED();
	ASSERT_EQ(1, child_hear(self->channel[0]));
	EXPECT_PINNED(0);
	child_kill(self->child);
}

/* A forked process that lives on has the device, too. */
TEST_F(pins_held, while_a_fork_has_the_device)
{
	pid_t owner = child_fork(self->channel);

	if (!owner) {
		struct vfio vfio;

		child_opens(self->edu[0], self->channel[1], &vfio);
		self->child = fork();
		if (!self->child)
			pause();
		child_say(self->channel[1], self->child);
		open_and_pin(self->channel[1]);
		pause();
	}
	ASSERT_EQ(1, child_hear(self->channel[0]));
	self->child = child_hear(self->channel[0]);
	ASSERT_LT(0, self->child);
	ASSERT_NE(0, child_hear(self->channel[0]));
	EXPECT_PINNED(PAGES);
	child_kill(owner);
	EXPECT_STILL_HELD(PAGES);
	kill(self->child, SIGKILL);
	EXPECT_RELEASED();
}

/* A process that received the descriptors has the device, too. */
TEST_F(pins_held, while_a_receiver_has_the_device)
{
	self->child = child_fork(self->channel);
	if (!self->child) {
		struct vfio vfio;

		child_opens(self->edu[0], self->channel[1], &vfio);
		open_and_pin(self->channel[1]);
		child_pass(self->channel[1], vfio.device);
		pause();
	}
	ASSERT_OPENED_AND_PINNED();
	self->vfio.device = child_receive(self->channel[0]);
	ASSERT_LE(0, self->vfio.device);
	child_kill(self->child);
	EXPECT_STILL_HELD(PAGES);
	ASSERT_EQ(0, vfio_set_bus_master(&self->vfio));
	vfio_close(&self->vfio);
	EXPECT_RELEASED();
}

/* After exec it is still the same process. */
TEST_F(pins_held, after_exec)
{
	struct vfio vfio;

	ASSERT_EQ(0, vfio_open(&self->vfio, self->edu[0]));
	self->child = child_fork(self->channel);
	if (!self->child) {
		child_opens(self->edu[1], self->channel[1], &vfio);
		/* Exec keeps the device open, and so the pins are held. */
		fcntl(vfio.device, F_SETFD, 0);
		open_and_pin(self->channel[1]);
		execl("/bin/sleep", "sleep", "1000", NULL);
		_exit(1);
	}
	ASSERT_OPENED_AND_PINNED();
	close(self->channel[1]);
	ASSERT_EQ(0, child_hear(self->channel[0]));
	EXPECT_STILL_HELD(PAGES);
	child_kill(self->child);
	EXPECT_RELEASED();
}

/* A process that opens a device after the close never got an address of that memory. */
TEST_F(pins_held, by_nobody_who_comes_later)
{
	struct vfio later;
	int fd;

	ASSERT_EQ(0, vfio_open(&self->vfio, self->edu[0]));
	self->child = fork_without_functions(self->channel, &self->vfio);
	ASSERT_NE(0, child_hear(self->channel[0]));
	child_kill(self->child);
	ASSERT_EQ(0, vfio_open(&later, self->edu[1]));
	EXPECT_STILL_HELD(PAGES);
	vfio_close(&self->vfio);
	EXPECT_RELEASED();
	/* A later open finds everything released. */
	fd = noiommu_open_device();
	EXPECT_LE(0, fd);
	close(fd);
	vfio_close(&later);
}

static int list(int fd)
{
	struct noiommu_extent extents[PAGES];
	__u32 nr_pins = 0, nr = PAGES;

	return noiommu_list(fd, NULL, &nr_pins, extents, &nr);
}

/* A process that got addresses of memory pinned by another process may use them. */
TEST_F(pins_held, for_a_process_that_was_told)
{
	int fd = noiommu_open_device();

	ASSERT_EQ(0, vfio_open(&self->vfio, self->edu[0]));
	self->child = child_fork(self->channel);
	if (!self->child) {
		struct vfio vfio;

		child_opens(self->edu[1], self->channel[1], &vfio);
		child_say(self->channel[1],
			  pin(fd, memory_pages(PAGES * PAGE)));
		pause();
	}
	ASSERT_OPENED_AND_PINNED();
	child_kill(self->child);
	ASSERT_EQ(0, list(fd));
	ASSERT_EQ(0, close(fd));
	EXPECT_STILL_HELD(PAGES);
	vfio_close(&self->vfio);
	EXPECT_RELEASED();
}

TEST_F(pins_held, and_released_when_opened_again)
{
	int fd, i;

	for (i = 0; i < 20; i++) {
		ASSERT_EQ(0, vfio_open(&self->vfio, self->edu[0]));
		fd = noiommu_open_device();
		ASSERT_NE(0, pin(fd, self->memory));
		ASSERT_EQ(0, close(fd));
		vfio_close(&self->vfio);
		fd = noiommu_open_device();
		EXPECT_PINNED(0);
		ASSERT_EQ(0, close(fd));
	}
}

TEST_HARNESS_MAIN
