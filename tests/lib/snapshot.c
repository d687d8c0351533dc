// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "snapshot.h"
#include "sysfs.h"

/* How deep to look. Entries of classes are links to devices. */
static const struct root {
	const char *path;
	int depth;
} roots[] = {
	{ "/sys/kernel/iommu_groups", 4 }, { "/sys/devices/pci0000:00", 5 },
	{ "/sys/bus/pci/drivers", 2 }, { "/sys/class", 2 }, { "/sys/module", 2 },
	{ "/sys/kernel/debug", 1 }, { "/dev", 3 }, {}
};

static int add(struct snapshot *snapshot, const char *path, const char *what)
{
	char **lines = snapshot->lines, *line;

	/* Room for 1, 2, 4 ... lines. */
	if (!(snapshot->nr & (snapshot->nr - 1))) {
		lines = realloc(lines, (2 * snapshot->nr ?: 1) * sizeof(*lines));
		if (!lines)
			return -ENOMEM;
		snapshot->lines = lines;
	}
	if (asprintf(&line, "%s %s", path, what) < 0)
		return -ENOMEM;
	lines[snapshot->nr++] = line;
	return 0;
}

static int add_entry(struct snapshot *snapshot, const char *path, const char *name, int type)
{
	char what[PATH_MAX] = "";
	ssize_t length;

	if (type == DT_LNK) {
		length = readlink(path, what, sizeof(what) - 1);
		what[length > 0 ? length : 0] = '\0';
	} else if (!strcmp(name, "refcnt")) {
		file_read(path, what, sizeof(what));
	}
	return add(snapshot, path, what);
}

/* What the kernel renumbers, or no longer shows after the first driver of a function. */
static bool is_noise(const char *name)
{
	return !strncmp(name, "wakeup", 6) || !strcmp(name, "waiting_for_supplier");
}

static int walk(struct snapshot *snapshot, const char *path, int depth)
{
	DIR *directory = opendir(path);
	char inner[PATH_MAX];
	struct dirent *entry;
	int ret = 0;

	/* It may have gone, or never have been. */
	if (!directory)
		return 0;
	while (!ret && (entry = readdir(directory))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..") ||
		    is_noise(entry->d_name))
			continue;
		snprintf(inner, sizeof(inner), "%s/%s", path, entry->d_name);
		ret = add_entry(snapshot, inner, entry->d_name, entry->d_type);
		if (!ret && depth > 1 && entry->d_type == DT_DIR)
			ret = walk(snapshot, inner, depth - 1);
	}
	closedir(directory);
	return ret;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char * const *)a, *(char * const *)b);
}

int snapshot_take(struct snapshot *snapshot)
{
	const struct root *root;
	int ret = 0;

	*snapshot = (struct snapshot){};
	for (root = roots; !ret && root->path; root++)
		ret = walk(snapshot, root->path, root->depth);
	if (!ret)
		qsort(snapshot->lines, snapshot->nr, sizeof(char *), compare);
	return ret;
}

void snapshot_free(struct snapshot *snapshot)
{
	while (snapshot->nr)
		free(snapshot->lines[--snapshot->nr]);
	free(snapshot->lines);
	snapshot->lines = NULL;
}

bool snapshot_same(const struct snapshot *before, const struct snapshot *after)
{
	size_t i = 0, j = 0;
	bool same = true;
	int order;

	while (i < before->nr || j < after->nr) {
		order = i == before->nr ? 1 : j == after->nr ? -1 :
			strcmp(before->lines[i], after->lines[j]);
		if (order)
			printf("# only %s: %s\n", order < 0 ? "before" : "after",
			       order < 0 ? before->lines[i] : after->lines[j]);
		same &= !order;
		i += order <= 0;
		j += order >= 0;
	}
	return same;
}
