/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_PRIVILEGE_H
#define TESTS_PRIVILEGE_H

/* Gives a capability of this process up for good; 0 or -errno. */
int privilege_drop(int capability);

#endif
