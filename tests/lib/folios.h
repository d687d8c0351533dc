/* SPDX-License-Identifier: GPL-2.0-only */
/* Folios: pages that the kernel can only free together. */
#ifndef TESTS_FOLIOS_H
#define TESTS_FOLIOS_H

#include <stddef.h>

/*
 * Returns the number of 4 KiB pages of all folios that the range has a page of. Counts each
 * folio once, by /proc/kpageflags. -1 if a page is not present.
 */
long folios_pages(const void *va, size_t length);

#endif
