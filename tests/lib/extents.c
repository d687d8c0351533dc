// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "extents.h"
#include "memory.h"

#define PAGEMAP_PRESENT (1ULL << 63)
#define PAGEMAP_PFN ((1ULL << 55) - 1)

/* Returns pagemap's entries of the range, for the caller to free; NULL on failure. */
static __u64 *pagemap_read(const void *va, size_t length)
{
	size_t first = (unsigned long)va / PAGE;
	size_t size = (((unsigned long)va + length - 1) / PAGE - first + 1) *
		      sizeof(__u64);
	__u64 *entries = malloc(size);
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);

	if (pread(fd, entries, size, first * sizeof(__u64)) != size) {
		free(entries);
		entries = NULL;
	}
	close(fd);
	return entries;
}

static bool page_is(__u64 entry, __u64 phys)
{
	return entry & PAGEMAP_PRESENT && (entry & PAGEMAP_PFN) == phys / PAGE;
}

static bool shape_is_right(const struct noiommu_extent *extents, __u32 nr,
			   size_t length)
{
	size_t total = 0;
	__u32 i;

	for (i = 0; i < nr; i++) {
		if (!extents[i].length || extents[i].flags ||
		    extents[i].reserved)
			return false;
		if (i && extents[i - 1].phys + extents[i - 1].length ==
			 extents[i].phys)
			return false;
		total += extents[i].length;
	}
	return total == length;
}

static bool pages_are(const struct noiommu_extent *extents,
		      const __u64 *entries, unsigned long va, size_t length)
{
	unsigned long begin = va / PAGE, end = va + length, piece;
	__u64 done = 0;

	for (; va < end; va += piece) {
		__u64 phys = extents->phys + done;

		piece = PAGE - va % PAGE;
		if (piece > end - va)
			piece = end - va;
		if (phys % PAGE != va % PAGE ||
		    !page_is(entries[va / PAGE - begin], phys)) {
			printf("# %#lx: pagemap %#llx, extent %#llx\n", va,
			       entries[va / PAGE - begin], phys);
			return false;
		}
		done += piece;
		if (done == extents->length) {
			done = 0;
			extents++;
		}
	}
	return true;
}

bool extents_are_pagemap(const struct noiommu_extent *extents, __u32 nr,
			 const void *va, size_t length)
{
	__u64 *entries = pagemap_read(va, length);
	bool same;

	if (!entries || !shape_is_right(extents, nr, length)) {
		printf("# %u extents of the wrong shape for %#zx bytes at %p\n",
		       nr, length, va);
		free(entries);
		return false;
	}
	same = pages_are(extents, entries, (unsigned long)va, length);
	free(entries);
	return same;
}
