/* SPDX-License-Identifier: GPL-2.0-only */
/* Compare extents with /proc/self/pagemap. */
#ifndef TESTS_EXTENTS_H
#define TESTS_EXTENTS_H

#include <linux/noiommu.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Do the extents describe the RAM of the range as pagemap does, page by page, and in the
 * smallest number of pieces? Logs mistakes.
 */
bool extents_are_pagemap(const struct noiommu_extent *extents, __u32 nr,
			 const void *va, size_t length);

#endif
