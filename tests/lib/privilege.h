/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_PRIVILEGE_H
#define TESTS_PRIVILEGE_H

#include <linux/types.h>

#define CAPABILITY(number) (1ULL << (number))

/* Drops a capability of this process for good; 0 or -errno. */
int privilege_drop(int capability);
/* Drops all other capabilities. */
int privilege_only(int capability);
/* Limits programs that root executes from here on to these capabilities. */
int privilege_bound(__u64 capabilities);

#endif
