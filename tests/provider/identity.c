// SPDX-License-Identifier: GPL-2.0-only
/*
 * Maps through VFIO type1: only identity is allowed.
 *
 * A refusal leaves nothing behind: no mapping, no pin, no locked memory.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "arch.h"
#include "edu.h"
#include "kselftest_harness.h"
#include "memory.h"
#include "sysfs.h"
#include "vfio.h"

FIXTURE(identity)
{
	struct edu edu;
	struct vfio *vfio;
	long pinned;
	long locked;
	long mapped;
};

static long refused_maps(void)
{
	long maps = -1;

	file_read_long(PROVIDER "/refused_maps", &maps);
	return maps;
}

FIXTURE_SETUP(identity)
{
	run("modprobe -a noiommu vfio-pci");
	ASSERT_EQ(0, edu_bind("vfio-pci"));
	ASSERT_EQ(0, edu_open(&self->edu));
	self->vfio = &self->edu.vfio;
	self->pinned = memory_pinned();
	self->locked = memory_locked();
	self->mapped = provider_mapped();
}

FIXTURE_TEARDOWN(identity)
{
	edu_close(&self->edu);
	EXPECT_EQ(self->pinned, memory_pinned());
	EXPECT_EQ(self->locked, memory_locked());
	EXPECT_EQ(0, provider_mapped());
}

#define ASSERT_MAPPED(memory, length)					\
do {									\
	__u64 __iova = memory_phys(memory);				\
									\
	ASSERT_EQ(0, vfio_map(self->vfio, memory, length, __iova));	\
	EXPECT_EQ(self->mapped + (long)(length), provider_mapped());	\
	EXPECT_EQ(self->pinned + (long)((length) / PAGE),		\
		  memory_pinned());					\
	EXPECT_EQ(self->locked + (long)((length) / 1024),		\
		  memory_locked());					\
	ASSERT_EQ(0, vfio_unmap(self->vfio, __iova, length));		\
	EXPECT_EQ(self->mapped, provider_mapped());			\
	EXPECT_EQ(self->pinned, memory_pinned());			\
	EXPECT_EQ(self->locked, memory_locked());			\
} while (0)

#define ASSERT_REFUSED(error, memory, length, iova)			\
do {									\
	ASSERT_EQ(-(error), vfio_map(self->vfio, memory, length, iova));\
	EXPECT_EQ(self->mapped, provider_mapped());			\
	EXPECT_EQ(self->pinned, memory_pinned());			\
	EXPECT_EQ(self->locked, memory_locked());			\
} while (0)

TEST_F(identity, huge_page)
{
	char *memory = memory_huge(HUGE_2M);

	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_MAPPED(memory, HUGE_2M);
}

TEST_F(identity, single_pages)
{
	char *memory = memory_pages(64 * PAGE);
	int i;

	ASSERT_NE(MAP_FAILED, memory);
	for (i = 0; i < 64; i++)
		ASSERT_MAPPED(memory + i * PAGE, PAGE);
}

TEST_F(identity, contiguous_run)
{
	char *memory = memory_partly_contiguous();

	if (!memory_has_thp())
		SKIP(return, NO_THP);
	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_MAPPED(memory, 2 * PAGE);
}

TEST_F(identity, part_of_a_huge_page)
{
	char *memory = memory_huge(HUGE_2M);

	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_MAPPED(memory + 3 * PAGE, 5 * PAGE);
}

TEST_F(identity, off_by_one_page)
{
	char *memory = memory_huge(HUGE_2M);
	long refused = refused_maps();
	__u64 phys;

	ASSERT_NE(MAP_FAILED, memory);
	phys = memory_phys(memory);
	ASSERT_REFUSED(EINVAL, memory, HUGE_2M, phys + PAGE);
	ASSERT_REFUSED(EINVAL, memory, HUGE_2M, phys - PAGE);
	ASSERT_REFUSED(EINVAL, memory, PAGE, phys + PAGE);
	EXPECT_EQ(refused + 3, refused_maps());
}

TEST_F(identity, partly_contiguous)
{
	char *memory = memory_partly_contiguous();
	__u64 phys;

	if (!memory_has_thp())
		SKIP(return, NO_THP);
	ASSERT_NE(MAP_FAILED, memory);
	phys = memory_phys(memory);
	ASSERT_REFUSED(EINVAL, memory, 3 * PAGE, phys);
	/* The part that was mapped before the refusal can be mapped again. */
	ASSERT_MAPPED(memory, 2 * PAGE);
}

TEST_F(identity, unaligned)
{
	char *memory = memory_huge(HUGE_2M);
	__u64 phys;

	ASSERT_NE(MAP_FAILED, memory);
	phys = memory_phys(memory);
	ASSERT_REFUSED(EINVAL, memory + 8, PAGE, phys + 8);
	ASSERT_REFUSED(EINVAL, memory, PAGE + 8, phys);
	ASSERT_REFUSED(EINVAL, memory, 0, phys);
}

TEST_F(identity, overlapping)
{
	char *memory = memory_huge(HUGE_2M);
	__u64 phys;

	ASSERT_NE(MAP_FAILED, memory);
	phys = memory_phys(memory);
	ASSERT_EQ(0, vfio_map(self->vfio, memory, 4 * PAGE, phys));
	self->mapped += 4 * PAGE;
	self->pinned += 4;
	self->locked += 4 * PAGE / 1024;
	ASSERT_REFUSED(EEXIST, memory, PAGE, phys);
	ASSERT_REFUSED(EEXIST, memory + 2 * PAGE, 4 * PAGE, phys + 2 * PAGE);
	ASSERT_EQ(0, vfio_unmap(self->vfio, phys, 4 * PAGE));
	self->mapped -= 4 * PAGE;
	self->pinned -= 4;
	self->locked -= 4 * PAGE / 1024;
}

TEST_F(identity, beyond_the_aperture)
{
	char *memory = memory_huge(HUGE_2M);
	int error;

	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_REFUSED(EINVAL, memory, PAGE, 1ULL << 62);
	/* The address range of interrupt messages. */
	ASSERT_REFUSED(EINVAL, memory, PAGE, 0xfee00000);
	ASSERT_REFUSED(EINVAL, memory, PAGE, 0ULL - PAGE);
	/* For an end that wraps, VFIO itself returns one or the other. */
	error = -vfio_map(self->vfio, memory, 2 * PAGE, 0ULL - PAGE);
	EXPECT_TRUE(error == EINVAL || error == EOVERFLOW);
}

TEST_F(identity, interrupt_window_is_reserved)
{
	char address[PCI_ADDRESS_SIZE], path[128], text[128] = "";

	ASSERT_EQ(0, pci_find(EDU_VENDOR, EDU_DEVICE, 0, address));
	snprintf(path, sizeof(path),
		 "/sys/kernel/iommu_groups/%d/reserved_regions",
		 pci_group(address));
	ASSERT_EQ(0, file_read(path, text, sizeof(text)));
	EXPECT_STREQ(MSI_REGION, text);
}

TEST_F(identity, not_mapped_in_the_process)
{
	char *memory = memory_pages(2 * PAGE);

	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_EQ(0, munmap(memory + PAGE, PAGE));
	ASSERT_REFUSED(EFAULT, memory + PAGE, PAGE, memory_phys(memory));
}

TEST_F(identity, unmap_what_is_not_mapped)
{
	EXPECT_EQ(-ENOENT, vfio_unmap(self->vfio, HUGE_2M, PAGE));
	EXPECT_EQ(self->mapped, provider_mapped());
}

TEST_F(identity, exit_unmaps)
{
	char *memory = memory_huge(HUGE_2M);

	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_EQ(0, vfio_map(self->vfio, memory, HUGE_2M, memory_phys(memory)));
	ASSERT_EQ(self->mapped + (long)HUGE_2M, provider_mapped());
	/* The teardown checks. */
}

TEST_HARNESS_MAIN
