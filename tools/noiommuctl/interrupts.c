// SPDX-License-Identifier: GPL-2.0-only
/* Interrupts of functions, from /proc/interrupts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "noiommuctl.h"

/* Adds the numbers after the first colon: one for each CPU. */
static unsigned long long sum_of(const char *line)
{
	unsigned long long sum = 0, count;
	const char *at = strchr(line, ':');
	char *end;

	for (at = at ? at + 1 : ""; ; at = end) {
		count = strtoull(at, &end, 10);
		if (end == at)
			return sum;
		sum += count;
	}
}

int interrupts_of(const struct function *function, unsigned long long *count)
{
	char path[PATH_SIZE], name[ADDRESS_SIZE + 2], *line = NULL;
	size_t size = 0;
	int vectors = 0;
	FILE *file;

	*count = 0;
	file = path_make(path, "/proc/interrupts") ? NULL : fopen(path, "re");
	if (!file)
		return 0;
	/* VFIO's names are vfio-msix[0](0000:05:00.0) and the like. */
	snprintf(name, sizeof(name), "(%s)", function->address);
	while (getline(&line, &size, file) >= 0) {
		if (!strstr(line, "vfio-") || !strstr(line, name))
			continue;
		*count += sum_of(line);
		vectors++;
	}
	free(line);
	fclose(file);
	return vectors;
}
