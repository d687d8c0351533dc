// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "torture.h"

long torture_count(long few, long many)
{
	const char *wanted = getenv("TORTURE");

	if (!wanted || !*wanted)
		return few;
	return strcmp(wanted, "long") ? atol(wanted) : many;
}

bool torture_sanitized(void)
{
	/* The sanitizers of this kernel come together. */
	return !access("/sys/kernel/debug/kmemleak", F_OK);
}

long torture_count_here(long few, long many)
{
	if (torture_sanitized())
		few = few / 10 ?: 1;
	return torture_count(few, many);
}

/* Never 0, which would stay 0. */
struct dice dice_make(unsigned int seed)
{
	return (struct dice){ (seed + 1) * 0x9e3779b97f4a7c15ULL };
}

/* xorshift64* */
__u64 dice_throw(struct dice *dice)
{
	dice->state ^= dice->state >> 12;
	dice->state ^= dice->state << 25;
	dice->state ^= dice->state >> 27;
	return dice->state * 0x2545f4914f6cdd1dULL;
}

size_t dice_below(struct dice *dice, size_t n)
{
	return (dice_throw(dice) >> 16) % n;
}
