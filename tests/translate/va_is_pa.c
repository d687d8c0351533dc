// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory at the virtual address that equals its physical address, for a driver that knows
 * only "IOVA as VA". Guest: edu with 40 address bits.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "allocated.h"
#include "edu.h"
#include "kselftest_harness.h"
#include "passthrough.h"
#include "pinned.h"

/* More than a block of the page allocator. */
#define LENGTH (HUGE_2M + PAGE)

FIXTURE(va_is_pa)
{
	int fd;
	struct edu edu;
	struct noiommu_alloc alloc;
	int memory;
	char *buffer;
	long pinned;
	long locked;
};

BOTH_DRIVERS(va_is_pa);

FIXTURE_SETUP(va_is_pa)
{
	ASSERT_EQ(0, passthrough_load());
	ASSERT_EQ(0, edu_bind(variant->driver));
	ASSERT_EQ(0, edu_open(&self->edu));
	self->fd = noiommu_open_device();
	ASSERT_LE(0, self->fd);
	REMEMBER_PINS();
	self->alloc = noiommu_alloc_anywhere(LENGTH);
	self->memory = noiommu_alloc_memory(self->fd, &self->alloc);
	ASSERT_LE(0, self->memory);
	self->buffer = map_memory(self->memory, LENGTH);
	ASSERT_NE(MAP_FAILED, self->buffer);
}

FIXTURE_TEARDOWN(va_is_pa)
{
	munmap(self->buffer, LENGTH);
	close(self->memory);
	edu_close(&self->edu);
	close(self->fd);
	EXPECT_TRUE(allocated_soon(0));
}

/*
 * A driver as it is written for hosts with an IOMMU: an IOVA is a pointer. Copies the first
 * bytes of a buffer to its last bytes.
 */
static int copy_within(struct edu *edu, char *buffer, size_t length)
{
	char *end = buffer + length - EDU_BUFFER_SIZE;
	int ret = vfio_map(&edu->vfio, buffer, length, (uintptr_t)buffer);

	if (ret)
		return ret;
	memory_fill(buffer, EDU_BUFFER_SIZE, 9);
	ret = !edu_copies(edu, (uintptr_t)buffer, (uintptr_t)end, buffer, end);
	return vfio_unmap(&edu->vfio, (uintptr_t)buffer, length) ?: ret;
}

/* As Documentation/uapi.rst maps it; MAP_FAILED with errno set. */
static char *map_there(int memory, __u64 phys, size_t length)
{
	return mmap((void *)phys, length, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_FIXED_NOREPLACE, memory, 0);
}

static char *move_there(char *buffer, __u64 phys, size_t length)
{
	char *there = mmap((void *)phys, length, PROT_NONE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE |
			   MAP_FIXED_NOREPLACE, -1, 0);

	if (there == MAP_FAILED)
		return there;
	return mremap(buffer, length, length, MREMAP_MAYMOVE | MREMAP_FIXED,
		      there);
}

TEST_F(va_is_pa, control_other_memory)
{
	char *other = memory_pages(LENGTH);

	ASSERT_NE(MAP_FAILED, other);
	EXPECT_EQ(-EINVAL, copy_within(&self->edu, other, LENGTH));
	EXPECT_EQ(-EINVAL, copy_within(&self->edu, self->buffer, LENGTH));
	EXPECT_PINNED(0);
}

TEST_F(va_is_pa, mapped_there)
{
	char *there = map_there(self->memory, self->alloc.phys, LENGTH);

	ASSERT_EQ(self->alloc.phys, (uintptr_t)there);
	EXPECT_TRUE(is_contiguous(self->fd, there, LENGTH, self->alloc.phys));
	EXPECT_EQ(0, copy_within(&self->edu, there, LENGTH));
	EXPECT_PINNED(0);
	munmap(there, LENGTH);
}

TEST_F(va_is_pa, moved_there)
{
	char *there = move_there(self->buffer, self->alloc.phys, LENGTH);

	ASSERT_EQ(self->alloc.phys, (uintptr_t)there);
	self->buffer = there;
	EXPECT_TRUE(is_contiguous(self->fd, there, LENGTH, self->alloc.phys));
	EXPECT_EQ(0, copy_within(&self->edu, there, LENGTH));
}

TEST_F(va_is_pa, pinned_huge_page)
{
	char *huge = memory_huge(HUGE_2M);
	__u64 phys;
	__u32 id;

	ASSERT_NE(MAP_FAILED, huge);
	ASSERT_EQ(0, pin(self->fd, huge, HUGE_2M, NOIOMMU_ACCESS_WRITE, &id));
	phys = memory_phys(huge);
	huge = move_there(huge, phys, HUGE_2M);
	ASSERT_EQ(phys, (uintptr_t)huge);
	EXPECT_TRUE(is_contiguous(self->fd, huge, HUGE_2M, phys));
	EXPECT_EQ(0, copy_within(&self->edu, huge, HUGE_2M));
	ASSERT_EQ(0, noiommu_unpin_id(self->fd, id));
	ASSERT_EQ(0, munmap(huge, HUGE_2M));
}

/* A single page that is in the way is an error, and stays. */
TEST_F(va_is_pa, range_in_use)
{
	__u64 last = self->alloc.phys + LENGTH - PAGE;
	char *page = mmap((void *)last, PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE,
			  -1, 0);

	ASSERT_EQ(last, (uintptr_t)page);
	*page = 7;
	EXPECT_EQ(MAP_FAILED,
		  map_there(self->memory, self->alloc.phys, LENGTH));
	EXPECT_EQ(EEXIST, errno);
	EXPECT_EQ(MAP_FAILED,
		  move_there(self->buffer, self->alloc.phys, LENGTH));
	EXPECT_EQ(EEXIST, errno);
	EXPECT_EQ(7, *page);
	EXPECT_EQ(self->alloc.phys, memory_phys(self->buffer));
}

TEST_HARNESS_MAIN
