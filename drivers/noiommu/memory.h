/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory of NOIOMMU_ALLOC.
 */
#ifndef NOIOMMU_MEMORY_H
#define NOIOMMU_MEMORY_H

#include <linux/fs.h>
#include <linux/types.h>

#include "contig.h"

struct file *noiommu_memory_create(const struct noiommu_contig *want,
				   u64 *phys);
int noiommu_memory_free(struct file *file);

#endif /* NOIOMMU_MEMORY_H */
