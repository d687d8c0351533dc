// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an administrator can see: owners of functions, pins and their owners, and events.
 *
 * Guest: edu.
 */
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
#include "pinned.h"
#include "sysfs.h"

#define PAGES 3
#define TRACING "/sys/kernel/tracing"

FIXTURE(seen)
{
	char edu[PCI_ADDRESS_SIZE];
	struct vfio vfio;
	char *memory;
	int fd;
};

FIXTURE_SETUP(seen)
{
	ASSERT_EQ(0, passthrough_load());
	ASSERT_EQ(0, edu_bind_nth(0, "vfio-pci", self->edu));
	self->vfio = (struct vfio){ -1, -1, -1 };
	self->memory = memory_pages(PAGES * PAGE);
	ASSERT_NE(MAP_FAILED, (void *)self->memory);
	self->fd = noiommu_open_device();
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(seen)
{
	vfio_close(&self->vfio);
	close(self->fd);
}

static long of_function(const char *address, const char *attribute)
{
	char path[80], text[32] = "";

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/noiommu/%s",
		 address, attribute);
	return file_read(path, text, sizeof(text)) ? -1 : strtol(text, NULL, 0);
}

static long of_descriptor(int fd, const char *field)
{
	char path[40];
	long value = -1;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	file_field(path, field, &value);
	return value;
}

TEST_F(seen, owner)
{
	EXPECT_EQ(0, of_function(self->edu, "owner"));
	ASSERT_EQ(0, vfio_open(&self->vfio, self->edu));
	EXPECT_EQ(getpid(), of_function(self->edu, "owner"));
	vfio_close(&self->vfio);
	EXPECT_EQ(0, of_function(self->edu, "owner"));
	ASSERT_EQ(0, pci_unbind(self->edu));
	ASSERT_EQ(0, file_write(PROVIDER "/enable", "0"));
	EXPECT_EQ(-1, of_function(self->edu, "owner"));
	ASSERT_EQ(0, file_write(PROVIDER "/enable", "1"));
	EXPECT_EQ(0, of_function(self->edu, "owner"));
}

TEST_F(seen, reach)
{
	long limit = of_function(self->edu, "dma_limit");

	/* More than the memory of this guest, and within the range of an address. */
	EXPECT_LT(1L << 30, limit);
	ASSERT_EQ(0, run("insmod ./dma_offset.ko function=%s limit=0xfffffff",
			 self->edu));
	EXPECT_EQ(0xfffffff, of_function(self->edu, "dma_limit"));
	EXPECT_EQ(0, run("rmmod dma_offset"));
	EXPECT_EQ(limit, of_function(self->edu, "dma_limit"));
}

TEST_F(seen, pins)
{
	__u32 one, two;

	EXPECT_EQ(0, of_descriptor(self->fd, "pins"));
	ASSERT_EQ(0, pin(self->fd, self->memory, PAGE, 0, &one));
	ASSERT_EQ(0, pin(self->fd, self->memory, PAGES * PAGE, 0, &two));
	EXPECT_EQ(2, of_descriptor(self->fd, "pins"));
	EXPECT_EQ((1 + PAGES) * PAGE, of_descriptor(self->fd, "pinned_bytes"));
	EXPECT_EQ((1 + PAGES) * PAGE, node_bytes("pinned_bytes"));
	/* Mappings of VFIO are counted elsewhere. */
	EXPECT_EQ(0, provider_mapped());
	ASSERT_EQ(0, noiommu_unpin_id(self->fd, one));
	EXPECT_EQ(1, of_descriptor(self->fd, "pins"));
	EXPECT_EQ(PAGES * PAGE, node_bytes("pinned_bytes"));
}

TEST_F(seen, held)
{
	__u32 id;

	ASSERT_EQ(0, vfio_open(&self->vfio, self->edu));
	ASSERT_EQ(0, pin(self->fd, self->memory, PAGES * PAGE, 0, &id));
	EXPECT_EQ(0, node_bytes("held_bytes"));
	ASSERT_EQ(0, close(self->fd));
	EXPECT_EQ(PAGES * PAGE, node_bytes("held_bytes"));
	EXPECT_EQ(PAGES * PAGE, node_bytes("pinned_bytes"));
	vfio_close(&self->vfio);
	EXPECT_TRUE(wait_until(!node_bytes("pinned_bytes")));
	EXPECT_EQ(0, node_bytes("held_bytes"));
}

/* Does the trace have such a line, after those found before? */
static bool traced(const char *format, ...)
{
	char event[120];
	va_list args;

	va_start(args, format);
	vsnprintf(event, sizeof(event), format, args);
	va_end(args);
	return !run("grep -q '%s' " TRACING "/trace", event);
}

TEST_F(seen, trace)
{
	struct noiommu_extent extent;
	__u32 id, nr = 1;

	run("mount -t tracefs none " TRACING);
	ASSERT_EQ(0, file_write(TRACING "/events/noiommu/enable", "1"));
	ASSERT_EQ(0, vfio_open(&self->vfio, self->edu));
	EXPECT_EQ(-EINVAL, vfio_map(&self->vfio, self->memory, PAGE, 0));
	ASSERT_EQ(0, noiommu_translate_range(self->fd, self->memory, PAGE, 0,
					     &extent, &nr));
	ASSERT_EQ(0, pin(self->fd, self->memory, PAGE, 1, &id));
	ASSERT_EQ(0, noiommu_unpin_id(self->fd, id));
	ASSERT_EQ(0, pin(self->fd, self->memory, PAGE, 0, &id));
	close(self->fd);
	vfio_close(&self->vfio);
	ASSERT_EQ(0, pci_unbind(self->edu));
	ASSERT_EQ(0, file_write(PROVIDER "/enable", "0"));
	ASSERT_EQ(0, file_write(PROVIDER "/enable", "1"));
	ASSERT_EQ(0, file_write(TRACING "/events/noiommu/enable", "0"));

	EXPECT_TRUE(traced("noiommu_own: %s", self->edu));
	EXPECT_TRUE(traced("noiommu_map_refused: iova=0x*0 phys=0x%llx length=0x%lx",
			   extent.phys, PAGE));
	EXPECT_TRUE(traced("noiommu_translate: va=0x%lx length=0x%lx flags=0x*0 extents=1 ret=0",
			   (unsigned long)self->memory, PAGE));
	EXPECT_TRUE(traced("noiommu_pin: va=0x%lx length=0x%lx flags=0x1 id=2 ret=0",
			   (unsigned long)self->memory, PAGE));
	EXPECT_TRUE(traced("noiommu_unpin: id=2"));
	EXPECT_TRUE(traced("noiommu_hold: id=%u", id));
	EXPECT_TRUE(traced("noiommu_disown: %s", self->edu));
	EXPECT_TRUE(traced("noiommu_release: %s", self->edu));
	EXPECT_TRUE(traced("noiommu_claim: %s", self->edu));
}

TEST_HARNESS_MAIN
