/* SPDX-License-Identifier: GPL-2.0-only */
int follow_pte(struct mm_struct *mm, unsigned long address,
	       pte_t **ptepp, spinlock_t **ptlp);
