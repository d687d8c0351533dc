/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who owns the DMA of a function.
 */
#ifndef NOIOMMU_OWNER_H
#define NOIOMMU_OWNER_H

#include <linux/list.h>
#include <linux/types.h>

struct noiommu_process;

/**
 * struct noiommu_owner - DMA ownership of one function
 * @node: in noiommu_owners while a user owns the function
 * @process: the process that took ownership, NULL while nobody has
 * @since: when that was, counted in noiommu_owner_time
 */
struct noiommu_owner {
	struct list_head node;
	struct noiommu_process *process;
	u64 since;
};

void noiommu_owner_exit(void);
int noiommu_owner_take(struct noiommu_owner *owner);
void noiommu_owner_give(struct noiommu_owner *owner);
bool noiommu_owner_taken(const struct noiommu_owner *owner);
pid_t noiommu_owner_pid(const struct noiommu_owner *owner);

#endif /* NOIOMMU_OWNER_H */
