// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes a PCI function look as on boards whose bus addresses are memory addresses plus an
 * offset, whose bus reaches only a part of memory, or whose DMA needs bounce buffers. For
 * tests, in guests.
 */
#include <linux/dma-direct.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/swiotlb.h>

#include "function.h"

static unsigned long offset = SZ_1G;
module_param(offset, ulong, 0444);
static unsigned long limit;
module_param(limit, ulong, 0444);
static bool bounce;
module_param(bounce, bool, 0444);

static struct pci_dev *offset_pdev;
static struct bus_dma_region offset_map[2];
static struct io_tlb_mem *offset_pool;
static struct io_tlb_mem bounce_pool = { .force_bounce = true };

static int __init dma_offset_init(void)
{
	offset_pdev = named_function();
	if (!offset_pdev)
		return -ENODEV;
	offset_map[0].dma_start = offset;
	offset_map[0].size = 1ULL << 40;
	offset_pool = offset_pdev->dev.dma_io_tlb_mem;
	if (limit)
		offset_pdev->dev.bus_dma_limit = limit;
	else if (bounce)
		offset_pdev->dev.dma_io_tlb_mem = &bounce_pool;
	else
		offset_pdev->dev.dma_range_map = offset_map;
	return 0;
}

static void __exit dma_offset_exit(void)
{
	offset_pdev->dev.dma_range_map = NULL;
	offset_pdev->dev.bus_dma_limit = 0;
	offset_pdev->dev.dma_io_tlb_mem = offset_pool;
	pci_dev_put(offset_pdev);
}

module_init(dma_offset_init);
module_exit(dma_offset_exit);
MODULE_DESCRIPTION("Bus addresses with an offset, for tests");
MODULE_LICENSE("GPL");
