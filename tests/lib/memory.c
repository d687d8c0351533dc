// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "memory.h"
#include "sysfs.h"

#define PAGEMAP_PRESENT (1ULL << 63)
#define PAGEMAP_PFN ((1ULL << 55) - 1)

static void *touched(size_t length, int flags)
{
	void *memory = mmap(NULL, length, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

	if (memory == MAP_FAILED)
		return memory;
	if (!(flags & MAP_HUGETLB))
		madvise(memory, length, MADV_NOHUGEPAGE);
	memset(memory, 0xa5, length);
	return memory;
}

void *memory_pages(size_t length)
{
	return touched(length, 0);
}

void *memory_huge(size_t length)
{
	return touched(length, MAP_HUGETLB);
}

void memory_fill(void *memory, size_t length, unsigned int seed)
{
	char *at = memory;

	srand(seed);
	while (length--)
		*at++ = rand() >> 8;
}

int memory_phys_pages(const void *address, size_t nr, __u64 *phys)
{
	size_t size = nr * sizeof(*phys);
	ssize_t got;
	int fd;

	fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	got = pread(fd, phys, size,
		    (unsigned long)address / PAGE * sizeof(*phys));
	close(fd);
	if (got != size)
		return -EIO;
	for (; nr--; phys++)
		*phys = *phys & PAGEMAP_PRESENT ? (*phys & PAGEMAP_PFN) * PAGE : 0;
	return 0;
}

__u64 memory_phys(const void *address)
{
	__u64 phys;

	if (memory_phys_pages(address, 1, &phys) || !phys)
		return 0;
	return phys + (unsigned long)address % PAGE;
}

bool memory_has_thp(void)
{
	long size;

	return !file_read_long("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size", &size) &&
	       size == HUGE_2M;
}

/* Frees one small page of a huge page, and allocates another one in its place. */
char *memory_partly_contiguous(void)
{
	/* Not every kernel aligns it: 2 * HUGE_2M are left after the alignment. */
	char *memory = mmap(NULL, 3 * HUGE_2M, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return MAP_FAILED;
	memory += -(unsigned long)memory & (HUGE_2M - 1);
	madvise(memory, HUGE_2M, MADV_HUGEPAGE);
	memset(memory, 0xa5, HUGE_2M);
	/* Otherwise khugepaged makes it a huge page again. */
	madvise(memory, HUGE_2M, MADV_NOHUGEPAGE);
	madvise(memory + 2 * PAGE, PAGE, MADV_DONTNEED);
	memory[2 * PAGE] = 1;
	if (memory_phys(memory) + PAGE == memory_phys(memory + PAGE) &&
	    memory_phys(memory) + 2 * PAGE != memory_phys(memory + 2 * PAGE))
		return memory;
	errno = EAGAIN;
	return MAP_FAILED;
}

long memory_pinned(void)
{
	long value, pinned = 0;
	char line[128];
	FILE *file;

	/* A read of this file folds the per-CPU counters. */
	file_read("/proc/sys/vm/stat_refresh", line, sizeof(line));
	file = fopen("/proc/vmstat", "re");
	if (!file)
		return 0;
	/* The kernel makes the whole file for each read from the start. */
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "nr_foll_pin_acquired %ld", &value) == 1)
			pinned += value;
		if (sscanf(line, "nr_foll_pin_released %ld", &value) == 1)
			pinned -= value;
	}
	fclose(file);
	return pinned;
}

long memory_pinned_soon(long expected)
{
	wait_until(memory_pinned() == expected);
	return memory_pinned();
}

static long own_status(const char *field)
{
	long value = -1;

	file_field("/proc/self/status", field, &value);
	return value;
}

long memory_locked(void)
{
	return own_status("VmLck");
}

long memory_accounted(void)
{
	return own_status("VmPin");
}

int memory_limit_locked(size_t pages)
{
	struct rlimit limit = { pages * PAGE, pages * PAGE };

	return setrlimit(RLIMIT_MEMLOCK, &limit) ? -errno : 0;
}

static int move_page(void *address, const int *node)
{
	int status = -EINVAL;
	long stayed;

	stayed = syscall(SYS_move_pages, 0, 1UL, &address, node, &status,
			 1 << 1 /* MPOL_MF_MOVE */);
	if (stayed)
		return stayed > 0 ? -EBUSY : -errno;
	return status;
}

int memory_migrate(void *address)
{
	int node, now;

	file_write("/proc/sys/vm/compact_memory", "1");
	/* Without a node, the call returns the page's node. */
	node = move_page(address, NULL);
	if (node < 0)
		return node;
	node = !node;
	now = move_page(address, &node);
	if (now < 0)
		return now;
	return now == node ? 0 : -EAGAIN;
}
