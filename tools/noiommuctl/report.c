// SPDX-License-Identifier: GPL-2.0-only
/* Messages to the user, and colour for terminals. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "noiommuctl.h"

void report(const char *advice, const char *format, ...)
{
	va_list arguments;

	fputs("noiommuctl: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	if (advice)
		fprintf(stderr, "  try: %s\n", advice);
}

static const char *colour(const char *sequence)
{
	const char *refused = getenv("NO_COLOR");

	return isatty(STDOUT_FILENO) && !(refused && *refused) ? sequence : "";
}

const char *colour_bad(void)
{
	return colour("\033[31m");
}

const char *colour_good(void)
{
	return colour("\033[32m");
}

const char *colour_end(void)
{
	return colour("\033[0m");
}
