/* SPDX-License-Identifier: GPL-2.0-only */
/* Another process that has a BAR mapped and executes commands. */
#ifndef TESTS_HOLDER_H
#define TESTS_HOLDER_H

#include <linux/types.h>
#include <stdbool.h>
#include <sys/types.h>

struct holder {
	pid_t pid;
	int channel[2];
};

/* The BAR's address in that process. */
struct holder_bar {
	__u64 phys;
	size_t length;
};

bool holder_start(struct holder *holder, const struct holder_bar *bar);
/*
 * Passes a VFIO device to the process, which maps all of BAR 0 and keeps only the mapping.
 */
bool holder_maps(struct holder *holder, int device);
bool holder_can_read(struct holder *holder);
bool holder_was_present(struct holder *holder);
/* Does TRANSLATE in that process return the BAR's address, or fail with EFAULT? */
bool holder_translates(struct holder *holder);
bool holder_translates_not(struct holder *holder);
bool holder_unmaps(struct holder *holder);
void holder_end(struct holder *holder);

#endif
