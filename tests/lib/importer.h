/* SPDX-License-Identifier: GPL-2.0-only */
/* tests/modules/importer.c: a driver that imports a dma-buf for a PCI function. */
#ifndef TESTS_IMPORTER_H
#define TESTS_IMPORTER_H

#include "modules.h"

/* Returns 0 or -errno. */
static inline int import(int memory, const char *edu, unsigned int bits)
{
	char parameters[80];

	snprintf(parameters, sizeof(parameters),
		 "function=%s buffer=%d bits=%u", edu, memory, bits);
	return module_load("importer", parameters);
}

static inline int unimport(void)
{
	return module_unload("importer");
}

/* A result, or -errno. */
static inline long imported(const char *name)
{
	return module_value("importer", name);
}

#endif
