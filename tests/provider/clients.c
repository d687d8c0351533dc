// SPDX-License-Identifier: GPL-2.0-only
/*
 * Software that knows VFIO but not noiommu, by its way to map memory.
 *
 * Software that maps at physical addresses works: it finds each address in
 * /proc/self/pagemap, and maps each run of adjacent pages by one call. Software that chooses
 * IOVAs, as an IOMMU permits, is refused at once.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "edu.h"
#include "kselftest_harness.h"
#include "memory.h"
#include "passthrough.h"
#include "sysfs.h"

#define LENGTH (1024 * PAGE)

FIXTURE(clients)
{
	struct edu edu;
	char *memory;
	long pinned;
};

FIXTURE_SETUP(clients)
{
	char address[PCI_ADDRESS_SIZE];

	ASSERT_EQ(0, passthrough_load());
	ASSERT_EQ(0, edu_bind_nth(0, "vfio-pci", address));
	ASSERT_EQ(0, edu_open(&self->edu));
	self->memory = mmap(NULL, LENGTH, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE | MAP_LOCKED,
			    -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)self->memory);
	self->pinned = memory_pinned();
	ASSERT_EQ(0, provider_mapped());
}

FIXTURE_TEARDOWN(clients)
{
	edu_close(&self->edu);
	munmap(self->memory, LENGTH);
	EXPECT_EQ(0, provider_mapped());
	EXPECT_EQ(self->pinned, memory_pinned());
}

/* Returns how many bytes from this address on are adjacent, by pagemap. */
static size_t run_length(const char *from, const char *end)
{
	__u64 phys = memory_phys(from);
	size_t length = PAGE;

	while (from + length < end && memory_phys(from + length) == phys + length)
		length += PAGE;
	return length;
}

/* Maps each run. Returns the number of runs; 0 if one was refused. */
static int map_runs(struct vfio *vfio, char *memory)
{
	char *at = memory, *end = memory + LENGTH;
	int runs = 0;
	size_t length;

	for (; at < end; at += length, runs++) {
		length = run_length(at, end);
		if (vfio_map(vfio, at, length, memory_phys(at)))
			return 0;
	}
	return runs;
}

static bool unmap_runs(struct vfio *vfio, char *memory)
{
	char *at = memory, *end = memory + LENGTH;
	size_t length;

	for (; at < end; at += length) {
		length = run_length(at, end);
		if (vfio_unmap(vfio, memory_phys(at), length))
			return false;
	}
	return true;
}

TEST_F(clients, runs_at_physical_addresses)
{
	char *first = self->memory, *last = self->memory + LENGTH - PAGE;
	int runs = map_runs(&self->edu.vfio, self->memory);

	ASSERT_LT(0, runs);
	printf("# %d runs\n", runs);
	EXPECT_EQ(LENGTH, provider_mapped());
	EXPECT_EQ(self->pinned + (long)(LENGTH / PAGE), memory_pinned());

	memory_fill(first, EDU_BUFFER_SIZE, 1);
	memset(last, 0, EDU_BUFFER_SIZE);
	edu_dma_in(&self->edu, memory_phys(first), EDU_BUFFER_SIZE);
	edu_dma_out(&self->edu, memory_phys(last), EDU_BUFFER_SIZE);
	EXPECT_EQ(0, memcmp(first, last, EDU_BUFFER_SIZE));

	EXPECT_TRUE(unmap_runs(&self->edu.vfio, self->memory));
	EXPECT_EQ(0, provider_mapped());
	EXPECT_EQ(self->pinned, memory_pinned());
}

/* Maps each page once, in the order in which buffers come and go. */
TEST_F(clients, page_by_page)
{
	struct vfio *vfio = &self->edu.vfio;
	size_t at;

	for (at = 0; at < LENGTH; at += 2 * PAGE)
		ASSERT_EQ(0, vfio_map(vfio, self->memory + at, PAGE,
				      memory_phys(self->memory + at)));
	for (at = PAGE; at < LENGTH; at += 2 * PAGE)
		ASSERT_EQ(0, vfio_map(vfio, self->memory + at, PAGE,
				      memory_phys(self->memory + at)));
	EXPECT_EQ(LENGTH, provider_mapped());
	for (at = 0; at < LENGTH; at += PAGE)
		ASSERT_EQ(0, vfio_unmap(vfio, memory_phys(self->memory + at), PAGE));
}

/* IOVAs of an allocator, the virtual address, and a guest's address. */
TEST_F(clients, own_addresses)
{
	struct vfio *vfio = &self->edu.vfio;

	EXPECT_EQ(-EINVAL, vfio_map(vfio, self->memory, LENGTH, 0x10000));
	EXPECT_EQ(-EINVAL, vfio_map(vfio, self->memory, PAGE,
				    (unsigned long)self->memory));
	EXPECT_EQ(-EINVAL, vfio_map(vfio, self->memory, PAGE, 0));
	EXPECT_EQ(0, provider_mapped());
	EXPECT_EQ(self->pinned, memory_pinned());
}

/*
 * VFIO's no-IOMMU mode names its groups and gives them other nodes. In a container, software
 * looks for that name and opens the other node.
 */
TEST_F(clients, group_is_as_with_an_iommu)
{
	char address[PCI_ADDRESS_SIZE], path[96];

	ASSERT_EQ(0, pci_find(EDU_VENDOR, EDU_DEVICE, 0, address));
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/iommu_group/name",
		 address);
	EXPECT_NE(0, access(path, F_OK));
	snprintf(path, sizeof(path), "/dev/vfio/%d", pci_group(address));
	EXPECT_EQ(0, access(path, R_OK | W_OK));
	snprintf(path, sizeof(path), "/dev/vfio/noiommu-%d", pci_group(address));
	EXPECT_NE(0, access(path, F_OK));
}

TEST_HARNESS_MAIN
