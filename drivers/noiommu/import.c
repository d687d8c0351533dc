// SPDX-License-Identifier: GPL-2.0-only
/*
 * Map memory of NOIOMMU_ALLOC for the device of a driver that imports its dma-buf.
 *
 * Everybody must see the same bytes: user space, the functions that it drives, and the
 * importer. So a device that would get bounce buffers is refused. No user of the memory then
 * needs to synchronize it.
 */
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>

#include "import.h"

/**
 * noiommu_import_check() - check that a device reaches memory
 * @dev: device of the importer
 * @pfn: number of the first page
 * @pages: number of pages
 *
 * Return: 0, or -EBUSY if the device does not reach all of the memory, which cannot move.
 */
int noiommu_import_check(struct device *dev, unsigned long pfn,
			 unsigned long pages)
{
	u64 limit = min_not_zero(dma_get_mask(dev), dev->bus_dma_limit);

	return PFN_PHYS((u64)pfn + pages) - 1 <= limit ? 0 : -EBUSY;
}

/* A segment is no longer than the device permits, and no longer than a scatterlist can say. */
static struct sg_table *noiommu_import_table(struct device *dev,
					     unsigned long pfn,
					     unsigned long pages)
{
	unsigned long most, part;
	struct scatterlist *entry;
	struct sg_table *table;
	int i;

	most = max(dma_get_max_seg_size(dev) >> PAGE_SHIFT, 1UL);
	table = kzalloc(sizeof(*table), GFP_KERNEL);
	if (!table)
		return NULL;
	if (sg_alloc_table(table, DIV_ROUND_UP(pages, most), GFP_KERNEL)) {
		kfree(table);
		return NULL;
	}
	for_each_sgtable_sg(table, entry, i) {
		part = min(pages, most);
		sg_set_page(entry, pfn_to_page(pfn), part << PAGE_SHIFT, 0);
		pfn += part;
		pages -= part;
	}
	return table;
}

static void noiommu_import_free(struct sg_table *table)
{
	sg_free_table(table);
	kfree(table);
}

/**
 * noiommu_import_bounces() - does a mapping use bounce buffers?
 * @dev: device of the mapping
 * @table: the mapping
 *
 * Return: true if a part of it does.
 */
bool noiommu_import_bounces(struct device *dev, struct sg_table *table)
{
	struct scatterlist *entry;
	int i;

	for_each_sgtable_dma_sg(table, entry, i)
		if (dma_need_sync(dev, sg_dma_address(entry)))
			return true;
	return false;
}

/**
 * noiommu_import() - map memory for a device
 * @dev: device of the importer
 * @pfn: number of the first page
 * @pages: number of pages
 * @direction: direction of the transfers
 *
 * Return: the table of bus addresses, for noiommu_unimport(); or an error pointer: -ENOMEM;
 * -EBUSY if the device needs bounce buffers; or an errno of dma_map_sgtable().
 */
struct sg_table *noiommu_import(struct device *dev, unsigned long pfn,
				unsigned long pages,
				enum dma_data_direction direction)
{
	struct sg_table *table = noiommu_import_table(dev, pfn, pages);
	int ret;

	if (!table)
		return ERR_PTR(-ENOMEM);
	ret = dma_map_sgtable(dev, table, direction, 0);
	if (!ret && noiommu_import_bounces(dev, table)) {
		dma_unmap_sgtable(dev, table, direction, 0);
		ret = -EBUSY;
	}
	if (!ret)
		return table;
	noiommu_import_free(table);
	return ERR_PTR(ret);
}

/**
 * noiommu_unimport() - end a mapping
 * @dev: device of the importer
 * @table: from noiommu_import()
 * @direction: as it was mapped
 */
void noiommu_unimport(struct device *dev, struct sg_table *table,
		      enum dma_data_direction direction)
{
	dma_unmap_sgtable(dev, table, direction, 0);
	noiommu_import_free(table);
}
