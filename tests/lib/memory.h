/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory of known kinds, its physical addresses, and its pins. */
#ifndef TESTS_MEMORY_H
#define TESTS_MEMORY_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#define PAGE (1UL << PAGE_SHIFT)
#define HUGE_2M (2UL << 20)
/*
 * The references that a pin of such a page takes. A page table of larger pages maps it by an entry
 * for each of them.
 */
#define HUGE_2M_PINS (PAGE_SHIFT == 12 ? 1 : HUGE_2M / PAGE)
#define NO_HUGE_ENTRIES "this kernel maps 2 MiB by small entries"

/* PREEMPT_RT has none. With pages of 16 KiB they have 32 MiB. */
#define NO_THP "this kernel has no transparent huge pages of 2 MiB"
bool memory_has_thp(void);

/* Touched memory, or MAP_FAILED. */
void *memory_pages(size_t length);
void *memory_huge(size_t length);

/* Fills it with bytes that depend on the seed. */
void memory_fill(void *memory, size_t length, unsigned int seed);

/* Returns the physical address from /proc/self/pagemap; 0 if not present. */
__u64 memory_phys(const void *address);
/* The physical addresses of consecutive pages; 0 or -errno. */
int memory_phys_pages(const void *address, size_t nr, __u64 *phys);

/*
 * Returns three touched 4 KiB pages: the first two are physically adjacent, the third is
 * not. The mapping extends to 2 * HUGE_2M or more from there, which is aligned to HUGE_2M.
 */
char *memory_partly_contiguous(void);

/* Pages pinned and not yet unpinned, in the whole system. */
long memory_pinned(void);
/*
 * Waits until memory_pinned() is as expected, up to a time limit, and returns it. A
 * workqueue releases pages held for a device, soon after the end of its DMA.
 */
long memory_pinned_soon(long expected);
/* Memory accounted to this process, in KiB: VmLck, and VmPin. */
long memory_locked(void);
long memory_accounted(void);
/* Lets this process lock this many pages; 0 or -errno. */
int memory_limit_locked(size_t pages);

/*
 * Compacts memory, and tries to move the page to the guest's other NUMA node: 0 if it moved,
 * or the -errno of move_pages().
 */
int memory_migrate(void *address);

#endif
