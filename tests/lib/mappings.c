// SPDX-License-Identifier: GPL-2.0-only
#include <sys/mman.h>
#include <unistd.h>

#include "mappings.h"
#include "sysfs.h"

/* Reserves address space. */
static char *reserve(size_t length)
{
	size_t room = length + HUGE_2M;
	char *memory = mmap(NULL, room, PROT_NONE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	unsigned long start = (unsigned long)memory;

	if (memory == MAP_FAILED)
		return MAP_FAILED;
	start = (start + HUGE_2M - 1) & ~(HUGE_2M - 1);
	munmap(memory, start - (unsigned long)memory);
	munmap((char *)start + length,
	       (unsigned long)memory + room - start - length);
	return (char *)start;
}

static int create_file(size_t length)
{
	int fd = memfd_create("mapping", MFD_CLOEXEC);

	if (fd >= 0 && ftruncate(fd, length)) {
		close(fd);
		return -1;
	}
	return fd;
}

char *mapping_create(enum mapping kind, size_t length, void *address)
{
	static const int flags[MAPPINGS] = {
		[MAPPING_SMALL] = MAP_PRIVATE | MAP_ANONYMOUS,
		[MAPPING_THP] = MAP_PRIVATE | MAP_ANONYMOUS,
		[MAPPING_SHARED] = MAP_SHARED | MAP_ANONYMOUS,
		[MAPPING_MEMFD] = MAP_SHARED,
		[MAPPING_PRIVATE_FILE] = MAP_PRIVATE,
		[MAPPING_HUGETLB] = MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB,
		[MAPPING_HUGETLB_SHARED] = MAP_SHARED | MAP_ANONYMOUS |
					   MAP_HUGETLB,
	};
	char *memory = address ?: reserve(length);
	int fd = -1;

	if (memory == MAP_FAILED)
		return MAP_FAILED;
	if (!(flags[kind] & MAP_ANONYMOUS)) {
		fd = create_file(length);
		if (fd < 0)
			return MAP_FAILED;
	}
	memory = mmap(memory, length, PROT_READ | PROT_WRITE,
		      flags[kind] | MAP_FIXED, fd, 0);
	if (fd >= 0)
		close(fd);
	if (memory != MAP_FAILED && kind == MAPPING_THP)
		madvise(memory, length, MADV_HUGEPAGE);
	if (memory != MAP_FAILED && kind == MAPPING_SMALL)
		madvise(memory, length, MADV_NOHUGEPAGE);
	return memory;
}

char *mapping_remove(char *memory, size_t length)
{
	return mmap(memory, length, PROT_NONE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
}

void mapping_touch(char *memory, size_t length)
{
	size_t i;

	for (i = 0; i < length; i += PAGE)
		*(volatile char *)(memory + i) = i / PAGE;
}

long mapping_thp(void)
{
	long size = -1;

	file_field("/proc/self/smaps_rollup", "AnonHugePages", &size);
	return size;
}
