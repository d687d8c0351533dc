// SPDX-License-Identifier: GPL-2.0-only
/*
 * Device memory with struct pages: NOIOMMU_EXTENT_MMIO distinguishes it from RAM, although it
 * is mapped like RAM.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "memory.h"
#include "noiommu.h"
#include "nvme.h"
#include "passthrough.h"
#include "sysfs.h"
#include "translation.h"

#define WRITE NOIOMMU_ACCESS_WRITE
#define MMIO NOIOMMU_EXTENT_MMIO

FIXTURE(device_pages)
{
	int fd;
	char *memory;
};

FIXTURE_SETUP(device_pages)
{
	run("modprobe noiommu");
	self->fd = noiommu_open_device();
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(device_pages)
{
	close(self->fd);
}

static char *map_shared(const char *path, size_t length)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	char *memory;

	if (fd < 0)
		return MAP_FAILED;
	memory = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	return memory;
}

/* Memory that the firmware marks as special-purpose, so that it is reserved at boot. */
TEST_F(device_pages, dax)
{
	struct noiommu_extent extent = { 0 }, listed = { 0 };
	__u32 flags = 0, nr = 1, nr_pins = 0, id;
	char *memory;

	if (run("modprobe -a dax_hmem device_dax"))
		SKIP(return, "this kernel has no CONFIG_DEV_DAX_HMEM");
	ASSERT_TRUE(wait_until(!access("/dev/dax0.0", F_OK)));
	/* Newer kernels use it as System RAM by default. */
	if (access("/sys/bus/dax/devices/dax0.0/driver", F_OK))
		file_write("/sys/bus/dax/drivers/device_dax/new_id", "dax0.0");
	memory = map_shared("/dev/dax0.0", HUGE_2M);
	ASSERT_NE(MAP_FAILED, (void *)memory);
	memory[0] = 1;
	EXPECT_NE(0, translate_one(self->fd, memory, WRITE, &flags));
	EXPECT_EQ(MMIO, flags);
	ASSERT_EQ(0, noiommu_pin_range(self->fd, memory, HUGE_2M, WRITE,
				       &extent, &nr, &id));
	EXPECT_EQ(MMIO, extent.flags);
	EXPECT_EQ(HUGE_2M, extent.length);
	EXPECT_EQ(translate_one(self->fd, memory, WRITE, NULL), extent.phys);
	ASSERT_EQ(0, noiommu_list(self->fd, NULL, &nr_pins, &listed, &nr));
	EXPECT_EQ(1, nr);
	EXPECT_EQ(0, memcmp(&extent, &listed, sizeof(extent)));
	EXPECT_EQ(0, noiommu_unpin_id(self->fd, id));
}

/* The memory buffer of an NVMe controller, which its driver exports. */
TEST_F(device_pages, p2pdma)
{
	char address[PCI_ADDRESS_SIZE], path[128];
	__u32 flags = 0, nr = 0, id;
	char *memory;
	__u64 phys;

	ASSERT_EQ(0, pci_find(NVME_VENDOR, NVME_DEVICE, 0, address));
	run("modprobe nvme");
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/p2pmem/allocate",
		 address);
	if (run("grep -q pci_p2pdma_add_resource /proc/kallsyms"))
		SKIP(return, "this kernel has no CONFIG_PCI_P2PDMA");
	ASSERT_TRUE(wait_until(!access(path, F_OK)));
	memory = map_shared(path, 4 * PAGE);
	ASSERT_NE(MAP_FAILED, (void *)memory);
	phys = translate_one(self->fd, memory, WRITE, &flags);
	EXPECT_LE(bar_start(address, 2), phys);
	EXPECT_GT(bar_start(address, 2) + bar_length(address, 2), phys);
	EXPECT_EQ(MMIO, flags);
	EXPECT_EQ(-EOPNOTSUPP, noiommu_pin_range(self->fd, memory, PAGE, WRITE,
						 NULL, &nr, &id));
	munmap(memory, 4 * PAGE);
}

TEST_HARNESS_MAIN
