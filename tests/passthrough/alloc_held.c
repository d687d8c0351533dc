// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of NOIOMMU_ALLOC under a device: it is mapped at identity, and is not free while a
 * function may write to it, in whatever order a process dies.
 *
 * Guest: two edus.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "allocated.h"
#include "child.h"
#include "edu.h"
#include "kselftest_harness.h"
#include "passthrough.h"
#include "sysfs.h"

/* More than a block of the page allocator. */
#define LENGTH (3UL << 20)
/* Long enough for a wrong release to happen. */
#define WHILE_US 200000

#define EXPECT_STILL_HELD()						\
do {									\
	usleep(WHILE_US);						\
	EXPECT_ALLOCATED(LENGTH);					\
} while (0)

#define EXPECT_RELEASED() EXPECT_TRUE(allocated_soon(0))

FIXTURE(alloc_held)
{
	char edu[2][PCI_ADDRESS_SIZE];
	struct vfio vfio;
	struct noiommu_alloc alloc;
	int channel[2];
	int fd;
	long pinned;
};

BOTH_DRIVERS(alloc_held);

FIXTURE_SETUP(alloc_held)
{
	int i;

	ASSERT_EQ(0, passthrough_load());
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, edu_bind_nth(i, variant->driver, self->edu[i]));
	self->vfio = (struct vfio){ -1, -1, -1 };
	self->alloc = noiommu_alloc_anywhere(LENGTH);
	ASSERT_EQ(0, child_channel(self->channel));
	self->fd = noiommu_open_device();
	ASSERT_LE(0, self->fd);
	self->pinned = memory_pinned();
}

FIXTURE_TEARDOWN(alloc_held)
{
	vfio_close(&self->vfio);
	close(self->fd);
	EXPECT_RELEASED();
	EXPECT_EQ(self->pinned, memory_pinned_soon(self->pinned));
}

/* Returns a mapping of new memory, which alone keeps it. */
static char *mapped(int fd, struct noiommu_alloc *alloc)
{
	int memory = noiommu_alloc_memory(fd, alloc);
	char *va = map_memory(memory, LENGTH);

	close(memory);
	return va;
}

TEST_F(alloc_held, until_the_device_is_closed)
{
	char *va;

	ASSERT_EQ(0, vfio_open(&self->vfio, self->edu[0]));
	va = mapped(self->fd, &self->alloc);
	ASSERT_NE(MAP_FAILED, va);
	ASSERT_EQ(0, munmap(va, LENGTH));
	EXPECT_STILL_HELD();
	vfio_close(&self->vfio);
	EXPECT_RELEASED();
}

TEST_F(alloc_held, not_after_free)
{
	int memory;

	ASSERT_EQ(0, vfio_open(&self->vfio, self->edu[0]));
	memory = noiommu_alloc_memory(self->fd, &self->alloc);
	ASSERT_LE(0, memory);
	ASSERT_EQ(0, noiommu_free_memory(self->fd, memory));
	EXPECT_ALLOCATED(LENGTH);
	ASSERT_EQ(0, close(memory));
	EXPECT_ALLOCATED(0);
}

TEST_F(alloc_held, not_after_the_device)
{
	char *va;

	ASSERT_EQ(0, vfio_open(&self->vfio, self->edu[0]));
	va = mapped(self->fd, &self->alloc);
	vfio_close(&self->vfio);
	EXPECT_STILL_HELD();
	ASSERT_EQ(0, munmap(va, LENGTH));
	EXPECT_ALLOCATED(0);
}

/* In a child: has a function, and memory, and waits for the end. */
static void live(const char *address, int fd, int channel)
{
	struct noiommu_alloc alloc = noiommu_alloc_anywhere(LENGTH);
	struct vfio vfio;

	if (vfio_open(&vfio, address) || mapped(fd, &alloc) == MAP_FAILED)
		_exit(1);
	child_pass(channel, vfio.device);
	pause();
}

TEST_F(alloc_held, after_kill_while_another_has_the_device)
{
	pid_t pid = child_fork(self->channel);

	if (!pid)
		live(self->edu[0], self->fd, self->channel[1]);
	self->vfio.device = child_receive(self->channel[0]);
	ASSERT_LE(0, self->vfio.device);
	EXPECT_ALLOCATED(LENGTH);
	child_kill(pid);
	EXPECT_STILL_HELD();
	vfio_close(&self->vfio);
	EXPECT_RELEASED();
}

/* Two users of a host do not hold each other's memory. */
TEST_F(alloc_held, by_the_functions_of_its_process_only)
{
	pid_t pid;

	ASSERT_EQ(0, vfio_open(&self->vfio, self->edu[1]));
	pid = child_fork(self->channel);
	if (!pid)
		live(self->edu[0], self->fd, self->channel[1]);
	close(child_receive(self->channel[0]));
	EXPECT_ALLOCATED(LENGTH);
	child_kill(pid);
	EXPECT_RELEASED();
}

/* In a child: has a function, makes memory, and passes it on. */
static void share(const char *address, int fd, int channel)
{
	struct noiommu_alloc alloc = noiommu_alloc_anywhere(LENGTH);
	struct vfio vfio;

	if (vfio_open(&vfio, address))
		_exit(1);
	child_pass(channel, noiommu_alloc_memory(fd, &alloc));
	pause();
}

/* A process that has mapped it may have given the address to its own function. */
TEST_F(alloc_held, for_a_process_that_mapped_it)
{
	int memory;
	pid_t pid;

	ASSERT_EQ(0, vfio_open(&self->vfio, self->edu[1]));
	pid = child_fork(self->channel);
	if (!pid)
		share(self->edu[0], self->fd, self->channel[1]);
	memory = child_receive(self->channel[0]);
	ASSERT_EQ(0, munmap(map_memory(memory, LENGTH), LENGTH));
	ASSERT_EQ(0, close(memory));
	child_kill(pid);
	EXPECT_STILL_HELD();
	vfio_close(&self->vfio);
	EXPECT_RELEASED();
}

/* So may a process that was the last to have it. */
TEST_F(alloc_held, for_a_process_that_had_it_last)
{
	int memory;
	pid_t pid;

	ASSERT_EQ(0, vfio_open(&self->vfio, self->edu[1]));
	pid = child_fork(self->channel);
	if (!pid)
		share(self->edu[0], self->fd, self->channel[1]);
	memory = child_receive(self->channel[0]);
	child_kill(pid);
	ASSERT_EQ(0, close(memory));
	EXPECT_STILL_HELD();
	vfio_close(&self->vfio);
	EXPECT_RELEASED();
}

/* A child of fork() has the mapping without a call of its own. */
TEST_F(alloc_held, for_a_child_that_inherits_the_mapping)
{
	char *va;
	pid_t pid;

	/* This process has owned a function: only its own functions count. */
	ASSERT_EQ(0, vfio_open(&self->vfio, self->edu[0]));
	vfio_close(&self->vfio);
	va = mapped(self->fd, &self->alloc);
	pid = child_fork(self->channel);
	if (!pid) {
		if (vfio_open(&self->vfio, self->edu[1]) ||
		    munmap(va, LENGTH))
			_exit(1);
		child_say(self->channel[1], 1);
		pause();
	}
	ASSERT_EQ(1, child_hear(self->channel[0]));
	ASSERT_EQ(0, munmap(va, LENGTH));
	EXPECT_STILL_HELD();
	child_kill(pid);
	EXPECT_RELEASED();
}

/* Maps at identity like any memory, and the device reads and writes it. */
TEST_F(alloc_held, mapped_for_dma)
{
	__u64 phys;
	struct edu edu;
	char *va;

	ASSERT_EQ(0, edu_open(&edu));
	va = mapped(self->fd, &self->alloc);
	ASSERT_NE(MAP_FAILED, va);
	phys = self->alloc.phys;
	EXPECT_EQ(-EINVAL, vfio_map(&edu.vfio, va, LENGTH, phys + PAGE));
	ASSERT_EQ(0, vfio_map(&edu.vfio, va, LENGTH, phys));
	EXPECT_EQ(self->pinned + (long)(LENGTH / PAGE), memory_pinned());
	memory_fill(va, LENGTH, 5);
	EXPECT_TRUE(edu_copies(&edu, phys, phys + LENGTH - EDU_BUFFER_SIZE, va,
			       va + LENGTH - EDU_BUFFER_SIZE));
	ASSERT_EQ(0, munmap(va, LENGTH));
	EXPECT_EQ(self->pinned + (long)(LENGTH / PAGE), memory_pinned());
	ASSERT_EQ(0, vfio_unmap(&edu.vfio, phys, LENGTH));
	edu_close(&edu);
}

TEST_HARNESS_MAIN
