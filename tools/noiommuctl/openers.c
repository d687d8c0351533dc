// SPDX-License-Identifier: GPL-2.0-only
/* Processes that hold descriptors of a device. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "noiommuctl.h"

/* Adds what the descriptor pins, if it is one of /dev/noiommu. */
static void add_pinned(struct opener *opener, const char *descriptor)
{
	long long bytes = 0;

	if (!file_number("pinned_bytes", &bytes, "/proc/%d/fdinfo/%s", opener->pid, descriptor))
		opener->pinned += bytes;
}

/* Does the process hold the path? */
static bool read_descriptors(struct opener *opener, const char *path)
{
	char directory[PATH_SIZE], target[PATH_SIZE];
	struct dirent *entry;
	bool holds = false;
	ssize_t length;
	DIR *stream;

	if (path_make(directory, "/proc/%d/fd", opener->pid))
		return false;
	stream = opendir(directory);
	if (!stream)
		return false;
	while ((entry = readdir(stream))) {
		length = readlinkat(dirfd(stream), entry->d_name, target, sizeof(target) - 1);
		if (length < 0)
			continue;
		target[length] = '\0';
		holds |= !strcmp(target, path);
		if (!strcmp(target, "/dev/noiommu"))
			add_pinned(opener, entry->d_name);
	}
	closedir(stream);
	return holds;
}

void process_memlock(const char *process, char text[NAME_SIZE])
{
	char limits[4096];
	const char *line;

	file_read(limits, sizeof(limits), "/proc/%s/limits", process);
	line = strstr(limits, "Max locked memory");
	if (!line || sscanf(line, "Max locked memory %60s", text) != 1)
		strcpy(text, "unknown");
}

static void read_process(struct opener *opener)
{
	char process[16];

	snprintf(process, sizeof(process), "%d", opener->pid);
	file_read(opener->comm, NAME_SIZE, "/proc/%s/comm", process);
	process_memlock(process, opener->memlock);
}

int openers_find(const char *path, struct opener **list)
{
	char directory[PATH_SIZE];
	struct dirent *entry;
	int count = 0;
	DIR *stream;

	*list = NULL;
	stream = path_make(directory, "/proc") ? NULL : opendir(directory);
	if (!stream)
		return 0;
	while ((entry = readdir(stream))) {
		struct opener opener = { .pid = atoi(entry->d_name) }, *longer;

		if (opener.pid <= 0 || !read_descriptors(&opener, path))
			continue;
		longer = reallocarray(*list, count + 1, sizeof(**list));
		if (!longer)
			break;
		*list = longer;
		read_process(&opener);
		longer[count++] = opener;
	}
	closedir(stream);
	return count;
}

int openers_of(const struct function *function, struct opener **list)
{
	char path[NAME_SIZE * 2];
	int count;

	*list = NULL;
	if (!driver_is_ours(function->driver))
		return 0;
	if (function->group >= 0) {
		snprintf(path, sizeof(path), "/dev/vfio/%d", function->group);
		count = openers_find(path, list);
		if (count)
			return count;
		free(*list);
	}
	snprintf(path, sizeof(path), "/dev/vfio/devices/%s", function->cdev);
	return *function->cdev ? openers_find(path, list) : 0;
}
