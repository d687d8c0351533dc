// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that a device cannot reach: TRANSLATE and PIN refuse it, and return where it begins.
 *
 * Guest: edu, dma_offset.ko.
 */
#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "baseline.h"
#include "edu.h"
#include "kselftest_harness.h"
#include "memory.h"
#include "noiommu.h"
#include "passthrough.h"
#include "sysfs.h"

#define OFFSET 100

FIXTURE(limits)
{
	int fd;
	char *memory;
	__u64 phys;
	long pinned;
	long locked;
};

FIXTURE_VARIANT(limits)
{
	void *(*get)(size_t length);
	size_t length;
};

FIXTURE_VARIANT_ADD(limits, small)
{
	.get = memory_pages,
	.length = PAGE,
};

FIXTURE_VARIANT_ADD(limits, huge)
{
	.get = memory_huge,
	.length = HUGE_2M,
};

/* Allocates a physically contiguous piece of memory. */
FIXTURE_SETUP(limits)
{
	ASSERT_EQ(0, passthrough_load());
	self->fd = noiommu_open_device();
	ASSERT_LE(0, self->fd);
	self->memory = variant->get(variant->length);
	ASSERT_NE(MAP_FAILED, (void *)self->memory);
	self->phys = memory_phys(self->memory);
	ASSERT_NE(0, self->phys);
	REMEMBER_PINS();
}

FIXTURE_TEARDOWN(limits)
{
	CLOSE_NOIOMMU();
}

static int translate(int fd, struct noiommu_translate *translate,
		     const void *va, size_t length, __u64 limit,
		     struct noiommu_extent *extent)
{
	*translate = (struct noiommu_translate){
		.size = sizeof(*translate),
		.va = (uintptr_t)va,
		.length = length,
		.extents = (uintptr_t)extent,
		.nr_extents = 1,
		.limit = limit,
	};
	return noiommu_ioctl(fd, NOIOMMU_TRANSLATE, translate);
}

static int pin(int fd, struct noiommu_pin *pin, const void *va, size_t length,
	       __u64 limit)
{
	*pin = (struct noiommu_pin){
		.size = sizeof(*pin),
		.va = (uintptr_t)va,
		.length = length,
		.limit = limit,
	};
	return noiommu_ioctl(fd, NOIOMMU_PIN, pin);
}

TEST_F(limits, reached)
{
	__u64 last = self->phys + variant->length - 1;
	struct noiommu_translate translated;
	struct noiommu_unpin unpin = { .size = sizeof(unpin) };
	struct noiommu_extent extent;
	struct noiommu_pin pinned;

	EXPECT_EQ(0, translate(self->fd, &translated, self->memory,
			       variant->length, last, &extent));
	EXPECT_EQ(variant->length, extent.length);
	ASSERT_EQ(0, pin(self->fd, &pinned, self->memory, variant->length,
			 last));
	unpin.id = pinned.id;
	EXPECT_EQ(0, noiommu_ioctl(self->fd, NOIOMMU_UNPIN, &unpin));
}

/* The last byte counts, too, but only bytes of the range do. */
TEST_F(limits, last_byte)
{
	__u64 limit = self->phys + variant->length - 2;
	struct noiommu_translate translated;
	struct noiommu_extent extent;
	struct noiommu_pin pinned;

	EXPECT_EQ(-ERANGE, translate(self->fd, &translated, self->memory,
				     variant->length, limit, &extent));
	EXPECT_EQ(1, translated.nr_extents);
	EXPECT_EQ(1, translated.length);
	EXPECT_EQ((uintptr_t)self->memory + variant->length - 1, translated.va);
	EXPECT_EQ(self->phys, extent.phys);
	EXPECT_EQ(variant->length - 1, extent.length);
	EXPECT_EQ(0, translate(self->fd, &translated, self->memory,
			       variant->length - 1, limit, &extent));

	EXPECT_EQ(-ERANGE, pin(self->fd, &pinned, self->memory,
			       variant->length, limit));
	EXPECT_EQ(0, pinned.id);
	EXPECT_EQ((uintptr_t)self->memory + variant->length - 1, pinned.va);
	EXPECT_EQ(self->pinned, memory_pinned());
	EXPECT_EQ(0, pin(self->fd, &pinned, self->memory, variant->length - 1,
			 limit));
}

TEST_F(limits, nothing)
{
	char *from = self->memory + OFFSET;
	struct noiommu_translate translated;
	struct noiommu_extent extent;
	struct noiommu_pin pinned;

	EXPECT_EQ(-ERANGE, translate(self->fd, &translated, from, PAGE - OFFSET,
				     self->phys - 1, &extent));
	EXPECT_EQ(0, translated.nr_extents);
	EXPECT_EQ((uintptr_t)from, translated.va);
	EXPECT_EQ(PAGE - OFFSET, translated.length);
	EXPECT_EQ(-ERANGE, pin(self->fd, &pinned, from, PAGE - OFFSET,
			       self->phys - 1));
	EXPECT_EQ((uintptr_t)from, pinned.va);
	EXPECT_EQ(self->pinned, memory_pinned());
}

/* A program that does not know the member has no limit. */
TEST_F(limits, old_program)
{
	struct noiommu_pin old = {
		.size = offsetof(struct noiommu_pin, limit),
		.va = (uintptr_t)self->memory,
		.length = variant->length,
		.limit = 1,
	};

	EXPECT_EQ(0, noiommu_ioctl(self->fd, NOIOMMU_PIN, &old));
}

/* The bus limit applies to owners of the function, even if they set no limit. */
TEST_F(limits, of_the_bus)
{
	struct noiommu_translate translated;
	struct noiommu_extent extent;
	struct noiommu_pin pinned;
	char edu[PCI_ADDRESS_SIZE];
	struct vfio vfio;

	ASSERT_EQ(0, edu_bind_nth(0, "vfio-pci", edu));
	ASSERT_EQ(0, run("insmod ./dma_offset.ko function=%s limit=%llu", edu,
			 self->phys + OFFSET - 1));
	EXPECT_EQ(0, translate(self->fd, &translated, self->memory,
			       variant->length, 0, &extent));
	ASSERT_EQ(0, vfio_open(&vfio, edu));
	EXPECT_EQ(-ERANGE, translate(self->fd, &translated, self->memory,
				     variant->length, 0, &extent));
	EXPECT_EQ((uintptr_t)self->memory + OFFSET, translated.va);
	/* The bus limit also applies if the device reaches further; the lower limit wins. */
	EXPECT_EQ(-ERANGE, pin(self->fd, &pinned, self->memory,
			       variant->length, ~0ULL));
	EXPECT_EQ((uintptr_t)self->memory + OFFSET, pinned.va);
	EXPECT_EQ(-ERANGE, pin(self->fd, &pinned, self->memory,
			       variant->length, self->phys));
	EXPECT_EQ((uintptr_t)self->memory + 1, pinned.va);
	vfio_close(&vfio);
	EXPECT_EQ(0, translate(self->fd, &translated, self->memory,
			       variant->length, 0, &extent));
	EXPECT_EQ(0, run("rmmod dma_offset"));
}

TEST_HARNESS_MAIN
