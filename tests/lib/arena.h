/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory of all kinds, and threads that change its mappings at random while others use it:
 * they unmap, protect, move, truncate, migrate and share it.
 */
#ifndef TESTS_ARENA_H
#define TESTS_ARENA_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "memory.h"
#include "torture.h"

#define ARENA_PIECE HUGE_2M
#define ARENA_CHANGERS 2

struct arena {
	/* A piece of each kind of mapping, then one of a file that gets truncated. */
	char *memory;
	size_t length;
	int file;
	/* Called in a child of fork(), which then ends. */
	void (*in_child)(void *argument, struct dice *dice);
	void *argument;
	volatile bool stop;
	long changes;
	pthread_t changers[ARENA_CHANGERS];
};

/* Maps the memory; 0 or -errno. */
int arena_create(struct arena *arena);
void arena_destroy(struct arena *arena);
/* Start and end the threads that change it. */
int arena_start(struct arena *arena);
void arena_stop(struct arena *arena);

#endif
