/* SPDX-License-Identifier: GPL-2.0-only */
/* tests/modules/importer.c: a driver that imports a dma-buf for a PCI function. */
#ifndef TESTS_IMPORTER_H
#define TESTS_IMPORTER_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sysfs.h"

/* Loads importer.ko with one of our descriptors, so not by insmod. Returns 0 or -errno. */
static inline int import(int memory, const char *edu, unsigned int bits)
{
	int fd = open("importer.ko", O_RDONLY | O_CLOEXEC), ret;
	char parameters[80];

	snprintf(parameters, sizeof(parameters),
		 "function=%s buffer=%d bits=%u", edu, memory, bits);
	ret = syscall(SYS_finit_module, fd, parameters, 0) ? -errno : 0;
	close(fd);
	return ret;
}

static inline int unimport(void)
{
	return syscall(SYS_delete_module, "importer", O_NONBLOCK) ? -errno : 0;
}

/* A result, or -errno. */
static inline long imported(const char *name)
{
	char path[60];
	long value;

	snprintf(path, sizeof(path), "/sys/module/importer/parameters/%s", name);
	return file_read_long(path, &value) ?: value;
}

#endif
