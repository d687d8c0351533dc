// SPDX-License-Identifier: GPL-2.0-only
/*
 * Find physically contiguous pages, below an address if necessary.
 *
 * A block of the page allocator is tried first: it is aligned to its size, costs little,
 * and is at most as large as a huge page. Larger requests, and those that it does not
 * satisfy, search all memory from the highest permitted address down: low addresses are
 * scarce. alloc_contig_range() moves what is in the way elsewhere.
 *
 * Each page has a reference count of its own. So a page that somebody has pinned outlives
 * the others: noiommu_contig_free() only drops the reference that belongs to the request.
 */
#include <linux/cpuset.h>
#include <linux/dma-mapping.h>
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/hugetlb.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/nodemask.h>
#include <linux/sched/signal.h>

#include "compat.h"
#include "contig.h"

/* Two searches would isolate the same blocks, and make each other fail. */
static DEFINE_MUTEX(noiommu_contig_lock);

static bool noiommu_contig_reaches(const struct noiommu_contig *want,
				   unsigned long pfn)
{
	return PFN_PHYS((u64)pfn + want->pages) - 1 <= want->limit;
}

/* Return: a block of the page allocator; its pages beyond the request are freed. */
static struct page *noiommu_contig_block(const struct noiommu_contig *want)
{
	unsigned long pages = max(want->pages, want->alignment);
	gfp_t gfp = GFP_KERNEL | __GFP_NOWARN | __GFP_RETRY_MAYFAIL;
	unsigned int order = order_base_2(pages);
	struct page *page;

	if (order > pageblock_order)
		return NULL;
	if (want->limit <= DMA_BIT_MASK(32))
		gfp |= GFP_DMA32;
	if (want->node != NUMA_NO_NODE)
		gfp |= __GFP_THISNODE;
	page = alloc_pages_node(want->node, gfp, order);
	if (!page)
		return NULL;
	split_page(page, order);
	for (pages = 1UL << order; pages > want->pages; pages--)
		__free_page(page + pages - 1);
	if (noiommu_contig_reaches(want, page_to_pfn(page)))
		return page;
	noiommu_contig_free(page_to_pfn(page), want->pages);
	return NULL;
}

/*
 * Judges as alloc_contig_range() does, but spares the isolation of the block, and also
 * rejects pinned pages. The page may change meanwhile: then alloc_contig_range() fails.
 */
static bool noiommu_contig_movable(struct page *page)
{
	if (PageReserved(page) || PageHuge(page))
		return false;
	if (!PageCompound(page) && !page_ref_count(page))
		return true;
	return PageLRU(page) && !folio_maybe_dma_pinned(page_folio(page));
}

/* Return: the end of the last page of a range that cannot be moved, 0 if all can. */
static unsigned long noiommu_contig_obstacle(struct zone *zone,
					     unsigned long start,
					     unsigned long end)
{
	unsigned long pfn;

	for (pfn = end; pfn > start; pfn--) {
		struct page *page = pfn_to_online_page(pfn - 1);

		if (!page || page_zone(page) != zone ||
		    !noiommu_contig_movable(page))
			return pfn;
		if (!(pfn % pageblock_nr_pages))
			cond_resched();
	}
	return 0;
}

/* Return: the highest start of a range that ends here or before. */
static unsigned long noiommu_contig_start(const struct noiommu_contig *want,
					  unsigned long end)
{
	unsigned long start = ALIGN_DOWN(end - want->pages, want->alignment);
	unsigned long last = start + want->pages - 1;

	if (want->boundary && ALIGN_DOWN(last, want->boundary) > start)
		start = ALIGN_DOWN(ALIGN_DOWN(last, want->boundary) -
				   want->pages, want->alignment);
	return start;
}

/*
 * If a range cannot be allocated although it looked movable, the search does not learn
 * which page was in the way. It goes on a quarter further down: in finer steps, the same
 * page would be tried too often.
 */
static int noiommu_contig_zone(const struct noiommu_contig *want,
			       struct zone *zone, unsigned long *pfn)
{
	unsigned long first = zone->zone_start_pfn, start, obstacle;
	unsigned long step = max(want->pages / 4, pageblock_nr_pages);
	u64 end = min_t(u64, zone_end_pfn(zone),
			PFN_DOWN(want->limit - (PAGE_SIZE - 1)) + 1);
	int ret;

	while (end >= first + want->pages) {
		start = noiommu_contig_start(want, end);
		if (start < first)
			break;
		if (fatal_signal_pending(current))
			return -EINTR;
		obstacle = noiommu_contig_obstacle(zone, start,
						   start + want->pages);
		if (obstacle) {
			end = obstacle - 1;
			continue;
		}
		ret = alloc_contig_range(start, start + want->pages,
					 ACR_FLAGS_NONE,
					 GFP_KERNEL | __GFP_NOWARN);
		if (!ret) {
			*pfn = start;
			return 0;
		}
		if (ret == -EOPNOTSUPP || ret == -EINTR)
			return ret;
		end = max(start + want->pages, step) - step;
	}
	return -ENOMEM;
}

/* Pages of ZONE_MOVABLE must stay movable. */
static int noiommu_contig_node(const struct noiommu_contig *want, int node,
			       unsigned long *pfn)
{
	struct zone *zones = NODE_DATA(node)->node_zones;
	int i, ret = -ENOMEM;

	for (i = ZONE_NORMAL; i >= 0 && ret == -ENOMEM; i--)
		if (populated_zone(&zones[i]))
			ret = noiommu_contig_zone(want, &zones[i], pfn);
	return ret;
}

static int noiommu_contig_nearest(int from, const nodemask_t *nodes)
{
	int node, nearest = NUMA_NO_NODE;

	for_each_node_mask(node, *nodes)
		if (nearest == NUMA_NO_NODE ||
		    node_distance(from, node) < node_distance(from, nearest))
			nearest = node;
	return nearest;
}

static int noiommu_contig_search(const struct noiommu_contig *want,
				 unsigned long *pfn)
{
	int node, ret = -ENOMEM;
	nodemask_t nodes;

	if (want->node != NUMA_NO_NODE)
		return noiommu_contig_node(want, want->node, pfn);
	nodes_and(nodes, node_states[N_MEMORY], cpuset_current_mems_allowed);
	while (ret == -ENOMEM && !nodes_empty(nodes)) {
		node = noiommu_contig_nearest(numa_mem_id(), &nodes);
		ret = noiommu_contig_node(want, node, pfn);
		node_clear(node, nodes);
	}
	return ret;
}

/**
 * noiommu_contig_alloc() - allocate contiguous pages, and clear them
 * @want: the request
 * @pfn: set to the number of the first page
 *
 * Return: 0; -ENOMEM; -EINTR if a fatal signal is pending; or -EOPNOTSUPP if the page
 * allocator has no suitable block, and the kernel has no alloc_contig_range().
 */
int noiommu_contig_alloc(const struct noiommu_contig *want, unsigned long *pfn)
{
	struct page *page = noiommu_contig_block(want);
	unsigned long i;
	int ret;

	if (page) {
		*pfn = page_to_pfn(page);
	} else {
		/* Spare all others the search for memory that the host does not have. */
		if (want->pages > si_mem_available())
			return -ENOMEM;
		if (mutex_lock_killable(&noiommu_contig_lock))
			return -EINTR;
		ret = noiommu_contig_search(want, pfn);
		mutex_unlock(&noiommu_contig_lock);
		if (ret)
			return ret;
	}
	for (i = 0; i < want->pages; i++) {
		clear_highpage(pfn_to_page(*pfn + i));
		cond_resched();
	}
	return 0;
}

/**
 * noiommu_contig_free() - free pages, those that somebody else uses only after that
 * @pfn: number of the first page
 * @pages: number of pages
 */
void noiommu_contig_free(unsigned long pfn, unsigned long pages)
{
	for (; pages; pages--, pfn++) {
		put_page(pfn_to_page(pfn));
		cond_resched();
	}
}
