// SPDX-License-Identifier: GPL-2.0-only
/*
 * How many pages a pin keeps from everybody else.
 */
#include <linux/mm.h>

#include "pinned.h"

/**
 * noiommu_tally_init() - nothing yet
 * @tally: to be set up
 */
void noiommu_tally_init(struct noiommu_tally *tally)
{
	tally->pages = 0;
	tally->folio = NULL;
	tally->part = NULL;
	xa_init(&tally->parts);
}

/**
 * noiommu_tally_destroy() - give back what it took to count
 * @tally: as noiommu_tally_init() has set it up
 */
void noiommu_tally_destroy(struct noiommu_tally *tally)
{
	if (!xa_empty(&tally->parts))
		xa_destroy(&tally->parts);
}

/* Return: 1 if the folio has not been seen in parts before, 0, or -ENOMEM. */
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
 * noiommu_tally_folio() - the range goes on with another folio, or ends
 * @tally: the tally so far; what it has of the last large folio is counted now
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
