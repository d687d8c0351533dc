// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "folios.h"
#include "memory.h"

#define HEAD (1ULL << 15)
#define TAIL (1ULL << 16)

#define CHUNK 512

struct folios {
	int flags;
	__u64 chunk_first;
	__u64 chunk[CHUNK];
	size_t nr;
	struct folio {
		__u64 first, end;
	} *folio;
};

/* Reads many flags at once, because a huge page would take many calls. */
static __u64 page_flags(struct folios *folios, __u64 pfn)
{
	__u64 first = pfn / CHUNK * CHUNK;

	if (folios->chunk_first != first) {
		memset(folios->chunk, 0, sizeof(folios->chunk));
		if (pread(folios->flags, folios->chunk, sizeof(folios->chunk),
			  first * sizeof(__u64)) < 0)
			return 0;
		folios->chunk_first = first;
	}
	return folios->chunk[pfn - first];
}

static bool is_known(const struct folios *folios, __u64 pfn)
{
	size_t i = folios->nr;

	while (i--)
		if (folios->folio[i].first <= pfn && pfn < folios->folio[i].end)
			return true;
	return false;
}

/* Adds the folio of this page; returns its number of pages. */
static long add_folio(struct folios *folios, __u64 pfn)
{
	__u64 first = pfn, end;

	while (page_flags(folios, first) & TAIL)
		first--;
	for (end = first + 1; page_flags(folios, end) & TAIL; end++)
		;
	folios->folio[folios->nr++] = (struct folio){ first, end };
	return end - first;
}

static long count(struct folios *folios, const __u64 *phys, size_t nr)
{
	long pages = 0;

	for (; nr--; phys++) {
		__u64 pfn = *phys / PAGE;

		if (!pfn)
			return -1;
		if (!(page_flags(folios, pfn) & (HEAD | TAIL)))
			pages++;
		else if (!is_known(folios, pfn))
			pages += add_folio(folios, pfn);
	}
	return pages;
}

long folios_pages(const void *va, size_t length)
{
	uintptr_t first = (uintptr_t)va & ~(PAGE - 1);
	size_t nr = ((uintptr_t)va + length - 1) / PAGE - first / PAGE + 1;
	struct folios folios = { .chunk_first = ~0ULL };
	__u64 *phys = calloc(nr, sizeof(*phys));
	long pages = -1;

	folios.flags = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	folios.folio = calloc(nr, sizeof(*folios.folio));
	if (folios.flags >= 0 && folios.folio && phys &&
	    !memory_phys_pages((void *)first, nr, phys))
		pages = count(&folios, phys, nr);
	close(folios.flags);
	free(folios.folio);
	free(phys);
	return pages;
}
