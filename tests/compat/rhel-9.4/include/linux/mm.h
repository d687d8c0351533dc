/* SPDX-License-Identifier: GPL-2.0-only */
int follow_pte(struct mm_struct *mm, unsigned long address,
	       pte_t **ptepp, spinlock_t **ptlp);

static inline bool gup_must_unshare(unsigned int flags, struct page *page)
{
	/* Never for a page of a file: this pin breaks no COW. */
	return PageAnon(page) && !PageAnonExclusive(page);
}
