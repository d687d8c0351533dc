// SPDX-License-Identifier: GPL-2.0-only
/*
 * Configuration space and BARs of functions under stock vfio-pci and under
 * noiommu-pci: the same tests for both.
 *
 * Guest: edu and ivshmem (neither can be reset), e1000e (can be).
 */
#include <errno.h>
#include <linux/pci_regs.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "edu.h"
#include "kselftest_harness.h"
#include "memory.h"
#include "noiommu.h"
#include "passthrough.h"
#include "sysfs.h"
#include "translation.h"
#include "vfio.h"

#define CONFIG VFIO_PCI_CONFIG_REGION_INDEX
#define READ_WRITE (PROT_READ | PROT_WRITE)
#define WRITE NOIOMMU_ACCESS_WRITE
/* The BAR with ivshmem's memory. */
#define SHM_BAR 2

FIXTURE(regions)
{
	int fd;
	struct vfio edu;
	struct vfio shm;
	struct vfio nic;
	char edu_address[PCI_ADDRESS_SIZE];
	char shm_address[PCI_ADDRESS_SIZE];
	char nic_address[PCI_ADDRESS_SIZE];
	size_t length;
	__u64 phys;
	char *bar;
};

BOTH_DRIVERS(regions);

/* Opens all three, and maps the memory of ivshmem without touching it. */
FIXTURE_SETUP(regions)
{
	ASSERT_EQ(0, passthrough_load());
	ASSERT_EQ(0, pci_find(EDU_VENDOR, EDU_DEVICE, 0, self->edu_address));
	ASSERT_EQ(0, pci_find(SHM_VENDOR, SHM_DEVICE, 0, self->shm_address));
	ASSERT_EQ(0, pci_find(NIC_VENDOR, NIC_DEVICE, 0, self->nic_address));
	ASSERT_EQ(0, passthrough_bind(self->edu_address, variant->driver));
	ASSERT_EQ(0, passthrough_bind(self->shm_address, variant->driver));
	ASSERT_EQ(0, passthrough_bind(self->nic_address, variant->driver));
	self->fd = noiommu_open_device();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, vfio_open(&self->edu, self->edu_address));
	ASSERT_EQ(0, vfio_open(&self->shm, self->shm_address));
	ASSERT_EQ(0, vfio_open(&self->nic, self->nic_address));
	ASSERT_EQ(0, vfio_set_memory(&self->edu, true));
	ASSERT_EQ(0, vfio_set_memory(&self->shm, true));
	ASSERT_EQ(0, vfio_set_memory(&self->nic, true));

	self->phys = bar_start(self->shm_address, SHM_BAR);
	self->length = bar_length(self->shm_address, SHM_BAR);
	ASSERT_NE(0, self->phys);
	self->bar = region_map(&self->shm, SHM_BAR, 0, self->length,
			       READ_WRITE);
	ASSERT_NE(MAP_FAILED, (void *)self->bar);
}

FIXTURE_TEARDOWN(regions)
{
	vfio_close(&self->edu);
	vfio_close(&self->shm);
	vfio_close(&self->nic);
	close(self->fd);
}

/* --- Configuration space ------------------------------------------------------ */

static __u32 config_long(struct vfio *vfio, size_t at)
{
	__u32 value = 0;

	return region_read(vfio, CONFIG, at, &value, sizeof(value)) ? 0 : value;
}

/* Returns the device's own value at this offset. */
static __u32 config_real(const char *address, size_t at)
{
	char path[128];
	__u32 value = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/config", address);
	file = fopen(path, "re");
	if (!file)
		return 0;
	if (fseek(file, at, SEEK_SET) ||
	    fread(&value, sizeof(value), 1, file) != 1)
		value = 0;
	fclose(file);
	return value;
}

TEST_F(regions, config_read)
{
	__u8 config[64];

	EXPECT_EQ(EDU_DEVICE << 16 | EDU_VENDOR,
		  config_long(&self->edu, PCI_VENDOR_ID));
	EXPECT_EQ(NIC_DEVICE << 16 | NIC_VENDOR,
		  config_long(&self->nic, PCI_VENDOR_ID));
	EXPECT_EQ(config_real(self->nic_address, PCI_CLASS_REVISION),
		  config_long(&self->nic, PCI_CLASS_REVISION));
	EXPECT_EQ(bar_start(self->edu_address, 0),
		  config_long(&self->edu, PCI_BASE_ADDRESS_0));
	ASSERT_EQ(0, region_read(&self->edu, CONFIG, 0, config,
				 sizeof(config)));
	EXPECT_EQ(EDU_VENDOR & 0xff, config[0]);
}

TEST_F(regions, config_write)
{
	__u32 before = config_long(&self->nic, PCI_INTERRUPT_LINE);
	__u8 line = 0x5a;

	ASSERT_EQ(0, vfio_set_bus_master(&self->nic));
	EXPECT_TRUE(config_real(self->nic_address, PCI_COMMAND) &
		    PCI_COMMAND_MASTER);
	/* The user writes a virtual copy of this register. */
	ASSERT_EQ(0, region_write(&self->nic, CONFIG, PCI_INTERRUPT_LINE, &line,
				  sizeof(line)));
	EXPECT_EQ((before & ~0xff) | line,
		  config_long(&self->nic, PCI_INTERRUPT_LINE));
	EXPECT_EQ(before,
		  config_real(self->nic_address, PCI_INTERRUPT_LINE));
}

/* A user cannot change the address of a BAR, but can read its size. */
TEST_F(regions, config_bar_is_virtual)
{
	__u32 start = bar_start(self->edu_address, 0), ones = ~0;

	ASSERT_EQ(0, region_write(&self->edu, CONFIG, PCI_BASE_ADDRESS_0, &ones,
				  sizeof(ones)));
	EXPECT_EQ(-bar_length(self->edu_address, 0) & 0xfffffff0,
		  config_long(&self->edu, PCI_BASE_ADDRESS_0));
	EXPECT_EQ(start, config_real(self->edu_address, PCI_BASE_ADDRESS_0));
	ASSERT_EQ(0, region_write(&self->edu, CONFIG, PCI_BASE_ADDRESS_0,
				  &start, sizeof(start)));
	EXPECT_TRUE(translates_to_bar(self->fd, self->bar, self->length, 0,
				      self->phys));
}

/* --- BARs ------------------------------------------------------------------------ */

/* Data written through the descriptor appears in the mapping, and vice versa. */
TEST_F(regions, bar_through_the_descriptor)
{
	__u32 *mapped = (void *)self->bar, value = 0x600df00d;

	ASSERT_EQ(0, region_write(&self->shm, SHM_BAR, 5 * PAGE, &value,
				  sizeof(value)));
	EXPECT_EQ(value, mapped[5 * PAGE / sizeof(value)]);
	mapped[7 * PAGE / sizeof(value)] = 0xbadcafe;
	ASSERT_EQ(0, region_read(&self->shm, SHM_BAR, 7 * PAGE, &value,
				 sizeof(value)));
	EXPECT_EQ(0xbadcafe, value);
	ASSERT_EQ(0, region_read(&self->edu, 0, 0, &value, sizeof(value)));
	EXPECT_EQ(0xed, value & 0xff);
}

TEST_F(regions, address_before_the_first_touch)
{
	EXPECT_TRUE(translates_to_bar(self->fd, self->bar, self->length, 0,
				      self->phys));
	EXPECT_TRUE(translates_to_bar(self->fd, self->bar, self->length, WRITE,
				      self->phys));
	EXPECT_EQ(variant->faults, was_present(self->bar));
	EXPECT_TRUE(was_present(self->bar));
}

TEST_F(regions, address_after_the_first_touch)
{
	EXPECT_FALSE(was_present(self->bar));
	EXPECT_TRUE(was_present(self->bar));
	EXPECT_TRUE(translates_to_bar(self->fd, self->bar, self->length, WRITE,
				      self->phys));
	EXPECT_TRUE(translates_to_bar(self->fd, self->bar + PAGE - 3, PAGE + 9,
				      WRITE, self->phys + PAGE - 3));
}

/* A BAR can be mapped if it fills a page or has a page of its own. */
TEST_F(regions, address_of_all_bars)
{
	struct vfio *vfio[] = { &self->edu, &self->shm, &self->nic };
	const char *const addresses[] = {
		self->edu_address, self->shm_address, self->nic_address,
	};
	struct vfio_region_info info;
	int i, bar, count = 0;
	char *memory;

	for (i = 0; i < ARRAY_SIZE(vfio); i++)
		for (bar = 0; bar < 6; bar++) {
			ASSERT_EQ(0, region_info(vfio[i], bar, &info));
			if (!(info.flags & VFIO_REGION_INFO_FLAG_MMAP))
				continue;
			memory = region_map(vfio[i], bar, 0, info.size,
					    READ_WRITE);
			ASSERT_NE(MAP_FAILED, (void *)memory);
			EXPECT_EQ(info.size, bar_length(addresses[i], bar));
			EXPECT_TRUE(translates_to_bar(self->fd, memory,
						      info.size, WRITE,
						      bar_start(addresses[i],
								bar)));
			count++;
		}
	EXPECT_LE(5, count);
}

TEST_F(regions, mapping_with_an_offset)
{
	char *part = region_map(&self->shm, SHM_BAR, 3 * PAGE, 5 * PAGE,
				READ_WRITE);
	__u32 value = 0x0ff5e7, got;

	ASSERT_NE(MAP_FAILED, (void *)part);
	EXPECT_TRUE(translates_to_bar(self->fd, part, 5 * PAGE, WRITE,
				      self->phys + 3 * PAGE));
	EXPECT_TRUE(translates_to_bar(self->fd, part + 4 * PAGE + 8, 16, 0,
				      self->phys + 7 * PAGE + 8));
	ASSERT_EQ(0, region_write(&self->shm, SHM_BAR, 7 * PAGE + 8, &value,
				  sizeof(value)));
	ASSERT_TRUE(can_read(part + 4 * PAGE + 8, &got));
	EXPECT_EQ(value, got);
	EXPECT_EQ(MAP_FAILED, region_map(&self->shm, SHM_BAR,
					 self->length - PAGE, 2 * PAGE,
					 READ_WRITE));
}

TEST_F(regions, mapping_with_a_hole)
{
	size_t half = self->length / 2;
	__u32 value;

	ASSERT_EQ(0, munmap(self->bar + half, PAGE));
	EXPECT_TRUE(translates_to_bar(self->fd, self->bar, half, WRITE,
				      self->phys));
	EXPECT_TRUE(translates_to_bar(self->fd, self->bar + half + PAGE,
				      half - PAGE, WRITE,
				      self->phys + half + PAGE));
	EXPECT_EQ(-EFAULT, translate_error(self->fd, self->bar + half, 1, 0));
	EXPECT_TRUE(can_read(self->bar + half + PAGE, &value));
	EXPECT_TRUE(translates_to_bar(self->fd, self->bar + half + PAGE,
				      half - PAGE, 0,
				      self->phys + half + PAGE));
}

TEST_F(regions, mapping_that_moves)
{
	char *bar;
	__u32 value;

	bar = mremap(self->bar, self->length, self->length,
		     MREMAP_MAYMOVE | MREMAP_FIXED,
		     self->bar + 2 * self->length);
	ASSERT_NE(MAP_FAILED, (void *)bar);
	EXPECT_TRUE(translates_to_bar(self->fd, bar, self->length, WRITE,
				      self->phys));
	EXPECT_EQ(-EFAULT, translate_error(self->fd, self->bar, 1, 0));
	EXPECT_TRUE(can_read(bar + PAGE, &value));
	EXPECT_TRUE(translates_to_bar(self->fd, bar, self->length, 0,
				      self->phys));
	/* vfio-pci-core does not allow the mapping to grow. */
	EXPECT_EQ(MAP_FAILED, mremap(bar, self->length, 2 * self->length,
				     MREMAP_MAYMOVE));
}

TEST_F(regions, mapping_with_less_rights)
{
	char *part = region_map(&self->shm, SHM_BAR, PAGE, PAGE, PROT_READ);

	ASSERT_NE(MAP_FAILED, (void *)part);
	EXPECT_TRUE(translates_to_bar(self->fd, part, PAGE, 0,
				      self->phys + PAGE));
	EXPECT_EQ(-EFAULT, translate_error(self->fd, part, PAGE, WRITE));
	ASSERT_EQ(0, mprotect(part, PAGE, PROT_NONE));
	EXPECT_EQ(-EFAULT, translate_error(self->fd, part, PAGE, 0));
	ASSERT_EQ(0, mprotect(part, PAGE, READ_WRITE));
	EXPECT_TRUE(translates_to_bar(self->fd, part, PAGE, WRITE,
				      self->phys + PAGE));
}

TEST_F(regions, no_pin)
{
	__u32 nr = 0, id;

	EXPECT_EQ(-EOPNOTSUPP, noiommu_pin_range(self->fd, self->bar, PAGE, 0,
						 NULL, &nr, &id));
	*(volatile char *)self->bar = 1;
	EXPECT_EQ(-EOPNOTSUPP, noiommu_pin_range(self->fd, self->bar, PAGE,
						 WRITE, NULL, &nr, &id));
}

/* Mappings of two devices of one driver are distinguished. */
TEST_F(regions, side_by_side)
{
	struct translation got;
	size_t length;
	char *edu;

	edu = vfio_map_region(&self->edu, 0, &length);
	ASSERT_NE(MAP_FAILED, (void *)edu);
	edu = mremap(edu, length, length, MREMAP_MAYMOVE | MREMAP_FIXED,
		     self->bar + self->length / 2);
	ASSERT_NE(MAP_FAILED, (void *)edu);
	ASSERT_TRUE(translation_get(&got, self->fd, self->bar, self->length, 0,
				    0));
	EXPECT_EQ(0, got.error);
	ASSERT_EQ(3, got.nr);
	EXPECT_EQ(self->phys, got.extents[0].phys);
	EXPECT_EQ(bar_start(self->edu_address, 0), got.extents[1].phys);
	EXPECT_EQ(length, got.extents[1].length);
	EXPECT_EQ(self->phys + self->length / 2 + length, got.extents[2].phys);
	translation_free(&got);
}

/* Mappings of the two drivers are distinguished, although vfio-pci-core makes both. */
TEST(both_drivers_at_once)
{
	char stock[PCI_ADDRESS_SIZE], ours[PCI_ADDRESS_SIZE];
	struct vfio edu, shm;
	size_t length;
	char *bar[2];
	int fd;

	ASSERT_EQ(0, passthrough_load());
	fd = noiommu_open_device();
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, pci_find(EDU_VENDOR, EDU_DEVICE, 0, stock));
	ASSERT_EQ(0, pci_find(SHM_VENDOR, SHM_DEVICE, 0, ours));
	ASSERT_EQ(0, passthrough_bind(stock, "vfio-pci"));
	ASSERT_EQ(0, passthrough_bind(ours, "noiommu-pci"));
	ASSERT_EQ(0, vfio_open(&edu, stock));
	ASSERT_EQ(0, vfio_open(&shm, ours));
	bar[0] = vfio_map_region(&edu, 0, &length);
	bar[1] = region_map(&shm, SHM_BAR, 0, PAGE, READ_WRITE);
	EXPECT_TRUE(translates_to_bar(fd, bar[0], length, WRITE,
				      bar_start(stock, 0)));
	EXPECT_TRUE(translates_to_bar(fd, bar[1], PAGE, WRITE,
				      bar_start(ours, SHM_BAR)));
	EXPECT_TRUE(was_present(bar[0]));
	EXPECT_FALSE(was_present(bar[1]));
	vfio_close(&edu);
	vfio_close(&shm);
	close(fd);
}

TEST_HARNESS_MAIN
