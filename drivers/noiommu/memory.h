/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory of NOIOMMU_ALLOC.
 */
#ifndef NOIOMMU_MEMORY_H
#define NOIOMMU_MEMORY_H

#include <linux/types.h>

#include "contig.h"

struct dma_buf;

struct dma_buf *noiommu_memory_create(const struct noiommu_contig *want,
				      u64 *phys);
int noiommu_memory_free(struct dma_buf *dmabuf);

#endif /* NOIOMMU_MEMORY_H */
