// SPDX-License-Identifier: GPL-2.0-only
/* The kernel's log. A record of /dev/kmsg is "PRIORITY,NUMBER,TIME,FLAGS;TEXT". */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "noiommuctl.h"

/* A read() returns one record; of an ordinary file, many lines. */
static bool find_in(char *records, const char *text, char *rest, size_t size)
{
	bool has = false;
	char *line;

	for (line = strtok(records, "\n"); line; line = strtok(NULL, "\n")) {
		const char *place = strstr(line, text);

		if (!place)
			continue;
		snprintf(rest, size, "%s", place + strlen(text));
		has = true;
	}
	return has;
}

bool log_find(const char *text, char *rest, size_t size)
{
	char path[PATH_SIZE], records[8193];
	bool has = false;
	ssize_t length;
	int fd;

	*rest = '\0';
	if (path_make(path, "/dev/kmsg"))
		return false;
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return false;
	do {
		length = read(fd, records, sizeof(records) - 1);
		if (length <= 0)
			continue;
		records[length] = '\0';
		has |= find_in(records, text, rest, size);
		/* EPIPE: the kernel has overwritten the next record; go on with the one after. */
	} while (length > 0 || (length < 0 && errno == EPIPE));
	close(fd);
	return has;
}
