/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Fail each allocation of an operation once. Check what the operation returns, what it leaves
 * behind, and whether it works afterwards.
 */
#ifndef TESTS_SWEEP_H
#define TESTS_SWEEP_H

#include <stdbool.h>

/* For TEST_F_TIMEOUT(): time for some hundred rounds. */
#define PATIENCE 300

/**
 * struct sweep - an operation
 * @prepare: steps before the operation, without faults; optional. 0 or -errno
 * @run: the operation, 0 or -errno. If it makes several calls and one fails, it undoes the
 *       others
 * @complete: after a success: is the effect complete?
 * @undo: undoes a success and the preparation; optional
 * @below: allocations fail only below this kernel function; optional
 * @spare: allocations below this kernel function do not fail; optional
 * @work: the module in whose work allocations fail; without it, they fail in @run
 * @answers_last: VFIO and iommufd also fail if they have done everything and only cannot
 *                write the answer
 * @cannot_fail: the operation succeeds whatever fails
 * @errors: allowed errors besides -ENOMEM for memory and -EFAULT for copies from or to
 *          userspace
 */
struct sweep {
	int (*prepare)(void *subject);
	int (*run)(void *subject);
	bool (*complete)(void *subject);
	void (*undo)(void *subject);
	const char *below;
	const char *spare;
	const char *work;
	bool answers_last;
	bool cannot_fail;
	int errors[4];
};

/*
 * Runs the operation with the first allocation failing, then the second, until there are no
 * more; then the same with copies. Logs the number of failures for each errno, and mistakes.
 */
bool sweep(const struct sweep *sweep, void *subject);

#endif
