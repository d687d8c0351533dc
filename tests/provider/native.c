// SPDX-License-Identifier: GPL-2.0-only
/*
 * A native driver on a claimed function, and a claim that is released while it is bound.
 *
 * Guest: a disk on an NVMe controller, whose driver is a module, and edu behind it.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "allocated.h"
#include "child.h"
#include "edu.h"
#include "kselftest_harness.h"
#include "memory.h"
#include "nvme.h"
#include "sysfs.h"
#include "vfio.h"

#define DISK "/dev/nvme0n1"
#define LENGTH (64 * 1024)
#define PLACES 32

FIXTURE(native)
{
	char disk[PCI_ADDRESS_SIZE];
	char edu[PCI_ADDRESS_SIZE];
	char *written;
	char *read;
};

/* As in a boot that loads the provider first: the disk is claimed, then bound. */
FIXTURE_SETUP(native)
{
	run("modprobe -q -r nvme || true");
	ASSERT_EQ(0, pci_find(NVME_VENDOR, NVME_DEVICE, 0, self->disk));
	ASSERT_EQ(0, pci_find(EDU_VENDOR, EDU_DEVICE, 0, self->edu));
	self->written = memory_pages(LENGTH);
	self->read = memory_pages(LENGTH);
	ASSERT_EQ(0, run("modprobe -a noiommu vfio-pci"));
	ASSERT_TRUE(pci_is_claimed(self->disk));
	ASSERT_EQ(0, run("modprobe nvme"));
	ASSERT_TRUE(wait_until(!access(DISK, F_OK)));
	ASSERT_TRUE(pci_has_driver(self->disk, "nvme"));
	ASSERT_TRUE(pci_is_claimed(self->disk));
	kernel_log_mark();
}

FIXTURE_TEARDOWN(native)
{
	pci_unbind(self->edu);
	run("modprobe -q -r nvme || true");
	EXPECT_EQ(0, provider_unload());
}

/* Writes a place of the disk and reads it back, by DMA, past the page cache. */
static bool place_works(char *written, char *read, unsigned int seed)
{
	off_t place = (off_t)(seed % PLACES) * LENGTH;
	int fd = open(DISK, O_RDWR | O_DIRECT);
	bool works;

	memory_fill(written, LENGTH, seed);
	memset(read, 0, LENGTH);
	works = fd >= 0 && pwrite(fd, written, LENGTH, place) == LENGTH &&
		pread(fd, read, LENGTH, place) == LENGTH &&
		!memcmp(written, read, LENGTH);
	close(fd);
	return works;
}

/*
 * Starts a child that uses the disk until a message ends it, and reports its start. Its
 * status is 0 if all bytes were right.
 */
static pid_t start_using(char *written, char *read, int channel[2])
{
	unsigned int seed = 0;
	pid_t child;

	child = child_fork(channel);
	if (child)
		return child;
	do {
		if (!place_works(written, read, seed++))
			_exit(1);
		if (seed == 1)
			child_say(channel[1], 1);
	} while (!child_has_news(channel[1]));
	_exit(0);
}

/* The driver, its interrupts and its requests in flight are not affected. */
TEST_F(native, keeps_its_function)
{
	int channel[2];
	pid_t child;

	ASSERT_EQ(0, child_channel(channel));
	child = start_using(self->written, self->read, channel);
	ASSERT_LT(0, child);
	ASSERT_EQ(1, child_hear(channel[0]));
	ASSERT_EQ(0, file_write(PROVIDER "/enable", "0"));
	EXPECT_EQ(0, provider_claimed());
	EXPECT_TRUE(pci_has_driver(self->disk, "nvme"));
	EXPECT_EQ(-ENOENT, pci_group(self->disk));
	ASSERT_EQ(0, run("rmmod noiommu"));
	EXPECT_TRUE(place_works(self->written, self->read, PLACES - 1));
	EXPECT_TRUE(child_say(channel[0], 1));
	EXPECT_EQ(0, child_ended(child));
	/* The driver unbinds without a group, and binds without one. */
	ASSERT_EQ(0, pci_unbind(self->disk));
	ASSERT_EQ(0, pci_bind(self->disk, "nvme"));
	ASSERT_TRUE(wait_until(!access(DISK, F_OK)));
	EXPECT_TRUE(place_works(self->written, self->read, 1));
}

TEST_F(native, is_claimed_again_when_unbound)
{
	int i;

	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, file_write(PROVIDER "/enable", "0"));
		ASSERT_EQ(0, file_write(PROVIDER "/enable", "1"));
		EXPECT_TRUE(pci_has_driver(self->disk, "nvme"));
		EXPECT_EQ(-ENOENT, pci_group(self->disk));
		ASSERT_EQ(0, pci_unbind(self->disk));
		EXPECT_TRUE(pci_is_claimed(self->disk));
		ASSERT_EQ(0, pci_bind(self->disk, "nvme"));
		EXPECT_LE(0, pci_group(self->disk));
		/* Unbound while it starts, the disk would get another number. */
		ASSERT_TRUE(wait_until(!access(DISK, F_OK)));
	}
	EXPECT_TRUE(place_works(self->written, self->read, 2));
}

/* The native driver transfers to and from memory of NOIOMMU_ALLOC, too. */
TEST_F(native, reaches_allocated_memory)
{
	struct noiommu_alloc alloc = noiommu_alloc_anywhere(2 * LENGTH);
	int fd = noiommu_open_device();
	int memory = noiommu_alloc_memory(fd, &alloc);
	char *va = map_memory(memory, alloc.length);

	ASSERT_NE(MAP_FAILED, va);
	EXPECT_TRUE(place_works(va, va + LENGTH, 4));
	EXPECT_TRUE(place_works(va, self->read, 5));
	EXPECT_TRUE(place_works(self->written, va, 6));
	EXPECT_EQ(0, munmap(va, alloc.length));
	close(memory);
	EXPECT_ALLOCATED(0);
	close(fd);
}

/* As soon as the user has closed the disk, the native driver can bind, and works. */
TEST_F(native, comes_back_at_once)
{
	struct vfio vfio;
	unsigned int i;

	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, pci_unbind(self->disk));
		ASSERT_EQ(0, pci_bind(self->disk, "vfio-pci"));
		ASSERT_EQ(0, vfio_open(&vfio, self->disk));
		ASSERT_EQ(0, vfio_set_bus_master(&vfio));
		vfio_close(&vfio);
		ASSERT_EQ(0, pci_unbind(self->disk));
		ASSERT_EQ(0, pci_bind(self->disk, "nvme"));
		ASSERT_TRUE(wait_until(!access(DISK, F_OK)));
		EXPECT_TRUE(place_works(self->written, self->read, i));
	}
}

/* While a user has a later function, all stay claimed, and all work. */
TEST_F(native, stays_claimed_with_others)
{
	long before = provider_claimed();

	ASSERT_EQ(0, pci_bind(self->edu, "vfio-pci"));
	EXPECT_EQ(-EBUSY, file_write(PROVIDER "/enable", "0"));
	EXPECT_TRUE(kernel_log_has("not released: in use by driver vfio-pci"));
	EXPECT_FALSE(kernel_log_has("in use by driver nvme"));
	EXPECT_EQ(before, provider_claimed());
	EXPECT_LE(0, pci_group(self->disk));
	EXPECT_TRUE(place_works(self->written, self->read, 3));
	ASSERT_EQ(0, pci_unbind(self->disk));
	/* VFIO can bind again. */
	EXPECT_EQ(0, pci_bind(self->disk, "vfio-pci"));
	EXPECT_EQ(0, pci_unbind(self->disk));
}

/* Unbind while claims are about to be released, and then are not. */
TEST_F(native, unbound_while_another_is_busy)
{
	pid_t child;
	int i;

	for (i = 0; i < 8; i++) {
		ASSERT_EQ(0, file_write(PROVIDER "/enable", "0"));
		ASSERT_EQ(0, file_write(PROVIDER "/enable", "1"));
		ASSERT_EQ(-ENOENT, pci_group(self->disk));
		ASSERT_EQ(0, pci_bind(self->edu, "vfio-pci"));
		child = fork();
		while (!child)
			file_write(PROVIDER "/enable", "0");
		ASSERT_LT(0, child);
		EXPECT_EQ(0, pci_unbind(self->disk));
		EXPECT_TRUE(wait_until(pci_is_claimed(self->disk)));
		child_kill(child);
		ASSERT_EQ(0, pci_unbind(self->edu));
		ASSERT_EQ(0, pci_bind(self->disk, "nvme"));
	}
}

/* The IOMMU core would warn about wrong counts. */
TEST_F(native, comes_and_goes)
{
	pid_t child = fork();
	int i;

	while (!child) {
		pci_unbind(self->disk);
		pci_bind(self->disk, "nvme");
	}
	ASSERT_LT(0, child);
	for (i = 0; i < 16; i++) {
		file_write(PROVIDER "/enable", "0");
		EXPECT_EQ(0, file_write(PROVIDER "/enable", "1"));
	}
	child_kill(child);
	/* The child may have been killed between two writes. */
	pci_write(self->disk, "driver_override", "\n");
	pci_unbind(self->disk);
	ASSERT_EQ(0, pci_bind(self->disk, "nvme"));
	ASSERT_TRUE(wait_until(!access(DISK, F_OK)));
	EXPECT_TRUE(place_works(self->written, self->read, 4));
}

TEST_HARNESS_MAIN
