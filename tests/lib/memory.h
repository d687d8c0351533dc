/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory of known kinds, where it is, and who holds it. */
#ifndef TESTS_MEMORY_H
#define TESTS_MEMORY_H

#include <linux/types.h>
#include <stddef.h>

#define PAGE 4096UL
#define HUGE_2M (2UL << 20)

/* Touched memory, or MAP_FAILED. */
void *memory_pages(size_t length);
void *memory_huge(size_t length);

/* With bytes that the seed decides. */
void memory_fill(void *memory, size_t length, unsigned int seed);

/* The physical address as /proc/self/pagemap has it; 0 if not present. */
__u64 memory_phys(const void *address);
/* The same of pages that follow one another; 0 or -errno. */
int memory_phys_pages(const void *address, size_t nr, __u64 *phys);

/*
 * Touched 4 KiB pages in which the first two are physically adjacent and the
 * third is not: returned is the address of the first of three.
 */
char *memory_partly_contiguous(void);

/* Pages pinned and not yet unpinned, in the whole system. */
long memory_pinned(void);
/*
 * The same, once it is as many as expected or a time limit is over: what is held for
 * a device is released soon after its DMA ends, from a workqueue.
 */
long memory_pinned_soon(long expected);
/* Memory accounted to this process, in KiB: as locked, and as pinned. */
long memory_locked(void);
long memory_accounted(void);

/*
 * Compacts memory, and moves the page to the other of the guest's two NUMA
 * nodes: 0 if it has moved, or the -errno for which it stayed.
 */
int memory_migrate(void *address);

#endif
