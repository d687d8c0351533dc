/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who owns the DMA of a function, and what is held until that ends.
 */
#ifndef NOIOMMU_OWNER_H
#define NOIOMMU_OWNER_H

#include <linux/list.h>
#include <linux/types.h>

struct noiommu_process;
struct pid;

/**
 * struct noiommu_owner - DMA ownership of one function
 * @node: in noiommu_owners while a user owns the function
 * @process: the process that took ownership, NULL while nobody has
 * @since: when that was, counted in noiommu_owner_time
 * @limit: last byte that the bus of the function lets through, as it was then
 */
struct noiommu_owner {
	struct list_head node;
	struct noiommu_process *process;
	u64 since;
	u64 limit;
};

/**
 * struct noiommu_hold - memory that functions may write to
 * @maker: the process that made it known to the device; a reference is held
 * @release: frees what contains this; called without locks, from a workqueue
 * @node: in noiommu_holds
 * @until: functions owned at this time or before may write to the memory
 * @all: every one of these, and not only those of @maker: set before if another
 *       process knows of the memory
 */
struct noiommu_hold {
	struct pid *maker;
	void (*release)(struct noiommu_hold *hold);
	struct list_head node;
	u64 until;
	bool all;
};

int noiommu_owner_init(void);
void noiommu_owner_exit(void);
int noiommu_owner_take(struct noiommu_owner *owner, u64 limit);
void noiommu_owner_give(struct noiommu_owner *owner);
bool noiommu_owner_taken(const struct noiommu_owner *owner);
pid_t noiommu_owner_pid(const struct noiommu_owner *owner);
u64 noiommu_owner_reach(void);
bool noiommu_hold(struct noiommu_hold *hold);
void noiommu_holds_flush(void);

#endif /* NOIOMMU_OWNER_H */
