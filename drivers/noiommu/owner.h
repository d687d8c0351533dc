/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * DMA ownership of functions, and the memory that is held until it ends.
 */
#ifndef NOIOMMU_OWNER_H
#define NOIOMMU_OWNER_H

#include <linux/device.h>
#include <linux/ioport.h>
#include <linux/limits.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/pid.h>
#include <linux/sched/signal.h>
#include <linux/types.h>

struct noiommu_process;

/**
 * struct noiommu_owner - DMA ownership of one function
 * @node: in noiommu_owners while a user owns the function
 * @process: the process that took ownership, NULL while nobody has it. It stays valid
 *           as long as it owns a function
 * @since: time when it took ownership, in noiommu_owner_time
 * @limit: address of the last byte that the bus of the function let through at that time
 * @dev: the function
 * @ties: struct noiommu_tie of what ends with the ownership
 * @mask: DMA mask that the function had before its first tie, 0 if it had none
 */
struct noiommu_owner {
	struct list_head node;
	struct noiommu_process *process;
	u64 since;
	u64 limit;
	struct device *dev;
	struct list_head ties;
	u64 mask;
};

/**
 * struct noiommu_tie - something that ends with DMA ownership of a function
 * @end: ends it; called when the function does no more DMA, under locks of the IOMMU core
 *       and of owner.c. May sleep
 * @node: in the ties of the ownership; empty once this has ended
 * @dev: the function, with a reference
 */
struct noiommu_tie {
	void (*end)(struct noiommu_tie *tie);
	struct list_head node;
	struct device *dev;
};

/**
 * struct noiommu_hold - memory that functions may write to
 * @maker: the process that gave it to the device, with a reference
 * @release: frees the structure that contains this one; called without locks, from a
 *           workqueue
 * @node: in noiommu_holds while it is held
 * @until: functions that were taken at this time or before, in noiommu_owner_time, may
 *         write to the memory
 * @all: functions of every process may write to it, not only those of @maker. The caller
 *       sets it if another process knows the addresses
 */
struct noiommu_hold {
	struct pid *maker;
	void (*release)(struct noiommu_hold *hold);
	struct list_head node;
	u64 until;
	bool all;
};

/**
 * noiommu_hold_init() - prepare to hold memory that the calling process makes
 * @hold: to be initialized, for noiommu_hold_end()
 * @release: see &struct noiommu_hold
 */
static inline void noiommu_hold_init(struct noiommu_hold *hold,
				     void (*release)(struct noiommu_hold *hold))
{
	hold->maker = get_pid(task_tgid(current));
	hold->release = release;
	hold->all = false;
}

/**
 * noiommu_hold_end() - drop what noiommu_hold_init() took
 * @hold: memory that is not held, or no longer
 */
static inline void noiommu_hold_end(struct noiommu_hold *hold)
{
	put_pid(hold->maker);
}

int noiommu_owner_init(void);
void noiommu_owner_exit(void);
int noiommu_owner_take(struct noiommu_owner *owner, struct device *dev,
		       u64 limit);
void noiommu_owner_give(struct noiommu_owner *owner);
bool noiommu_owner_taken(const struct noiommu_owner *owner);
pid_t noiommu_owner_pid(const struct noiommu_owner *owner);
int noiommu_tie(struct noiommu_tie *tie, int domain, u16 function);
void noiommu_untie(struct noiommu_tie *tie);
bool noiommu_hold(struct noiommu_hold *hold);
void noiommu_holds_flush(void);

/**
 * noiommu_last_address() - last address that a device can reach if nothing limits it
 *
 * iomem_resource contains every address of RAM and BARs. On some architectures it ends at
 * the last address of 64 bits. VFIO's sums then overflow, and a function can join a
 * container although it cannot reach all mappings there.
 *
 * Return: address of the last byte.
 */
static inline u64 noiommu_last_address(void)
{
	return min_t(u64, iomem_resource.end, S64_MAX);
}

extern unsigned int noiommu_owners_limited;
u64 noiommu_owner_limit(void);

/**
 * noiommu_owner_reach() - DMA limit of the calling process
 *
 * Return: the lowest DMA limit of all functions that the process owns, as the address of
 * the last byte that they can reach; %U64_MAX if nothing limits them.
 */
static inline u64 noiommu_owner_reach(void)
{
	/* Usually all functions can reach everything. */
	if (likely(!READ_ONCE(noiommu_owners_limited)))
		return U64_MAX;
	return noiommu_owner_limit();
}

#endif /* NOIOMMU_OWNER_H */
