/* SPDX-License-Identifier: GPL-2.0-only */
/* Once: int alloc_contig_range(unsigned long start, unsigned long end,
 * unsigned migratetype, gfp_t gfp_mask);
 */
#ifdef CONFIG_CONTIG_ALLOC
extern int alloc_contig_range_noprof(unsigned long start, unsigned long end,
			      unsigned migratetype, gfp_t gfp_mask);
#define alloc_contig_range(...)	alloc_hooks(alloc_contig_range_noprof(__VA_ARGS__))
#endif
