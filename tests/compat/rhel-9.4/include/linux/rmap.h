/* SPDX-License-Identifier: GPL-2.0-only */
static inline int page_try_share_anon_rmap(struct page *page)
{
	/* CONFIG_HAVE_GUP_FAST is what others call it. */
	if (IS_ENABLED(CONFIG_HAVE_FAST_GUP))
		smp_mb();
	return 0;
}
