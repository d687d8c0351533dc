/* SPDX-License-Identifier: GPL-2.0-only */
/* Extents against what /proc/self/pagemap says. */
#ifndef TESTS_EXTENTS_H
#define TESTS_EXTENTS_H

#include <linux/noiommu.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Do they describe the RAM of the range as pagemap does, page by page, and in
 * as few pieces as can be? Says in the log what is wrong.
 */
bool extents_are_pagemap(const struct noiommu_extent *extents, __u32 nr,
			 const void *va, size_t length);

#endif
