/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory of NOIOMMU_ALLOC. Expectations of tests whose fixture has fd, and remembers pinned
 * and locked.
 */
#ifndef TESTS_ALLOCATED_H
#define TESTS_ALLOCATED_H

#include <stdbool.h>
#include <sys/mman.h>
#include <unistd.h>

#include "baseline.h"
#include "extents.h"
#include "memory.h"
#include "noiommu.h"
#include "sysfs.h"

/* Bytes of NOIOMMU_ALLOC in the whole system, or -errno. */
static inline long allocated_bytes(void)
{
	return node_bytes("allocated_bytes");
}

/* Waits until there are as many, up to a time limit: a workqueue frees held memory. */
static inline bool allocated_soon(long bytes)
{
	return wait_until(allocated_bytes() == bytes);
}

/* Maps memory at an address that the kernel chooses. */
static inline char *map_memory(int memory, size_t length)
{
	return mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
}

/* Is it one extent at this address, as pagemap also says? */
static inline bool is_contiguous(int fd, const char *va, size_t length,
				 __u64 phys)
{
	struct noiommu_extent extents[2];
	__u32 nr = 2;

	if (noiommu_translate_range(fd, va, length, NOIOMMU_ACCESS_WRITE,
				    extents, &nr) ||
	    nr != 1 || extents[0].phys != phys || extents[0].length != length ||
	    extents[0].flags)
		return false;
	return extents_are_pagemap(extents, nr, va, length);
}

static inline bool is_zero(const char *va, size_t length)
{
	size_t i;

	for (i = 0; i < length / sizeof(long); i++)
		if (((const long *)va)[i])
			return false;
	return true;
}

#define EXPECT_ALLOCATED(bytes) EXPECT_EQ((long)(bytes), allocated_bytes())

#endif
