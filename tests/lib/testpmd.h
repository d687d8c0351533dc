/* SPDX-License-Identifier: GPL-2.0-only */
/* DPDK's testpmd, controlled through its prompt. */
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
	/* In both directions, for any reason. */
	unsigned long lost;
};

/* Each start has these options, before and after those of EAL. */
#define TESTPMD "dpdk-testpmd -l 0-1 --no-telemetry "
/* A message about a link may be printed inside the prompt. */
#define TESTPMD_PROMPTS " -- -i --mask-event=intr_lsc "

/*
 * Runs a shell command, which starts testpmd with the options above, and waits for the prompt.
 */
bool testpmd_run(struct testpmd *pmd, __u64 capabilities, const char *command);
/*
 * Starts testpmd with these capabilities and options of EAL and testpmd, and waits for the
 * prompt. The prompt also comes without a port.
 */
bool testpmd_start(struct testpmd *pmd, __u64 capabilities, const char *eal,
		   const char *options);
/*
 * Gives a command. Returns the output up to the next prompt, which the next call overwrites;
 * NULL if no prompt comes.
 */
const char *testpmd_command(struct testpmd *pmd, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Has testpmd printed this since its start? */
bool testpmd_said(struct testpmd *pmd, const char *text);
unsigned int testpmd_ports(struct testpmd *pmd);
/* Waits until all links are up; false if they stay down. */
bool testpmd_wait_links(struct testpmd *pmd);
bool testpmd_stats(struct testpmd *pmd, unsigned int port,
		   struct testpmd_stats *stats);
/*
 * Returns the number of testpmd's memory segments. *wrong: how many are not at the physical
 * address that testpmd assumes.
 */
unsigned int testpmd_memory(struct testpmd *pmd, unsigned int *wrong);
/* Both return as program_end(). */
int testpmd_quit(struct testpmd *pmd);
int testpmd_kill(struct testpmd *pmd);

#endif
