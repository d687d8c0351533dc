// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ranges and arrays of extents that TRANSLATE and PIN refuse. The refused call leaves nothing
 * behind.
 */
#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "arch.h"
#include "baseline.h"
#include "kselftest_harness.h"
#include "mappings.h"
#include "memory.h"
#include "noiommu.h"
#include "sysfs.h"

FIXTURE(ranges)
{
	int fd;
	char *memory;
	struct noiommu_extent *extents;
	long pinned;
	long locked;
};

FIXTURE_VARIANT(ranges)
{
	unsigned long number;
};

FIXTURE_VARIANT_ADD(ranges, translate)
{
	.number = NOIOMMU_TRANSLATE,
};

FIXTURE_VARIANT_ADD(ranges, pin)
{
	.number = NOIOMMU_PIN,
};

/* Returns three pages; the last one is not contiguous with the others. */
static char *two_pieces(void)
{
	char *memory = mapping_create(MAPPING_THP, HUGE_2M, NULL);

	if (memory == MAP_FAILED)
		return MAP_FAILED;
	mapping_touch(memory, HUGE_2M);
	return mremap(memory + 5 * PAGE, PAGE, PAGE,
		      MREMAP_MAYMOVE | MREMAP_FIXED, memory + 2 * PAGE) ==
	       MAP_FAILED ? MAP_FAILED : memory;
}

FIXTURE_SETUP(ranges)
{
	OPEN_NOIOMMU();
	self->memory = two_pieces();
	ASSERT_NE(MAP_FAILED, (void *)self->memory);
	self->extents = memory_pages(PAGE);
	ASSERT_NE(MAP_FAILED, (void *)self->extents);
	REMEMBER_PINS();
}

FIXTURE_TEARDOWN(ranges)
{
	EXPECT_NO_PINS();
	close(self->fd);
}

/* Both structures are equal up to the member id of one of them. */
static_assert(sizeof(struct noiommu_pin) == sizeof(struct noiommu_translate));
static_assert(offsetof(struct noiommu_pin, nr_extents) ==
	      offsetof(struct noiommu_translate, nr_extents));

static struct noiommu_translate request(__u64 va, __u64 length, __u64 extents,
					__u32 nr_extents)
{
	return (struct noiommu_translate){
		.size = sizeof(struct noiommu_translate),
		.va = va,
		.length = length,
		.extents = extents,
		.nr_extents = nr_extents,
	};
}

#define EXPECT_REFUSED(error, va, length, extents, nr_extents)		\
do {									\
	struct noiommu_translate __request =				\
		request(va, length, extents, nr_extents);		\
	struct noiommu_translate __before = __request;			\
									\
	EXPECT_EQ(-(error), noiommu_ioctl(self->fd, variant->number,	\
					  &__request));			\
	EXPECT_EQ(0, memcmp(&__before, &__request, sizeof(__before)));	\
	EXPECT_EQ(self->pinned, memory_pinned());			\
	EXPECT_EQ(self->locked, memory_accounted());			\
} while (0)

TEST_F(ranges, empty)
{
	__u64 array = (uintptr_t)self->extents;

	EXPECT_REFUSED(EINVAL, (uintptr_t)self->memory, 0, array, 4);
	EXPECT_REFUSED(EINVAL, 0, 0, array, 4);
	EXPECT_REFUSED(EINVAL, KERNEL_ADDRESS, 0, array, 4);
}

TEST_F(ranges, wrap_around)
{
	__u64 array = (uintptr_t)self->extents;
	__u64 va = (uintptr_t)self->memory;

	EXPECT_REFUSED(EINVAL, va, -va + 1, array, 4);
	EXPECT_REFUSED(EINVAL, va, -PAGE, array, 4);
	EXPECT_REFUSED(EINVAL, va, -1ULL, array, 4);
	EXPECT_REFUSED(EINVAL, -PAGE, 2 * PAGE, array, 4);
	EXPECT_REFUSED(EINVAL, -1ULL, 2, array, 4);
	EXPECT_REFUSED(EINVAL, -1ULL, -1ULL, array, 4);
}

TEST_F(ranges, of_the_kernel)
{
	__u64 array = (uintptr_t)self->extents;
	__u64 va = (uintptr_t)self->memory;

	EXPECT_REFUSED(EFAULT, KERNEL_ADDRESS, PAGE, array, 4);
	EXPECT_REFUSED(EFAULT, NOT_CANONICAL, PAGE, array, 4);
	EXPECT_REFUSED(EFAULT, USER_END, 1, array, 4);
	EXPECT_REFUSED(EFAULT, USER_END - PAGE, 2 * PAGE, array, 4);
	EXPECT_REFUSED(EFAULT, va, KERNEL_ADDRESS - va, array, 4);
	/* The ranges end at 2^64, and at the byte before. */
	EXPECT_REFUSED(EFAULT, -PAGE, PAGE, array, 4);
	EXPECT_REFUSED(EFAULT, va, -va, array, 4);
	EXPECT_REFUSED(EFAULT, -1ULL, 1, array, 4);
	EXPECT_REFUSED(EFAULT, -2ULL, 1, array, 4);
}

TEST_F(ranges, longer_than_memory_can_be)
{
	struct noiommu_translate beyond =
		request((uintptr_t)self->memory, USER_END -
			(uintptr_t)self->memory, (uintptr_t)self->extents, 1);

	/* Up to the last byte of the address space of processes. */
	if (variant->number == NOIOMMU_PIN) {
		EXPECT_GT(0, noiommu_ioctl(self->fd, NOIOMMU_PIN, &beyond));
		return;
	}
	/* The first two pages are contiguous by chance only. */
	if (!memory_has_thp())
		SKIP(return, NO_THP);
	EXPECT_EQ(0, noiommu_ioctl(self->fd, NOIOMMU_TRANSLATE, &beyond));
	EXPECT_EQ(1, beyond.nr_extents);
	EXPECT_EQ((uintptr_t)self->memory + 2 * PAGE, beyond.va);
}

TEST_F(ranges, array_is_nowhere)
{
	static const __u64 nowhere[] = {
		1, 4096, NOT_CANONICAL, USER_END, KERNEL_ADDRESS, -PAGE, -1ULL,
	};
	__u64 va = (uintptr_t)self->memory;
	int i;

	for (i = 0; i < ARRAY_SIZE(nowhere); i++) {
		EXPECT_REFUSED(EFAULT, va, PAGE, nowhere[i], 4);
		EXPECT_REFUSED(EFAULT, va, 3 * PAGE, nowhere[i], 4);
		EXPECT_REFUSED(EFAULT, va, PAGE, nowhere[i], UINT32_MAX);
	}
}

TEST_F(ranges, array_is_null_or_empty)
{
	__u64 array = (uintptr_t)self->extents;
	__u64 va = (uintptr_t)self->memory;

	EXPECT_REFUSED(EINVAL, va, PAGE, array, 0);
	if (variant->number == NOIOMMU_PIN) {
		EXPECT_REFUSED(EINVAL, va, PAGE, 0, 1);
	} else {
		EXPECT_REFUSED(EINVAL, va, PAGE, 0, 0);
		EXPECT_REFUSED(EFAULT, va, PAGE, 0, 1);
	}
}

TEST_F(ranges, array_is_read_only)
{
	__u64 array = (uintptr_t)self->extents;

	ASSERT_EQ(0, mprotect(self->extents, PAGE, PROT_READ));
	EXPECT_REFUSED(EFAULT, (uintptr_t)self->memory, PAGE, array, 4);
	ASSERT_EQ(0, mprotect(self->extents, PAGE, PROT_NONE));
	EXPECT_REFUSED(EFAULT, (uintptr_t)self->memory, PAGE, array, 4);
}

/* The range has two extents: the second one, or a part of it, cannot be written. */
TEST_F(ranges, array_reaches_into_an_unmapped_page)
{
	__u64 end = (uintptr_t)memory_pages(2 * PAGE) + PAGE;
	__u64 va = (uintptr_t)self->memory;
	size_t bytes;

	ASSERT_EQ(0, munmap((void *)end, PAGE));
	for (bytes = 4; bytes < 2 * sizeof(*self->extents); bytes += 4)
		EXPECT_REFUSED(EFAULT, va, 3 * PAGE, end - bytes, 2);
}

/* More extents than the kernel gathers before it writes them. */
TEST_F(ranges, array_of_many_reaches_into_an_unmapped_page)
{
	__u64 end = (uintptr_t)memory_pages(2 * PAGE) + PAGE;
	const size_t pages = 256;
	char *memory = mapping_create(MAPPING_THP, HUGE_2M, NULL);
	size_t i;

	if (!memory_has_thp())
		SKIP(return, NO_THP);
	ASSERT_NE(MAP_FAILED, (void *)memory);
	ASSERT_EQ(0, munmap((void *)end, PAGE));
	mapping_touch(memory, HUGE_2M);
	/* In the opposite order, no two pages are contiguous. */
	for (i = 0; i < pages; i++)
		ASSERT_NE(MAP_FAILED,
			  mremap(memory + (2 * pages - 1 - i) * PAGE, PAGE,
				 PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
				 memory + i * PAGE));
	for (i = 1; i < 100; i += 7)
		EXPECT_REFUSED(EFAULT, (uintptr_t)memory, pages * PAGE,
			       end - i * sizeof(*self->extents), pages);
}

/* Writing the array may replace its page; a translation of the array returns the new page. */
TEST_F(ranges, array_lies_in_the_range)
{
	struct noiommu_extent *extents;
	struct noiommu_translate call;

	extents = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)extents);
	call = request((uintptr_t)extents, PAGE, (uintptr_t)extents, 1);
	call.flags = NOIOMMU_ACCESS_WRITE;
	ASSERT_EQ(0, noiommu_ioctl(self->fd, variant->number, &call));
	EXPECT_EQ(memory_phys(extents), extents->phys);
	EXPECT_EQ(PAGE, extents->length);
	if (variant->number == NOIOMMU_PIN)
		EXPECT_EQ(0, noiommu_unpin_id(self->fd, call.reserved));
}

TEST_HARNESS_MAIN
