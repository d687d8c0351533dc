// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arena.h"
#include "mappings.h"
#include "sysfs.h"

#define KINDS 6

/* In the order of the pieces; the truncated file follows. */
static const enum mapping kinds[KINDS] = {
	MAPPING_SMALL, MAPPING_THP, MAPPING_SHARED, MAPPING_MEMFD, MAPPING_PRIVATE_FILE,
	MAPPING_HUGETLB,
};

#define HUGETLB (KINDS - 1)
#define TRUNCATED KINDS

static char *piece(const struct arena *arena, size_t kind)
{
	return arena->memory + kind * ARENA_PIECE;
}

static bool map_file(struct arena *arena)
{
	return mmap(piece(arena, TRUNCATED), ARENA_PIECE, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_FIXED, arena->file, 0) != MAP_FAILED;
}

int arena_create(struct arena *arena)
{
	size_t i;

	arena->length = (KINDS + 1) * ARENA_PIECE;
	arena->memory = mapping_create(MAPPING_SMALL, arena->length, NULL);
	arena->file = memfd_create("truncated", MFD_CLOEXEC);
	if (arena->memory == MAP_FAILED || arena->file < 0 ||
	    ftruncate(arena->file, ARENA_PIECE))
		return -errno;
	for (i = 0; i < KINDS; i++)
		if (mapping_create(kinds[i], ARENA_PIECE, piece(arena, i)) == MAP_FAILED)
			return -errno;
	return map_file(arena) ? 0 : -errno;
}

void arena_destroy(struct arena *arena)
{
	munmap(arena->memory, arena->length);
	close(arena->file);
}

/* A few pages anywhere; huge pages as a whole. */
static char *some_pages(struct arena *arena, struct dice *dice, size_t *length)
{
	size_t kind = dice_below(dice, KINDS + 1), at;

	if (kind == HUGETLB) {
		*length = HUGE_2M;
		return piece(arena, kind);
	}
	at = dice_below(dice, ARENA_PIECE / PAGE) * PAGE;
	*length = (1 + dice_below(dice, 16)) * PAGE;
	if (*length > ARENA_PIECE - at)
		*length = ARENA_PIECE - at;
	return piece(arena, kind) + at;
}

static void map_again(struct arena *arena, struct dice *dice)
{
	size_t kind = dice_below(dice, KINDS + 1);

	if (kind == TRUNCATED)
		map_file(arena);
	else
		mapping_create(kinds[kind], ARENA_PIECE, piece(arena, kind));
}

/*
 * Swaps no pages, but makes the page tables of two places change at once. The first stays mapped:
 * other mappings of this process could get into a hole.
 */
static void move_pages(struct arena *arena, struct dice *dice)
{
	char *from = piece(arena, 0) + dice_below(dice, 256) * PAGE;
	char *to = piece(arena, 0) + (256 + dice_below(dice, 240)) * PAGE;

	mremap(from, 16 * PAGE, 16 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP, to);
}

static void truncate_file(struct arena *arena, struct dice *dice)
{
	size_t at = dice_below(dice, ARENA_PIECE);

	if (dice_below(dice, 2))
		fallocate(arena->file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, at, 40 * PAGE);
	else if (!ftruncate(arena->file, at))
		sched_yield();
	if (ftruncate(arena->file, ARENA_PIECE))
		return;
}

static void fork_and_write(struct arena *arena, struct dice *dice)
{
	pid_t pid = fork();

	if (!pid) {
		if (arena->in_child)
			arena->in_child(arena->argument, dice);
		/* SIGSEGV or SIGBUS may end the child here. */
		*(volatile char *)(arena->memory + dice_below(dice, arena->length)) = 1;
		_exit(0);
	}
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

static void advise(struct arena *arena, struct dice *dice)
{
	static const int advices[] = {
		MADV_DONTNEED, MADV_FREE, MADV_REMOVE, MADV_COLD, MADV_PAGEOUT, MADV_MERGEABLE,
		MADV_UNMERGEABLE, MADV_WILLNEED, MADV_HUGEPAGE, MADV_NOHUGEPAGE,
		25 /* MADV_COLLAPSE */,
	};
	size_t length;
	char *va = some_pages(arena, dice, &length);

	madvise(va, length, dice_choose(dice, advices));
}

static void protect(struct arena *arena, struct dice *dice)
{
	static const int protections[] = { PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE };
	size_t length;
	char *va = some_pages(arena, dice, &length);

	mprotect(va, length, dice_choose(dice, protections));
}

static void unmap(struct arena *arena, struct dice *dice)
{
	size_t length;
	char *va = some_pages(arena, dice, &length);

	mapping_remove(va, length);
}

static void lock(struct arena *arena, struct dice *dice)
{
	size_t length;
	char *va = some_pages(arena, dice, &length);

	if (!mlock(va, length))
		munlock(va, length);
}

static void change(struct arena *arena, struct dice *dice)
{
	switch (dice_below(dice, 32)) {
	case 0 ... 7:
		advise(arena, dice);
		break;
	case 8 ... 12:
		protect(arena, dice);
		break;
	case 13 ... 14:
		unmap(arena, dice);
		break;
	case 15 ... 16:
		move_pages(arena, dice);
		break;
	case 17 ... 19:
		truncate_file(arena, dice);
		break;
	case 20 ... 21:
		fork_and_write(arena, dice);
		break;
	case 22:
		lock(arena, dice);
		break;
	case 23:
		/* Compaction moves all pages that may move; it takes long. */
		if (!dice_below(dice, 64))
			file_write("/proc/sys/vm/compact_memory", "1");
		break;
	default:
		map_again(arena, dice);
	}
}

static void *change_at_random(void *argument)
{
	struct arena *arena = argument;
	struct dice dice = dice_make(1000 + __atomic_fetch_add(&arena->changes, 1,
							       __ATOMIC_RELAXED));

	while (!arena->stop) {
		change(arena, &dice);
		__atomic_fetch_add(&arena->changes, 1, __ATOMIC_RELAXED);
		/* Memory that always changes would never be pinned. */
		usleep(dice_below(&dice, 300));
	}
	return NULL;
}

int arena_start(struct arena *arena)
{
	int i, ret = 0;

	arena->stop = false;
	for (i = 0; i < ARENA_CHANGERS && !ret; i++)
		ret = -pthread_create(&arena->changers[i], NULL, change_at_random, arena);
	return ret;
}

void arena_stop(struct arena *arena)
{
	int i;

	arena->stop = true;
	for (i = 0; i < ARENA_CHANGERS; i++)
		pthread_join(arena->changers[i], NULL);
}
