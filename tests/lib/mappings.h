/* SPDX-License-Identifier: GPL-2.0-only */
/* Mappings of the kinds that programs have; none of them touched yet. */
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

/* At the address if it is not NULL, aligned to 2 MiB else; MAP_FAILED. */
char *mapping_create(enum mapping kind, size_t length, void *address);
/* Writes a byte to every page. */
void mapping_touch(char *memory, size_t length);
/* Of this process, KiB that transparent huge pages map. */
long mapping_thp(void);

#endif
