/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Physically contiguous pages.
 */
#ifndef NOIOMMU_CONTIG_H
#define NOIOMMU_CONTIG_H

#include <linux/types.h>

/**
 * struct noiommu_contig - a request for contiguous pages
 * @pages: number of pages, not 0
 * @alignment: the number of the first page is a multiple of this power of two
 * @boundary: the pages do not cross a multiple of this power of two, which is at least
 *            @pages; 0 if they may
 * @limit: physical address of the last byte that may belong to them, at least their
 *         length - 1
 * @node: the NUMA node that must have them; %NUMA_NO_NODE for the nearest one that can
 */
struct noiommu_contig {
	unsigned long pages;
	unsigned long alignment;
	unsigned long boundary;
	u64 limit;
	int node;
};

int noiommu_contig_alloc(const struct noiommu_contig *want, unsigned long *pfn);
void noiommu_contig_free(unsigned long pfn, unsigned long pages);

#endif /* NOIOMMU_CONTIG_H */
