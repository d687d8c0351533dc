/* SPDX-License-Identifier: GPL-2.0-only */
static __always_inline int __folio_try_share_anon_rmap(struct folio *folio)
{
	if (IS_ENABLED(CONFIG_HAVE_FAST_GUP))
		smp_mb();
	return 0;
}
