/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory of NOIOMMU_ALLOC for drivers that import its dma-buf.
 */
#ifndef NOIOMMU_IMPORT_H
#define NOIOMMU_IMPORT_H

#include <linux/dma-direction.h>

struct device;
struct sg_table;

int noiommu_import_check(struct device *dev, unsigned long pfn,
			 unsigned long pages);
bool noiommu_import_bounces(struct device *dev, struct sg_table *table);
struct sg_table *noiommu_import(struct device *dev, unsigned long pfn,
				unsigned long pages,
				enum dma_data_direction direction);
void noiommu_unimport(struct device *dev, struct sg_table *table,
		      enum dma_data_direction direction);

#endif /* NOIOMMU_IMPORT_H */
