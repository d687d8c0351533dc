/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Make chosen allocations, or copies from and to userspace, fail. They are counted from 1;
 * allocations that cannot fail, and those in vmalloc(), do not count.
 */
#ifndef TESTS_FAULT_H
#define TESTS_FAULT_H

#include <stdbool.h>

/*
 * For a constructor: if the kernel lacks fault injection, end the program as a single
 * skipped test.
 */
void fault_required(void);

enum fault_kind {
	FAULT_MEMORY,
	FAULT_COPIES,
};

/* Selects the kind from here on; 0 or -errno. Copies fail in this thread only. */
int fault_select(enum fault_kind kind);
/* Only allocations below this kernel function fail, or none below it. */
int fault_below(const char *function);
int fault_spare(const char *function);

/* Makes the nth of this thread fail. */
void fault_arm(unsigned int nth);
/* Disarms. Was there an nth? */
bool fault_disarm(void);

/*
 * Make every allocation of this thread from a slab cache fail, until fault_no_cache(). An
 * allocation that is retried, first without and then with sleeping, fails only this way.
 */
int fault_cache(const char *cache);
int fault_no_cache(void);

/*
 * Make the nth fail in work that a loaded module queues on this CPU. Only allocations below
 * the module's code count. Its code is looked up when nth is 1. Keeps this thread on its CPU until
 * disarmed. 0 or -errno.
 */
int fault_arm_work(const char *module, unsigned int nth);
/* Was there an nth? *any: was there one at all? */
bool fault_disarm_work(bool *any);

/* From here on the kernel prints a trace of each failure. */
void fault_show(void);

#endif
