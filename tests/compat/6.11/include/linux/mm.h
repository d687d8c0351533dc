/* SPDX-License-Identifier: GPL-2.0-only */
/* Once: int follow_pte(struct mm_struct *mm, unsigned long address, pte_t
 * **ptepp, spinlock_t **ptlp);
 */
int follow_pte(struct vm_area_struct *vma, unsigned long address,
	       pte_t **ptepp, spinlock_t **ptlp);
