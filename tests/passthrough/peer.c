// SPDX-License-Identifier: GPL-2.0-only
/*
 * Peer to peer: edu copies to and from a BAR of another device, through type1's mapping of
 * that BAR at its physical address.
 *
 * Guest: edu, ivshmem with 4 MiB, nvme with a controller memory buffer.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "edu.h"
#include "kselftest_harness.h"
#include "memory.h"
#include "noiommu.h"
#include "nvme.h"
#include "passthrough.h"
#include "sysfs.h"
#include "translation.h"

#define SIZE EDU_BUFFER_SIZE
/* The shared memory of ivshmem, the buffer of nvme. */
#define BAR 2

FIXTURE(peer)
{
	int fd;
	struct edu edu;
	struct vfio target;
	char address[PCI_ADDRESS_SIZE];
	volatile unsigned char *bar;
	size_t length;
	__u64 phys;
	unsigned char *memory;
	__u64 memory_phys;
	long mapped;
	long pinned;
	long locked;
};

FIXTURE_VARIANT(peer)
{
	const char *driver;
	unsigned int vendor;
	unsigned int device;
};

FIXTURE_VARIANT_ADD(peer, vfio_pci)
{
	.driver = "vfio-pci",
	.vendor = SHM_VENDOR,
	.device = SHM_DEVICE,
};

FIXTURE_VARIANT_ADD(peer, noiommu_pci)
{
	.driver = "noiommu-pci",
	.vendor = SHM_VENDOR,
	.device = SHM_DEVICE,
};

FIXTURE_VARIANT_ADD(peer, noiommu_pci_nvme)
{
	.driver = "noiommu-pci",
	.vendor = NVME_VENDOR,
	.device = NVME_DEVICE,
};

FIXTURE_SETUP(peer)
{
	char edu[PCI_ADDRESS_SIZE];

	ASSERT_EQ(0, passthrough_load());
	self->fd = noiommu_open_device();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, pci_find(EDU_VENDOR, EDU_DEVICE, 0, edu));
	ASSERT_EQ(0, pci_find(variant->vendor, variant->device, 0,
			      self->address));
	ASSERT_EQ(0, passthrough_bind(edu, variant->driver));
	ASSERT_EQ(0, passthrough_bind(self->address, variant->driver));
	ASSERT_TRUE(pci_has_driver(edu, variant->driver));
	ASSERT_TRUE(pci_has_driver(self->address, variant->driver));
	ASSERT_EQ(0, edu_open(&self->edu));
	ASSERT_EQ(0, vfio_open(&self->target, self->address));
	ASSERT_EQ(0, vfio_set_memory(&self->target, true));
	self->bar = vfio_map_region(&self->target, BAR, &self->length);
	ASSERT_NE(MAP_FAILED, (void *)self->bar);
	self->memory = memory_pages(PAGE);
	ASSERT_NE(MAP_FAILED, (void *)self->memory);
	self->memory_phys = memory_phys(self->memory);
	ASSERT_EQ(0, vfio_map(&self->edu.vfio, self->memory, PAGE,
			      self->memory_phys));
	self->phys = translate_one(self->fd, (void *)self->bar,
				   NOIOMMU_ACCESS_WRITE, NULL);
	self->mapped = provider_mapped();
	self->pinned = memory_pinned();
	self->locked = memory_locked();
}

FIXTURE_TEARDOWN(peer)
{
	munmap((void *)self->bar, self->length);
	vfio_close(&self->target);
	edu_close(&self->edu);
	close(self->fd);
	EXPECT_EQ(0, provider_mapped());
}

static unsigned char pattern(unsigned int seed, size_t i)
{
	return (seed * 40503u + i * 2654435761u) >> 7;
}

/* Byte by byte, because a device may not accept wide accesses to its BAR. */
static void fill(volatile unsigned char *at, unsigned int seed, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++)
		at[i] = pattern(seed, i);
}

static size_t first_difference(const volatile unsigned char *at,
			       unsigned int seed, size_t length)
{
	size_t i = 0;

	while (i < length && at[i] == pattern(seed, i))
		i++;
	return i;
}

/* Copies RAM to the BAR, and another piece of the BAR to RAM, completely. */
#define ASSERT_COPIES(_offset)						\
do {									\
	size_t __at = _offset;						\
									\
	fill(self->bar + __at, 1, SIZE);				\
	fill(self->memory, 2, SIZE);					\
	edu_dma_in(&self->edu, self->memory_phys, SIZE);		\
	edu_dma_out(&self->edu, self->phys + __at, SIZE);		\
	EXPECT_EQ(SIZE, first_difference(self->bar + __at, 2, SIZE));	\
	fill(self->bar + __at, 3, SIZE);				\
	edu_dma_in(&self->edu, self->phys + __at, SIZE);		\
	edu_dma_out(&self->edu, self->memory_phys + SIZE, SIZE);	\
	EXPECT_EQ(SIZE, first_difference(self->memory + SIZE, 3, SIZE));\
	EXPECT_EQ(SIZE, first_difference(self->memory, 2, SIZE));	\
} while (0)

#define ASSERT_BAR_MAPPED(_bytes)					\
do {									\
	EXPECT_EQ(self->mapped + (long)(_bytes), provider_mapped());	\
	/* A BAR needs no pin and is not accounted. */			\
	EXPECT_EQ(self->pinned, memory_pinned());			\
	EXPECT_EQ(self->locked, memory_locked());			\
} while (0)

TEST_F(peer, address)
{
	EXPECT_NE(0, self->phys);
	EXPECT_EQ(bar_start(self->address, BAR), self->phys);
	EXPECT_TRUE(translates_to_bar(self->fd, (void *)self->bar, self->length,
				      NOIOMMU_ACCESS_WRITE, self->phys));
}

TEST_F(peer, into_a_bar_and_out_of_it)
{
	ASSERT_EQ(0, vfio_map(&self->edu.vfio, (void *)self->bar, self->length,
			      self->phys));
	ASSERT_BAR_MAPPED(self->length);
	ASSERT_COPIES(0);
	ASSERT_COPIES(3 * PAGE + 24);
	ASSERT_COPIES(self->length / 2 - SIZE / 2);
	ASSERT_COPIES(self->length - SIZE);
	ASSERT_EQ(0, vfio_unmap(&self->edu.vfio, self->phys, self->length));
	ASSERT_BAR_MAPPED(0);
}

TEST_F(peer, nothing_else_is_written)
{
	const size_t at = 5 * PAGE + 8;

	ASSERT_EQ(0, vfio_map(&self->edu.vfio, (void *)self->bar, self->length,
			      self->phys));
	fill(self->bar + at - SIZE, 4, SIZE);
	fill(self->bar + at + SIZE, 5, SIZE);
	ASSERT_COPIES(at);
	EXPECT_EQ(SIZE, first_difference(self->bar + at - SIZE, 4, SIZE));
	EXPECT_EQ(SIZE, first_difference(self->bar + at + SIZE, 5, SIZE));
}

/* A process maps a part of the BAR, and type1 a part of that. */
TEST_F(peer, part_of_a_bar)
{
	const size_t at = 16 * PAGE, length = 4 * PAGE;
	char *part = region_map(&self->target, BAR, at, length,
				PROT_READ | PROT_WRITE);

	ASSERT_NE(MAP_FAILED, (void *)part);
	EXPECT_TRUE(translates_to_bar(self->fd, part, length, 0,
				      self->phys + at));
	ASSERT_EQ(0, vfio_map(&self->edu.vfio, part + PAGE, 2 * PAGE,
			      self->phys + at + PAGE));
	ASSERT_BAR_MAPPED(2 * PAGE);
	ASSERT_COPIES(at + PAGE);
	ASSERT_EQ(0, vfio_unmap(&self->edu.vfio, self->phys + at + PAGE,
				2 * PAGE));
	ASSERT_EQ(0, munmap(part, length));
	ASSERT_BAR_MAPPED(0);
}

TEST_F(peer, not_at_another_address)
{
	struct vfio *vfio = &self->edu.vfio;
	void *bar = (void *)self->bar;

	EXPECT_EQ(-EINVAL, vfio_map(vfio, bar, self->length, self->phys + PAGE));
	EXPECT_EQ(-EINVAL, vfio_map(vfio, bar, PAGE, self->phys - PAGE));
	EXPECT_EQ(-EINVAL, vfio_map(vfio, bar, PAGE, self->memory_phys + PAGE));
	EXPECT_EQ(-EINVAL, vfio_map(vfio, bar + PAGE, PAGE, self->phys));
	/* RAM cannot be mapped at the address of the BAR either. */
	EXPECT_EQ(-EINVAL, vfio_map(vfio, self->memory, PAGE, self->phys));
	ASSERT_BAR_MAPPED(0);
	ASSERT_EQ(0, vfio_map(vfio, bar, self->length, self->phys));
	ASSERT_BAR_MAPPED(self->length);
}

TEST_F(peer, not_of_a_device_that_is_off)
{
	ASSERT_EQ(0, vfio_set_memory(&self->target, false));
	EXPECT_EQ(-EFAULT, vfio_map(&self->edu.vfio, (void *)self->bar,
				    self->length, self->phys));
	ASSERT_BAR_MAPPED(0);
	ASSERT_EQ(0, vfio_set_memory(&self->target, true));
	ASSERT_EQ(0, vfio_map(&self->edu.vfio, (void *)self->bar, self->length,
			      self->phys));
	ASSERT_COPIES(0);
}

/* Both devices in one container, as in a driver of both. */
TEST_F(peer, in_one_container)
{
	ASSERT_EQ(0, munmap((void *)self->bar, self->length));
	vfio_close(&self->target);
	ASSERT_EQ(0, vfio_open_group(&self->target, self->address));
	ASSERT_EQ(0, vfio_join(&self->target, &self->edu.vfio));
	ASSERT_EQ(0, vfio_open_device(&self->target, self->address));
	ASSERT_EQ(0, vfio_set_memory(&self->target, true));
	self->bar = vfio_map_region(&self->target, BAR, &self->length);
	ASSERT_NE(MAP_FAILED, (void *)self->bar);
	ASSERT_EQ(0, vfio_map(&self->edu.vfio, (void *)self->bar, self->length,
			      self->phys));
	ASSERT_COPIES(0);
	ASSERT_COPIES(self->length - SIZE);
}

/* Exit without an unmap: the teardown checks. */
TEST_F(peer, close_leaves_nothing)
{
	ASSERT_EQ(0, vfio_map(&self->edu.vfio, (void *)self->bar, self->length,
			      self->phys));
	ASSERT_BAR_MAPPED(self->length);
}

TEST_HARNESS_MAIN
