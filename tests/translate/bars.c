// SPDX-License-Identifier: GPL-2.0-only
/*
 * NOIOMMU_TRANSLATE of device memory: BARs mapped through VFIO, which fills the
 * mapping at the first touch, and through sysfs, which fills it at once.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "edu.h"
#include "kselftest_harness.h"
#include "mappings.h"
#include "memory.h"
#include "noiommu.h"
#include "sysfs.h"
#include "translation.h"
#include "vfio.h"

#define WRITE NOIOMMU_ACCESS_WRITE
#define MMIO NOIOMMU_EXTENT_MMIO
#define SHM_VENDOR 0x1af4
#define SHM_DEVICE 0x1110
#define SHM_SIZE (4UL << 20)

FIXTURE(bars)
{
	int fd;
	char edu[PCI_ADDRESS_SIZE];
	char shm[PCI_ADDRESS_SIZE];
};

FIXTURE_SETUP(bars)
{
	run("modprobe -a noiommu vfio-pci");
	self->fd = noiommu_open_device();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, pci_find(EDU_VENDOR, EDU_DEVICE, 0, self->edu));
	ASSERT_EQ(0, pci_find(SHM_VENDOR, SHM_DEVICE, 0, self->shm));
	if (!pci_has_driver(self->edu, "vfio-pci"))
		ASSERT_EQ(0, pci_bind(self->edu, "vfio-pci"));
	ASSERT_EQ(0, pci_write(self->shm, "enable", "1"));
}

FIXTURE_TEARDOWN(bars)
{
	pci_write(self->shm, "enable", "0");
	close(self->fd);
}

/* Returns the BAR's address from sysfs; 0 without such a BAR. */
static __u64 bar_address(const char *address, int bar)
{
	unsigned long long start = 0;
	char path[128], line[80];
	FILE *file;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/resource",
		 address);
	file = fopen(path, "re");
	if (!file)
		return 0;
	while (bar-- >= 0 && fgets(line, sizeof(line), file))
		start = strtoull(line, NULL, 16);
	fclose(file);
	return start;
}

static char *map_resource(const char *address, const char *name, size_t length,
			  int prot)
{
	char path[128], *memory;
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/%s", address,
		 name);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return MAP_FAILED;
	memory = mmap(NULL, length, prot, MAP_SHARED, fd, 0);
	close(fd);
	return memory;
}

/* Is the range one piece of device memory, even if translated in pieces? */
static bool is_bar(int fd, const char *va, size_t length, __u32 flags,
		   __u64 phys)
{
	struct translation got;
	__u32 extent_flags = 0;
	bool good;

	good = translation_get(&got, fd, va, length, flags, 0) && !got.error &&
	       got.nr == 1 && got.extents->phys == phys &&
	       got.extents->length == length && got.extents->flags == MMIO &&
	       !got.extents->reserved;
	if (!good)
		printf("# error %d, %u extents, the first %#llx %#llx %#x\n",
		       got.error, got.nr, got.extents->phys,
		       got.extents->length, got.extents->flags);
	translation_free(&got);
	return good &&
	       translate_one(fd, va + length - 1, flags, &extent_flags) ==
	       phys + length - 1 && extent_flags == MMIO;
}

static void *map_edu(struct vfio *vfio, const char *address, size_t *length)
{
	if (vfio_open(vfio, address))
		return MAP_FAILED;
	return vfio_map_region(vfio, 0, length);
}

TEST_F(bars, vfio_before_the_first_touch)
{
	__u64 phys = bar_address(self->edu, 0);
	struct vfio vfio;
	size_t length;
	char *bar;

	bar = map_edu(&vfio, self->edu, &length);
	ASSERT_NE(MAP_FAILED, (void *)bar);
	ASSERT_NE(0, phys);
	EXPECT_TRUE(is_bar(self->fd, bar, length, 0, phys));
	EXPECT_TRUE(is_bar(self->fd, bar, length, WRITE, phys));
	vfio_close(&vfio);
}

TEST_F(bars, vfio_to_be_written_before_the_first_touch)
{
	struct vfio vfio;
	size_t length;
	char *bar;

	bar = map_edu(&vfio, self->edu, &length);
	ASSERT_NE(MAP_FAILED, (void *)bar);
	EXPECT_TRUE(is_bar(self->fd, bar + PAGE + 8, length - 2 * PAGE, WRITE,
			   bar_address(self->edu, 0) + PAGE + 8));
	vfio_close(&vfio);
}

TEST_F(bars, vfio_after_a_touch)
{
	volatile __u32 *registers;
	struct vfio vfio;
	size_t length;
	char *bar;

	bar = map_edu(&vfio, self->edu, &length);
	ASSERT_NE(MAP_FAILED, (void *)bar);
	registers = (void *)bar;
	EXPECT_EQ(0xed, *registers & 0xff);
	EXPECT_TRUE(is_bar(self->fd, bar, length, WRITE,
			   bar_address(self->edu, 0)));
	EXPECT_TRUE(is_bar(self->fd, bar + 100, 200, 0,
			   bar_address(self->edu, 0) + 100));
	vfio_close(&vfio);
}

/* A BAR that the device does not decode has no address until decoding is enabled again. */
TEST_F(bars, vfio_of_a_device_that_is_off)
{
	struct vfio vfio;
	size_t length;
	char *bar;

	bar = map_edu(&vfio, self->edu, &length);
	ASSERT_NE(MAP_FAILED, (void *)bar);
	ASSERT_EQ(0, vfio_set_memory(&vfio, false));
	EXPECT_EQ(0, translate_one(self->fd, bar, 0, NULL));
	ASSERT_EQ(0, vfio_set_memory(&vfio, true));
	EXPECT_TRUE(is_bar(self->fd, bar, length, 0,
			   bar_address(self->edu, 0)));
	vfio_close(&vfio);
}

static const char *const resources[] = { "resource2", "resource2_wc" };

TEST_F(bars, sysfs)
{
	__u64 phys = bar_address(self->shm, 2);
	char *bar;
	int i;

	ASSERT_NE(0, phys);
	for (i = 0; i < ARRAY_SIZE(resources); i++) {
		bar = map_resource(self->shm, resources[i], SHM_SIZE,
				   PROT_READ | PROT_WRITE);
		ASSERT_NE(MAP_FAILED, (void *)bar);
		EXPECT_TRUE(is_bar(self->fd, bar, SHM_SIZE, 0, phys));
		EXPECT_TRUE(is_bar(self->fd, bar, SHM_SIZE, WRITE, phys));
		EXPECT_TRUE(is_bar(self->fd, bar + 7, SHM_SIZE / 2, WRITE,
				   phys + 7));
		*bar = 1;
		EXPECT_TRUE(is_bar(self->fd, bar, PAGE, WRITE, phys));
	}
}

/* Behind such a host bridge, other devices cannot use the CPU's address of a BAR. */
TEST_F(bars, another_address_on_the_bus)
{
	char *memory = memory_pages(PAGE), *bars[2];
	struct translation got;
	struct vfio vfio;
	size_t length;
	int i;

	bars[0] = map_edu(&vfio, self->edu, &length);
	ASSERT_NE(MAP_FAILED, (void *)bars[0]);
	bars[1] = map_resource(self->shm, "resource2", SHM_SIZE,
			       PROT_READ | PROT_WRITE);
	ASSERT_NE(MAP_FAILED, (void *)bars[1]);
	ASSERT_EQ(0, run("insmod ./bus_offset.ko function=%s", self->edu));
	for (i = 0; i < 2; i++) {
		ASSERT_TRUE(translation_get(&got, self->fd, bars[i], 2 * PAGE, 0, 0));
		EXPECT_EQ(-EOPNOTSUPP, got.error);
		EXPECT_EQ(0, got.done);
		EXPECT_EQ(0, got.nr);
		translation_free(&got);
	}
	EXPECT_EQ(memory_phys(memory),
		  translate_one(self->fd, memory, WRITE, NULL));
	ASSERT_EQ(0, run("rmmod bus_offset"));
	EXPECT_TRUE(is_bar(self->fd, bars[1], SHM_SIZE, 0,
			   bar_address(self->shm, 2)));
	vfio_close(&vfio);
}

TEST_F(bars, what_is_not_permitted)
{
	const size_t end = SHM_SIZE / 8 * 5;
	char *bar = map_resource(self->shm, "resource2", SHM_SIZE, PROT_READ);
	__u64 phys = bar_address(self->shm, 2);
	struct translation got;

	ASSERT_NE(MAP_FAILED, (void *)bar);
	EXPECT_TRUE(is_bar(self->fd, bar, SHM_SIZE, 0, phys));
	EXPECT_EQ(0, translate_one(self->fd, bar, WRITE, NULL));
	ASSERT_EQ(0, mprotect(bar + end, PAGE, PROT_NONE));
	ASSERT_TRUE(translation_get(&got, self->fd, bar, SHM_SIZE, 0, 0));
	EXPECT_EQ(-EFAULT, got.error);
	EXPECT_EQ(end, got.done);
	EXPECT_EQ(1, got.nr);
	EXPECT_EQ(MMIO, got.extents->flags);
	translation_free(&got);
	ASSERT_EQ(0, munmap(bar, SHM_SIZE));
	EXPECT_EQ(0, translate_one(self->fd, bar, 0, NULL));
}

/* A range of RAM, device memory and RAM. */
TEST_F(bars, between_ram)
{
	char *memory = mapping_create(MAPPING_THP, 3 * HUGE_2M, NULL);
	__u64 phys = bar_address(self->shm, 2);
	struct translation got;
	char *bar;

	ASSERT_NE(MAP_FAILED, (void *)memory);
	bar = map_resource(self->shm, "resource2", SHM_SIZE,
			   PROT_READ | PROT_WRITE);
	ASSERT_NE(MAP_FAILED, (void *)bar);
	bar = mremap(bar, SHM_SIZE, SHM_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED,
		     memory + HUGE_2M / 2);
	ASSERT_NE(MAP_FAILED, (void *)bar);
	ASSERT_TRUE(translation_get(&got, self->fd, memory, 3 * HUGE_2M, WRITE,
				    0));
	EXPECT_EQ(0, got.error);
	ASSERT_LE(3, got.nr);
	EXPECT_EQ(0, got.extents[0].flags);
	EXPECT_EQ(memory_phys(memory), got.extents[0].phys);
	EXPECT_EQ(0, got.extents[got.nr - 1].flags);
	while (got.nr-- && !got.extents[got.nr].flags)
		;
	EXPECT_EQ(MMIO, got.extents[got.nr].flags);
	EXPECT_EQ(phys, got.extents[got.nr].phys);
	EXPECT_EQ(SHM_SIZE, got.extents[got.nr].length);
	translation_free(&got);
}

static bool is_system_ram(__u64 phys)
{
	unsigned long long start, last;
	bool found = false;
	char line[128];
	FILE *iomem = fopen("/proc/iomem", "re");

	while (iomem && !found && fgets(line, sizeof(line), iomem))
		found = strstr(line, " : System RAM") &&
			sscanf(line, "%llx-%llx", &start, &last) == 2 &&
			start <= phys && phys <= last;
	fclose(iomem);
	return found;
}

/* The kernel's clock page: RAM that is mapped like device memory. */
TEST_F(bars, ram_that_is_mapped_as_a_bar_is)
{
	unsigned long start = 0;
	__u32 flags = ~0;
	char line[256];
	FILE *maps = fopen("/proc/self/maps", "re");
	__u64 phys;

	ASSERT_NE(NULL, (void *)maps);
	while (!start && fgets(line, sizeof(line), maps))
		if (strstr(line, "[vvar]"))
			start = strtoul(line, NULL, 16);
	fclose(maps);
	ASSERT_NE(0, start);
	phys = translate_one(self->fd, (void *)start, 0, &flags);
	EXPECT_TRUE(is_system_ram(phys));
	EXPECT_EQ(0, flags);
	EXPECT_EQ(0, translate_one(self->fd, (void *)start, WRITE, NULL));
}

TEST_HARNESS_MAIN
