/* SPDX-License-Identifier: GPL-2.0-only */
/* Time limits that hold on a host of any speed. */
#ifndef TESTS_SLOWNESS_H
#define TESTS_SLOWNESS_H

/*
 * How many times longer than on a fast host things may take, 1 or more: tests/vm/init
 * tells it from how long the guest's boot took.
 */
int slowness(void);

#endif
