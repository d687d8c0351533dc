// SPDX-License-Identifier: GPL-2.0-only
/*
 * Count the pages that a pin keeps from everybody else.
 */
#include <linux/mm.h>

#include "pinned.h"

/**
 * noiommu_tally_init() - begin to count
 * @tally: to be initialized
 */
void noiommu_tally_init(struct noiommu_tally *tally)
{
	tally->pages = 0;
	tally->folio = NULL;
	tally->part = NULL;
	xa_init(&tally->parts);
}

/**
 * noiommu_tally_destroy() - free the memory that counting needed
 * @tally: initialized by noiommu_tally_init()
 */
void noiommu_tally_destroy(struct noiommu_tally *tally)
{
	if (!xa_empty(&tally->parts))
		xa_destroy(&tally->parts);
}

/* Return: 1 if no part of the folio has been counted before, 0 if one has, or -ENOMEM. */
static int noiommu_tally_part(struct noiommu_tally *tally, struct folio *folio)
{
	int ret;

	if (folio == tally->part)
		return 0;
	if (!tally->part) {
		tally->part = folio;
		return 1;
	}
	ret = xa_insert(&tally->parts, folio_pfn(folio), xa_mk_value(0),
			GFP_KERNEL_ACCOUNT);
	if (ret)
		return ret == -EBUSY ? 0 : -ENOMEM;
	return 1;
}

/**
 * noiommu_tally_folio() - count the last large folio
 * @tally: the tally so far
 *
 * Called when the range continues with another folio, or ends.
 *
 * Return: 0 or -ENOMEM.
 */
int noiommu_tally_folio(struct noiommu_tally *tally)
{
	struct folio *folio = tally->folio;
	int ret;

	if (!folio)
		return 0;
	tally->folio = NULL;
	if (tally->covered >= folio_nr_pages(folio)) {
		tally->pages += tally->covered;
		return 0;
	}
	ret = noiommu_tally_part(tally, folio);
	if (ret > 0)
		tally->pages += folio_nr_pages(folio);
	return min(ret, 0);
}
