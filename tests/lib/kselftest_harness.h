/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's kselftest harness, with more patience: a guest may be emulated, full
 * of sanitizers, and not alone on its host. What hangs is found by tests/vm/run.
 */
#ifndef TESTS_KSELFTEST_HARNESS_H
#define TESTS_KSELFTEST_HARNESS_H

#include_next <kselftest_harness.h>

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 300

#endif
