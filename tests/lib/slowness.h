/* SPDX-License-Identifier: GPL-2.0-only */
/* Scale time limits to the speed of the host. */
#ifndef TESTS_SLOWNESS_H
#define TESTS_SLOWNESS_H

/*
 * Returns the factor for time limits, 1 or more, relative to a fast host. tests/vm/init
 * derives it from the time of the guest's boot.
 */
int slowness(void);

#endif
