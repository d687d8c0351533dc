// SPDX-License-Identifier: GPL-2.0-only
/*
 * NOIOMMU_ALLOC: the memory is a dma-buf, which a driver imports for its function.
 *
 * Guest: edu, importer.ko.
 */
#include <errno.h>
#include <linux/dma-buf.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "allocated.h"
#include "edu.h"
#include "importer.h"
#include "kselftest_harness.h"

#define MIB (1UL << 20)
#define LENGTH (3 * MIB)
/* The kernel's limit for a device whose driver sets no other. */
#define LONGEST 65536

FIXTURE(alloc_import)
{
	int fd;
	int memory;
	char *va;
	char edu[PCI_ADDRESS_SIZE];
	struct noiommu_alloc alloc;
	long pinned;
	long locked;
};

FIXTURE_SETUP(alloc_import)
{
	OPEN_NOIOMMU();
	REMEMBER_PINS();
	ASSERT_EQ(0, pci_find(EDU_VENDOR, EDU_DEVICE, 0, self->edu));
	self->alloc = noiommu_alloc_anywhere(LENGTH);
	self->memory = noiommu_alloc_memory(self->fd, &self->alloc);
	ASSERT_LE(0, self->memory);
	self->va = map_memory(self->memory, LENGTH);
	ASSERT_NE(MAP_FAILED, self->va);
}

FIXTURE_TEARDOWN(alloc_import)
{
	munmap(self->va, LENGTH);
	close(self->memory);
	EXPECT_ALLOCATED(0);
	CLOSE_NOIOMMU();
}

#define EXPECT_IMPORTED(alloc)						\
do {									\
	EXPECT_EQ((long)(alloc)->phys, imported("address"));		\
	EXPECT_EQ((long)(alloc)->length, imported("length"));		\
} while (0)

TEST_F(alloc_import, is_a_dma_buf)
{
	struct dma_buf_sync sync = { DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW };

	EXPECT_EQ(0, ioctl(self->memory, DMA_BUF_IOCTL_SYNC, &sync));
	sync.flags = DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW;
	EXPECT_EQ(0, ioctl(self->memory, DMA_BUF_IOCTL_SYNC, &sync));
	EXPECT_EQ((off_t)LENGTH, lseek(self->memory, 0, SEEK_END));
}

TEST_F(alloc_import, control_not_a_dma_buf)
{
	EXPECT_EQ(-EINVAL, import(self->fd, self->edu, 64));
	EXPECT_EQ(-EBADF, import(-1, self->edu, 64));
}

TEST_F(alloc_import, at_the_physical_address)
{
	ASSERT_EQ(0, import(self->memory, self->edu, 64));
	EXPECT_IMPORTED(&self->alloc);
	EXPECT_EQ(LONGEST, imported("longest"));
	EXPECT_EQ(0, unimport());
}

TEST_F(alloc_import, by_the_cpu)
{
	*(long *)self->va = 0x5aa5f00f;
	ASSERT_EQ(0, import(self->memory, self->edu, 64));
	EXPECT_EQ(0x5aa5f00f, imported("content"));
	EXPECT_EQ(0, unimport());
}

/* The importer keeps it, although no process has it any more. */
TEST_F(alloc_import, until_the_importer_ends)
{
	struct noiommu_alloc other = noiommu_alloc_anywhere(PAGE);
	int memory = noiommu_alloc_memory(self->fd, &other);

	ASSERT_LE(0, memory);
	ASSERT_EQ(0, import(memory, self->edu, 64));
	ASSERT_EQ(0, close(memory));
	EXPECT_ALLOCATED(LENGTH + PAGE);
	EXPECT_IMPORTED(&other);
	ASSERT_EQ(0, unimport());
	EXPECT_ALLOCATED(LENGTH);
}

/* Bounce buffers would be other memory. */
TEST_F(alloc_import, beyond_the_mask_of_the_function)
{
	struct noiommu_alloc low = noiommu_alloc_anywhere(LENGTH);
	int memory;

	EXPECT_EQ(-EBUSY, import(self->memory, self->edu, 24));
	low.limit = (1UL << 26) - 1;
	memory = noiommu_alloc_memory(self->fd, &low);
	ASSERT_LE(0, memory);
	ASSERT_EQ(0, import(memory, self->edu, 26));
	EXPECT_IMPORTED(&low);
	EXPECT_EQ(0, unimport());
	close(memory);
}

/* An import is a use, so the memory stays after NOIOMMU_FREE. */
TEST_F(alloc_import, freed_after_the_import)
{
	ASSERT_EQ(0, import(self->memory, self->edu, 64));
	ASSERT_EQ(0, noiommu_free_memory(self->fd, self->memory));
	EXPECT_ALLOCATED(LENGTH);
	ASSERT_EQ(0, unimport());
}

TEST_HARNESS_MAIN
