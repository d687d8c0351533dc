/* SPDX-License-Identifier: GPL-2.0-only */
static inline int page_try_share_anon_rmap(struct page *page)
{
	/* The name before 6.10, although follow_pfnmap_start() is of 6.12. */
	if (IS_ENABLED(CONFIG_HAVE_FAST_GUP))
		smp_mb();
	return 0;
}
