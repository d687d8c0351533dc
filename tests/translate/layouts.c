// SPDX-License-Identifier: GPL-2.0-only
/*
 * NOIOMMU_TRANSLATE of random address spaces, and of address spaces that change during the
 * call.
 */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "mappings.h"
#include "memory.h"
#include "noiommu.h"
#include "sysfs.h"
#include "translation.h"

#define WRITE NOIOMMU_ACCESS_WRITE
#define LAYOUTS 300
#define AREA (8 * HUGE_2M)
#define PIECES 24
/* How often khugepaged may spoil a comparison. */
#define ATTEMPTS 20

FIXTURE(layouts)
{
	int fd;
	char *area;
};

FIXTURE_SETUP(layouts)
{
	run("modprobe noiommu");
	self->fd = noiommu_open_device();
	ASSERT_LE(0, self->fd);
	self->area = mapping_create(MAPPING_SMALL, AREA, NULL);
	ASSERT_NE(MAP_FAILED, (void *)self->area);
}

FIXTURE_TEARDOWN(layouts)
{
	close(self->fd);
}

/* From this address to that of the next piece; a hole is a piece, too. */
struct piece {
	char *start;
	char *end;
	int prot;
};

struct layout {
	struct piece pieces[PIECES];
	int count;
};

static size_t below(size_t limit)
{
	return ((size_t)random() << 20 ^ random()) % limit;
}

static bool is_huge(int kind)
{
	return kind == MAPPING_HUGETLB || kind == MAPPING_HUGETLB_SHARED;
}

static int random_prot(void)
{
	static const int prots[] = {
		PROT_NONE, PROT_READ, PROT_READ, PROT_READ | PROT_WRITE,
	};

	return below(3) ? PROT_READ | PROT_WRITE : prots[below(4)];
}

/* Maps a piece of a random kind there, or leaves a hole. */
static bool add_piece(struct piece *piece, char *start, char *limit)
{
	int kind = below(MAPPINGS + 1);
	size_t length;

	piece->start = start;
	length = PAGE * (below(4) ? 1 + below(40) : 1 + below(1100));
	if (is_huge(kind) && (uintptr_t)start % HUGE_2M)
		kind = MAPPING_THP;
	if (is_huge(kind))
		length = HUGE_2M * (1 + below(2));
	if (length > limit - start)
		length = limit - start;
	piece->end = start + length;
	/* Only a third of the holes, so that enough memory is mapped. */
	if (kind == MAPPINGS && !below(3)) {
		piece->prot = PROT_NONE;
		return !munmap(start, length);
	}
	if (kind == MAPPINGS)
		kind = MAPPING_THP;
	if (mapping_create(kind, length, start) == MAP_FAILED)
		return false;
	if (below(3))
		mapping_touch(start, below(length) + 1);
	piece->prot = random_prot();
	return !mprotect(start, length, piece->prot);
}

static bool layout_create(struct layout *layout, char *area)
{
	char *at = area;

	layout->count = 0;
	/* The area may begin anywhere in a huge page. */
	munmap(area, AREA);
	at += PAGE * below(512);
	while (layout->count < PIECES && at < area + AREA) {
		struct piece *piece = &layout->pieces[layout->count++];

		if (layout->count > 1 && !below(5))
			at = (char *)(((uintptr_t)at + HUGE_2M - 1) &
				      ~(HUGE_2M - 1));
		if (at == area + AREA) {
			layout->count--;
			break;
		}
		if (!add_piece(piece, at, area + AREA))
			return false;
		at = piece->end;
	}
	return true;
}

/* Returns the end of the part that is mapped and permitted throughout. */
static char *expected_end(const struct layout *layout, char *start, char *end,
			  __u32 flags)
{
	int prot = flags & WRITE ? PROT_READ | PROT_WRITE : PROT_READ;
	char *at = start;
	int i;

	for (i = 0; i < layout->count && at < end; i++) {
		const struct piece *piece = &layout->pieces[i];

		if (piece->end <= at)
			continue;
		if (piece->start > at || (piece->prot & prot) != prot)
			return at;
		at = piece->end;
	}
	return at < end ? at : end;
}

static bool ends_there(const struct translation *got, const char *expected)
{
	return got->done == expected - got->va &&
	       got->error == (got->done == got->length ? 0 : -EFAULT);
}

/* khugepaged may move a page between two of the calls, which then prove nothing. */
enum outcome { GOOD, MOVED, BAD };

static enum outcome compare(const struct layout *layout, int fd, char *start,
			    char *end, __u32 flags, __u32 room)
{
	char *expected = expected_end(layout, start, end, flags);
	enum outcome outcome = BAD;
	struct translation some, all;
	bool good, pagemap;

	good = translation_get(&some, fd, start, end - start, flags, room);
	pagemap = translation_is_pagemap(&some);
	good &= translation_get(&all, fd, start, end - start, flags, 0);
	if (good && ends_there(&some, expected) && ends_there(&all, expected)) {
		if (!translation_same(&some, &all))
			outcome = MOVED;
		else if (pagemap)
			outcome = GOOD;
	}
	if (outcome != GOOD)
		printf("# %p to %p, %u, room %u: %#zx and %#zx, not %#tx, errors %d and %d\n",
		       start, end, flags, room, some.done, all.done,
		       expected - start, some.error, all.error);
	translation_free(&some);
	translation_free(&all);
	return outcome;
}

static bool check_range(const struct layout *layout, int fd, char *start,
			char *end, __u32 flags)
{
	__u32 room = below(3) ? 1 + below(20) : 1 + below(1000);
	enum outcome outcome;
	int i;

	for (i = 0; i < ATTEMPTS; i++) {
		outcome = compare(layout, fd, start, end, flags, room);
		if (outcome != MOVED)
			break;
	}
	return outcome == GOOD;
}

static bool check_layout(const struct layout *layout, int fd)
{
	char *first = layout->pieces[0].start;
	char *last = layout->pieces[layout->count - 1].end;
	int i;

	for (i = 0; i < 3; i++) {
		const struct piece *piece =
			&layout->pieces[below(layout->count)];
		char *start = below(3) ? piece->start : first;
		char *end;

		start += below(2) ? below(last - start) : 0;
		end = start + 1 + below(last - start);
		if (!check_range(layout, fd, start, end, below(2) ? WRITE : 0))
			return false;
	}
	return true;
}

static void layout_print(const struct layout *layout)
{
	int i;

	for (i = 0; i < layout->count; i++)
		printf("# %p to %p: %d\n", layout->pieces[i].start,
		       layout->pieces[i].end, layout->pieces[i].prot);
}

/* As many rounds as a slow guest finishes in a quarter of a minute. */
TEST_F(layouts, random)
{
	const char *given = getenv("SEED");
	unsigned int seed = given ? atoi(given) : time(NULL) ^ getpid();
	time_t end = time(NULL) + 15;
	struct layout layout;
	bool good;
	int i;

	printf("# seed %u: SEED= with this number repeats the run\n", seed);
	srandom(seed);
	for (i = 0; i < LAYOUTS && time(NULL) < end; i++) {
		ASSERT_TRUE(layout_create(&layout, self->area));
		good = check_layout(&layout, self->fd);
		if (!good) {
			printf("# layout %d\n", i);
			layout_print(&layout);
		}
		ASSERT_TRUE(good);
	}
	printf("# %d layouts\n", i);
}

/* Threads that change one area until they are told to stop. */
struct race {
	char *area;
	volatile bool stop;
};

/* Required number of failed translations, and of successful ones. */
#define ENOUGH 1000
#define RACE_LENGTH (2 * HUGE_2M)

static void *change(void *argument)
{
	struct race *race = argument;
	unsigned int seed = 1;

	while (!race->stop) {
		size_t at = rand_r(&seed) % (RACE_LENGTH / PAGE) * PAGE;
		size_t length = PAGE * (1 + rand_r(&seed) % 300);
		static const int prots[] = {
			PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE,
		};

		if (length > RACE_LENGTH - at)
			length = RACE_LENGTH - at;
		if (rand_r(&seed) % 3)
			mprotect(race->area + at, length,
				 prots[rand_r(&seed) % 3]);
		else if (rand_r(&seed) % 2)
			munmap(race->area + at, length);
		else
			mapping_create(rand_r(&seed) % MAPPING_HUGETLB, length,
				       race->area + at);
	}
	return NULL;
}

static void *multiply(void *argument)
{
	struct race *race = argument;

	while (!race->stop) {
		pid_t pid = fork();

		if (!pid)
			_exit(0);
		waitpid(pid, NULL, 0);
	}
	return NULL;
}

static void *discard(void *argument)
{
	struct race *race = argument;

	while (!race->stop) {
		madvise(race->area, RACE_LENGTH, MADV_DONTNEED);
		madvise(race->area, RACE_LENGTH, MADV_COLD);
	}
	return NULL;
}

TEST_F(layouts, change_while_they_are_translated)
{
	static void *(*const threads[])(void *) = { change, multiply, discard };
	struct race race = { .area = self->area };
	unsigned int done = 0, failed = 0, room = 0;
	struct translation got;
	pthread_t ids[ARRAY_SIZE(threads)];
	int i;

	for (i = 0; i < ARRAY_SIZE(threads); i++)
		ASSERT_EQ(0, pthread_create(&ids[i], NULL, threads[i], &race));
	while (done < ENOUGH || failed < ENOUGH) {
		/* Nothing to compare the answers with, so check that they are consistent. */
		EXPECT_TRUE(translation_get(&got, self->fd, race.area + 3,
					    RACE_LENGTH - 10,
					    room % 2 ? WRITE : 0, room % 9));
		EXPECT_TRUE(!got.error || got.error == -EFAULT);
		failed += got.error != 0;
		done += got.done > 0;
		translation_free(&got);
		room++;
	}
	race.stop = true;
	for (i = 0; i < ARRAY_SIZE(threads); i++)
		pthread_join(ids[i], NULL);
	printf("# %u translations, %u of nothing, %u failed\n", room,
	       room - done, failed);
}

TEST_HARNESS_MAIN
