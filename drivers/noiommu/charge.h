/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pages that are kept for a process, counted as its locked memory.
 */
#ifndef NOIOMMU_CHARGE_H
#define NOIOMMU_CHARGE_H

struct cred;
struct mm_struct;

/**
 * struct noiommu_charge - pages that count as locked memory
 * @mm: mm of the process that made the charge, which counts the pages (VmPin). The charge
 *      holds a reference on the structure (mmgrab), not on the address space
 * @payer: credentials whose user's locked memory counts the pages; the charge holds a
 *         reference. NULL for a process that had CAP_IPC_LOCK. Not the user itself, because
 *         not every update of a supported kernel exports free_uid()
 * @pages: number of pages that @mm and @payer count
 */
struct noiommu_charge {
	struct mm_struct *mm;
	const struct cred *payer;
	unsigned long pages;
};

void noiommu_charge_init(struct noiommu_charge *charge);
int noiommu_charge_add(struct noiommu_charge *charge, unsigned long pages);
void noiommu_charge_end(struct noiommu_charge *charge);

#endif /* NOIOMMU_CHARGE_H */
