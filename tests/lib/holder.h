/* SPDX-License-Identifier: GPL-2.0-only */
/* Another process that has a BAR mapped, and does what it is asked to. */
#ifndef TESTS_HOLDER_H
#define TESTS_HOLDER_H

#include <linux/types.h>
#include <stdbool.h>
#include <sys/types.h>

struct holder {
	pid_t pid;
	int channel[2];
};

/* Where that process finds the BAR. */
struct holder_bar {
	__u64 phys;
	size_t length;
};

bool holder_start(struct holder *holder, const struct holder_bar *bar);
/*
 * Takes a VFIO device and maps all of its BAR 0. The mapping is all that the
 * process then has of the device.
 */
bool holder_maps(struct holder *holder, int device);
bool holder_can_read(struct holder *holder);
bool holder_was_present(struct holder *holder);
/* Does TRANSLATE tell it where the BAR is, or fail with -EFAULT? */
bool holder_translates(struct holder *holder);
bool holder_translates_not(struct holder *holder);
bool holder_unmaps(struct holder *holder);
void holder_end(struct holder *holder);

#endif
