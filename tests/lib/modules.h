/* SPDX-License-Identifier: GPL-2.0-only */
/* Modules of tests/modules that work with descriptors of this process, so not by insmod. */
#ifndef TESTS_MODULES_H
#define TESTS_MODULES_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sysfs.h"

/* All return 0 or -errno, the last one a value or -errno. */
static inline int module_load(const char *name, const char *parameters)
{
	char path[40];
	int fd, ret;

	snprintf(path, sizeof(path), "%s.ko", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ret = syscall(SYS_finit_module, fd, parameters, 0) ? -errno : 0;
	close(fd);
	return ret;
}

static inline int module_unload(const char *name)
{
	return syscall(SYS_delete_module, name, O_NONBLOCK) ? -errno : 0;
}

static inline long module_value(const char *name, const char *parameter)
{
	char path[80];
	long value;

	snprintf(path, sizeof(path), "/sys/module/%s/parameters/%s", name,
		 parameter);
	return file_read_long(path, &value) ?: value;
}

#endif
