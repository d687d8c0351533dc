/* SPDX-License-Identifier: GPL-2.0-only */
/* A program as a child process with few privileges, and its output. */
#ifndef TESTS_PROGRAM_H
#define TESTS_PROGRAM_H

#include <linux/types.h>
#include <stdbool.h>
#include <sys/types.h>

struct program {
	pid_t pid;
	/* The program's standard input. */
	int input;
	/* The file with the program's output. */
	char log[32];
};

/* Runs a shell command with these capabilities and no others. */
bool program_start(struct program *program, __u64 capabilities,
		   const char *command);
/*
 * program_output() returns the output from an offset on; the next call overwrites it.
 * program_place() returns the current end of the output.
 */
const char *program_output(struct program *program, long from);
long program_place(struct program *program);
/*
 * Waits for a text from an offset on, until the program ends or takes too long: longer than
 * this number of seconds, on a fast host.
 */
bool program_says(struct program *program, long from, const char *text,
		  int seconds);
/* The same, for this way to look for the text. */
bool program_says_in(struct program *program, long from,
		     bool (*has)(const char *output, const char *text),
		     const char *text, int seconds);
bool program_has_ended(struct program *program);
/* Returns a field of /proc/PID/status as a number of this base; -1 without such a field. */
long program_status(struct program *program, const char *field, int base);
/*
 * Waits for the program's end, and kills it if it takes too long. Copies its output to our
 * log. Returns the exit status as a shell does; 0 if it was ended before.
 */
int program_end(struct program *program, int seconds);
int program_kill(struct program *program);

#endif
