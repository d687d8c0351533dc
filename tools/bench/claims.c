// SPDX-License-Identifier: GPL-2.0-only
/*
 * Measures what claims cost: loads noiommu in a guest that has some functions without a driver,
 * ends all claims and makes them again.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench.h"

#define ENABLE "/sys/class/iommu/noiommu/enable"

static unsigned int claims(void)
{
	DIR *dir = opendir("/sys/class/iommu/noiommu/devices");
	unsigned int count = 0;
	struct dirent *entry;

	if (!dir)
		fail("/sys/class/iommu/noiommu/devices");
	while ((entry = readdir(dir)))
		count += entry->d_name[0] != '.';
	closedir(dir);
	return count;
}

static uint64_t load(void)
{
	uint64_t start = now();

	if (system("modprobe noiommu"))
		fail("modprobe");
	return now() - start;
}

static uint64_t enable(const char *value)
{
	int file = open(ENABLE, O_WRONLY | O_CLOEXEC);
	uint64_t start = now();

	if (file < 0 || write(file, value, 1) != 1)
		fail(ENABLE);
	close(file);
	return now() - start;
}

int main(void)
{
	uint64_t loaded = load(), disabled, enabled;
	unsigned int count = claims();

	disabled = enable("0");
	enabled = enable("1");
	if (claims() != count || !count) {
		fprintf(stderr, "bench: %u claims, then %u\n", count, claims());
		return 1;
	}
	record("claims", "load", "", count, loaded);
	record("claims", "disable", "", count, disabled);
	record("claims", "enable", "", count, enabled);
	return 0;
}
