// SPDX-License-Identifier: GPL-2.0-only
/*
 * Write-combining: the actual memory type of a BAR, from the kernel's list of memory types,
 * not the driver's intention.
 *
 * Guest: ivshmem (BAR 0 is registers, BAR 2 prefetchable memory), edu.
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
#include "memory.h"
#include "noiommu.h"
#include "passthrough.h"
#include "sysfs.h"
#include "vfio.h"

#define MEMTYPES "/sys/kernel/debug/x86/pat_memtype_list"
#define COMBINED "write-combining"
#define UNCACHED "uncached-minus"
#define NONE ""
#define SHM_REGISTERS 0
#define SHM_BAR 2
#define READ_WRITE (PROT_READ | PROT_WRITE)

/* ivshmem, and its memory. */
struct shm {
	char address[PCI_ADDRESS_SIZE];
	struct vfio vfio;
	size_t length;
	char *bar;
};

FIXTURE(combine)
{
	char edu[PCI_ADDRESS_SIZE];
	struct shm shm;
};

static int choose(const char *address, const char *value)
{
	return pci_write(address, "write_combine", value);
}

static long chosen(const char *address)
{
	char path[128];
	long value = -1;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/write_combine",
		 address);
	file_read_long(path, &value);
	return value;
}

/* Returns the numbers of the BARs that are combined now, as "2"; "" for none. */
static const char *combined(const char *address)
{
	static char text[16];
	char path[128];
	int ret;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/write_combined",
		 address);
	ret = file_read(path, text, sizeof(text));
	if (ret)
		snprintf(text, sizeof(text), "error %d", ret);
	text[strcspn(text, "\n")] = '\0';
	return text;
}

/* Returns the memory type of a range; "" for none, "mixed" for several. */
static const char *memtype(__u64 start, __u64 length)
{
	unsigned long long from, to;
	static char found[32];
	char line[128], type[32];
	FILE *list = fopen(MEMTYPES, "re");

	*found = '\0';
	if (!list)
		return "no list";
	while (fgets(line, sizeof(line), list)) {
		if (sscanf(line, "PAT: [mem %llx-%llx] %31s", &from, &to,
			   type) != 3 || to <= start || from >= start + length)
			continue;
		if (*found && strcmp(found, type))
			strcpy(type, "mixed");
		strcpy(found, type);
	}
	fclose(list);
	return found;
}

static const char *bar_memtype(const char *address, int bar)
{
	return memtype(bar_start(address, bar), bar_length(address, bar));
}

FIXTURE_SETUP(combine)
{
	self->shm.vfio = (struct vfio){ -1, -1, -1 };
	ASSERT_EQ(0, passthrough_load());
	ASSERT_EQ(0, pci_find(EDU_VENDOR, EDU_DEVICE, 0, self->edu));
	ASSERT_EQ(0, pci_find(SHM_VENDOR, SHM_DEVICE, 0, self->shm.address));
	/* A new bind forgets the choice. */
	pci_unbind(self->shm.address);
	ASSERT_EQ(0, pci_bind(self->shm.address, "noiommu-pci"));
	ASSERT_EQ(0, passthrough_bind(self->edu, "noiommu-pci"));
	self->shm.length = bar_length(self->shm.address, SHM_BAR);
	ASSERT_NE(0, self->shm.length);
	ASSERT_STREQ(NONE, bar_memtype(self->shm.address, SHM_BAR));
}

FIXTURE_TEARDOWN(combine)
{
	munmap(self->shm.bar, self->shm.length);
	vfio_close(&self->shm.vfio);
	EXPECT_STREQ(NONE, bar_memtype(self->shm.address, SHM_BAR));
	EXPECT_STREQ(NONE, bar_memtype(self->shm.address, SHM_REGISTERS));
}

/* Opens ivshmem, maps its memory and touches it. */
static bool map_memory(struct shm *shm)
{
	__u32 value;

	if (vfio_open(&shm->vfio, shm->address) ||
	    vfio_set_memory(&shm->vfio, true))
		return false;
	shm->bar = region_map(&shm->vfio, SHM_BAR, 0, shm->length, READ_WRITE);
	return shm->bar != MAP_FAILED && can_read(shm->bar, &value);
}

static void unmap_memory(struct shm *shm)
{
	munmap(shm->bar, shm->length);
	vfio_close(&shm->vfio);
}

TEST_F(combine, attribute)
{
	EXPECT_EQ(0, chosen(self->shm.address));
	EXPECT_EQ(-EINVAL, choose(self->shm.address, "maybe"));
	EXPECT_EQ(-EINVAL, choose(self->shm.address, "2"));
	EXPECT_EQ(-EINVAL, choose(self->shm.address, "\n"));
	EXPECT_EQ(0, chosen(self->shm.address));
	EXPECT_EQ(0, choose(self->shm.address, "1\n"));
	EXPECT_EQ(1, chosen(self->shm.address));
	EXPECT_EQ(0, chosen(self->edu));
	EXPECT_EQ(-EINVAL, choose(self->shm.address, "maybe"));
	EXPECT_EQ(1, chosen(self->shm.address));
	EXPECT_EQ(0, choose(self->shm.address, "0"));
	EXPECT_EQ(0, chosen(self->shm.address));
	ASSERT_EQ(0, passthrough_bind(self->shm.address, "vfio-pci"));
	EXPECT_GT(0, choose(self->shm.address, "1"));
}

TEST_F(combine, not_by_default)
{
	ASSERT_TRUE(map_memory(&self->shm));
	EXPECT_STREQ(UNCACHED, bar_memtype(self->shm.address, SHM_BAR));
	EXPECT_STREQ(NONE, combined(self->shm.address));
}

TEST_F(combine, says_what_is_combined_now)
{
	EXPECT_STREQ(NONE, combined(self->shm.address));
	ASSERT_EQ(0, choose(self->shm.address, "1"));
	EXPECT_STREQ(NONE, combined(self->shm.address));
	ASSERT_TRUE(map_memory(&self->shm));
	EXPECT_STREQ("2", combined(self->shm.address));
	EXPECT_STREQ(NONE, combined(self->edu));
	ASSERT_EQ(0, choose(self->shm.address, "0"));
	EXPECT_STREQ("2", combined(self->shm.address));
	unmap_memory(&self->shm);
	EXPECT_STREQ(NONE, combined(self->shm.address));
	EXPECT_EQ(-EACCES, pci_write(self->shm.address, "write_combined", "2"));
}

/*
 * The BAR's file in sysfs can also be mapped. The first mapping decides on the type, unless
 * the kernel revokes that mapping (CONFIG_IO_STRICT_DEVMEM).
 */
TEST_F(combine, says_what_is_and_not_what_was_chosen)
{
	char path[128];
	bool is;
	void *file;
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/resource2",
		 self->shm.address);
	fd = open(path, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, fd);
	file = mmap(NULL, self->shm.length, READ_WRITE, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, file);
	ASSERT_STREQ(UNCACHED, bar_memtype(self->shm.address, SHM_BAR));
	ASSERT_EQ(0, choose(self->shm.address, "1"));
	ASSERT_EQ(0, vfio_open(&self->shm.vfio, self->shm.address));
	is = !strcmp(COMBINED, bar_memtype(self->shm.address, SHM_BAR));
	EXPECT_STREQ(is ? "2" : NONE, combined(self->shm.address));
	munmap(file, self->shm.length);
	close(fd);
}

TEST_F(combine, first_open)
{
	ASSERT_EQ(0, choose(self->shm.address, "1"));
	ASSERT_TRUE(map_memory(&self->shm));
	EXPECT_STREQ(COMBINED, bar_memtype(self->shm.address, SHM_BAR));
}

TEST_F(combine, registers_are_left_alone)
{
	__u32 value;
	char *registers;

	ASSERT_EQ(0, choose(self->shm.address, "1"));
	ASSERT_TRUE(map_memory(&self->shm));
	registers = region_map(&self->shm.vfio, SHM_REGISTERS, 0, PAGE, READ_WRITE);
	ASSERT_NE(MAP_FAILED, (void *)registers);
	ASSERT_TRUE(can_read(registers, &value));
	EXPECT_STREQ(UNCACHED, bar_memtype(self->shm.address, SHM_REGISTERS));
	EXPECT_STREQ(COMBINED, bar_memtype(self->shm.address, SHM_BAR));
	munmap(registers, PAGE);
}

TEST_F(combine, device_without_prefetchable_memory)
{
	struct vfio vfio;
	size_t length;
	char *bar;
	__u32 value;

	ASSERT_EQ(0, choose(self->edu, "1"));
	ASSERT_EQ(0, vfio_open(&vfio, self->edu));
	bar = vfio_map_region(&vfio, 0, &length);
	ASSERT_NE(MAP_FAILED, (void *)bar);
	ASSERT_TRUE(can_read(bar, &value));
	EXPECT_STREQ(UNCACHED, bar_memtype(self->edu, 0));
	munmap(bar, length);
	vfio_close(&vfio);
	ASSERT_EQ(0, choose(self->edu, "0"));
}

/* Except for the memory type, a mapping is as any other. */
TEST_F(combine, parts_and_rights)
{
	int fd = noiommu_open_device();
	__u64 phys = bar_start(self->shm.address, SHM_BAR);
	char *part;

	ASSERT_EQ(0, choose(self->shm.address, "1"));
	ASSERT_TRUE(map_memory(&self->shm));
	part = region_map(&self->shm.vfio, SHM_BAR, 8 * PAGE, 2 * PAGE, PROT_READ);
	ASSERT_NE(MAP_FAILED, (void *)part);
	EXPECT_FALSE(was_present(part));
	EXPECT_STREQ(COMBINED, memtype(phys, self->shm.length));
	EXPECT_TRUE(translates_to_bar(fd, part, 2 * PAGE, 0, phys + 8 * PAGE));
	EXPECT_EQ(-EFAULT, translate_error(fd, part, PAGE,
					   NOIOMMU_ACCESS_WRITE));
	EXPECT_TRUE(translates_to_bar(fd, self->shm.bar, self->shm.length,
				      NOIOMMU_ACCESS_WRITE, phys));
	munmap(part, 2 * PAGE);
	close(fd);
}

TEST_F(combine, data_arrives)
{
	__u32 *words, *copy = malloc(self->shm.length);
	size_t i, count = self->shm.length / sizeof(*words);

	ASSERT_NE(NULL, (void *)copy);
	ASSERT_EQ(0, choose(self->shm.address, "1"));
	ASSERT_TRUE(map_memory(&self->shm));
	words = (void *)self->shm.bar;
	for (i = 0; i < count; i++)
		words[i] = i * 2654435761U;
	unmap_memory(&self->shm);

	ASSERT_EQ(0, choose(self->shm.address, "0"));
	ASSERT_TRUE(map_memory(&self->shm));
	EXPECT_STREQ(UNCACHED, bar_memtype(self->shm.address, SHM_BAR));
	memcpy(copy, self->shm.bar, self->shm.length);
	for (i = 0; i < count && copy[i] == (__u32)(i * 2654435761U); i++)
		;
	EXPECT_EQ(count, i);
	free(copy);
}

TEST_F(combine, descriptor_sees_the_same)
{
	__u32 value = 0x12345678, got;

	ASSERT_EQ(0, choose(self->shm.address, "1"));
	ASSERT_TRUE(map_memory(&self->shm));
	memcpy(self->shm.bar + PAGE, &value, sizeof(value));
	__sync_synchronize();
	ASSERT_EQ(0, region_read(&self->shm.vfio, SHM_BAR, PAGE, &got,
				 sizeof(got)));
	EXPECT_EQ(value, got);
	value = ~value;
	ASSERT_EQ(0, region_write(&self->shm.vfio, SHM_BAR, 2 * PAGE, &value,
				  sizeof(value)));
	ASSERT_TRUE(can_read(self->shm.bar + 2 * PAGE, &got));
	EXPECT_EQ(value, got);
}

TEST_F(combine, from_the_next_open_on)
{
	ASSERT_TRUE(map_memory(&self->shm));
	ASSERT_EQ(0, choose(self->shm.address, "1"));
	munmap(self->shm.bar, self->shm.length);
	self->shm.bar = region_map(&self->shm.vfio, SHM_BAR, 0,
				   self->shm.length, READ_WRITE);
	ASSERT_NE(MAP_FAILED, (void *)self->shm.bar);
	EXPECT_FALSE(was_present(self->shm.bar));
	EXPECT_STREQ(UNCACHED, bar_memtype(self->shm.address, SHM_BAR));
	unmap_memory(&self->shm);
	EXPECT_STREQ(NONE, bar_memtype(self->shm.address, SHM_BAR));

	ASSERT_TRUE(map_memory(&self->shm));
	ASSERT_EQ(0, choose(self->shm.address, "0"));
	EXPECT_STREQ(COMBINED, bar_memtype(self->shm.address, SHM_BAR));
	unmap_memory(&self->shm);

	ASSERT_TRUE(map_memory(&self->shm));
	EXPECT_STREQ(UNCACHED, bar_memtype(self->shm.address, SHM_BAR));
}

/* A second touch, after the mapping was zapped. */
TEST_F(combine, after_memory_was_off)
{
	__u32 value;

	ASSERT_EQ(0, choose(self->shm.address, "1"));
	ASSERT_TRUE(map_memory(&self->shm));
	ASSERT_EQ(0, vfio_set_memory(&self->shm.vfio, false));
	EXPECT_FALSE(can_read(self->shm.bar, &value));
	ASSERT_EQ(0, vfio_set_memory(&self->shm.vfio, true));
	EXPECT_FALSE(was_present(self->shm.bar));
	EXPECT_TRUE(was_present(self->shm.bar));
	EXPECT_STREQ(COMBINED, bar_memtype(self->shm.address, SHM_BAR));
}

TEST_HARNESS_MAIN
