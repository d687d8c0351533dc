/* SPDX-License-Identifier: GPL-2.0-only */
/* What pages the kernel can only give away together. */
#ifndef TESTS_FOLIOS_H
#define TESTS_FOLIOS_H

#include <stddef.h>

/*
 * Pages (of the smallest size) of all folios of which the range has any, each folio
 * once, as /proc/kpageflags has them; -1 if a page is not present.
 */
long folios_pages(const void *va, size_t length);

#endif
