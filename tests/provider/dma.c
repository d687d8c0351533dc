// SPDX-License-Identifier: GPL-2.0-only
/*
 * Real DMA: QEMU's edu device copies memory at physical addresses, as hardware does, past
 * all page tables. Guest: two NUMA nodes.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "edu.h"
#include "kselftest_harness.h"
#include "memory.h"
#include "sysfs.h"

FIXTURE(dma)
{
	struct edu edu;
};

FIXTURE_SETUP(dma)
{
	run("modprobe -a noiommu vfio-pci");
	ASSERT_EQ(0, edu_bind("vfio-pci"));
	ASSERT_EQ(0, edu_open(&self->edu));
}

FIXTURE_TEARDOWN(dma)
{
	edu_close(&self->edu);
}

TEST_F(dma, round_trip)
{
	unsigned char *memory = memory_huge(HUGE_2M);
	unsigned char *to = memory + HUGE_2M / 2;
	__u64 phys;

	ASSERT_NE(MAP_FAILED, (void *)memory);
	phys = memory_phys(memory);
	ASSERT_EQ(0, vfio_map(&self->edu.vfio, memory, HUGE_2M, phys));
	memory_fill(memory, EDU_BUFFER_SIZE, 1);
	memset(to, 0, PAGE);
	EXPECT_TRUE(edu_copies(&self->edu, phys, phys + HUGE_2M / 2, memory,
			       to));
	ASSERT_EQ(0, vfio_unmap(&self->edu.vfio, phys, HUGE_2M));
}

TEST_F(dma, control_an_unpinned_page_moves)
{
	unsigned char *memory = memory_pages(PAGE);
	__u64 phys;

	ASSERT_NE(MAP_FAILED, (void *)memory);
	phys = memory_phys(memory);
	ASSERT_EQ(0, memory_migrate(memory));
	EXPECT_NE(phys, memory_phys(memory));
}

TEST_F(dma, pinned_pages_stay)
{
	unsigned char *from = memory_pages(PAGE), *to = memory_pages(PAGE);
	__u64 source, destination;

	ASSERT_NE(MAP_FAILED, (void *)from);
	ASSERT_NE(MAP_FAILED, (void *)to);
	source = memory_phys(from);
	destination = memory_phys(to);
	ASSERT_EQ(0, vfio_map(&self->edu.vfio, from, PAGE, source));
	ASSERT_EQ(0, vfio_map(&self->edu.vfio, to, PAGE, destination));
	/* Mapping for write has not moved the pages out of ZONE_MOVABLE. */
	ASSERT_EQ(source, memory_phys(from));
	ASSERT_EQ(destination, memory_phys(to));

	memory_fill(from, EDU_BUFFER_SIZE, 2);
	EXPECT_TRUE(edu_copies(&self->edu, source, destination, from, to));

	EXPECT_GT(0, memory_migrate(from));
	EXPECT_GT(0, memory_migrate(to));
	EXPECT_EQ(source, memory_phys(from));
	EXPECT_EQ(destination, memory_phys(to));

	memory_fill(from, EDU_BUFFER_SIZE, 3);
	memset(to, 0, PAGE);
	EXPECT_TRUE(edu_copies(&self->edu, source, destination, from, to));
	ASSERT_EQ(0, vfio_unmap(&self->edu.vfio, source, PAGE));
	ASSERT_EQ(0, vfio_unmap(&self->edu.vfio, destination, PAGE));
}

TEST_F(dma, pinned_huge_page_stays)
{
	unsigned char *memory = memory_huge(HUGE_2M);
	unsigned char *to = memory + PAGE;
	__u64 phys;

	ASSERT_NE(MAP_FAILED, (void *)memory);
	/* An unpinned page moves. */
	phys = memory_phys(memory);
	ASSERT_EQ(0, memory_migrate(memory));
	ASSERT_NE(phys, memory_phys(memory));

	phys = memory_phys(memory);
	ASSERT_EQ(0, vfio_map(&self->edu.vfio, memory, HUGE_2M, phys));
	EXPECT_GT(0, memory_migrate(memory));
	EXPECT_EQ(phys, memory_phys(memory));
	memory_fill(memory, EDU_BUFFER_SIZE, 4);
	EXPECT_TRUE(edu_copies(&self->edu, phys, phys + PAGE, memory, to));
	ASSERT_EQ(0, vfio_unmap(&self->edu.vfio, phys, HUGE_2M));
}

TEST_HARNESS_MAIN
