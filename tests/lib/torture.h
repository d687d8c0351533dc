/* SPDX-License-Identifier: GPL-2.0-only */
/* Counts and random choices of the suites that repeat one thing very often. */
#ifndef TESTS_TORTURE_H
#define TESTS_TORTURE_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Returns how often to repeat: few, or many if $TORTURE is "long". A number in $TORTURE
 * replaces both.
 */
long torture_count(long few, long many);

/* The same for kernels with sanitizers, which get a tenth of few. */
long torture_count_here(long few, long many);
bool torture_sanitized(void);

/* The long form takes hours; tests/vm/run ends a guest that hangs. */
#define TORTURE_SECONDS 86400

/* Random numbers that depend on the seed only. */
struct dice {
	__u64 state;
};

struct dice dice_make(unsigned int seed);
__u64 dice_throw(struct dice *dice);
/* Returns a number below n. */
size_t dice_below(struct dice *dice, size_t n);
/* Returns one of the array's values. */
#define dice_choose(dice, array) \
	((array)[dice_below(dice, sizeof(array) / sizeof((array)[0]))])

#endif
