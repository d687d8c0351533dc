// SPDX-License-Identifier: GPL-2.0-only
/* noiommuctl translate: compare addresses from /dev/noiommu with those of pagemap. */
#include <errno.h>
#include <fcntl.h>
#include <linux/noiommu.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "noiommuctl.h"

#define PAGES 16
#define PAGEMAP_PRESENT (1ULL << 63)
#define PAGEMAP_PFN ((1ULL << 55) - 1)

static int open_device(void)
{
	int fd = open("/dev/noiommu", O_RDWR | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	report(errno == ENOENT ? "modprobe noiommu" :
	       "run it as root, on a kernel that is not locked down",
	       "/dev/noiommu: %s", strerror(errno));
	return -1;
}

/* The physical address of a page from pagemap; 0 if pagemap hides it. */
static uint64_t pagemap_address(const char *page)
{
	long size = sysconf(_SC_PAGESIZE);
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t entry = 0;
	ssize_t length;

	if (fd < 0)
		return 0;
	length = pread(fd, &entry, sizeof(entry), (uintptr_t)page / size * sizeof(entry));
	close(fd);
	if (length != sizeof(entry) || !(entry & PAGEMAP_PRESENT))
		return 0;
	return (entry & PAGEMAP_PFN) * size;
}

/* Pins the pages, so that they do not move between the two answers, and compares. */
static int compare(int fd, char *memory, size_t size)
{
	struct noiommu_extent extents[PAGES];
	struct noiommu_pin pin = {
		.size = sizeof(pin),
		.flags = NOIOMMU_ACCESS_WRITE,
		.va = (uintptr_t)memory,
		.length = size,
		.extents = (uintptr_t)extents,
		.nr_extents = PAGES,
	};
	char *page = memory;
	uint64_t offset;
	uint32_t i;

	if (ioctl(fd, NOIOMMU_PIN, &pin)) {
		report("ulimit -l unlimited", "NOIOMMU_PIN of %zu bytes: %s", size,
		       strerror(errno));
		return EXIT_FAILED;
	}
	for (i = 0; i < pin.nr_extents; i++) {
		for (offset = 0; offset < extents[i].length; offset += size / PAGES) {
			uint64_t other = pagemap_address(page);

			if (other != extents[i].phys + offset) {
				report(other ? NULL : "run it as root",
				       "%p: %#llx by noiommu, %#llx by pagemap", page,
				       extents[i].phys + offset, (unsigned long long)other);
				return EXIT_FAILED;
			}
			page += size / PAGES;
		}
	}
	printf("ok: %d pages in %u extents have the addresses of pagemap\n", PAGES,
	       pin.nr_extents);
	return EXIT_DONE;
}

static int self_test(void)
{
	size_t size = PAGES * sysconf(_SC_PAGESIZE);
	int ret, fd = open_device();
	char *memory;

	if (fd < 0)
		return EXIT_FAILED;
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED) {
		report(NULL, "no memory: %s", strerror(errno));
		close(fd);
		return EXIT_FAILED;
	}
	ret = compare(fd, memory, size);
	munmap(memory, size);
	close(fd);
	return ret;
}

int command_translate(int argc, char **argv)
{
	if (argc != 2)
		return EXIT_USAGE;
	if (!strcmp(argv[1], "self-test"))
		return self_test();
	report("noiommuctl translate self-test",
	       "translate %s: /dev/noiommu translates memory of the calling process only",
	       argv[1]);
	return EXIT_USAGE;
}
