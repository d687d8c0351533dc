// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "memory.h"
#include "slowness.h"
#include "testpmd.h"

#define PROMPT "testpmd> "
#define LOG_LINE "EAL: "
#define START_SECONDS 120
#define COMMAND_SECONDS 60
/* The address of external memory, whose owner knows it. */
#define NO_ADDRESS ULONG_MAX
#define PAGEMAP_PRESENT (1ULL << 63)
#define PAGEMAP_PFN ((1ULL << 55) - 1)

/* Returns what follows lines of EAL's log. */
static const char *skip_log(const char *at)
{
	while (!strncmp(at, LOG_LINE, strlen(LOG_LINE))) {
		at = strchrnul(at, '\n');
		at += *at == '\n';
	}
	return at;
}

/*
 * testpmd writes its prompt a byte at a time, and EAL's other threads write their lines at any
 * time: the output can be "tEAL: Cannot find device\nestpmd> ".
 */
static bool has_prompt(const char *output, const char *prompt)
{
	for (; *output; output++) {
		const char *at = skip_log(output), *rest = prompt;

		while (*rest && *at == *rest) {
			at = skip_log(at + 1);
			rest++;
		}
		if (!*rest)
			return true;
	}
	return false;
}

static bool says_prompt(struct testpmd *pmd, long from, int seconds)
{
	return program_says_in(&pmd->program, from, has_prompt, PROMPT, seconds);
}

bool testpmd_run(struct testpmd *pmd, __u64 capabilities, const char *command)
{
	if (program_start(&pmd->program, capabilities, command) &&
	    says_prompt(pmd, 0, START_SECONDS))
		return true;
	testpmd_kill(pmd);
	return false;
}

bool testpmd_start(struct testpmd *pmd, __u64 capabilities, const char *eal,
		   const char *options)
{
	char command[1024];

	snprintf(command, sizeof(command), "exec " TESTPMD "%s" TESTPMD_PROMPTS "%s",
		 eal, options);
	return testpmd_run(pmd, capabilities, command);
}

const char *testpmd_command(struct testpmd *pmd, const char *format, ...)
{
	long from = program_place(&pmd->program);
	va_list args;

	va_start(args, format);
	vdprintf(pmd->program.input, format, args);
	va_end(args);
	dprintf(pmd->program.input, "\n");
	if (says_prompt(pmd, from, COMMAND_SECONDS))
		return program_output(&pmd->program, from);
	printf("# no prompt of testpmd after: %s\n", format);
	return NULL;
}

bool testpmd_said(struct testpmd *pmd, const char *text)
{
	return strstr(program_output(&pmd->program, 0), text);
}

/* Returns the number that follows a name. */
static unsigned long number(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	return at ? strtoul(at + strlen(name), NULL, 10) : 0;
}

unsigned int testpmd_ports(struct testpmd *pmd)
{
	const char *text = testpmd_command(pmd, "show port summary all");

	return text ? number(text, "Number of available ports:") : 0;
}

static bool links_up(struct testpmd *pmd)
{
	const char *text = testpmd_command(pmd, "show port summary all");

	/* testpmd prints a line for each port. */
	return text && strstr(text, " up ") && !strstr(text, " down ");
}

bool testpmd_wait_links(struct testpmd *pmd)
{
	int left = COMMAND_SECONDS * 2 * slowness();

	/* Not too often, because the log has each answer. */
	while (!links_up(pmd) && --left > 0)
		usleep(500000);
	return left > 0;
}

bool testpmd_stats(struct testpmd *pmd, unsigned int port,
		   struct testpmd_stats *stats)
{
	const char *text = testpmd_command(pmd, "show port stats %u", port);

	if (!text || !strstr(text, "RX-packets:"))
		return false;
	stats->received = number(text, "RX-packets:");
	stats->sent = number(text, "TX-packets:");
	stats->lost = number(text, "RX-missed:") + number(text, "RX-errors:") +
		      number(text, "RX-nombuf:") + number(text, "TX-errors:");
	return true;
}

static bool is_at(int pagemap, unsigned long va, unsigned long phys)
{
	__u64 entry;

	return pread(pagemap, &entry, sizeof(entry), va / PAGE * sizeof(entry)) ==
	       sizeof(entry) && entry & PAGEMAP_PRESENT &&
	       (entry & PAGEMAP_PFN) * PAGE == phys;
}

unsigned int testpmd_memory(struct testpmd *pmd, unsigned int *wrong)
{
	const char *at = testpmd_command(pmd, "dump_physmem");
	unsigned long iova, length, va;
	unsigned int count = 0;
	char path[32];
	int pagemap;

	snprintf(path, sizeof(path), "/proc/%d/pagemap", pmd->program.pid);
	pagemap = open(path, O_RDONLY | O_CLOEXEC);
	*wrong = 0;
	/* From 25.11 on, the command is two words. */
	if (at && strstr(at, "Command not found"))
		at = testpmd_command(pmd, "dump physmem");
	for (; at; at = strstr(at + 1, "Segment "))
		if (sscanf(at, "Segment %*d-%*d: IOVA:%lx, len:%lu, virt:%lx",
			   &iova, &length, &va) == 3 && iova != NO_ADDRESS) {
			count++;
			*wrong += !is_at(pagemap, va, iova);
		}
	close(pagemap);
	return count;
}

int testpmd_quit(struct testpmd *pmd)
{
	if (pmd->program.pid > 0)
		dprintf(pmd->program.input, "quit\n");
	return program_end(&pmd->program, COMMAND_SECONDS);
}

int testpmd_kill(struct testpmd *pmd)
{
	return program_kill(&pmd->program);
}
