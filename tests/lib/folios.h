/* SPDX-License-Identifier: GPL-2.0-only */
/* Folios: pages that the kernel can only free together. */
#ifndef TESTS_FOLIOS_H
#define TESTS_FOLIOS_H

#include <linux/noiommu.h>
#include <stddef.h>

/*
 * Returns the number of 4 KiB pages of all folios that the range has a page of. Counts each
 * folio once, by /proc/kpageflags. -1 if a page is not present.
 */
long folios_pages(const void *va, size_t length);

/* The same for extents of RAM, which is faster: it reads no pagemap. */
long folios_pages_of(const struct noiommu_extent *extents, __u32 nr);

#endif
