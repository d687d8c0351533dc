// SPDX-License-Identifier: GPL-2.0-only
/*
 * Measures what an address costs: /dev/noiommu and /proc/self/pagemap side by side.
 *
 * For a guest that counts instructions (tests/vm/run --icount): there a nanosecond of
 * CLOCK_MONOTONIC is an instruction. Each figure is the median of some rounds on memory that
 * is present and was looked up before.
 *
 * On some kernels, a look-up in pagemap walks to the end of the 2 MiB of a page table. So all
 * memory is at fixed addresses, at the start of its 2 MiB or where the name says, and the
 * 2 MiB are full.
 *
 * The last lines are for a process that restarts: pins of 2 MiB, made again one by one, or
 * listed by one call.
 *
 * With the argument "ours", it measures only /dev/noiommu, and leaves out what takes long.
 *
 * Columns: a whole call divided by the pages; the cost of each page after the first; and the
 * cost of the whole calls of the alternatives, as a multiple of the first column.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <linux/noiommu.h>

#define ROUNDS 9
#define SIZE_4K (4UL << 10)
#define SIZE_2M (2UL << 20)
#define SIZE_1G (1UL << 30)
#define MAX_EXTENTS 8192
#define MANY_PINS 1024

#ifndef MAP_HUGE_SHIFT
#define MAP_HUGE_SHIFT 26
#endif

struct memory {
	const char *name;
	size_t page;
	size_t length;
	char *start;
};

static struct noiommu_extent extents[MAX_EXTENTS];
static uint64_t entries[2 * SIZE_1G / SIZE_4K];
static int device, pagemap;
static uint32_t pin_id, pin_ids[MANY_PINS];
static struct noiommu_pin_info pins[MANY_PINS];

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

/* --- Ways to an address ----------------------------------------------------- */

static void translate(const struct memory *memory)
{
	struct noiommu_translate cmd = {
		.size = sizeof(cmd),
		.va = (uintptr_t)memory->start,
		.length = memory->length,
		.extents = (uintptr_t)extents,
		.nr_extents = MAX_EXTENTS,
	};

	if (ioctl(device, NOIOMMU_TRANSLATE, &cmd) || cmd.length)
		fail("NOIOMMU_TRANSLATE");
}

static void pin(const struct memory *memory)
{
	struct noiommu_pin cmd = {
		.size = sizeof(cmd),
		.flags = NOIOMMU_ACCESS_WRITE,
		.va = (uintptr_t)memory->start,
		.length = memory->length,
		.extents = (uintptr_t)extents,
		.nr_extents = MAX_EXTENTS,
	};

	if (ioctl(device, NOIOMMU_PIN, &cmd))
		fail("NOIOMMU_PIN");
	pin_id = cmd.id;
}

static void unpin(const struct memory *memory)
{
	struct noiommu_unpin cmd = { .size = sizeof(cmd), .id = pin_id };

	(void)memory;
	if (ioctl(device, NOIOMMU_UNPIN, &cmd))
		fail("NOIOMMU_UNPIN");
}

/* Makes a pin for each page. */
static void pin_each(const struct memory *memory)
{
	struct memory one = { .length = memory->page, .start = memory->start };
	int i;

	for (i = 0; i < MANY_PINS; i++, one.start += memory->page) {
		pin(&one);
		pin_ids[i] = pin_id;
	}
}

static void unpin_each(const struct memory *memory)
{
	int i;

	for (i = 0; i < MANY_PINS; i++) {
		pin_id = pin_ids[i];
		unpin(memory);
	}
}

static void list_pins(const struct memory *memory)
{
	struct noiommu_list_pins cmd = {
		.size = sizeof(cmd),
		.pins = (uintptr_t)pins,
		.extents = (uintptr_t)extents,
		.nr_pins = MANY_PINS,
		.nr_extents = MAX_EXTENTS,
	};

	(void)memory;
	if (ioctl(device, NOIOMMU_LIST_PINS, &cmd) || cmd.nr_pins != MANY_PINS)
		fail("NOIOMMU_LIST_PINS");
}

static off_t pagemap_at(const char *address)
{
	return (uintptr_t)address / SIZE_4K * sizeof(*entries);
}

static void pagemap_range(const struct memory *memory)
{
	size_t size = memory->length / SIZE_4K * sizeof(*entries);

	if (pread(pagemap, entries, size, pagemap_at(memory->start)) !=
	    (ssize_t)size)
		fail("/proc/self/pagemap");
}

static void pagemap_page(const struct memory *memory)
{
	size_t at;

	for (at = 0; at < memory->length; at += memory->page)
		if (pread(pagemap, entries, sizeof(*entries),
			  pagemap_at(memory->start + at)) != sizeof(*entries))
			fail("/proc/self/pagemap");
}

/* Looks up an address as rte_mem_virt2phy() of DPDK does. */
static void pagemap_dpdk(const struct memory *memory)
{
	size_t at;

	for (at = 0; at < memory->length; at += memory->page) {
		int fd = open("/proc/self/pagemap", O_RDONLY);

		if (fd < 0 ||
		    lseek(fd, pagemap_at(memory->start + at), SEEK_SET) < 0 ||
		    read(fd, entries, sizeof(*entries)) != sizeof(*entries))
			fail("/proc/self/pagemap");
		close(fd);
	}
}

static void nothing(const struct memory *memory)
{
	(void)memory;
}

/* --- Measuring --------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static uint64_t median(void (*before)(const struct memory *),
		       void (*what)(const struct memory *),
		       void (*after)(const struct memory *),
		       const struct memory *memory)
{
	uint64_t times[ROUNDS + 1];
	int i;

	for (i = 0; i <= ROUNDS; i++) {
		uint64_t start;

		before(memory);
		start = now();
		what(memory);
		times[i] = now() - start;
		after(memory);
	}
	/* The first round is a warm-up. */
	qsort(times + 1, ROUNDS, sizeof(*times), compare);
	return times[1 + ROUNDS / 2];
}

struct method {
	const char *name;
	void (*before)(const struct memory *memory);
	void (*what)(const struct memory *memory);
	void (*after)(const struct memory *memory);
};

static const struct method methods[] = {
	{ "TRANSLATE", nothing, translate, nothing },
	{ "PIN", nothing, pin, unpin },
	{ "UNPIN", pin, unpin, nothing },
	{ "pagemap, one pread", nothing, pagemap_range, nothing },
	{ "pagemap, pread a page", nothing, pagemap_page, nothing },
	{ "pagemap, as DPDK", nothing, pagemap_dpdk, nothing },
};

#define METHODS (sizeof(methods) / sizeof(*methods))
#define OURS 3
#define PREAD 3
#define DPDK 5

static bool only_ours;

static double cost(const struct method *method, const struct memory *memory)
{
	uint64_t empty = median(nothing, nothing, nothing, memory);

	return median(method->before, method->what, method->after, memory) -
	       empty;
}

static void report(const struct memory *memory)
{
	struct memory one = { .length = memory->page, .page = memory->page,
			      .start = memory->start };
	size_t pages = memory->length / memory->page;
	unsigned int count = only_ours ? OURS : METHODS, i;
	double whole[METHODS];

	for (i = 0; i < count; i++)
		whole[i] = cost(&methods[i], memory);
	for (i = 0; i < count; i++) {
		printf("%-22s %-14s %6zu %12.1f", methods[i].name, memory->name,
		       pages, whole[i] / pages);
		if (pages > 1)
			printf(" %12.1f", (whole[i] - cost(&methods[i], &one)) /
					  (pages - 1));
		else
			printf(" %12s", "-");
		if (only_ours)
			printf(" %9s %9s\n", "-", "-");
		else
			printf(" %9.2f %9.2f\n", whole[PREAD] / whole[i],
			       whole[DPDK] / whole[i]);
	}
}

/* --- Memory ------------------------------------------------------------------ */

static void touch(struct memory *memory)
{
	size_t at;

	for (at = 0; at < memory->length; at += SIZE_4K)
		memory->start[at] = 1;
}

/* Touches pages in scattered order, so that hardly any two are contiguous. */
static void touch_scattered(struct memory *memory)
{
	size_t pages = memory->length / SIZE_4K, i;

	for (i = 0; i < pages; i++)
		memory->start[i * 5 % pages * SIZE_4K] = 1;
}

/* Maps far from all mappings of the kernel and the loader, and apart from each other. */
static char *map(size_t length, int flags)
{
	static char *next = (char *)(1UL << 44);
	char *start = mmap(next, length, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE |
			   flags, -1, 0);

	next += 4 * SIZE_1G;
	return start == MAP_FAILED ? NULL : start;
}

static void measure(const char *name, size_t page, size_t length, char *start,
		    bool scattered, int advice)
{
	struct memory memory = { name, page, length, start };

	if (!start) {
		printf("# %s: none here\n", name);
		return;
	}
	if (advice)
		madvise(start, length, advice);
	if (scattered)
		touch_scattered(&memory);
	else
		touch(&memory);
	report(&memory);
}

/* Measures one page among many. */
static void measure_one(const char *name, size_t at)
{
	struct memory all = { .length = SIZE_2M, .start = map(SIZE_2M, 0) };

	if (!all.start)
		fail(name);
	madvise(all.start, SIZE_2M, MADV_NOHUGEPAGE);
	touch(&all);
	measure(name, SIZE_4K, SIZE_4K, all.start + at, false, 0);
}

static void measure_restart(const char *name)
{
	static const struct method ways[] = {
		{ "PIN, a call each", nothing, pin_each, unpin_each },
		{ "LIST_PINS, one call", pin_each, list_pins, unpin_each },
	};
	struct memory memory = { name, SIZE_2M, MANY_PINS * SIZE_2M,
				 map(MANY_PINS * SIZE_2M, MAP_HUGETLB) };
	unsigned int i;

	if (!memory.start) {
		printf("# %s: none here\n", name);
		return;
	}
	touch(&memory);
	for (i = 0; i < sizeof(ways) / sizeof(*ways); i++)
		printf("%-22s %-14s %6d %12.1f %12s %9s %9s\n", ways[i].name,
		       name, MANY_PINS, cost(&ways[i], &memory) / MANY_PINS,
		       "-", "-", "-");
}

int main(int argc, char **argv)
{
	only_ours = argc > 1 && !strcmp(argv[1], "ours");
	device = open("/dev/noiommu", O_RDWR | O_CLOEXEC);
	if (device < 0)
		fail("/dev/noiommu");
	pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	if (pagemap < 0)
		fail("/proc/self/pagemap");
	memset(extents, 0, sizeof(extents));
	memset(entries, 0, sizeof(entries));

	printf("%-22s %-14s %6s %12s %12s %9s %9s\n", "method", "memory",
	       "pages", "a page", "one more", "x pread", "x DPDK");
	measure_one("4 KiB, first", 0);
	measure_one("4 KiB, last", SIZE_2M - SIZE_4K);
	measure("4 KiB", SIZE_4K, 32 << 20, map(32 << 20, 0), false,
		MADV_NOHUGEPAGE);
	measure("4 KiB, apart", SIZE_4K, 32 << 20, map(32 << 20, 0), true,
		MADV_NOHUGEPAGE);
	measure("2 MiB, hugetlb", SIZE_2M, 32 << 20, map(32 << 20, MAP_HUGETLB),
		false, 0);
	measure("2 MiB, THP", SIZE_2M, 32 << 20, map(32 << 20, 0), false,
		MADV_HUGEPAGE);
	if (only_ours)
		return 0;
	measure("1 GiB, hugetlb", SIZE_1G, 2 * SIZE_1G,
		map(2 * SIZE_1G, MAP_HUGETLB | 30 << MAP_HUGE_SHIFT), false, 0);
	measure_restart("2 MiB, hugetlb");
	return 0;
}
