// SPDX-License-Identifier: GPL-2.0-only
/*
 * Measures what an address costs: /dev/noiommu and /proc/self/pagemap side by side, on memory
 * that is present and was looked up before.
 *
 * On some kernels, a look-up in pagemap walks to the end of the 2 MiB of a page table. So all
 * memory is at fixed addresses, at the start of its 2 MiB or where the name says, and the
 * 2 MiB are full.
 *
 * The table "restart" is for a process that restarts: pins of 2 MiB, made again one by one, or
 * listed by one call.
 *
 * With the argument "ours", it measures only /dev/noiommu, and leaves out what takes long.
 *
 * With the arguments repeat METHOD MEMORY PAGES ROUNDS, it measures nothing. It makes so many
 * calls, undoes none of them, prints "done" and waits, for tools/bench/run SUITES=profile.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/noiommu.h>

#include "bench.h"

#define MAX_EXTENTS (SIZE_1G / SIZE_4K)
#define MANY_PINS 1024

static struct noiommu_extent extents[MAX_EXTENTS];
static uint64_t entries[2 * SIZE_1G / SIZE_4K];
static int device, pagemap;
static uint32_t pin_id, pin_ids[MANY_PINS];
static struct noiommu_pin_info pins[MANY_PINS];

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

/* --- What is measured -------------------------------------------------------- */

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

static bool only_ours;

static void report(const struct memory *memory)
{
	unsigned int i;

	for (i = 0; i < (only_ours ? OURS : METHODS); i++)
		measure("translation", &methods[i], memory, only_ours);
}

/* Measures one page among many. */
static void measure_one(const char *name, size_t at)
{
	struct memory memory = { name, SIZE_4K, SIZE_2M, NULL };

	if (!memory_get(&memory, 0, MADV_NOHUGEPAGE, false))
		fail(name);
	memory.start += at;
	memory.length = SIZE_4K;
	report(&memory);
}

static void measure_restart(void)
{
	static const struct method ways[] = {
		{ "PIN, a call each", nothing, pin_each, unpin_each },
		{ "LIST_PINS, one call", pin_each, list_pins, unpin_each },
	};
	struct memory memory = { "2 MiB, hugetlb", SIZE_2M,
				 MANY_PINS * SIZE_2M, NULL };
	unsigned int i;

	if (!memory_get(&memory, MAP_HUGETLB, 0, false))
		return;
	for (i = 0; i < sizeof(ways) / sizeof(*ways); i++)
		record("restart", ways[i].name, memory.name, MANY_PINS,
		       cost(&ways[i], &memory));
}

/* METHOD MEMORY PAGES ROUNDS */
static char **repeated;

static void repeat(const struct memory *memory)
{
	struct memory part = *memory;
	unsigned int i;
	int rounds;

	if (strcmp(memory->name, repeated[1]))
		return;
	part.length = atoi(repeated[2]) * memory->page;
	for (i = 0; i < METHODS; i++)
		if (!strcmp(methods[i].name, repeated[0]))
			for (rounds = atoi(repeated[3]); rounds; rounds--)
				methods[i].what(&part);
	puts("done");
	fflush(stdout);
	pause();
}

int main(int argc, char **argv)
{
	static const struct limits few = { 32 << 20, 32 << 20, 0 };
	static const struct limits all = { SIZE_1G, SIZE_1G, 2 * SIZE_1G };

	only_ours = argc > 1 && !strcmp(argv[1], "ours");
	device = open("/dev/noiommu", O_RDWR | O_CLOEXEC);
	if (device < 0)
		fail("/dev/noiommu");
	pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	if (pagemap < 0)
		fail("/proc/self/pagemap");
	/* Present before the first call writes there. */
	memset(extents, 0, sizeof(extents));
	memset(entries, 0, sizeof(entries));

	if (argc == 6 && !strcmp(argv[1], "repeat")) {
		repeated = argv + 2;
		memory_each(&few, repeat);
		return 1;
	}
	measure_one("4 KiB, first", 0);
	measure_one("4 KiB, last", SIZE_2M - SIZE_4K);
	memory_each(only_ours ? &few : &all, report);
	if (!only_ours)
		measure_restart();
	return 0;
}
