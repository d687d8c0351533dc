// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of dma-bufs that other drivers export, through mappings of it, and pinned for a
 * function.
 *
 * Guest: edu.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/dma-heap.h>
#include <linux/udmabuf.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "baseline.h"
#include "edu.h"
#include "extents.h"
#include "kselftest_harness.h"
#include "memory.h"
#include "noiommu.h"
#include "passthrough.h"
#include "pinned.h"

#define LENGTH (1UL << 20)
#define PAGES (LENGTH / PAGE)
#define WRITE NOIOMMU_ACCESS_WRITE

FIXTURE(dma_bufs)
{
	int fd;
	struct edu edu;
	char address[PCI_ADDRESS_SIZE];
	struct noiommu_extent extents[PAGES];
	struct noiommu_extent pinned_extents[PAGES];
	struct noiommu_pin_dmabuf pin;
	__u32 nr;
	long pinned;
	long locked;
};

FIXTURE_SETUP(dma_bufs)
{
	ASSERT_EQ(0, passthrough_load());
	ASSERT_EQ(0, edu_bind_nth(0, "vfio-pci", self->address));
	ASSERT_EQ(0, edu_open(&self->edu));
	OPEN_NOIOMMU();
	REMEMBER_PINS();
	self->nr = PAGES;
}

FIXTURE_TEARDOWN(dma_bufs)
{
	edu_close(&self->edu);
	CLOSE_NOIOMMU();
}

/* Return a dma-buf or -errno. */
static int heap_buffer(void)
{
	struct dma_heap_allocation_data data = {
		.len = LENGTH,
		.fd_flags = O_RDWR | O_CLOEXEC,
	};
	int heap = open("/dev/dma_heap/system", O_RDWR | O_CLOEXEC), ret;

	ret = ioctl(heap, DMA_HEAP_IOCTL_ALLOC, &data) ? -errno : (int)data.fd;
	close(heap);
	return ret;
}

static int memfd_buffer(int memfd)
{
	struct udmabuf_create create = {
		.memfd = memfd,
		.flags = UDMABUF_FLAGS_CLOEXEC,
		.size = LENGTH,
	};
	int driver = open("/dev/udmabuf", O_RDWR | O_CLOEXEC), ret;

	ret = ioctl(driver, UDMABUF_CREATE, &create);
	ret = ret < 0 ? -errno : ret;
	close(driver);
	return ret;
}

static char *map(int fd)
{
	return mmap(NULL, LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
}

/* It is pinned for the function at the addresses that TRANSLATE returned. */
#define EXPECT_PINS_DMABUF(buffer)					\
do {									\
	self->pin = noiommu_dmabuf_for(self->address, buffer,		\
				       self->pinned_extents, PAGES);	\
	EXPECT_EQ(0, noiommu_ioctl(self->fd, NOIOMMU_PIN_DMABUF,		\
				   &self->pin));			\
	EXPECT_EQ(self->nr, self->pin.nr_extents);			\
	EXPECT_EQ(0, memcmp(self->extents, self->pinned_extents,		\
			    self->nr * sizeof(self->extents[0])));	\
	EXPECT_EQ(0, noiommu_unpin_id(self->fd, self->pin.id));		\
} while (0)

/* It has no pages to pin: the exporter alone decides how long it stays. */
TEST_F(dma_bufs, of_a_heap)
{
	int buffer = heap_buffer();
	char *va = map(buffer);
	size_t length = 0;
	__u32 id, i;

	ASSERT_LE(0, buffer);
	ASSERT_NE(MAP_FAILED, va);
	EXPECT_EQ(0, noiommu_translate_range(self->fd, va, LENGTH, WRITE,
					     self->extents, &self->nr));
	/* pagemap does not show such pages. */
	for (i = 0; i < self->nr; i++) {
		EXPECT_EQ(0, self->extents[i].flags);
		length += self->extents[i].length;
	}
	EXPECT_EQ(LENGTH, length);
	EXPECT_EQ(-EOPNOTSUPP, pin(self->fd, va, LENGTH, WRITE, &id));
	EXPECT_PINS_DMABUF(buffer);
	munmap(va, LENGTH);
	close(buffer);
}

/* The dma-buf has the pages of a memfd. */
TEST_F(dma_bufs, of_a_memfd)
{
	int memfd = memfd_create("buffer", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	char *memory, *va;
	int buffer;
	__u32 id;

	ASSERT_EQ(0, ftruncate(memfd, LENGTH));
	ASSERT_EQ(0, fcntl(memfd, F_ADD_SEALS, F_SEAL_SHRINK));
	memory = map(memfd);
	memset(memory, 7, LENGTH);
	buffer = memfd_buffer(memfd);
	ASSERT_LE(0, buffer);
	va = map(buffer);
	ASSERT_NE(MAP_FAILED, va);
	EXPECT_EQ(0, noiommu_translate_range(self->fd, va, LENGTH, WRITE,
					     self->extents, &self->nr));
	EXPECT_TRUE(extents_are_pagemap(self->extents, self->nr, memory,
					LENGTH));
	EXPECT_EQ(-EOPNOTSUPP, pin(self->fd, va, LENGTH, WRITE, &id));
	EXPECT_PINS_DMABUF(buffer);
	munmap(va, LENGTH);
	munmap(memory, LENGTH);
	close(buffer);
	close(memfd);
}

TEST_HARNESS_MAIN
