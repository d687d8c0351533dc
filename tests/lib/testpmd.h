/* SPDX-License-Identifier: GPL-2.0-only */
/* DPDK's testpmd, driven by its prompt. */
#ifndef TESTS_TESTPMD_H
#define TESTS_TESTPMD_H

#include <linux/types.h>
#include <stdbool.h>

#include "program.h"

struct testpmd {
	struct program program;
};

struct testpmd_stats {
	unsigned long received;
	unsigned long sent;
	/* Of either direction, of whatever kind. */
	unsigned long lost;
};

/*
 * Starts it with these capabilities, options of EAL and options of its own, and waits
 * for the prompt, which says little: without a port it comes as well.
 */
bool testpmd_start(struct testpmd *pmd, __u64 capabilities, const char *eal,
		   const char *options);
/*
 * Gives a command. Returns what it said until the prompt came back, in memory that
 * the next call takes, or NULL if the prompt does not come.
 */
const char *testpmd_command(struct testpmd *pmd, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Has it said this, since it was started? */
bool testpmd_said(struct testpmd *pmd, const char *text);
unsigned int testpmd_ports(struct testpmd *pmd);
/* Waits until all links are up; false if that does not come. */
bool testpmd_wait_links(struct testpmd *pmd);
bool testpmd_stats(struct testpmd *pmd, unsigned int port,
		   struct testpmd_stats *stats);
/*
 * How many pieces of memory it has, by its own account; and how many of those are not
 * at the physical address that it takes them to be at.
 */
unsigned int testpmd_memory(struct testpmd *pmd, unsigned int *wrong);
/* Both as program_end(). */
int testpmd_quit(struct testpmd *pmd);
int testpmd_kill(struct testpmd *pmd);

#endif
