// SPDX-License-Identifier: GPL-2.0-only
/*
 * NOIOMMU_PIN pins all of a range or nothing.
 *
 * A refusal leaves nothing behind: no reference, no locked memory.
 */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "baseline.h"
#include "edu.h"
#include "extents.h"
#include "kselftest_harness.h"
#include "mappings.h"
#include "memory.h"
#include "noiommu.h"
#include "pinned.h"
#include "sysfs.h"
#include "vfio.h"

#define WRITE NOIOMMU_ACCESS_WRITE
#define ROOM 4096

FIXTURE(pin_refused)
{
	int fd;
	struct noiommu_extent *extents;
	long pinned;
	long locked;
};

FIXTURE_SETUP(pin_refused)
{
	OPEN_NOIOMMU();
	self->extents = calloc(ROOM, sizeof(*self->extents));
	ASSERT_NE(NULL, self->extents);
	REMEMBER_PINS();
}

FIXTURE_TEARDOWN(pin_refused)
{
	CLOSE_NOIOMMU();
}

/* The memory before each hole is long enough for every strategy of pinning. */
TEST_F(pin_refused, hole)
{
	char *memory = mapping_create(MAPPING_SMALL, 8 * HUGE_2M, NULL);

	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_NE(MAP_FAILED, mapping_create(MAPPING_HUGETLB, 3 * HUGE_2M,
					     memory + HUGE_2M));
	mapping_touch(memory, 8 * HUGE_2M);
	ASSERT_EQ(0, munmap(memory + 8 * HUGE_2M - PAGE, PAGE));
	EXPECT_REFUSED(EFAULT, memory, 8 * HUGE_2M, WRITE);
	EXPECT_REFUSED(EFAULT, memory, 8 * HUGE_2M - PAGE + 1, 0);
	EXPECT_REFUSED(EFAULT, memory + 8 * HUGE_2M - PAGE, 1, 0);
	ASSERT_EQ(0, munmap(memory + 3 * HUGE_2M, HUGE_2M));
	EXPECT_REFUSED(EFAULT, memory, 8 * HUGE_2M - PAGE, 0);
	EXPECT_REFUSED(EFAULT, memory + HUGE_2M, 3 * HUGE_2M, WRITE);
	EXPECT_REFUSED(EFAULT, memory + 3 * HUGE_2M, HUGE_2M, WRITE);
}

TEST_F(pin_refused, no_access)
{
	char *memory = memory_pages(20 * PAGE);

	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_EQ(0, mprotect(memory + 19 * PAGE, PAGE, PROT_NONE));
	EXPECT_REFUSED(EFAULT, memory, 20 * PAGE, WRITE);
	EXPECT_REFUSED(EFAULT, memory, 20 * PAGE, 0);
	EXPECT_REFUSED(EFAULT, memory + 19 * PAGE, PAGE, 0);
}

TEST_F(pin_refused, read_only)
{
	char *memory = memory_pages(20 * PAGE);
	__u32 id;

	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_EQ(0, mprotect(memory + 10 * PAGE, PAGE, PROT_READ));
	EXPECT_REFUSED(EFAULT, memory, 20 * PAGE, WRITE);
	ASSERT_EQ(0, pin(self->fd, memory, 20 * PAGE, 0, &id));
	EXPECT_PINS(20, 20);
}

TEST_F(pin_refused, read_only_huge_pages)
{
	enum mapping kinds[] = { MAPPING_THP, MAPPING_HUGETLB,
				 MAPPING_HUGETLB_SHARED };
	int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		char *memory = mapping_create(kinds[i], 4 * HUGE_2M, NULL);
		__u32 id;

		ASSERT_NE(MAP_FAILED, memory);
		mapping_touch(memory, 4 * HUGE_2M);
		ASSERT_EQ(0, mprotect(memory, 4 * HUGE_2M, PROT_READ));
		EXPECT_REFUSED(EFAULT, memory, 4 * HUGE_2M, WRITE);
		EXPECT_REFUSED(EFAULT, memory + 1, HUGE_2M, WRITE);
		ASSERT_EQ(0, pin(self->fd, memory, 4 * HUGE_2M, 0, &id));
		EXPECT_PINS(4 * HUGE_2M_PINS, 4 * HUGE_2M / PAGE);
		ASSERT_EQ(0, noiommu_unpin_id(self->fd, id));
		ASSERT_EQ(0, mprotect(memory, 4 * HUGE_2M, PROT_NONE));
		EXPECT_REFUSED(EFAULT, memory, 4 * HUGE_2M, 0);
		munmap(memory, 4 * HUGE_2M);
	}
}

TEST_F(pin_refused, read_only_shared_file)
{
	char *memory = mapping_create(MAPPING_MEMFD, 20 * PAGE, NULL);
	__u32 nr = ROOM, id;

	ASSERT_NE(MAP_FAILED, memory);
	mapping_touch(memory, 10 * PAGE);
	ASSERT_EQ(0, mprotect(memory, 20 * PAGE, PROT_READ));
	EXPECT_REFUSED(EFAULT, memory, 20 * PAGE, WRITE);
	ASSERT_EQ(0, noiommu_pin_range(self->fd, memory, 20 * PAGE, 0,
				       self->extents, &nr, &id));
	EXPECT_TRUE(extents_are_pagemap(self->extents, nr, memory, 20 * PAGE));
	EXPECT_PINS(20, 20);
}

TEST_F(pin_refused, kernel_addresses)
{
	EXPECT_REFUSED(EFAULT, (void *)0xffffffff81000000, PAGE, 0);
	EXPECT_REFUSED(EFAULT, (void *)0xffff888000000000, PAGE, WRITE);
	EXPECT_REFUSED(EFAULT, (void *)0x7ffffffff000, 2 * PAGE, 0);
	EXPECT_REFUSED(EFAULT, NULL, PAGE, 0);
	EXPECT_REFUSED(EINVAL, (void *)-PAGE, 2 * PAGE, 0);
}

TEST_F(pin_refused, bar)
{
	char address[PCI_ADDRESS_SIZE], path[96];
	struct vfio vfio;
	size_t length;
	char *bar;
	int fd;

	ASSERT_EQ(0, pci_find(EDU_VENDOR, EDU_DEVICE, 0, address));
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/resource0",
		 address);
	fd = open(path, O_RDWR);
	ASSERT_LE(0, fd);
	bar = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, bar);
	EXPECT_REFUSED(EOPNOTSUPP, bar, PAGE, WRITE);
	EXPECT_REFUSED(EOPNOTSUPP, bar + 8, 1, 0);

	run("modprobe vfio-pci");
	ASSERT_EQ(0, pci_bind(address, "vfio-pci"));
	ASSERT_EQ(0, vfio_open(&vfio, address));
	bar = vfio_map_region(&vfio, 0, &length);
	ASSERT_NE(MAP_FAILED, bar);
	EXPECT_REFUSED(EOPNOTSUPP, bar, length, WRITE);
	EXPECT_REFUSED(EOPNOTSUPP, bar, 2 * PAGE, 0);
	vfio_close(&vfio);
}

/* From the boundary on, the structure lies in a read-only page. */
static int pin_into_read_only(int fd, const char *va, char *boundary,
			      size_t writable)
{
	struct noiommu_pin pin = {
		.size = sizeof(pin),
		.va = (unsigned long)va,
		.length = 3 * PAGE,
	};
	char *to = boundary - writable;
	int ret;

	memcpy(to, &pin, sizeof(pin));
	mprotect(boundary, PAGE, PROT_READ);
	ret = ioctl(fd, NOIOMMU_PIN, to) ? -errno : 0;
	mprotect(boundary, PAGE, PROT_READ | PROT_WRITE);
	return ret;
}

TEST_F(pin_refused, results_that_cannot_be_written)
{
	char *memory = memory_pages(5 * PAGE);

	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_EQ(-EFAULT, pin_into_read_only(self->fd, memory, memory +
		  4 * PAGE, offsetof(struct noiommu_pin, id)));
	EXPECT_PINS(0, 0);
	EXPECT_EQ(-EFAULT, pin_into_read_only(self->fd, memory, memory +
		  4 * PAGE, offsetof(struct noiommu_pin, nr_extents)));
	EXPECT_PINS(0, 0);
	EXPECT_EQ(-ENOENT, noiommu_unpin_id(self->fd, 2));
}

TEST_HARNESS_MAIN
