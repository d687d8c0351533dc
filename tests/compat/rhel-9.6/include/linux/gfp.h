/* SPDX-License-Identifier: GPL-2.0-only */
/* Not exported: struct page *alloc_contig_pages(unsigned long nr_pages, gfp_t gfp_mask); */
#ifdef CONFIG_CONTIG_ALLOC
extern int alloc_contig_range(unsigned long start, unsigned long end,
			      unsigned migratetype, gfp_t gfp_mask);
#endif
