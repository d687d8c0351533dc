// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "bench.h"

#define ROUNDS 9
/* Instructions from which one round is enough, and from which more pages say nothing new. */
#define SLOW 50000000
#define TOO_SLOW 200000000

#ifndef MAP_HUGE_SHIFT
#define MAP_HUGE_SHIFT 26
#endif

void fail(const char *what)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
	exit(1);
}

void must(int ret, const char *what)
{
	if (ret) {
		fprintf(stderr, "bench: %s: %d\n", what, ret);
		exit(1);
	}
}

uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000ULL + time.tv_nsec;
}

void nothing(const struct memory *memory)
{
	(void)memory;
}

void record(const char *table, const char *method, const char *memory,
	    size_t count, uint64_t value)
{
	printf("%s|%s|%s|%zu|%ju\n", table, method, memory, count,
	       (uintmax_t)value);
}

/* --- Measuring --------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

uint64_t median_of(uint64_t *values, unsigned int count)
{
	qsort(values, count, sizeof(*values), compare);
	return values[count / 2];
}

static uint64_t once(const struct method *method, const struct memory *memory)
{
	uint64_t start, time;

	method->before(memory);
	start = now();
	method->what(memory);
	time = now() - start;
	method->after(memory);
	return time;
}

static uint64_t median(const struct method *method, const struct memory *memory)
{
	/* The first round is a warm-up. */
	int rounds = once(method, memory) < SLOW ? ROUNDS : 1, i;
	uint64_t times[ROUNDS];

	for (i = 0; i < rounds; i++)
		times[i] = once(method, memory);
	return median_of(times, rounds);
}

uint64_t cost(const struct method *method, const struct memory *memory)
{
	static const struct method empty = { "", nothing, nothing, nothing };

	return median(method, memory) - median(&empty, memory);
}

void measure(const char *table, const struct method *method,
	     const struct memory *memory, bool ends)
{
	size_t pages = memory->length / memory->page, count = 1;
	uint64_t value;

	for (;;) {
		struct memory part = *memory;

		part.length = count * memory->page;
		value = cost(method, &part);
		record(table, method->name, memory->name, count, value);
		if (count == pages || value > TOO_SLOW)
			return;
		count = ends || count * 4 > pages ? pages : count * 4;
	}
}

/* --- Threads ----------------------------------------------------------------- */

void start_urgent(pthread_t *thread, void *(*run)(void *), const void *argument)
{
	struct sched_param priority = { .sched_priority = 50 };
	pthread_attr_t attributes;

	pthread_attr_init(&attributes);
	pthread_attr_setinheritsched(&attributes, PTHREAD_EXPLICIT_SCHED);
	pthread_attr_setschedpolicy(&attributes, SCHED_FIFO);
	pthread_attr_setschedparam(&attributes, &priority);
	must(pthread_create(thread, &attributes, run, (void *)argument),
	     "thread");
}

/* --- Memory ------------------------------------------------------------------ */

static void touch(const struct memory *memory, bool scattered)
{
	size_t pages = memory->length / SIZE_4K, i;

	for (i = 0; i < pages; i++)
		memory->start[(scattered ? i * 5 % pages : i) * SIZE_4K] = 1;
}

/* Maps far from all mappings of the kernel and the loader, and apart from each other. */
bool memory_get(struct memory *memory, int flags, int advice, bool scattered)
{
	static char *next = (char *)(1UL << 44);

	memory->start = mmap(next, memory->length, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE |
			     flags, -1, 0);
	next += 4 * SIZE_1G;
	if (memory->start == MAP_FAILED) {
		printf("# %s: none here\n", memory->name);
		return false;
	}
	if (advice)
		madvise(memory->start, memory->length, advice);
	touch(memory, scattered);
	return true;
}

void memory_each(const struct limits *limits,
		 void (*call)(const struct memory *memory))
{
	const struct {
		const char *name;
		size_t page;
		size_t length;
		int flags;
		int advice;
		bool scattered;
	} kinds[] = {
		{ "4 KiB", SIZE_4K, limits->small, 0, MADV_NOHUGEPAGE, false },
		{ "4 KiB, apart", SIZE_4K, limits->small, 0, MADV_NOHUGEPAGE,
		  true },
		{ "2 MiB, hugetlb", SIZE_2M, limits->huge, MAP_HUGETLB, 0,
		  false },
		{ "2 MiB, THP", SIZE_2M, limits->huge, 0, MADV_HUGEPAGE,
		  false },
		{ "1 GiB, hugetlb", SIZE_1G, limits->giant,
		  MAP_HUGETLB | 30 << MAP_HUGE_SHIFT, 0, false },
	};
	unsigned int i;

	for (i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		struct memory memory = { kinds[i].name, kinds[i].page,
					 kinds[i].length, NULL };

		if (!memory.length ||
		    !memory_get(&memory, kinds[i].flags, kinds[i].advice,
				kinds[i].scattered))
			continue;
		call(&memory);
		munmap(memory.start, memory.length);
	}
}
