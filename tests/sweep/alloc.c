// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/noiommu while memory runs out, or the caller's memory faults, at any point: memory of
 * NOIOMMU_ALLOC.
 *
 * Guest: edu, importer.ko.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "allocated.h"
#include "edu.h"
#include "fault.h"
#include "importer.h"
#include "kselftest_harness.h"
#include "passthrough.h"
#include "sweep.h"

/* A block of the page allocator, and more than that. */
#define BLOCK (4 * PAGE)
#define SEARCHED (HUGE_2M + PAGE)

static __attribute__((constructor)) void required(void)
{
	fault_required();
}

/* The memory of an operation. */
struct memory {
	int device;
	size_t length;
	int fd;
	char *va;
	char edu[PCI_ADDRESS_SIZE];
	struct noiommu_alloc alloc;
	struct noiommu_pin_dmabuf pin;
	struct noiommu_extent extent;
};

FIXTURE(alloc)
{
	struct memory memory;
};

FIXTURE_VARIANT(alloc)
{
	size_t length;
};

FIXTURE_VARIANT_ADD(alloc, block)
{
	.length = BLOCK,
};

FIXTURE_VARIANT_ADD(alloc, searched)
{
	.length = SEARCHED,
};

FIXTURE_SETUP(alloc)
{
	struct memory *memory = &self->memory;

	ASSERT_EQ(0, run("modprobe noiommu"));
	memset(memory, 0, sizeof(*memory));
	memory->length = variant->length;
	memory->device = noiommu_open_device();
	ASSERT_LE(0, memory->device);
	ASSERT_EQ(0, pci_find(EDU_VENDOR, EDU_DEVICE, 0, memory->edu));
}

FIXTURE_TEARDOWN(alloc)
{
	close(self->memory.device);
	EXPECT_ALLOCATED(0);
}

static int allocate(void *data)
{
	struct memory *memory = data;

	memory->alloc = noiommu_alloc_anywhere(memory->length);
	memory->fd = noiommu_alloc_memory(memory->device, &memory->alloc);
	return memory->fd < 0 ? memory->fd : 0;
}

static int map(void *data)
{
	struct memory *memory = data;

	memory->va = map_memory(memory->fd, memory->length);
	return memory->va == MAP_FAILED ? -errno : 0;
}

static bool is_allocated(void *data)
{
	struct memory *memory = data;

	return allocated_bytes() == (long)memory->length;
}

static bool is_mapped(void *data)
{
	struct memory *memory = data;

	return is_allocated(data) &&
	       is_contiguous(memory->device, memory->va, memory->length,
			     memory->alloc.phys) &&
	       is_zero(memory->va, memory->length);
}

static int unmap_memory(void *data)
{
	struct memory *memory = data;

	return munmap(memory->va, memory->length) ? -errno : 0;
}

static void release(void *data)
{
	struct memory *memory = data;

	close(memory->fd);
}

static void unmap_and_release(void *data)
{
	unmap_memory(data);
	release(data);
}

TEST_F_TIMEOUT(alloc, alloc, PATIENCE)
{
	static const struct sweep allocating = {
		.run = allocate,
		.complete = is_allocated,
		.undo = release,
	};

	EXPECT_TRUE(sweep(&allocating, &self->memory));
}

TEST_F_TIMEOUT(alloc, mmap, PATIENCE)
{
	static const struct sweep mapping = {
		.prepare = allocate,
		.run = map,
		.complete = is_mapped,
		.undo = unmap_and_release,
	};

	EXPECT_TRUE(sweep(&mapping, &self->memory));
}

static int allocate_and_map(void *data)
{
	return allocate(data) ?: map(data);
}

static int leave(void *data)
{
	unmap_and_release(data);
	return 0;
}

static bool nothing_is_left(void *data)
{
	struct memory *memory = data;

	return fcntl(memory->fd, F_GETFD) < 0 && allocated_bytes() == 0;
}

static int import_memory(void *data)
{
	struct memory *memory = data;

	return import(memory->fd, memory->edu, 64);
}

static bool is_imported(void *data)
{
	struct memory *memory = data;

	return imported("address") == (long)memory->alloc.phys &&
	       imported("length") == (long)memory->length;
}

static void unimport_and_release(void *data)
{
	unimport();
	release(data);
}

/* Only the exporter's part of it. */
TEST_F_TIMEOUT(alloc, import, PATIENCE)
{
	static const struct sweep importing = {
		.prepare = allocate,
		.run = import_memory,
		.complete = is_imported,
		.undo = unimport_and_release,
		.below = "noiommu_import",
	};

	EXPECT_TRUE(sweep(&importing, &self->memory));
}

static int pin_memory(void *data)
{
	struct memory *memory = data;

	memory->pin = noiommu_dmabuf_for(memory->edu, memory->fd,
					 &memory->extent, 1);
	return noiommu_ioctl(memory->device, NOIOMMU_PIN_DMABUF, &memory->pin);
}

static bool is_pinned(void *data)
{
	struct memory *memory = data;

	return memory->extent.phys == memory->alloc.phys &&
	       memory->extent.length == memory->length;
}

static void unpin_and_release(void *data)
{
	struct memory *memory = data;

	noiommu_unpin_id(memory->device, memory->pin.id);
	noiommu_free_memory(memory->device, memory->fd);
	release(data);
}

TEST_F_TIMEOUT(alloc, pin_dmabuf, PATIENCE)
{
	static const struct sweep pinning = {
		.prepare = allocate,
		.run = pin_memory,
		.complete = is_pinned,
		.undo = unpin_and_release,
	};
	struct vfio vfio;

	ASSERT_EQ(0, passthrough_load());
	ASSERT_EQ(0, passthrough_bind(self->memory.edu, "vfio-pci"));
	ASSERT_EQ(0, vfio_open(&vfio, self->memory.edu));
	EXPECT_TRUE(sweep(&pinning, &self->memory));
	vfio_close(&vfio);
	EXPECT_EQ(0, pci_unbind(self->memory.edu));
}

/* Neither can the end fail, so it must not need memory. */
TEST_F_TIMEOUT(alloc, release, PATIENCE)
{
	static const struct sweep releasing = {
		.prepare = allocate_and_map,
		.run = leave,
		.complete = nothing_is_left,
		.cannot_fail = true,
	};

	EXPECT_TRUE(sweep(&releasing, &self->memory));
}

TEST_HARNESS_MAIN
