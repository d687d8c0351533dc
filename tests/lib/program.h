/* SPDX-License-Identifier: GPL-2.0-only */
/* A program as a child process with few privileges, and what it says. */
#ifndef TESTS_PROGRAM_H
#define TESTS_PROGRAM_H

#include <linux/types.h>
#include <stdbool.h>
#include <sys/types.h>

struct program {
	pid_t pid;
	/* Its standard input. */
	int input;
	/* What it says goes to a file. */
	char log[32];
};

/* Runs a command of the shell's with these capabilities and no others. */
bool program_start(struct program *program, __u64 capabilities,
		   const char *command);
/*
 * What it has said from a place on, in memory that the next call takes; and the place
 * where that ends for now.
 */
const char *program_output(struct program *program, long from);
long program_place(struct program *program);
/*
 * Waits for a text from a place on, but not if the program ends or takes too long: more
 * than these seconds of a fast host.
 */
bool program_says(struct program *program, long from, const char *text,
		  int seconds);
bool program_has_ended(struct program *program);
/* A field of /proc/PID/status as a number, in a base; -1 if it is not there. */
long program_status(struct program *program, const char *field, int base);
/*
 * Waits for its end, and kills it if it takes too long. Puts what it said into this
 * program's log. The exit status as of a shell; 0 if it was ended before.
 */
int program_end(struct program *program, int seconds);
int program_kill(struct program *program);

#endif
