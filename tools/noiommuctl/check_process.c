// SPDX-License-Identifier: GPL-2.0-only
/* Checks of the privileges of this process, and of programs that its user starts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "noiommuctl.h"

/* Numbers of include/uapi/linux/capability.h */
#define CAPABILITY_IPC_LOCK 14
#define CAPABILITY_SYS_RAWIO 17
/* The least memory that DPDK needs to lock for itself. */
#define WANTED_BYTES (256LL << 20)

static bool has_capability(int number)
{
	char status[4096];
	const char *line;

	file_read(status, sizeof(status), "/proc/self/status");
	line = strstr(status, "\nCapEff:");
	return line && strtoull(line + strlen("\nCapEff:"), NULL, 16) >> number & 1;
}

void check_capability(struct finding *finding)
{
	if (!has_capability(CAPABILITY_SYS_RAWIO))
		found(finding, "run it as root, or setcap cap_sys_rawio+ep PROGRAM",
		      "this process lacks CAP_SYS_RAWIO, which taking a function and /dev/noiommu need");
}

void check_memlock(struct finding *finding)
{
	char limit[NAME_SIZE], *end;
	long long bytes;

	if (has_capability(CAPABILITY_IPC_LOCK))
		return;
	process_memlock("self", limit);
	bytes = strtoll(limit, &end, 10);
	/* "unlimited" and "unknown" are no numbers. */
	if (end != limit && bytes < WANTED_BYTES)
		found(finding,
		      "ulimit -l unlimited, and \"* - memlock unlimited\" in /etc/security/limits.conf",
		      "this process may lock %lld bytes, and VFIO locks all memory that it maps",
		      bytes);
}

/* Returns false if it has found a problem. */
static bool check_file(struct finding *finding, const char *path)
{
	char below[PATH_SIZE], mend[PATH_SIZE];
	struct stat stats;

	if (path_make(below, "%s", path) || stat(below, &stats)) {
		found(finding, "udevadm trigger", "%s does not exist", path);
		return false;
	}
	if (stats.st_mode & 0007) {
		snprintf(mend, sizeof(mend), "chmod o= %s", path);
		found(finding, mend,
		      "every user may open %s, and a device can access all of memory", path);
		return false;
	}
	if (access(below, R_OK | W_OK)) {
		snprintf(mend, sizeof(mend), "setfacl -m u:$USER:rw %s", path);
		found(finding, mend, "this user may not open %s", path);
		return false;
	}
	return true;
}

/* Skips /dev/vfio/vfio, which is open to all: a container without a group has no DMA. */
void check_permissions(struct finding *finding)
{
	struct function *functions;
	int i, count;
	char path[64];

	if (noiommu_is_loaded() && !check_file(finding, "/dev/noiommu"))
		return;
	count = functions_read(&functions);
	for (i = 0; i < count; i++) {
		if (!functions[i].claimed || !driver_is_ours(functions[i].driver))
			continue;
		snprintf(path, sizeof(path), "/dev/vfio/%d", functions[i].group);
		if (!check_file(finding, path))
			break;
	}
	free(functions);
}
