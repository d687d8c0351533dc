// SPDX-License-Identifier: GPL-2.0-only
/* Disks that this host needs: for mounted file systems, and to swap to. */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "noiommuctl.h"

/* Devices on devices: a mapping on a partition on a disk. */
#define DEEPEST 8

/* Is this disk the path of the namespace through the function? */
static bool is_path(const char *disk, unsigned int subsystem, unsigned int namespace,
		    const char *address)
{
	char at[ADDRESS_SIZE];
	unsigned int numbers[2];
	int end = 0;

	if (sscanf(disk, "nvme%uc%*un%u%n", &numbers[0], &numbers[1], &end) != 2 || disk[end] ||
	    numbers[0] != subsystem || numbers[1] != namespace)
		return false;
	path_function(at, "/sys/class/block/%s", disk);
	return !strcmp(at, address);
}

/*
 * With multipath, the disk nvme0n1 of an NVMe namespace is below the subsystem, not below a
 * function. Each controller of the namespace has a hidden disk, such as nvme0c1n1, which has no
 * device number.
 */
static bool namespace_uses(const char *device, const char *address)
{
	char path[PATH_SIZE], place[PATH_MAX];
	unsigned int subsystem, namespace;
	struct dirent *entry;
	bool uses = false;
	DIR *directory;
	char *part;

	if (path_make(path, "/sys/dev/block/%s", device) || !realpath(path, place))
		return false;
	part = strstr(place, "/nvme-subsystem/");
	if (!part || sscanf(part, "/nvme-subsystem/%*[^/]/nvme%un%u", &subsystem, &namespace) != 2)
		return false;
	directory = path_make(path, "/sys/class/block") ? NULL : opendir(path);
	if (!directory)
		return false;
	while (!uses && (entry = readdir(directory)))
		uses = is_path(entry->d_name, subsystem, namespace, address);
	closedir(directory);
	return uses;
}

/* A block device, or one below it. */
static bool disk_uses(const char *device, const char *address, int depth)
{
	char path[PATH_SIZE], at[ADDRESS_SIZE], number[32];
	struct dirent *entry;
	bool uses = false;
	DIR *directory;

	path_function(at, "/sys/dev/block/%s", device);
	if (!strcmp(at, address) || namespace_uses(device, address))
		return true;
	if (depth == DEEPEST || path_make(path, "/sys/dev/block/%s/slaves", device))
		return false;
	directory = opendir(path);
	if (!directory)
		return false;
	while (!uses && (entry = readdir(directory)))
		if (entry->d_name[0] != '.' &&
		    !file_read(number, sizeof(number), "/sys/class/block/%s/dev", entry->d_name))
			uses = disk_uses(number, address, depth + 1);
	closedir(directory);
	return uses;
}

/* The same for a name in /dev, which may be a link, as /dev/mapper/swap. */
static bool name_uses(const char *name, const char *address)
{
	char target[NAME_SIZE], number[32];
	const char *last = strrchr(name, '/');

	link_name(target, sizeof(target), "%s", name);
	if (!*target)
		snprintf(target, sizeof(target), "%s", last ? last + 1 : name);
	return !file_read(number, sizeof(number), "/sys/class/block/%s/dev", target) &&
	       disk_uses(number, address, 0);
}

static bool is_mounted(const char *address, char *where, size_t size)
{
	char path[PATH_SIZE], line[1024], device[32], place[256];
	bool uses = false;
	FILE *file;

	file = path_make(path, "/proc/self/mountinfo") ? NULL : fopen(path, "re");
	if (!file)
		return false;
	while (!uses && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%*d %*d %31s %*s %255s", device, place) != 2)
			continue;
		uses = disk_uses(device, address, 0);
		snprintf(where, size, "%s", place);
	}
	fclose(file);
	return uses;
}

/* A file to swap to is on a mounted file system. */
static bool is_swapped_to(const char *address, char *where, size_t size)
{
	char path[PATH_SIZE], line[512], name[256], type[16];
	bool uses = false;
	FILE *file;

	file = path_make(path, "/proc/swaps") ? NULL : fopen(path, "re");
	if (!file)
		return false;
	while (!uses && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%255s %15s", name, type) != 2 || strcmp(type, "partition"))
			continue;
		uses = name_uses(name, address);
		snprintf(where, size, "%s", name);
	}
	fclose(file);
	return uses;
}

/* Is one of the devices of a btrfs, a directory of /sys/fs/btrfs, on the function? */
static bool btrfs_uses(const char *filesystem, const char *address)
{
	struct dirent *entry;
	char path[PATH_SIZE];
	bool uses = false;
	DIR *directory;

	if (path_make(path, "/sys/fs/btrfs/%s/devices", filesystem))
		return false;
	directory = opendir(path);
	if (!directory)
		return false;
	while (!uses && (entry = readdir(directory)))
		uses = entry->d_name[0] != '.' && name_uses(entry->d_name, address);
	closedir(directory);
	return uses;
}

/* For a btrfs, mountinfo has the number of no device. Only a mounted btrfs is in sysfs. */
static bool is_in_btrfs(const char *address, char *where, size_t size)
{
	struct dirent *entry;
	char path[PATH_SIZE];
	bool uses = false;
	DIR *directory;

	directory = path_make(path, "/sys/fs/btrfs") ? NULL : opendir(path);
	if (!directory)
		return false;
	while (!uses && (entry = readdir(directory))) {
		uses = entry->d_name[0] != '.' && btrfs_uses(entry->d_name, address);
		snprintf(where, size, "%s", entry->d_name);
	}
	closedir(directory);
	return uses;
}

bool disk_needs(const char *address, char *reason, size_t size)
{
	char where[256];

	if (is_mounted(address, where, sizeof(where)))
		snprintf(reason, size, "the file system on %s is mounted from it", where);
	else if (is_in_btrfs(address, where, sizeof(where)))
		snprintf(reason, size, "a device of the mounted btrfs %s is on it", where);
	else if (is_swapped_to(address, where, sizeof(where)))
		snprintf(reason, size, "the host swaps to %s on it", where);
	else
		return false;
	return true;
}
