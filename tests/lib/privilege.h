/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_PRIVILEGE_H
#define TESTS_PRIVILEGE_H

#include <linux/types.h>

#define CAPABILITY(number) (1ULL << (number))

/* Gives a capability of this process up for good; 0 or -errno. */
int privilege_drop(int capability);
/* Gives all others up. */
int privilege_only(int capability);
/* Programs that root executes from here on have these and no others. */
int privilege_bound(__u64 capabilities);

#endif
