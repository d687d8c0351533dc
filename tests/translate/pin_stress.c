// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many threads and descriptors pin at once, while other threads unmap, protect, free and fork
 * the memory. In the end nothing is held.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "baseline.h"
#include "extents.h"
#include "kselftest_harness.h"
#include "mappings.h"
#include "memory.h"
#include "noiommu.h"
#include "sysfs.h"

#define WRITE NOIOMMU_ACCESS_WRITE
#define ROOM 4096
#define THREADS 6
/* The required number of pins. */
#define ENOUGH 500
#define PIECE (2 * HUGE_2M)

struct stress {
	int fd;
	char *memory;
	size_t length;
	bool still;		/* nobody changes the mappings meanwhile */
	volatile bool stop;
	volatile long pins;	/* how many were made */
	volatile long failures;	/* results that no order of events explains */
	__u32 id;		/* that all threads want to unpin */
	long unpinned;
	pthread_barrier_t barrier;
};

FIXTURE(pin_stress)
{
	struct stress stress;
	long pinned;
	long locked;
};

/* Creates small pages, THP, hugetlb and a file, next to each other. */
static char *create_memory(size_t *length)
{
	static const enum mapping kinds[] = {
		MAPPING_SMALL, MAPPING_THP, MAPPING_HUGETLB, MAPPING_MEMFD,
	};
	char *memory;
	int i;

	*length = ARRAY_SIZE(kinds) * PIECE;
	memory = mapping_create(MAPPING_SMALL, *length, NULL);
	for (i = 0; memory != MAP_FAILED && i < ARRAY_SIZE(kinds); i++)
		if (mapping_create(kinds[i], PIECE, memory + i * PIECE) ==
		    MAP_FAILED)
			return MAP_FAILED;
	return memory;
}

FIXTURE_SETUP(pin_stress)
{
	struct stress *stress = &self->stress;

	run("modprobe noiommu");
	stress->fd = noiommu_open_device();
	ASSERT_LE(0, stress->fd);
	stress->memory = create_memory(&stress->length);
	ASSERT_NE(MAP_FAILED, stress->memory);
	REMEMBER_PINS();
}

FIXTURE_TEARDOWN(pin_stress)
{
	close(self->stress.fd);
	EXPECT_NO_PINS();
}

static void count(volatile long *counter)
{
	__atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

/* Chooses a random range: mostly short, sometimes all. */
static size_t choose_range(const struct stress *stress, unsigned int *seed,
			   char **va)
{
	size_t start = rand_r(seed) % stress->length, length;

	*va = stress->memory + start;
	length = rand_r(seed) % 8 ? PAGE * 40 : stress->length;
	length = 1 + rand_r(seed) % length;
	return length < stress->length - start ? length :
						 stress->length - start;
}

static void pin_once(struct stress *stress, int fd, unsigned int *seed,
		     struct noiommu_extent *extents)
{
	__u32 nr = ROOM, id;
	size_t length;
	char *va;
	int ret;

	length = choose_range(stress, seed, &va);
	ret = noiommu_pin_range(fd, va, length, rand_r(seed) & 1 ? WRITE : 0,
				extents, &nr, &id);
	if (!ret) {
		count(&stress->pins);
		if (stress->still &&
		    !extents_are_pagemap(extents, nr, va, length))
			count(&stress->failures);
		if (noiommu_unpin_id(fd, id))
			count(&stress->failures);
	} else if (stress->still || (ret != -EFAULT && ret != -ENOSPC)) {
		printf("# pin: %d\n", ret);
		count(&stress->failures);
	}
}

/* Pins on the shared descriptor and on one of its own. */
static void *pin_at_random(void *argument)
{
	struct stress *stress = argument;
	struct noiommu_extent *extents = calloc(ROOM, sizeof(*extents));
	int own = noiommu_open_device();
	unsigned int seed = own;

	while (!stress->stop)
		pin_once(stress, rand_r(&seed) & 1 ? own : stress->fd, &seed,
			 extents);
	/* close() has one pin to release. */
	pin_once(stress, own, &seed, extents);
	close(own);
	free(extents);
	return NULL;
}

static void fork_and_write(const struct stress *stress, unsigned int *seed)
{
	pid_t pid = fork();

	if (!pid) {
		stress->memory[rand_r(seed) % PIECE] = 1;
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

static void change(struct stress *stress, unsigned int *seed)
{
	size_t start = rand_r(seed) % stress->length & ~(PAGE - 1);
	char *va = stress->memory + start;
	bool huge = start / PIECE == 2;

	if (huge)
		va = (char *)((unsigned long)va & ~(HUGE_2M - 1));
	switch (rand_r(seed) % 6) {
	case 0:
		madvise(va, huge ? HUGE_2M : PAGE, MADV_DONTNEED);
		break;
	case 1:
		mprotect(va, huge ? HUGE_2M : PAGE, PROT_READ);
		break;
	case 2:
		mprotect(va, huge ? HUGE_2M : PAGE, PROT_NONE);
		break;
	case 3:
		mapping_create(start / PIECE == 1 ? MAPPING_THP :
			       huge ? MAPPING_HUGETLB : MAPPING_MEMFD,
			       huge ? HUGE_2M : PAGE, va);
		break;
	case 4:
		fork_and_write(stress, seed);
		break;
	default:
		mprotect(stress->memory, stress->length,
			 PROT_READ | PROT_WRITE);
	}
}

static void *change_at_random(void *argument)
{
	struct stress *stress = argument;
	unsigned int seed = 1;

	while (!stress->stop) {
		change(stress, &seed);
		sched_yield();
	}
	return NULL;
}

/* Runs changer in that many threads, and body in the others. */
#define ASSERT_RUNS(body, changer, changers)				\
do {									\
	pthread_t __threads[THREADS];					\
	int __i;							\
									\
	for (__i = 0; __i < THREADS; __i++)				\
		ASSERT_EQ(0, pthread_create(__threads + __i, NULL,	\
					    __i < (changers) ?		\
					    (changer) : (body),		\
					    &self->stress));		\
	while (self->stress.pins < ENOUGH && !self->stress.failures)	\
		usleep(10000);						\
	self->stress.stop = true;					\
	for (__i = 0; __i < THREADS; __i++)				\
		pthread_join(__threads[__i], NULL);			\
	EXPECT_EQ(0, self->stress.failures);				\
} while (0)

TEST_F(pin_stress, of_memory_that_is_still)
{
	self->stress.still = true;
	/* Touch all pages; otherwise the first pin would change them. */
	mapping_touch(self->stress.memory, self->stress.length);
	ASSERT_RUNS(pin_at_random, pin_at_random, 0);
	EXPECT_LE(ENOUGH, self->stress.pins);
	EXPECT_EQ(self->pinned, memory_pinned());
	EXPECT_EQ(self->locked, memory_accounted());
}

TEST_F(pin_stress, of_memory_that_changes)
{
	ASSERT_RUNS(pin_at_random, change_at_random, 2);
	EXPECT_LE(ENOUGH, self->stress.pins);
	EXPECT_EQ(self->pinned, memory_pinned());
	EXPECT_EQ(self->locked, memory_accounted());
}

static char *huge_pages(const struct stress *stress)
{
	return stress->memory + 2 * PIECE;
}

static void *hide_and_show(void *argument)
{
	struct stress *stress = argument;

	while (!stress->stop) {
		mprotect(huge_pages(stress), PIECE, PROT_NONE);
		mprotect(huge_pages(stress), PIECE, PROT_READ | PROT_WRITE);
	}
	return NULL;
}

/* Counts a pin if the memory permitted none before. */
static void *pin_what_is_shown(void *argument)
{
	struct stress *stress = argument;
	bool hidden = false;
	__u32 nr, id;
	int ret;

	while (!stress->stop) {
		nr = 0;
		ret = noiommu_pin_range(stress->fd, huge_pages(stress), PAGE,
					WRITE, NULL, &nr, &id);
		if (!ret && !noiommu_unpin_id(stress->fd, id)) {
			if (hidden)
				count(&stress->pins);
		} else if (ret != -EFAULT) {
			printf("# pin: %d\n", ret);
			count(&stress->failures);
		}
		hidden = ret;
	}
	return NULL;
}

/* Another thread shows the pages before the kernel has found out why the pin failed. */
TEST_F(pin_stress, of_huge_pages_that_hide)
{
	ASSERT_RUNS(pin_what_is_shown, hide_and_show, 1);
	EXPECT_LE(ENOUGH, self->stress.pins);
}

/* One thread makes a pin, the others try to unpin it, and any of them may succeed. */
static void *unpin_the_same(void *argument)
{
	struct stress *stress = argument;
	int turn = pthread_barrier_wait(&stress->barrier);
	bool stop = false;
	int ret;

	while (!stop) {
		if (turn == PTHREAD_BARRIER_SERIAL_THREAD) {
			__u32 nr = 0;

			if (stress->pins != stress->unpinned ||
			    noiommu_pin_range(stress->fd, stress->memory,
					      600 * PAGE, WRITE, NULL, &nr,
					      &stress->id))
				count(&stress->failures);
			else
				count(&stress->pins);
		}
		pthread_barrier_wait(&stress->barrier);
		ret = noiommu_unpin_id(stress->fd, stress->id);
		if (!ret)
			count(&stress->unpinned);
		else if (ret != -ENOENT)
			count(&stress->failures);
		/* Equal in all threads, because none sets it between the barriers. */
		turn = pthread_barrier_wait(&stress->barrier);
		stop = stress->pins >= ENOUGH || stress->failures;
		pthread_barrier_wait(&stress->barrier);
	}
	return NULL;
}

TEST_F(pin_stress, of_one_id)
{
	pthread_barrier_init(&self->stress.barrier, NULL, THREADS);
	ASSERT_RUNS(unpin_the_same, unpin_the_same, 0);
	EXPECT_EQ(ENOUGH, self->stress.pins);
	EXPECT_EQ(ENOUGH, self->stress.unpinned);
	EXPECT_EQ(self->pinned, memory_pinned());
	EXPECT_EQ(self->locked, memory_accounted());
}

TEST_HARNESS_MAIN
