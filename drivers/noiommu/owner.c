// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who owns the DMA of a function, and what is held until that ends.
 *
 * VFIO and iommufd take DMA ownership of a function before they hand out its
 * config space or BARs, and give it back after they have closed the device, which
 * turns bus mastering off. In between the function can write to any memory whose
 * address was given to it.
 *
 * type1 and iommufd keep memory pinned as long, because the device holds a
 * reference on them. Pins of /dev/noiommu have no such reference: when a process
 * dies the kernel closes its descriptors in an order that nobody chose. So pins
 * that end by close are held here while a function may write to them:
 *
 * - The process that made the pin has taken ownership of functions: these may.
 * - It never has, or another process was told where the memory is, so it may be in
 *   use by a function of somebody else: every function may that is owned when the
 *   descriptor closes.
 *
 * A process is its thread group, also after exec. Functions that are taken later
 * do not count.
 */
#include <linux/ioport.h>
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "owner.h"

/**
 * struct noiommu_process - a process that owns functions, or has owned some
 * @node: in noiommu_processes
 * @pid: of the thread group; a reference is held
 * @owned: functions owned now
 */
struct noiommu_process {
	struct list_head node;
	struct pid *pid;
	unsigned int owned;
};

/* Protects everything below it. */
static DEFINE_MUTEX(noiommu_owner_lock);
static LIST_HEAD(noiommu_owners);
static LIST_HEAD(noiommu_processes);
static LIST_HEAD(noiommu_holds);
/* Counts how often ownership was taken. */
static u64 noiommu_owner_time;
/* How many of the owned functions do not reach all addresses; also read without. */
static unsigned int noiommu_owners_limited;

static struct workqueue_struct *noiommu_owner_wq;

static struct noiommu_process *noiommu_process_find(const struct pid *pid)
{
	struct noiommu_process *process;

	lockdep_assert_held(&noiommu_owner_lock);
	list_for_each_entry(process, &noiommu_processes, node)
		if (process->pid == pid)
			return process;
	return NULL;
}

static void noiommu_process_free(struct noiommu_process *process)
{
	list_del(&process->node);
	put_pid(process->pid);
	kfree(process);
}

static bool noiommu_process_exists(struct noiommu_process *process)
{
	bool exists;

	rcu_read_lock();
	exists = pid_task(process->pid, PIDTYPE_TGID);
	rcu_read_unlock();
	return exists;
}

/* A process that gave everything back is remembered until it is reaped. */
static void noiommu_processes_prune(void)
{
	struct noiommu_process *process, *next;

	list_for_each_entry_safe(process, next, &noiommu_processes, node)
		if (!process->owned && !noiommu_process_exists(process))
			noiommu_process_free(process);
}

static struct noiommu_process *noiommu_process_current(void)
{
	struct pid *pid = task_tgid(current);
	struct noiommu_process *process = noiommu_process_find(pid);

	if (process)
		return process;
	noiommu_processes_prune();
	process = kzalloc(sizeof(*process), GFP_KERNEL);
	if (!process)
		return NULL;
	process->pid = get_pid(pid);
	list_add(&process->node, &noiommu_processes);
	return process;
}

/**
 * noiommu_owner_reach() - memory that all functions of the calling process reach
 *
 * Return: the last byte that the buses of all of them let through; %U64_MAX if that
 * is all.
 */
u64 noiommu_owner_reach(void)
{
	struct pid *pid = task_tgid(current);
	const struct noiommu_owner *owner;
	u64 limit = U64_MAX;

	/* As a rule all functions reach everything. */
	if (!READ_ONCE(noiommu_owners_limited))
		return limit;
	mutex_lock(&noiommu_owner_lock);
	list_for_each_entry(owner, &noiommu_owners, node)
		if (owner->process->pid == pid)
			limit = min(limit, owner->limit);
	mutex_unlock(&noiommu_owner_lock);
	return limit;
}

static void noiommu_owner_limits(const struct noiommu_owner *owner, int change)
{
	lockdep_assert_held(&noiommu_owner_lock);
	if (owner->limit < iomem_resource.end)
		WRITE_ONCE(noiommu_owners_limited,
			   noiommu_owners_limited + change);
}

static bool noiommu_hold_needed(const struct noiommu_hold *hold)
{
	const struct noiommu_owner *owner;

	lockdep_assert_held(&noiommu_owner_lock);
	list_for_each_entry(owner, &noiommu_owners, node)
		if (owner->since <= hold->until &&
		    (hold->all || owner->process->pid == hold->maker))
			return true;
	return false;
}

static void noiommu_holds_release(struct work_struct *work)
{
	struct noiommu_hold *hold, *next;
	LIST_HEAD(done);

	mutex_lock(&noiommu_owner_lock);
	list_for_each_entry_safe(hold, next, &noiommu_holds, node)
		if (!noiommu_hold_needed(hold))
			list_move_tail(&hold->node, &done);
	mutex_unlock(&noiommu_owner_lock);
	list_for_each_entry_safe(hold, next, &done, node)
		hold->release(hold);
}

static DECLARE_WORK(noiommu_holds_work, noiommu_holds_release);

/**
 * noiommu_owner_take() - the calling process takes ownership of a function
 * @owner: of the function; nobody has it. The IOMMU core serializes this with
 *         noiommu_owner_give() for the same function
 * @limit: last byte that the function can reach
 *
 * Return: 0 or -ENOMEM.
 */
int noiommu_owner_take(struct noiommu_owner *owner, u64 limit)
{
	struct noiommu_process *process;

	mutex_lock(&noiommu_owner_lock);
	process = noiommu_process_current();
	if (process) {
		process->owned++;
		owner->process = process;
		owner->since = ++noiommu_owner_time;
		owner->limit = limit;
		noiommu_owner_limits(owner, 1);
		list_add(&owner->node, &noiommu_owners);
	}
	mutex_unlock(&noiommu_owner_lock);
	return process ? 0 : -ENOMEM;
}

/**
 * noiommu_owner_give() - ownership ends; the function does no more DMA
 * @owner: of the function, perhaps of nobody
 *
 * Memory that was held for it is released soon after, from a workqueue: the
 * caller holds locks of the IOMMU core.
 */
void noiommu_owner_give(struct noiommu_owner *owner)
{
	if (!noiommu_owner_taken(owner))
		return;
	mutex_lock(&noiommu_owner_lock);
	list_del(&owner->node);
	noiommu_owner_limits(owner, -1);
	owner->process->owned--;
	owner->process = NULL;
	if (!list_empty(&noiommu_holds))
		queue_work(noiommu_owner_wq, &noiommu_holds_work);
	mutex_unlock(&noiommu_owner_lock);
}

bool noiommu_owner_taken(const struct noiommu_owner *owner)
{
	return READ_ONCE(owner->process);
}

/**
 * noiommu_owner_pid() - which process took ownership?
 * @owner: of the function
 *
 * Return: its process ID as the calling process sees it; 0 if nobody has
 * ownership, or if that process cannot be seen from here.
 */
pid_t noiommu_owner_pid(const struct noiommu_owner *owner)
{
	pid_t pid = 0;

	mutex_lock(&noiommu_owner_lock);
	if (owner->process)
		pid = pid_vnr(owner->process->pid);
	mutex_unlock(&noiommu_owner_lock);
	return pid;
}

/**
 * noiommu_hold() - hold memory as long as a function may write to it
 * @hold: what to hold; maker, release and all are set
 *
 * Return: true if it is held: hold->release() is called when no function may
 * write to it any more. False if none may now: the caller releases it.
 */
bool noiommu_hold(struct noiommu_hold *hold)
{
	bool needed;

	mutex_lock(&noiommu_owner_lock);
	hold->until = noiommu_owner_time;
	hold->all |= !noiommu_process_find(hold->maker);
	needed = noiommu_hold_needed(hold);
	if (needed)
		list_add_tail(&hold->node, &noiommu_holds);
	mutex_unlock(&noiommu_owner_lock);
	return needed;
}

/**
 * noiommu_holds_flush() - wait for releases that are under way
 *
 * A process that is started again at once wants the huge pages of the one before.
 */
void noiommu_holds_flush(void)
{
	flush_work(&noiommu_holds_work);
}

/**
 * noiommu_owner_init() - before the first claim
 *
 * Return: 0 or -ENOMEM.
 */
int noiommu_owner_init(void)
{
	noiommu_owner_wq = alloc_ordered_workqueue("noiommu", 0);
	return noiommu_owner_wq ? 0 : -ENOMEM;
}

/**
 * noiommu_owner_exit() - after the last claim
 *
 * Whatever was held is released when this returns.
 */
void noiommu_owner_exit(void)
{
	struct noiommu_process *process, *next;

	destroy_workqueue(noiommu_owner_wq);
	list_for_each_entry_safe(process, next, &noiommu_processes, node)
		noiommu_process_free(process);
}
