/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Allocations, and copies from and to userspace, that fail when they are told to.
 * Counted from 1 are those that can fail; those in vmalloc() are spared.
 */
#ifndef TESTS_FAULT_H
#define TESTS_FAULT_H

#include <stdbool.h>

/*
 * For a constructor: where the kernel cannot do this, the program ends here, as one
 * skipped test.
 */
void fault_required(void);

enum fault_kind {
	FAULT_MEMORY,
	FAULT_COPIES,
};

/* Which of both, from here on; 0 or -errno. Only in this thread copies can fail. */
int fault_select(enum fault_kind kind);
/* Only memory that is taken below that function of the kernel's, and none below that. */
int fault_below(const char *function);
int fault_spare(const char *function);

/* The nth that this thread makes fails. */
void fault_arm(unsigned int nth);
/* Not any more. Was there an nth? */
bool fault_disarm(void);

/*
 * Every object of a slab cache that this thread wants, until there is no such
 * cache. What is tried again without a wait, and then with one, fails only so.
 */
int fault_cache(const char *cache);
int fault_no_cache(void);

/*
 * The same in work that a loaded module queues on this CPU, which is that of this
 * thread until it is disarmed: counted is what is below the module's code. 0 or
 * -errno.
 */
int fault_arm_work(const char *module, unsigned int nth);
/* Was there an nth, and were there any? */
bool fault_disarm_work(bool *any);

/* From here on the kernel prints a trace for each that is made to fail. */
void fault_show(void);

#endif
