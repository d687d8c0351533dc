/* SPDX-License-Identifier: GPL-2.0-only */
#ifdef CONFIG_CONTIG_ALLOC
typedef unsigned int __bitwise acr_flags_t;
#define ACR_FLAGS_NONE ((__force acr_flags_t)0)

int alloc_contig_frozen_range_noprof(unsigned long start, unsigned long end,
		acr_flags_t alloc_flags, gfp_t gfp_mask);
int alloc_contig_range_noprof(unsigned long start, unsigned long end,
		acr_flags_t alloc_flags, gfp_t gfp_mask);
#define alloc_contig_range(...)	alloc_hooks(alloc_contig_range_noprof(__VA_ARGS__))
#endif
