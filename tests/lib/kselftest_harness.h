/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's kselftest harness, with longer time limits on a slow guest, and with a
 * choice of tests by name, which 6.1's harness lacks.
 */
#ifndef TESTS_KSELFTEST_HARNESS_H
#define TESTS_KSELFTEST_HARNESS_H

#include_next <kselftest_harness.h>

#include <stdbool.h>
#include <string.h>

#include "slowness.h"

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 300

/* The harness ends each hanging test; tests/vm/run would end all tests. */
static inline void harness_be_patient(void)
{
	struct __fixture_metadata *f;
	struct __test_metadata *t;

	for (f = __fixture_list; f; f = f->next)
		for (t = f->tests; t; t = t->next)
			t->timeout *= slowness();
}

/* Keeps only the variant that NAME begins with; false if NAME is of another fixture. */
static inline bool harness_choose_variant(struct __fixture_metadata *f,
					  const char *name, size_t length)
{
	size_t own = strlen(f->name);
	struct __fixture_variant_metadata *v;

	if (!length)
		return true;
	if (length < own || strncmp(name, f->name, own))
		return false;
	if (length == own)
		return true;
	for (v = f->variant; v; v = v->next)
		if (name[own] == '.' && length == own + 1 + strlen(v->name) &&
		    !strncmp(name + own + 1, v->name, strlen(v->name))) {
			f->variant = v;
			v->next = NULL;
			return true;
		}
	return false;
}

/* NAME is [FIXTURE[.VARIANT].]TEST, as in the results. Returns how many tests match. */
static inline int harness_choose(const char *name)
{
	const char *dot = strrchr(name, '.');
	const char *test = dot ? dot + 1 : name;
	struct __fixture_metadata *f;
	struct __test_metadata **at;
	int left = 0;

	for (f = __fixture_list; f; f = f->next) {
		bool mine = harness_choose_variant(f, name, dot ? dot - name : 0);

		for (at = &f->tests; *at;)
			if (mine && !strcmp((*at)->name, test)) {
				at = &(*at)->next;
				left++;
			} else {
				*at = (*at)->next;
			}
	}
	return left;
}

/* PROGRAM [TEST] */
static inline int harness_run(int argc, char **argv)
{
	if (argc > 1 && !harness_choose(argv[1])) {
		fprintf(stderr, "no test is called %s\n", argv[1]);
		return KSFT_FAIL;
	}
	harness_be_patient();
	return test_harness_run(1, argv);
}

/* TEST_HARNESS_MAIN calls it. */
#define test_harness_run harness_run

#endif
