/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the benchmarks share. They run in a guest that counts instructions (tests/vm/run
 * --icount): there a nanosecond of CLOCK_MONOTONIC is an instruction.
 *
 * They print records, one a line, which tools/bench/report reads:
 *
 *	TABLE|METHOD|MEMORY|COUNT|VALUE
 *
 * METHOD is a column of the table, and VALUE the cost of COUNT pages, functions or interrupts,
 * all together. A line that begins with # is a remark.
 */
#ifndef BENCH_H
#define BENCH_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIZE_4K (4UL << 10)
#define SIZE_2M (2UL << 20)
#define SIZE_1G (1UL << 30)

/* Present memory, from a fixed address on. */
struct memory {
	const char *name;
	size_t page;
	size_t length;
	char *start;
};

/* Something to measure, with what must happen before and after each round. */
struct method {
	const char *name;
	void (*before)(const struct memory *memory);
	void (*what)(const struct memory *memory);
	void (*after)(const struct memory *memory);
};

/* The most of each kind of memory to measure, in bytes; 0 for none. */
struct limits {
	size_t small;
	size_t huge;
	size_t giant;
};

void fail(const char *what) __attribute__((noreturn));
/* Fails unless a function of tests/lib has returned 0. */
void must(int ret, const char *what);
uint64_t now(void);
void nothing(const struct memory *memory);
void record(const char *table, const char *method, const char *memory,
	    size_t count, uint64_t value);

/* Sorts the values. */
uint64_t median_of(uint64_t *values, unsigned int count);

/*
 * Starts a thread with real-time priority. On the only CPU it runs as soon as the kernel has woken
 * it.
 */
void start_urgent(pthread_t *thread, void *(*run)(void *),
		  const void *argument);

/* The instructions of one call: the median of some rounds. */
uint64_t cost(const struct method *method, const struct memory *memory);

/*
 * Records a method's cost for 1, 4, 16, ... pages and for all, or with ends for one and for all.
 * Stops early where it gets very slow.
 */
void measure(const char *table, const struct method *method,
	     const struct memory *memory, bool ends);

/* Maps and touches memory, page by page; in scattered order, hardly any two are contiguous. */
bool memory_get(struct memory *memory, int flags, int advice, bool scattered);
/* Calls back with each kind of memory. */
void memory_each(const struct limits *limits,
		 void (*call)(const struct memory *memory));

#endif
