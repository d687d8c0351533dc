// SPDX-License-Identifier: GPL-2.0-only
/*
 * NOIOMMU_ALLOC: what the memory is to the process that has it, and when it is freed.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "allocated.h"
#include "child.h"
#include "kselftest_harness.h"
#include "pinned.h"
#include "privilege.h"

#define MIB (1UL << 20)
#define LENGTH (3 * MIB)
#define USER 1000

FIXTURE(alloc)
{
	int fd;
	int memory;
	char *va;
	int channel[2];
	struct noiommu_alloc alloc;
	long pinned;
	long locked;
};

FIXTURE_SETUP(alloc)
{
	OPEN_NOIOMMU();
	ASSERT_EQ(0, child_channel(self->channel));
	REMEMBER_PINS();
	self->alloc = noiommu_alloc_anywhere(LENGTH);
	self->memory = noiommu_alloc_memory(self->fd, &self->alloc);
	ASSERT_LE(0, self->memory);
	self->va = map_memory(self->memory, LENGTH);
	ASSERT_NE(MAP_FAILED, self->va);
}

/* The tests leave the memory, or free it and set the descriptor to -1. */
FIXTURE_TEARDOWN(alloc)
{
	if (self->memory >= 0) {
		EXPECT_ALLOCATED(LENGTH);
		munmap(self->va, LENGTH);
		close(self->memory);
	}
	EXPECT_ALLOCATED(0);
	CLOSE_NOIOMMU();
}

TEST_F(alloc, zeros_in_one_extent)
{
	EXPECT_TRUE(is_contiguous(self->fd, self->va, LENGTH, self->alloc.phys));
	EXPECT_TRUE(is_zero(self->va, LENGTH));
	EXPECT_EQ(FD_CLOEXEC, fcntl(self->memory, F_GETFD));
	EXPECT_ACCOUNTED(LENGTH / PAGE);
}

/* Freed memory comes back soon, and without its content. */
TEST_F(alloc, zeros_again)
{
	int i, memory;
	char *va;

	for (i = 0; i < 50; i++) {
		memory = noiommu_alloc_memory(self->fd, &self->alloc);
		ASSERT_LE(0, memory);
		va = map_memory(memory, LENGTH);
		ASSERT_NE(MAP_FAILED, va);
		ASSERT_TRUE(is_zero(va, LENGTH));
		memset(va, 0xa5, LENGTH);
		munmap(va, LENGTH);
		close(memory);
	}
}

TEST_F(alloc, does_not_move)
{
	EXPECT_GT(0, memory_migrate(self->va));
	EXPECT_EQ(self->alloc.phys, memory_phys(self->va));
}

TEST_F(alloc, maps_a_part)
{
	char *part = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
			  self->memory, LENGTH - PAGE);

	ASSERT_NE(MAP_FAILED, part);
	EXPECT_EQ(self->alloc.phys + LENGTH - PAGE, memory_phys(part));
	memset(part, 7, PAGE);
	EXPECT_EQ(0, memcmp(part, self->va + LENGTH - PAGE, PAGE));
	munmap(part, PAGE);
}

#define EXPECT_NO_MAPPING(length, flags, offset)			\
do {									\
	EXPECT_EQ(MAP_FAILED, mmap(NULL, length, PROT_READ, flags,	\
				   self->memory, offset));		\
	EXPECT_EQ(EINVAL, errno);					\
} while (0)

TEST_F(alloc, maps_nothing_else)
{
	EXPECT_NO_MAPPING(LENGTH, MAP_PRIVATE, 0);
	EXPECT_NO_MAPPING(LENGTH + PAGE, MAP_SHARED, 0);
	EXPECT_NO_MAPPING(LENGTH, MAP_SHARED, PAGE);
	EXPECT_NO_MAPPING(PAGE, MAP_SHARED, LENGTH);
	EXPECT_NO_MAPPING(PAGE, MAP_SHARED, (off_t)(1UL << 62));
}

/* A mapping that grows has pages only as far as the memory goes. */
TEST_F(alloc, bus_error_beyond_the_end)
{
	char *grown = mremap(self->va, LENGTH, LENGTH + PAGE, MREMAP_MAYMOVE);
	int channel[2];

	if (grown != MAP_FAILED)
		self->va = grown;
	ASSERT_EQ(0, pipe(channel));
	ASSERT_EQ(1, write(channel[1], self->va + LENGTH - 1, 1));
	EXPECT_EQ(-1, write(channel[1], self->va + LENGTH, 1));
	EXPECT_EQ(EFAULT, errno);
	munmap(self->va + LENGTH, PAGE);
}

TEST_F(alloc, comes_back_after_madvise)
{
	memset(self->va, 7, LENGTH);
	ASSERT_EQ(0, madvise(self->va, LENGTH, MADV_DONTNEED));
	EXPECT_EQ(7, self->va[PAGE]);
	EXPECT_TRUE(is_contiguous(self->fd, self->va, LENGTH, self->alloc.phys));
}

TEST_F(alloc, read_only_mapping)
{
	struct noiommu_extent extent;
	__u32 nr = 1;
	char *va = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, self->memory, 0);

	ASSERT_NE(MAP_FAILED, va);
	EXPECT_EQ(0, noiommu_translate_range(self->fd, va, PAGE, 0, &extent,
					     &nr));
	EXPECT_EQ(self->alloc.phys, extent.phys);
	EXPECT_EQ(-EFAULT, noiommu_translate_range(self->fd, va, PAGE,
						   NOIOMMU_ACCESS_WRITE,
						   &extent, &nr));
	ASSERT_EQ(0, mprotect(va, PAGE, PROT_READ | PROT_WRITE));
	*va = 1;
	EXPECT_EQ(1, *self->va);
	munmap(va, PAGE);
}

/* The kernel pins pages of the mapping: vmsplice() keeps them in a pipe. */
TEST_F(alloc, pinned_pages_outlive_it)
{
	struct iovec vector = { self->va, 2 * PAGE };
	char read_back[2 * PAGE];
	int channel[2];

	memory_fill(self->va, LENGTH, 3);
	ASSERT_EQ(0, pipe(channel));
	ASSERT_EQ(2 * PAGE, (size_t)vmsplice(channel[1], &vector, 1, 0));
	munmap(self->va, LENGTH);
	close(self->memory);
	self->memory = -1;
	EXPECT_ALLOCATED(0);
	self->va = memory_pages(LENGTH);
	ASSERT_NE(MAP_FAILED, self->va);
	memory_fill(self->va, LENGTH, 3);
	ASSERT_EQ(2 * PAGE, (size_t)read(channel[0], read_back, 2 * PAGE));
	EXPECT_EQ(0, memcmp(read_back, self->va, 2 * PAGE));
}

TEST_F(alloc, can_be_pinned)
{
	__u32 id;

	ASSERT_EQ(0, pin(self->fd, self->va, LENGTH, NOIOMMU_ACCESS_WRITE, &id));
	EXPECT_PINS(LENGTH / PAGE, 2 * LENGTH / PAGE);
	munmap(self->va, LENGTH);
	close(self->memory);
	self->memory = -1;
	EXPECT_PINS(LENGTH / PAGE, LENGTH / PAGE);
	ASSERT_EQ(0, noiommu_unpin_id(self->fd, id));
}

TEST_F(alloc, until_the_last_mapping)
{
	close(self->memory);
	EXPECT_ALLOCATED(LENGTH);
	ASSERT_EQ(0, munmap(self->va, LENGTH - PAGE));
	EXPECT_ALLOCATED(LENGTH);
	ASSERT_EQ(0, munmap(self->va + LENGTH - PAGE, PAGE));
	EXPECT_ALLOCATED(0);
	self->memory = -1;
}

TEST_F(alloc, does_not_need_the_device)
{
	close(self->fd);
	EXPECT_ALLOCATED(LENGTH);
	memset(self->va, 1, LENGTH);
	self->fd = noiommu_open_device();
}

TEST_F(alloc, shared_with_a_receiver)
{
	pid_t pid = child_fork(self->channel);

	if (!pid) {
		int memory = child_receive(self->channel[1]);
		char *va;

		munmap(self->va, LENGTH);
		va = map_memory(memory, LENGTH);
		if (va == MAP_FAILED || va[5] != 7 ||
		    memory_phys(va) != self->alloc.phys)
			_exit(1);
		close(self->memory);
		close(memory);
		va[6] = 8;
		child_say(self->channel[1], 1);
		child_hear(self->channel[1]);
		_exit(0);
	}
	self->va[5] = 7;
	ASSERT_EQ(0, child_pass(self->channel[0], self->memory));
	ASSERT_EQ(1, child_hear(self->channel[0]));
	EXPECT_EQ(8, self->va[6]);
	munmap(self->va, LENGTH);
	close(self->memory);
	self->memory = -1;
	/* The receiver has a mapping left. */
	EXPECT_ALLOCATED(LENGTH);
	EXPECT_ACCOUNTED(LENGTH / PAGE);
	child_say(self->channel[0], 1);
	EXPECT_EQ(0, child_ended(pid));
}

TEST_F(alloc, killed)
{
	pid_t pid = child_fork(self->channel);

	if (!pid) {
		struct noiommu_alloc alloc = noiommu_alloc_anywhere(LENGTH);
		int memory = noiommu_alloc_memory(self->fd, &alloc);

		map_memory(memory, LENGTH);
		child_say(self->channel[1], 1);
		pause();
	}
	ASSERT_EQ(1, child_hear(self->channel[0]));
	EXPECT_ALLOCATED(2 * LENGTH);
	EXPECT_EQ(128 + SIGKILL, child_kill(pid));
	EXPECT_TRUE(allocated_soon(LENGTH));
}

static void alloc_forever(int fd, int channel)
{
	struct noiommu_alloc alloc;
	int memory;

	for (;;) {
		alloc = noiommu_alloc_anywhere(16 * MIB);
		memory = noiommu_alloc_memory(fd, &alloc);
		map_memory(memory, 16 * MIB);
		if (channel >= 0)
			child_say(channel, memory >= 0);
		channel = -1;
		munmap(map_memory(memory, 16 * MIB), 16 * MIB);
		close(memory);
	}
}

TEST_F(alloc, killed_in_the_middle)
{
	int i;

	for (i = 0; i < 10; i++) {
		pid_t pid = child_fork(self->channel);

		if (!pid)
			alloc_forever(self->fd, self->channel[1]);
		ASSERT_EQ(1, child_hear(self->channel[0]));
		usleep(i * 3777);
		EXPECT_EQ(128 + SIGKILL, child_kill(pid));
		EXPECT_TRUE(allocated_soon(LENGTH));
	}
}

/* Allocates in a child of another user with this limit; returns the error. */
static int alloc_limited(int fd, size_t allowed, size_t pages)
{
	int channel[2];
	pid_t pid;

	if (child_channel(channel))
		return -1;
	pid = child_fork(channel);
	if (!pid) {
		struct noiommu_alloc alloc = noiommu_alloc_anywhere(pages * PAGE);

		if (memory_limit_locked(allowed) ||
		    setresgid(USER, USER, USER) || setresuid(USER, USER, USER))
			_exit(100);
		alloc.fd = noiommu_alloc_memory(fd, &alloc);
		_exit(alloc.fd < 0 ? -alloc.fd : 0);
	}
	return -child_ended(pid);
}

TEST_F(alloc, counts_as_locked_memory)
{
	struct rlimit limit = { 0, 0 };
	int memory;

	EXPECT_EQ(0, alloc_limited(self->fd, 100, 100));
	EXPECT_EQ(-ENOMEM, alloc_limited(self->fd, 100, 101));
	EXPECT_EQ(-ENOMEM, alloc_limited(self->fd, 0, 1));
	/* Memory counts while anybody uses it. */
	ASSERT_EQ(0, setrlimit(RLIMIT_MEMLOCK, &limit));
	ASSERT_EQ(0, privilege_drop(CAP_IPC_LOCK));
	self->alloc.length = PAGE;
	memory = noiommu_alloc_memory(self->fd, &self->alloc);
	EXPECT_EQ(-ENOMEM, memory);
}

TEST_F(alloc, no_descriptor_left)
{
	struct rlimit before, limit;

	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &before));
	limit = before;
	limit.rlim_cur = 0;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	EXPECT_EQ(-EMFILE, noiommu_alloc_memory(self->fd, &self->alloc));
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &before));
	EXPECT_ALLOCATED(LENGTH);
}

TEST_F(alloc, free_needs_such_memory)
{
	EXPECT_EQ(-EBADF, noiommu_free_memory(self->fd, -1));
	EXPECT_EQ(-EBADF, noiommu_free_memory(self->fd, 1000));
	EXPECT_EQ(-EINVAL, noiommu_free_memory(self->fd, self->fd));
	EXPECT_EQ(-EINVAL, noiommu_free_memory(self->fd, self->channel[0]));
	EXPECT_EQ(0, noiommu_free_memory(self->fd, self->memory));
	/* It frees nothing yet. */
	memset(self->va, 1, LENGTH);
	EXPECT_EQ(0, noiommu_free_memory(self->fd, self->memory));
}

TEST_HARNESS_MAIN
