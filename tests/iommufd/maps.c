// SPDX-License-Identifier: GPL-2.0-only
/*
 * Maps through iommufd: only identity is allowed.
 *
 * A refusal leaves nothing behind: no mapping, no pin, nothing accounted.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "allocated.h"
#include "held.h"
#include "iommufd.h"
#include "kselftest_harness.h"
#include "memory.h"
#include "noiommu.h"
#include "passthrough.h"
#include "sysfs.h"
#include "translation.h"

#define WRITE NOIOMMU_ACCESS_WRITE
#define MSI_START 0xfee00000ULL
#define MSI_LAST 0xfeefffffULL
#define EVERYTHING UINT64_MAX

FIXTURE(cdev_maps)
{
	struct space space;
	struct held held;
	/* Descriptor of /dev/noiommu. */
	int fd;
};

BOTH_DRIVERS(cdev_maps);

FIXTURE_SETUP(cdev_maps)
{
	ASSERT_EQ(0, space_open(&self->space, variant->driver, 0));
	self->fd = noiommu_open_device();
	ASSERT_LE(0, self->fd);
	self->held = held_now();
	ASSERT_EQ(0, self->held.mapped);
}

FIXTURE_TEARDOWN(cdev_maps)
{
	space_close(&self->space);
	EXPECT_HELD(0);
	close(self->fd);
}

static int map(struct space *space, const void *memory, size_t length,
	       __u64 iova)
{
	return iommufd_map(space->fd, space->ioas, memory, length, iova);
}

static long unmap(struct space *space, __u64 iova, size_t length)
{
	return iommufd_unmap(space->fd, space->ioas, iova, length);
}

static __u64 phys(int fd, const void *memory)
{
	return translate_one(fd, memory, WRITE, NULL);
}

#define ASSERT_MAPPED(memory, length)					\
do {									\
	__u64 __iova = phys(self->fd, memory);				\
									\
	ASSERT_EQ(0, map(&self->space, memory, length, __iova));	\
	EXPECT_HELD((length) / PAGE);					\
	ASSERT_EQ(length, unmap(&self->space, __iova, length));		\
	EXPECT_HELD(0);							\
} while (0)

#define EXPECT_REFUSED(error, memory, length, iova)			\
do {									\
	EXPECT_EQ(-(error), map(&self->space, memory, length, iova));	\
	EXPECT_HELD(0);							\
} while (0)

/* Memory that the kernel has made contiguous, in one map. */
TEST_F(cdev_maps, allocated_memory)
{
	struct noiommu_alloc alloc = noiommu_alloc_anywhere(HUGE_2M + PAGE);
	struct held before = self->held;
	int memory = noiommu_alloc_memory(self->fd, &alloc);
	char *va;

	ASSERT_LE(0, memory);
	va = map_memory(memory, alloc.length);
	ASSERT_NE(MAP_FAILED, va);
	self->held = held_now();
	EXPECT_EQ(alloc.phys, phys(self->fd, va));
	ASSERT_MAPPED(va, alloc.length);
	ASSERT_EQ(0, noiommu_free_memory(self->fd, memory));
	munmap(va, alloc.length);
	close(memory);
	self->held = before;
}

static long refused_maps(void)
{
	long maps = -1;

	file_read_long(PROVIDER "/refused_maps", &maps);
	return maps;
}

/* --- Identity ------------------------------------------------------------------ */

TEST_F(cdev_maps, single_pages)
{
	char *memory = memory_pages(64 * PAGE);
	int i;

	ASSERT_NE(MAP_FAILED, (void *)memory);
	for (i = 0; i < 64; i++)
		ASSERT_MAPPED(memory + i * PAGE, PAGE);
}

TEST_F(cdev_maps, huge_page)
{
	char *memory = memory_huge(2 * HUGE_2M);

	ASSERT_NE(MAP_FAILED, (void *)memory);
	ASSERT_MAPPED(memory, HUGE_2M);
	ASSERT_MAPPED(memory + HUGE_2M + 3 * PAGE, 5 * PAGE);
}

/* Maps each run by one call, and unmaps all of them by one. */
TEST_F(cdev_maps, runs)
{
	const size_t length = 2 * HUGE_2M;
	char *memory = memory_partly_contiguous();
	struct translation got;

	ASSERT_NE(MAP_FAILED, (void *)memory);
	ASSERT_EQ(0, madvise(memory + HUGE_2M, HUGE_2M, MADV_NOHUGEPAGE));
	ASSERT_TRUE(translation_get(&got, self->fd, memory, length, WRITE, 0));
	ASSERT_EQ(0, got.error);
	ASSERT_LE(3, got.nr);
	ASSERT_EQ(0, iommufd_map_extents(self->space.fd, self->space.ioas,
					 &got));
	EXPECT_HELD(length / PAGE);
	EXPECT_EQ(length, unmap(&self->space, 0, EVERYTHING));
	translation_free(&got);
}

TEST_F(cdev_maps, read_only_memory)
{
	char *memory = memory_pages(PAGE);

	ASSERT_NE(MAP_FAILED, (void *)memory);
	ASSERT_EQ(0, mprotect(memory, PAGE, PROT_READ));
	EXPECT_REFUSED(EFAULT, memory, PAGE, memory_phys(memory));
}

TEST_F(cdev_maps, file)
{
	int file = memfd_create("file", MFD_CLOEXEC);
	char *memory;
	__u64 iova;

	ASSERT_EQ(0, ftruncate(file, 2 * PAGE));
	memory = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file,
		      0);
	ASSERT_NE(MAP_FAILED, (void *)memory);
	iova = phys(self->fd, memory);
	ASSERT_NE(0, iova);
	EXPECT_EQ(-EINVAL, iommufd_map_file(self->space.fd, self->space.ioas,
					    file, PAGE, iova + PAGE));
	EXPECT_HELD(0);
	EXPECT_EQ(0, iommufd_map_file(self->space.fd, self->space.ioas, file,
				      PAGE, iova));
	EXPECT_HELD(1);
	EXPECT_EQ(PAGE, unmap(&self->space, iova, PAGE));
	close(file);
}

/* --- Refused --------------------------------------------------------------------- */

TEST_F(cdev_maps, other_address)
{
	char *memory = memory_huge(HUGE_2M);
	long refused = refused_maps();
	__u64 iova;

	ASSERT_NE(MAP_FAILED, (void *)memory);
	iova = phys(self->fd, memory);
	EXPECT_REFUSED(EINVAL, memory, HUGE_2M, iova + PAGE);
	EXPECT_REFUSED(EINVAL, memory, HUGE_2M, iova - PAGE);
	EXPECT_REFUSED(EINVAL, memory, PAGE, iova + PAGE);
	EXPECT_REFUSED(EINVAL, memory, PAGE, 0);
	EXPECT_EQ(refused + 4, refused_maps());
}

TEST_F(cdev_maps, anywhere)
{
	char *memory = memory_huge(HUGE_2M);
	__u64 iova = 0;

	ASSERT_NE(MAP_FAILED, (void *)memory);
	EXPECT_EQ(-EINVAL, iommufd_map_anywhere(self->space.fd,
						self->space.ioas, memory,
						HUGE_2M, &iova));
	EXPECT_HELD(0);
	EXPECT_EQ(-EINVAL, iommufd_map_anywhere(self->space.fd,
						self->space.ioas, memory, PAGE,
						&iova));
	EXPECT_HELD(0);
}

TEST_F(cdev_maps, partly_contiguous)
{
	char *memory = memory_partly_contiguous();

	ASSERT_NE(MAP_FAILED, (void *)memory);
	EXPECT_REFUSED(EINVAL, memory, 3 * PAGE, phys(self->fd, memory));
	/* The part that was mapped before the refusal can be mapped again. */
	ASSERT_MAPPED(memory, 2 * PAGE);
	ASSERT_MAPPED(memory + 2 * PAGE, PAGE);
}

TEST_F(cdev_maps, overlapping)
{
	char *memory = memory_huge(HUGE_2M);
	__u64 iova;

	ASSERT_NE(MAP_FAILED, (void *)memory);
	iova = phys(self->fd, memory);
	ASSERT_EQ(0, map(&self->space, memory, 4 * PAGE, iova));
	EXPECT_EQ(-EEXIST, map(&self->space, memory, PAGE, iova));
	EXPECT_EQ(-EEXIST, map(&self->space, memory + 2 * PAGE, 4 * PAGE,
			       iova + 2 * PAGE));
	EXPECT_HELD(4);
	EXPECT_EQ(4 * PAGE, unmap(&self->space, iova, 4 * PAGE));
}

TEST_F(cdev_maps, unaligned)
{
	char *memory = memory_huge(HUGE_2M);
	__u64 iova;

	ASSERT_NE(MAP_FAILED, (void *)memory);
	iova = phys(self->fd, memory);
	EXPECT_REFUSED(EINVAL, memory + 8, PAGE, iova + 8);
	EXPECT_REFUSED(EINVAL, memory + 8, PAGE, iova);
	EXPECT_REFUSED(EINVAL, memory, PAGE + 8, iova);
	EXPECT_REFUSED(EINVAL, memory, 0, iova);
}

TEST_F(cdev_maps, beyond_the_aperture)
{
	char *memory = memory_huge(HUGE_2M);

	ASSERT_NE(MAP_FAILED, (void *)memory);
	EXPECT_REFUSED(EINVAL, memory, PAGE, 1ULL << 62);
	EXPECT_REFUSED(EINVAL, memory, PAGE, MSI_START);
	EXPECT_REFUSED(EINVAL, memory, PAGE, MSI_LAST + 1 - PAGE);
	EXPECT_REFUSED(EINVAL, memory, 2 * PAGE, MSI_START - PAGE);
	EXPECT_REFUSED(EINVAL, memory, PAGE, 0ULL - PAGE);
	EXPECT_REFUSED(EOVERFLOW, memory, 2 * PAGE, 0ULL - PAGE);
}

TEST_F(cdev_maps, not_memory)
{
	char *memory = memory_pages(2 * PAGE);
	void *bar = (void *)self->space.edu.registers;

	ASSERT_NE(MAP_FAILED, (void *)memory);
	ASSERT_EQ(0, munmap(memory + PAGE, PAGE));
	EXPECT_REFUSED(EFAULT, memory + PAGE, PAGE, memory_phys(memory));
	EXPECT_REFUSED(EFAULT, bar, PAGE, phys(self->fd, bar));
}

TEST_F(cdev_maps, copied)
{
	char *memory = memory_huge(HUGE_2M);
	int fd = self->space.fd;
	__u32 ioas = self->space.ioas, other;
	__u64 iova;

	ASSERT_NE(MAP_FAILED, (void *)memory);
	iova = phys(self->fd, memory);
	ASSERT_EQ(0, map(&self->space, memory, HUGE_2M, iova));
	EXPECT_EQ(-EINVAL, iommufd_copy(fd, ioas, iova, PAGE, ioas,
					iova + HUGE_2M));
	EXPECT_HELD(HUGE_2M / PAGE);
	/* No device could use this address space. */
	ASSERT_EQ(0, iommufd_ioas(fd, &other));
	EXPECT_EQ(0, iommufd_copy(fd, ioas, iova, HUGE_2M, other, iova));
	EXPECT_HELD(HUGE_2M / PAGE);
	EXPECT_EQ(HUGE_2M, unmap(&self->space, iova, HUGE_2M));
	EXPECT_HELD(0);
	EXPECT_EQ(0, iommufd_copy(fd, other, iova, PAGE, ioas, iova));
	EXPECT_HELD(1);
	EXPECT_EQ(PAGE, unmap(&self->space, iova, PAGE));
}

/* --- Unmapped -------------------------------------------------------------------- */

TEST_F(cdev_maps, unmap_in_parts)
{
	char *memory = memory_huge(HUGE_2M);
	__u64 iova;

	ASSERT_NE(MAP_FAILED, (void *)memory);
	iova = phys(self->fd, memory);
	EXPECT_EQ(-ENOENT, unmap(&self->space, iova, PAGE));
	ASSERT_EQ(0, map(&self->space, memory, 2 * PAGE, iova));
	ASSERT_EQ(0, map(&self->space, memory + 4 * PAGE, 2 * PAGE,
			 iova + 4 * PAGE));
	EXPECT_EQ(-ENOENT, unmap(&self->space, iova, PAGE));
	EXPECT_EQ(-ENOENT, unmap(&self->space, iova + PAGE, PAGE));
	EXPECT_HELD(4);
	EXPECT_EQ(4 * PAGE, unmap(&self->space, iova, 8 * PAGE));
	EXPECT_HELD(0);
}

TEST_F(cdev_maps, close_unmaps)
{
	char *memory = memory_huge(HUGE_2M);

	ASSERT_NE(MAP_FAILED, (void *)memory);
	ASSERT_EQ(0, map(&self->space, memory, HUGE_2M, phys(self->fd, memory)));
	EXPECT_HELD(HUGE_2M / PAGE);
	/* The teardown checks. */
}

/* --- Usable IOVAs ---------------------------------------------------------------- */

static unsigned int address_bits(void)
{
	FILE *file = fopen("/proc/cpuinfo", "re");
	unsigned int bits = 0;
	char line[256];

	while (file && !bits && fgets(line, sizeof(line), file))
		sscanf(line, "address sizes : %u bits physical", &bits);
	if (file)
		fclose(file);
	return bits;
}

TEST_F(cdev_maps, ranges)
{
	struct iommufd_range ranges[4];
	__u32 nr = 4, few = 1;
	__u64 alignment;

	ASSERT_EQ(0, iommufd_ranges(self->space.fd, self->space.ioas, ranges,
				    &nr, &alignment));
	EXPECT_EQ(PAGE, alignment);
	ASSERT_EQ(2, nr);
	EXPECT_EQ(0, ranges[0].start);
	EXPECT_EQ(MSI_START - 1, ranges[0].last);
	EXPECT_EQ(MSI_LAST + 1, ranges[1].start);
	EXPECT_EQ((1ULL << address_bits()) - 1, ranges[1].last);
	EXPECT_EQ(-EMSGSIZE, iommufd_ranges(self->space.fd, self->space.ioas,
					    ranges, &few, &alignment));
	EXPECT_EQ(2, few);

	ASSERT_EQ(0, cdev_detach(&self->space.edu.vfio));
	nr = 4;
	ASSERT_EQ(0, iommufd_ranges(self->space.fd, self->space.ioas, ranges,
				    &nr, &alignment));
	ASSERT_EQ(1, nr);
	EXPECT_EQ(0, ranges[0].start);
	EXPECT_EQ(UINT64_MAX, ranges[0].last);
}

TEST_HARNESS_MAIN
