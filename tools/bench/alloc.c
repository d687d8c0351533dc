// SPDX-License-Identifier: GPL-2.0-only
/*
 * Measures what contiguous memory costs, and how much of it there is in fragmented memory:
 * NOIOMMU_ALLOC and huge pages of hugetlbfs side by side.
 *
 * The first table has instructions per MiB. ALLOC is the ioctl and mmap(). hugetlb reserves the
 * pages (nr_hugepages), maps and pins them. Its memory has several extents, ALLOC's has one.
 *
 * The second table says how many of 256 MiB each can have in contiguous pieces of a size, after
 * rounds of churn. A round fills most memory with small pages, makes files, so that the kernel
 * needs memory that cannot move, pins some pages, and gives half of the pages and files back.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench.h"
#include "noiommu.h"

#define MIB (1UL << 20)
#define HUGE SIZE_2M
#define ROUNDS 3
#define WANTED (256 * MIB)
#define MAX_EXTENTS (WANTED / HUGE)
#define CHURNED (600 * MIB)
#define FILES 2048
#define PINS 64

static const size_t sizes[] = { 2 * MIB, 16 * MIB, 256 * MIB };

#define SIZES (sizeof(sizes) / sizeof(*sizes))

static struct noiommu_extent extents[MAX_EXTENTS];
static int device;

/* Sets the number of huge pages. Returns how many there are. */
static size_t reserve(size_t pages)
{
	int file = open("/proc/sys/vm/nr_hugepages", O_RDWR | O_CLOEXEC);
	char text[24];
	ssize_t got;

	snprintf(text, sizeof(text), "%zu", pages);
	if (file < 0 || write(file, text, strlen(text)) < 0)
		fail("nr_hugepages");
	got = pread(file, text, sizeof(text) - 1, 0);
	close(file);
	if (got <= 0)
		fail("nr_hugepages");
	text[got] = '\0';
	return strtoul(text, NULL, 10);
}

/* Returns the number of extents. */
static uint32_t pin(const char *start, size_t length, uint32_t *id)
{
	uint32_t nr = MAX_EXTENTS;

	must(noiommu_pin_range(device, start, length, NOIOMMU_ACCESS_WRITE,
			       extents, &nr, id), "NOIOMMU_PIN");
	return nr;
}

static void unpin(uint32_t id)
{
	must(noiommu_unpin_id(device, id), "NOIOMMU_UNPIN");
}

/* Returns a descriptor, or -1 if memory of this length cannot be made free. */
static int alloc(size_t length)
{
	struct noiommu_alloc cmd = noiommu_alloc_anywhere(length);
	int fd = noiommu_alloc_memory(device, &cmd);

	must(fd < 0 && fd != -ENOMEM ? fd : 0, "NOIOMMU_ALLOC");
	return fd < 0 ? -1 : fd;
}

static char *map(int fd, size_t length, int flags)
{
	char *start = mmap(NULL, length, PROT_READ | PROT_WRITE, flags, fd, 0);

	if (start == MAP_FAILED)
		fail("mmap");
	return start;
}

static char *map_huge(size_t length)
{
	return map(-1, length, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB);
}

/* --- Cost ---------------------------------------------------------------------- */

struct costs {
	uint64_t get;
	uint64_t release;
};

static void cost_alloc(size_t length, struct costs *costs)
{
	uint64_t start = now(), got;
	int fd = alloc(length);
	char *memory;

	if (fd < 0)
		fail("NOIOMMU_ALLOC");
	memory = map(fd, length, MAP_SHARED);
	got = now();
	munmap(memory, length);
	close(fd);
	*costs = (struct costs){ got - start, now() - got };
}

static void cost_hugetlb(size_t length, struct costs *costs)
{
	uint64_t start = now(), got;
	uint32_t id;
	char *memory;

	if (reserve(length / HUGE) < length / HUGE)
		fail("nr_hugepages");
	memory = map_huge(length);
	pin(memory, length, &id);
	got = now();
	unpin(id);
	munmap(memory, length);
	reserve(0);
	*costs = (struct costs){ got - start, now() - got };
}

/* The cheapest of some rounds, after one that warms up. */
static void report_cost(const char *name, size_t length,
			void (*what)(size_t length, struct costs *costs))
{
	struct costs best, other;
	int i;

	what(length, &best);
	what(length, &best);
	for (i = 1; i < ROUNDS; i++) {
		what(length, &other);
		if (other.get < best.get)
			best = other;
	}
	record("alloc", name, "get", length / MIB, best.get);
	record("alloc", name, "release", length / MIB, best.release);
}

/* --- Fragmentation --------------------------------------------------------------- */

static uint32_t next_random(void)
{
	static uint64_t state = 88172645463325252ULL;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state >> 32;
}

static void make_file(unsigned int number)
{
	char name[24];
	int file;

	snprintf(name, sizeof(name), "churn-%u", number);
	file = open(name, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	if (file < 0)
		fail(name);
	close(file);
}

static void remove_file(unsigned int number)
{
	char name[24];

	snprintf(name, sizeof(name), "churn-%u", number);
	unlink(name);
}

static void churn(char *memory)
{
	unsigned int i;
	uint32_t id;
	size_t at;

	for (at = 0; at < CHURNED; at += SIZE_4K)
		memory[at] = 1;
	for (i = 0; i < FILES; i++)
		make_file(i);
	for (i = 0; i < PINS; i++)
		pin(memory + next_random() % (CHURNED / SIZE_4K) * SIZE_4K, SIZE_4K, &id);
	for (at = 0; at < CHURNED; at += SIZE_4K)
		if (next_random() & 1)
			madvise(memory + at, SIZE_4K, MADV_DONTNEED);
	for (i = 0; i < FILES; i++)
		if (next_random() & 1)
			remove_file(i);
}

/* Returns how many bytes it could get, up to WANTED. */
static size_t had_by_alloc(size_t size)
{
	static int memory[WANTED / HUGE];
	size_t pieces = 0, i;

	while (pieces < WANTED / size) {
		memory[pieces] = alloc(size);
		if (memory[pieces] < 0)
			break;
		pieces++;
	}
	for (i = 0; i < pieces; i++)
		close(memory[i]);
	return pieces * size;
}

static int compare(const void *a, const void *b)
{
	const struct noiommu_extent *x = a, *y = b;

	return x->phys < y->phys ? -1 : x->phys > y->phys;
}

/* How many bytes of the extents are in contiguous pieces of the sizes? */
static void count_pieces(uint32_t nr, size_t had[SIZES])
{
	uint64_t run = 0;
	uint32_t i;
	size_t k;

	qsort(extents, nr, sizeof(*extents), compare);
	for (i = 0; i < nr; i++) {
		run += extents[i].length;
		if (i + 1 < nr && extents[i].phys + extents[i].length ==
				  extents[i + 1].phys)
			continue;
		for (k = 0; k < SIZES; k++)
			had[k] += run / sizes[k] * sizes[k];
		run = 0;
	}
}

static void had_by_hugetlb(size_t had[SIZES])
{
	size_t length = reserve(WANTED / HUGE) * HUGE;
	uint32_t id;
	char *memory;

	if (length) {
		memory = map_huge(length);
		count_pieces(pin(memory, length, &id), had);
		unpin(id);
		munmap(memory, length);
	}
	reserve(0);
}

static void report_churned(int rounds)
{
	size_t ours[SIZES], theirs[SIZES] = { 0 }, i;
	char label[32];

	for (i = 0; i < SIZES; i++)
		ours[i] = had_by_alloc(sizes[i]);
	had_by_hugetlb(theirs);
	for (i = 0; i < SIZES; i++) {
		snprintf(label, sizeof(label), "%zu MiB after %d", sizes[i] / MIB, rounds);
		record("churn", "NOIOMMU_ALLOC", label, 1, ours[i] / MIB);
		record("churn", "hugetlb", label, 1, theirs[i] / MIB);
	}
}

static void fragmentation(void)
{
	char *memory = map(-1, CHURNED, MAP_PRIVATE | MAP_ANONYMOUS);
	int rounds;

	madvise(memory, CHURNED, MADV_NOHUGEPAGE);
	report_churned(0);
	for (rounds = 1; rounds <= 4; rounds++) {
		churn(memory);
		if (!(rounds & (rounds - 1)))
			report_churned(rounds);
	}
}

int main(void)
{
	size_t i;

	device = noiommu_open_device();
	must(device < 0 ? device : 0, "/dev/noiommu");
	reserve(0);
	for (i = 0; i < SIZES; i++) {
		report_cost("NOIOMMU_ALLOC", sizes[i], cost_alloc);
		report_cost("hugetlb", sizes[i], cost_hugetlb);
	}
	fragmentation();
	return 0;
}
