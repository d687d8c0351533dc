/* SPDX-License-Identifier: GPL-2.0-only */
/* What the kernel shows of devices, groups and modules, to compare later. */
#ifndef TESTS_SNAPSHOT_H
#define TESTS_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>

struct snapshot {
	/* Sorted: paths, those of links with targets, and of modules with references. */
	char **lines;
	size_t nr;
};

/*
 * Files and links of groups, PCI functions and their drivers, entries of classes, modules
 * and their references, and nodes. Returns 0 or -ENOMEM.
 */
int snapshot_take(struct snapshot *snapshot);
void snapshot_free(struct snapshot *snapshot);
/* Are both the same? Prints each line that only one of them has. */
bool snapshot_same(const struct snapshot *before, const struct snapshot *after);

#endif
