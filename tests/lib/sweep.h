/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Operations of which each allocation fails once: what they return then, what they
 * leave behind, and whether they work afterwards.
 */
#ifndef TESTS_SWEEP_H
#define TESTS_SWEEP_H

#include <stdbool.h>

/* For TEST_F_TIMEOUT(): some hundred rounds. */
#define PATIENCE 300

/**
 * struct sweep - an operation
 * @prepare: what it needs and is not to be tested; may be missing. 0 or -errno
 * @run: the operation, 0 or -errno. If it takes more than one call and fails, it
 *       takes back what it has done
 * @complete: after a success: is all there that there has to be?
 * @undo: takes a success and what was prepared back; may be missing
 * @below: the function of the kernel's below which memory is to fail; may be missing
 * @spare: the one below which it is not; may be missing
 * @work: the module in whose work it fails; missing, it fails in @run itself
 * @answers_last: VFIO and iommufd fail, too, if all is done and only the answer
 *                cannot be written
 * @cannot_fail: nothing that fails is of consequence, if anything can
 * @errors: what it may fail with, besides -ENOMEM for want of memory and -EFAULT for
 *          a copy from or to userspace
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
 * Tries it with the first allocation failing, the second, and so on, until there
 * are no more; then with the first copy. The log says how often it failed with what,
 * and what was wrong.
 */
bool sweep(const struct sweep *sweep, void *subject);

#endif
