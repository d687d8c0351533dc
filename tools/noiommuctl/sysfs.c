// SPDX-License-Identifier: GPL-2.0-only
/* Files of sysfs and procfs, below a root that can be another directory. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "noiommuctl.h"

static const char *root(void)
{
	const char *directory = getenv("NOIOMMUCTL_ROOT");

	return directory ? directory : "";
}

bool rooted(void)
{
	return *root();
}

static int path_vmake(char path[PATH_SIZE], const char *format, va_list arguments)
{
	int length = snprintf(path, PATH_SIZE, "%s", root());

	if (length < PATH_SIZE)
		length += vsnprintf(path + length, PATH_SIZE - length, format, arguments);
	return length < PATH_SIZE ? 0 : -ENAMETOOLONG;
}

/* Makes the path of the caller's format and its arguments; sets ret. */
#define path_of_caller(path, format, ret) \
	do { \
		va_list __arguments; \
		\
		va_start(__arguments, format); \
		(ret) = path_vmake(path, format, __arguments); \
		va_end(__arguments); \
	} while (0)

int path_make(char path[PATH_SIZE], const char *format, ...)
{
	int ret;

	path_of_caller(path, format, ret);
	return ret;
}

bool file_exists(const char *format, ...)
{
	char path[PATH_SIZE];
	int ret;

	path_of_caller(path, format, ret);
	return !ret && !access(path, F_OK);
}

int file_read(char *text, size_t size, const char *format, ...)
{
	char path[PATH_SIZE];
	ssize_t length;
	int fd, ret;

	*text = '\0';
	path_of_caller(path, format, ret);
	if (ret)
		return ret;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	length = read(fd, text, size - 1);
	ret = length < 0 ? -errno : 0;
	close(fd);
	if (ret)
		return ret;
	text[length] = '\0';
	if (length && text[length - 1] == '\n')
		text[length - 1] = '\0';
	return 0;
}

int file_write(const char *text, const char *format, ...)
{
	char path[PATH_SIZE];
	int fd, ret;

	path_of_caller(path, format, ret);
	if (ret)
		return ret;
	fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

int file_remove(const char *format, ...)
{
	char path[PATH_SIZE];
	int ret;

	path_of_caller(path, format, ret);
	if (!ret && unlink(path))
		ret = -errno;
	return ret;
}

bool file_has(const char *text, const char *format, ...)
{
	char path[PATH_SIZE], line[1024];
	bool has = false;
	FILE *file;
	int ret;

	path_of_caller(path, format, ret);
	file = ret ? NULL : fopen(path, "re");
	if (!file)
		return false;
	while (!has && fgets(line, sizeof(line), file))
		has = strstr(line, text);
	fclose(file);
	return has;
}

int file_number(const char *name, long long *value, const char *format, ...)
{
	char path[PATH_SIZE], line[256];
	size_t length = strlen(name);
	FILE *file;
	int ret;

	path_of_caller(path, format, ret);
	if (ret)
		return ret;
	file = fopen(path, "re");
	if (!file)
		return -errno;
	ret = -ENOENT;
	while (ret && fgets(line, sizeof(line), file)) {
		if (strncmp(line, name, length) || !strchr(": \t", line[length]))
			continue;
		*value = strtoll(line + length + 1, NULL, 0);
		ret = 0;
	}
	fclose(file);
	return ret;
}

void link_name(char *name, size_t size, const char *format, ...)
{
	char path[PATH_SIZE], target[PATH_SIZE];
	const char *last;
	ssize_t length;
	int ret;

	*name = '\0';
	path_of_caller(path, format, ret);
	length = ret ? -1 : readlink(path, target, sizeof(target) - 1);
	if (length < 0)
		return;
	target[length] = '\0';
	last = strrchr(target, '/');
	snprintf(name, size, "%s", last ? last + 1 : target);
}

void path_function(char address[ADDRESS_SIZE], const char *format, ...)
{
	unsigned int domain, bus, slot, function;
	char path[PATH_SIZE], target[PATH_MAX];
	char *part;
	int ret, end;

	*address = '\0';
	path_of_caller(path, format, ret);
	if (ret || !realpath(path, target))
		return;
	/* The last address in the path: those before it belong to bridges. */
	for (part = strtok(target, "/"); part; part = strtok(NULL, "/")) {
		end = 0;
		if (sscanf(part, "%8x:%2x:%2x.%1u%n", &domain, &bus, &slot, &function, &end) == 4 &&
		    !part[end] && end < ADDRESS_SIZE)
			strcpy(address, part);
	}
}
