/* SPDX-License-Identifier: GPL-2.0-only */
/* NOIOMMU_TRANSLATE as a loop, and what it must come to. */
#ifndef TESTS_TRANSLATION_H
#define TESTS_TRANSLATION_H

#include <linux/noiommu.h>
#include <stdbool.h>
#include <stddef.h>

struct translation {
	const char *va;
	size_t length;
	/* How far it got. */
	size_t done;
	/* 0 or -errno, as of the last call. */
	int error;
	__u32 nr;
	__u32 calls;
	struct noiommu_extent *extents;
};

/*
 * With an array that has room for so many extents at a time; 0 is enough for
 * all. False if an answer contradicts itself, which the log then says.
 */
bool translation_get(struct translation *translation, int fd, const void *va,
		     size_t length, __u32 flags, __u32 room);
void translation_free(struct translation *translation);
bool translation_same(const struct translation *one,
		      const struct translation *other);
/* Is it so, in RAM, as far as it got? */
bool translation_is_pagemap(const struct translation *translation);

/* All of a range in one call, successful and as in pagemap. */
bool translates(int fd, const void *va, size_t length, __u32 flags);
/* The first byte of a range; 0 if it has no answer. */
__u64 translate_one(int fd, const void *va, __u32 flags, __u32 *extent_flags);

#endif
