/* SPDX-License-Identifier: GPL-2.0-only */
/* Untouched mappings of all kinds that programs use. */
#ifndef TESTS_MAPPINGS_H
#define TESTS_MAPPINGS_H

#include <stddef.h>

#include "memory.h"

enum mapping {
	MAPPING_SMALL,		/* private anonymous memory in 4 KiB pages */
	MAPPING_THP,		/* the same, transparent huge pages wanted */
	MAPPING_SHARED,		/* shared anonymous memory */
	MAPPING_MEMFD,		/* a shared file */
	MAPPING_PRIVATE_FILE,	/* a file's content until it is written */
	MAPPING_HUGETLB,	/* private */
	MAPPING_HUGETLB_SHARED,
	MAPPINGS
};

/* Maps at the address; for NULL, at any address aligned to 2 MiB. MAP_FAILED on failure. */
char *mapping_create(enum mapping kind, size_t length, void *address);
/*
 * Replaces mappings by one that nobody may access: other mappings of this process could get into a
 * hole. Returns the address or MAP_FAILED.
 */
char *mapping_remove(char *memory, size_t length);
/* Writes a byte to every page. */
void mapping_touch(char *memory, size_t length);
/* Returns the KiB of this process that transparent huge pages map. */
long mapping_thp(void);

#endif
