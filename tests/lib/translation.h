/* SPDX-License-Identifier: GPL-2.0-only */
/* NOIOMMU_TRANSLATE in a loop, and checks of the result. */
#ifndef TESTS_TRANSLATION_H
#define TESTS_TRANSLATION_H

#include <linux/noiommu.h>
#include <stdbool.h>
#include <stddef.h>

struct translation {
	const char *va;
	size_t length;
	/* The number of translated bytes. */
	size_t done;
	/* 0 or -errno of the last call. */
	int error;
	__u32 nr;
	__u32 calls;
	struct noiommu_extent *extents;
};

/*
 * Translates with an array of this many extents; 0 is enough for all. False, with a line in
 * the log, if an answer contradicts itself.
 */
bool translation_get(struct translation *translation, int fd, const void *va,
		     size_t length, __u32 flags, __u32 room);
void translation_free(struct translation *translation);
bool translation_same(const struct translation *one,
		      const struct translation *other);
/* Does the translated part agree with pagemap? For RAM. */
bool translation_is_pagemap(const struct translation *translation);

/* Does one call translate the whole range, in agreement with pagemap? */
bool translates(int fd, const void *va, size_t length, __u32 flags);
/* Returns the address of the first byte; 0 on failure. */
__u64 translate_one(int fd, const void *va, __u32 flags, __u32 *extent_flags);

#endif
