// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "privilege.h"
#include "program.h"
#include "slowness.h"

#define TICK 10000

static char output[1 << 20];

static long seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

static void execute(struct program *program, int input, __u64 capabilities,
		    const char *command)
{
	int log = open(program->log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND,
		       0600);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(input, STDIN_FILENO);
	dup2(log, STDOUT_FILENO);
	dup2(log, STDERR_FILENO);
	/* Line by line: stdio would buffer output to a file. */
	if (!privilege_bound(capabilities))
		execlp("stdbuf", "stdbuf", "-oL", "sh", "-c", command, NULL);
	_exit(127);
}

bool program_start(struct program *program, __u64 capabilities,
		   const char *command)
{
	static int started;
	int input[2];

	printf("# $ %s\n", command);
	fflush(stdout);
	snprintf(program->log, sizeof(program->log), "/tmp/program-%d-%d",
		 getpid(), started++);
	if (pipe2(input, O_CLOEXEC))
		return false;
	program->input = input[1];
	program->pid = fork();
	if (!program->pid)
		execute(program, input[0], capabilities, command);
	close(input[0]);
	return program->pid > 0;
}

const char *program_output(struct program *program, long from)
{
	int fd = open(program->log, O_RDONLY | O_CLOEXEC);
	ssize_t got = pread(fd, output, sizeof(output) - 1, from);

	output[got > 0 ? got : 0] = '\0';
	close(fd);
	return output;
}

long program_place(struct program *program)
{
	int fd = open(program->log, O_RDONLY | O_CLOEXEC);
	long end = lseek(fd, 0, SEEK_END);

	close(fd);
	return end;
}

bool program_has_ended(struct program *program)
{
	siginfo_t info = {};

	/* The program stays a zombie, for child_ended(). */
	return waitid(P_PID, program->pid, &info,
		      WEXITED | WNOHANG | WNOWAIT) || info.si_pid;
}

static bool has_text(const char *output, const char *text)
{
	return strstr(output, text);
}

bool program_says(struct program *program, long from, const char *text,
		  int seconds)
{
	return program_says_in(program, from, has_text, text, seconds);
}

bool program_says_in(struct program *program, long from,
		     bool (*has)(const char *output, const char *text),
		     const char *text, int seconds)
{
	long end = seconds_now() + seconds * slowness();
	bool over;

	for (;;) {
		over = program_has_ended(program) || seconds_now() > end;
		if (has(program_output(program, from), text))
			return true;
		if (over)
			return false;
		usleep(TICK);
	}
}

long program_status(struct program *program, const char *field, int base)
{
	char path[32], text[4096], *at;
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/status", program->pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	got = read(fd, text, sizeof(text) - 1);
	text[got > 0 ? got : 0] = '\0';
	close(fd);
	at = strstr(text, field);
	return at ? strtol(at + strlen(field) + 1, NULL, base) : -1;
}

/* Shows the output, without lines that occur by the hundred. */
static void show(struct program *program)
{
	char *line, *rest = output;

	program_output(program, 0);
	while ((line = strsep(&rest, "\n")))
		if (*line && strncmp(line, "Segment ", 8))
			printf("# | %s\n", line);
	fflush(stdout);
}

int program_end(struct program *program, int seconds)
{
	long end = seconds_now() + seconds * slowness();
	int status;

	if (program->pid <= 0)
		return 0;
	while (seconds_now() < end && !program_has_ended(program))
		usleep(TICK);
	kill(program->pid, SIGKILL);
	close(program->input);
	status = child_ended(program->pid);
	program->pid = 0;
	show(program);
	unlink(program->log);
	return status;
}

int program_kill(struct program *program)
{
	return program_end(program, 0);
}
