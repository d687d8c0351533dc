// SPDX-License-Identifier: GPL-2.0-only
/*
 * NOIOMMU_PIN_DMABUF: memory of a dma-buf stays in place for a function, until the pin, the
 * ownership of the function or the exporter ends that.
 *
 * Guest: two edus, exporter.ko, importer.ko.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "allocated.h"
#include "child.h"
#include "edu.h"
#include "importer.h"
#include "kselftest_harness.h"
#include "passthrough.h"

#define LENGTH (3UL << 20)
/* As in exporter.c. */
#define PAGES 4
#define WRITE NOIOMMU_ACCESS_WRITE

FIXTURE(pin_dmabuf)
{
	char address[PCI_ADDRESS_SIZE];
	char other[PCI_ADDRESS_SIZE];
	struct edu edu;
	int fd;
	struct noiommu_extent extents[PAGES];
	struct noiommu_pin_dmabuf pin;
	int exported;
	long pinned;
	long locked;
};

BOTH_DRIVERS(pin_dmabuf);

FIXTURE_SETUP(pin_dmabuf)
{
	ASSERT_EQ(0, passthrough_load());
	ASSERT_EQ(0, edu_bind_nth(0, variant->driver, self->address));
	ASSERT_EQ(0, edu_bind_nth(1, variant->driver, self->other));
	ASSERT_EQ(0, edu_open(&self->edu));
	self->exported = -1;
	OPEN_NOIOMMU();
	REMEMBER_PINS();
}

static long exported(const char *name)
{
	return module_value("exporter", name);
}

FIXTURE_TEARDOWN(pin_dmabuf)
{
	close(self->exported);
	close(self->fd);
	edu_close(&self->edu);
	EXPECT_TRUE(allocated_soon(0));
	EXPECT_TRUE(wait_until(module_unload("exporter") != -EAGAIN));
	EXPECT_EQ(-ENOENT, module_unload("exporter"));
	EXPECT_ACCOUNTED(0);
}

/* Loads the exporter, and prepares a pin of its dma-buf. */
#define EXPORT(parameters)						\
do {									\
	ASSERT_EQ(0, module_load("exporter", parameters));		\
	self->exported = exported("descriptor");			\
	self->pin = noiommu_dmabuf_for(self->address, self->exported,	\
				       self->extents, PAGES);		\
} while (0)

#define EXPECT_USES(mappings, pins)					\
do {									\
	EXPECT_EQ(mappings, exported("mapped"));			\
	EXPECT_EQ(pins, exported("pinned"));				\
} while (0)

#define PIN() noiommu_ioctl(self->fd, NOIOMMU_PIN_DMABUF, &self->pin)
#define UNPIN() noiommu_unpin_id(self->fd, self->pin.id)

static bool is_filled(const char *va, unsigned int seed)
{
	char page[PAGE];

	memory_fill(page, PAGE, seed);
	return !memcmp(va, page, PAGE);
}

static long mask_bits(const char *address)
{
	char path[60];
	long bits;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/dma_mask_bits",
		 address);
	return file_read_long(path, &bits) ?: bits;
}

/* --- Which memory, for whom -------------------------------------------------------- */

TEST_F(pin_dmabuf, memory_of_alloc)
{
	struct noiommu_alloc alloc = noiommu_alloc_anywhere(LENGTH);
	int memory = noiommu_alloc_memory(self->fd, &alloc);
	char *va = map_memory(memory, LENGTH);

	self->pin = noiommu_dmabuf_for(self->address, memory, self->extents, 1);
	ASSERT_EQ(0, PIN());
	EXPECT_EQ(LENGTH, self->pin.length);
	EXPECT_EQ(1, self->pin.nr_extents);
	EXPECT_EQ(alloc.phys, self->extents[0].phys);
	EXPECT_EQ(LENGTH, self->extents[0].length);
	EXPECT_EQ(0, self->extents[0].flags);
	memory_fill(va, LENGTH, 7);
	EXPECT_TRUE(edu_copies(&self->edu, alloc.phys,
			       alloc.phys + LENGTH - EDU_BUFFER_SIZE, va,
			       va + LENGTH - EDU_BUFFER_SIZE));
	/* The pin alone keeps it. */
	ASSERT_EQ(0, munmap(va, LENGTH));
	ASSERT_EQ(0, noiommu_free_memory(self->fd, memory));
	ASSERT_EQ(0, close(memory));
	EXPECT_ALLOCATED(LENGTH);
	EXPECT_EQ((long)LENGTH, node_bytes("pinned_bytes"));
	ASSERT_EQ(0, UNPIN());
	EXPECT_TRUE(allocated_soon(0));
	EXPECT_EQ(0, node_bytes("pinned_bytes"));
}

TEST_F(pin_dmabuf, memory_of_a_driver)
{
	char *va;
	__u32 i;

	EXPORT("");
	ASSERT_EQ(0, PIN());
	EXPECT_USES(1, 0);
	EXPECT_EQ(PAGES * PAGE, self->pin.length);
	ASSERT_EQ(PAGES, self->pin.nr_extents);
	va = map_memory(self->exported, PAGES * PAGE);
	ASSERT_NE(MAP_FAILED, va);
	for (i = 0; i < PAGES; i++) {
		EXPECT_EQ(PAGE, self->extents[i].length);
		memory_fill(va + i * PAGE, PAGE, i);
		EXPECT_TRUE(edu_copies(&self->edu, self->extents[i].phys,
				       self->extents[(i + 1) % PAGES].phys,
				       va + i * PAGE,
				       va + (i + 1) % PAGES * PAGE));
	}
	munmap(va, PAGES * PAGE);
	ASSERT_EQ(0, UNPIN());
	EXPECT_USES(0, 0);
}

/* An exporter that could move the memory is asked to keep it. */
TEST_F(pin_dmabuf, that_could_move)
{
	EXPORT("pinnable=1");
	ASSERT_EQ(0, PIN());
	EXPECT_LE(1, exported("pinned"));
	ASSERT_EQ(0, UNPIN());
	EXPECT_USES(0, 0);
}

TEST_F(pin_dmabuf, several_pins)
{
	__u32 first;

	EXPORT("pinnable=1");
	ASSERT_EQ(0, PIN());
	first = self->pin.id;
	ASSERT_EQ(0, PIN());
	EXPECT_NE(first, self->pin.id);
	EXPECT_EQ(2, exported("mapped"));
	ASSERT_EQ(0, noiommu_unpin_id(self->fd, first));
	EXPECT_EQ(1, exported("mapped"));
	ASSERT_EQ(0, UNPIN());
	EXPECT_USES(0, 0);
}

TEST_F(pin_dmabuf, listed)
{
	struct noiommu_extent extents[PAGES];
	struct noiommu_pin_info info;
	__u32 pins = 1, nr = PAGES;

	EXPORT("");
	ASSERT_EQ(0, PIN());
	ASSERT_EQ(0, noiommu_list(self->fd, &info, &pins, extents, &nr));
	EXPECT_EQ(0, info.va);
	EXPECT_EQ(PAGES * PAGE, info.length);
	EXPECT_EQ(self->pin.id, info.id);
	EXPECT_EQ(WRITE | NOIOMMU_PIN_IS_DMABUF, info.flags);
	ASSERT_EQ(PAGES, info.nr_extents);
	EXPECT_EQ(0, memcmp(extents, self->extents, sizeof(extents)));
}

/*
 * The kernel believes that a function without a driver has 24 bits. It would copy the memory
 * to where the function reaches it.
 */
TEST_F(pin_dmabuf, beyond_the_mask_of_the_driver_before)
{
	struct noiommu_alloc low = noiommu_alloc_anywhere(PAGE);
	int memory;

	low.limit = (1UL << 24) - 1;
	memory = noiommu_alloc_memory(self->fd, &low);
	ASSERT_LE(0, memory);
	edu_close(&self->edu);
	ASSERT_EQ(0, import(memory, self->address, 24));
	ASSERT_EQ(0, unimport());
	close(memory);
	ASSERT_EQ(0, edu_open(&self->edu));
	EXPECT_EQ(24, mask_bits(self->address));
	EXPORT("");
	ASSERT_EQ(0, PIN());
	EXPECT_LT(low.limit, self->extents[0].phys);
	edu_close(&self->edu);
	EXPECT_EQ(24, mask_bits(self->address));
}

/* --- Refused ------------------------------------------------------------------------ */

#define EXPECT_REFUSED(error)						\
do {									\
	EXPECT_EQ(-(error), PIN());					\
	EXPECT_USES(0, 0);						\
	EXPECT_EQ(-ENOENT, noiommu_pin_flags(self->fd));			\
	EXPECT_EQ(0, node_bytes("pinned_bytes"));				\
} while (0)

TEST_F(pin_dmabuf, refused_for_functions_of_others)
{
	struct noiommu_pin_dmabuf pin;

	EXPORT("");
	pin = self->pin;
	self->pin = noiommu_dmabuf_for(self->other, self->exported,
				       self->extents, PAGES);
	EXPECT_REFUSED(ENODEV);
	self->pin = pin;
	self->pin.domain = 0x10000;
	EXPECT_REFUSED(ENODEV);
	self->pin = pin;
	edu_close(&self->edu);
	EXPECT_REFUSED(ENODEV);
}

/* The child has the descriptor of the device, too, but does not own the function. */
TEST_F(pin_dmabuf, refused_to_a_child)
{
	int channel[2];
	pid_t pid;

	EXPORT("");
	ASSERT_EQ(0, child_channel(channel));
	pid = child_fork(channel);
	if (!pid)
		_exit(PIN() != -ENODEV);
	EXPECT_EQ(0, child_ended(pid));
}

TEST_F(pin_dmabuf, refused_values)
{
	struct noiommu_pin_dmabuf pin;

	EXPORT("");
	pin = self->pin;
	self->pin.fd = -1;
	EXPECT_REFUSED(EBADF);
	self->pin.fd = self->fd;
	EXPECT_REFUSED(EINVAL);
	self->pin = pin;
	self->pin.flags = 2;
	EXPECT_REFUSED(EOPNOTSUPP);
	self->pin = pin;
	self->pin.reserved = 1;
	EXPECT_REFUSED(EINVAL);
	self->pin = pin;
	self->pin.reserved2 = 1;
	EXPECT_REFUSED(EINVAL);
	self->pin = pin;
	self->pin.nr_extents = 0;
	EXPECT_REFUSED(EINVAL);
	self->pin = pin;
	self->pin.extents = 0;
	EXPECT_REFUSED(EINVAL);
	self->pin.nr_extents = 0;
	EXPECT_EQ(0, PIN());
	EXPECT_EQ(PAGES, self->pin.nr_extents);
}

TEST_F(pin_dmabuf, refused_for_writing)
{
	EXPORT("readonly=1");
	EXPECT_REFUSED(EACCES);
	self->pin.flags = 0;
	EXPECT_EQ(0, PIN());
	EXPECT_EQ(NOIOMMU_PIN_IS_DMABUF, noiommu_pin_flags(self->fd));
}

TEST_F(pin_dmabuf, refused_by_the_exporter)
{
	EXPORT("pinnable=1 refuse=121");
	EXPECT_REFUSED(121);
}

TEST_F(pin_dmabuf, array_too_small)
{
	EXPORT("");
	self->pin.nr_extents = PAGES - 1;
	EXPECT_REFUSED(ENOSPC);
	EXPECT_EQ(PAGES, self->pin.nr_extents);
}

TEST_F(pin_dmabuf, array_not_mapped)
{
	EXPORT("");
	self->pin.extents = 8;
	EXPECT_REFUSED(EFAULT);
}

TEST_F(pin_dmabuf, beyond_the_limit)
{
	struct noiommu_alloc alloc = noiommu_alloc_anywhere(LENGTH);
	int memory = noiommu_alloc_memory(self->fd, &alloc);

	EXPORT("");
	self->pin.fd = memory;
	self->pin.limit = alloc.phys + PAGE - 1;
	EXPECT_REFUSED(ERANGE);
	EXPECT_EQ(PAGE, self->pin.length);
	self->pin.limit = alloc.phys - 1;
	EXPECT_REFUSED(ERANGE);
	EXPECT_EQ(0, self->pin.length);
	self->pin.limit = alloc.phys + LENGTH - 1;
	EXPECT_EQ(0, PIN());
	close(memory);
}

/* --- The end ------------------------------------------------------------------------ */

TEST_F(pin_dmabuf, revoked_by_the_exporter)
{
	char *va;

	EXPORT("pinnable=1");
	ASSERT_EQ(0, PIN());
	va = map_memory(self->exported, PAGES * PAGE);
	EXPECT_TRUE(vfio_is_bus_master(&self->edu.vfio));
	memory_fill(va, PAGE, 1);
	edu_dma_in(&self->edu, self->extents[0].phys, EDU_BUFFER_SIZE);
	memory_fill(va, PAGE, 2);
	kernel_log_mark();
	ASSERT_EQ(0, file_write("/sys/module/exporter/parameters/revoke", "1"));
	EXPECT_FALSE(vfio_is_bus_master(&self->edu.vfio));
	edu_dma_out(&self->edu, self->extents[0].phys, EDU_BUFFER_SIZE);
	EXPECT_TRUE(is_filled(va, 2));
	EXPECT_TRUE(wait_until(exported("mapped") == 0));
	EXPECT_EQ(0, exported("pinned"));
	EXPECT_TRUE(kernel_log_has("its dma-buf was revoked"));
	EXPECT_EQ(WRITE | NOIOMMU_PIN_IS_DMABUF | NOIOMMU_PIN_IS_REVOKED,
		  noiommu_pin_flags(self->fd));
	ASSERT_EQ(0, UNPIN());
	/* A new pin works. */
	ASSERT_EQ(0, vfio_set_bus_master(&self->edu.vfio));
	ASSERT_EQ(0, PIN());
	EXPECT_EQ(1, exported("mapped"));
	edu_dma_out(&self->edu, self->extents[0].phys, EDU_BUFFER_SIZE);
	EXPECT_FALSE(is_filled(va, 2));
	munmap(va, PAGES * PAGE);
}

TEST_F(pin_dmabuf, ended_with_the_ownership)
{
	EXPORT("pinnable=1");
	ASSERT_EQ(0, PIN());
	edu_close(&self->edu);
	EXPECT_USES(0, 0);
	EXPECT_EQ(WRITE | NOIOMMU_PIN_IS_DMABUF | NOIOMMU_PIN_IS_REVOKED,
		  noiommu_pin_flags(self->fd));
	EXPECT_EQ(0, UNPIN());
}

TEST_F(pin_dmabuf, held_after_close)
{
	EXPORT("pinnable=1");
	ASSERT_EQ(0, PIN());
	close(self->fd);
	EXPECT_EQ(1, exported("mapped"));
	EXPECT_EQ(PAGES * (long)PAGE, node_bytes("held_bytes"));
	edu_close(&self->edu);
	EXPECT_USES(0, 0);
	EXPECT_TRUE(wait_until(node_bytes("held_bytes") == 0));
}

/* In a child: owns a function, and has a pin for it. */
static void live(const char *address, int channel)
{
	struct vfio vfio;
	struct noiommu_pin_dmabuf pin;
	int fd = noiommu_open_device();

	if (vfio_open(&vfio, address))
		_exit(1);
	pin = noiommu_dmabuf_for(address, child_receive(channel), NULL, 0);
	if (noiommu_ioctl(fd, NOIOMMU_PIN_DMABUF, &pin))
		_exit(1);
	child_pass(channel, vfio.device);
	pause();
}

TEST_F(pin_dmabuf, held_after_kill)
{
	int channel[2], device;
	pid_t pid;

	EXPORT("pinnable=1");
	ASSERT_EQ(0, child_channel(channel));
	pid = child_fork(channel);
	if (!pid)
		live(self->other, channel[1]);
	child_pass(channel[0], self->exported);
	device = child_receive(channel[0]);
	ASSERT_LE(0, device);
	child_kill(pid);
	EXPECT_EQ(1, exported("mapped"));
	close(device);
	EXPECT_TRUE(wait_until(exported("mapped") == 0));
	EXPECT_EQ(0, exported("pinned"));
	EXPECT_TRUE(wait_until(node_bytes("held_bytes") == 0));
}

TEST_HARNESS_MAIN
