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

/* More would be read in vain: of a folio, only a few pages are of interest. */
#define CHUNK 8

struct folios {
	int flags;
	__u64 chunk_first;
	__u64 chunk[CHUNK];
	size_t nr;
	struct folio {
		__u64 first, end;
	} *folio;
};

/* Reads some flags at once, because small pages often lie side by side. */
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

static const struct folio *known(const struct folios *folios, __u64 pfn)
{
	size_t i = folios->nr;

	while (i--)
		if (folios->folio[i].first <= pfn && pfn < folios->folio[i].end)
			return &folios->folio[i];
	return NULL;
}

/*
 * Adds the folio of this page. Its number of pages is a power of two, and so aligned, so a page
 * that ends it is found at such a distance, and its first page by clearing bits.
 */
static const struct folio *add_folio(struct folios *folios, __u64 pfn)
{
	__u64 first = pfn, pages = 1;

	while (page_flags(folios, first) & TAIL)
		first &= first - 1;
	while (page_flags(folios, first + pages) & TAIL)
		pages *= 2;
	folios->folio[folios->nr] = (struct folio){ first, first + pages };
	return &folios->folio[folios->nr++];
}

/* Returns the pages of the folios in this range that were not known before. */
static long count(struct folios *folios, __u64 pfn, __u64 end)
{
	const struct folio *folio;
	long pages = 0;

	while (pfn < end) {
		folio = known(folios, pfn);
		if (!folio && page_flags(folios, pfn) & (HEAD | TAIL)) {
			folio = add_folio(folios, pfn);
			pages += folio->end - folio->first;
		} else if (!folio) {
			pages++;
		}
		pfn = folio ? folio->end : pfn + 1;
	}
	return pages;
}

/* Each range has at most one folio for each of its pages. */
static bool folios_open(struct folios *folios, size_t most)
{
	*folios = (struct folios){
		.chunk_first = ~0ULL,
		.flags = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC),
		.folio = calloc(most, sizeof(*folios->folio)),
	};
	return folios->flags >= 0 && folios->folio;
}

static void folios_close(struct folios *folios)
{
	close(folios->flags);
	free(folios->folio);
}

long folios_pages(const void *va, size_t length)
{
	uintptr_t first = (uintptr_t)va & ~(PAGE - 1);
	size_t nr = ((uintptr_t)va + length - 1) / PAGE - first / PAGE + 1, i;
	__u64 *phys = calloc(nr, sizeof(*phys));
	struct folios folios;
	long pages = -1;

	if (folios_open(&folios, nr) && phys &&
	    !memory_phys_pages((void *)first, nr, phys)) {
		for (i = 0, pages = 0; i < nr && phys[i]; i++)
			pages += count(&folios, phys[i] / PAGE, phys[i] / PAGE + 1);
		if (i < nr)
			pages = -1;
	}
	folios_close(&folios);
	free(phys);
	return pages;
}

long folios_pages_of(const struct noiommu_extent *extents, __u32 nr)
{
	size_t most = 0;
	struct folios folios;
	long pages = -1;
	__u32 i;

	for (i = 0; i < nr; i++)
		most += extents[i].length / PAGE + 2;
	if (folios_open(&folios, most))
		for (i = 0, pages = 0; i < nr; i++)
			pages += count(&folios, extents[i].phys / PAGE,
				       (extents[i].phys + extents[i].length - 1) / PAGE + 1);
	folios_close(&folios);
	return pages;
}
