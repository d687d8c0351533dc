// SPDX-License-Identifier: GPL-2.0-only
/*
 * Measures what claims cost: loads noiommu in a guest that has some functions without a driver,
 * ends all claims and makes them again.
 *
 * For a guest that counts instructions (tests/vm/run --icount): there a nanosecond of
 * CLOCK_MONOTONIC is an instruction. Prints a line: number of claims; instructions of the load,
 * of "disable" and of "enable"; and those of "enable" for each claim.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ENABLE "/sys/class/iommu/noiommu/enable"

static void fail(const char *what)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000ULL + time.tv_nsec;
}

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
	printf("%6u %14ju %14ju %14ju %14ju\n", count, loaded, disabled, enabled,
	       enabled / count);
	return 0;
}
