// SPDX-License-Identifier: GPL-2.0-only
/*
 * DMA ownership of functions, and the memory that is held until it ends.
 *
 * VFIO and iommufd take DMA ownership of a function before they hand out its
 * config space or BARs. They give it back after they have closed the device, which
 * turns bus mastering off. In between, the function can write to any memory whose
 * address it has been given.
 *
 * type1 and iommufd keep memory pinned during that time, because the device holds
 * a reference on them. Pins of /dev/noiommu have no such reference: when a process
 * dies, the kernel closes its descriptors in an order that nobody chose. So pins
 * that end by close are held here while a function may write to their memory:
 *
 * - If the process that made the pin has taken ownership of functions, these
 *   functions may write to it.
 * - If it never has, or if another process knows the addresses, functions of other
 *   processes may write to it: every function that is owned when the descriptor
 *   closes.
 *
 * A process is a thread group, which exec does not change. Functions that are taken
 * after the close do not count.
 */
#include <linux/dma-mapping.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "owner.h"

/**
 * struct noiommu_process - a process that owns functions, or has owned some
 * @node: in noiommu_processes
 * @pid: of the thread group; this structure holds a reference
 * @owned: number of functions that it owns now
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
/* A clock: counts how often ownership was taken. */
static u64 noiommu_owner_time;
/* Number of owned functions that cannot reach all addresses; also read without the lock. */
unsigned int noiommu_owners_limited;

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

/* A process that owns nothing any more is kept until it is reaped. */
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

/* noiommu_owner_reach(), where some function has a limit. */
u64 noiommu_owner_limit(void)
{
	struct pid *pid = task_tgid(current);
	const struct noiommu_owner *owner;
	u64 limit = U64_MAX;

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
	if (owner->limit < noiommu_last_address())
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
 * noiommu_owner_take() - give ownership of a function to the calling process
 * @owner: ownership of the function, which nobody has now. The IOMMU core serializes
 *         this with noiommu_owner_give() for the same function
 * @dev: the function
 * @limit: address of the last byte that the function can reach
 *
 * Return: 0 or -ENOMEM.
 */
int noiommu_owner_take(struct noiommu_owner *owner, struct device *dev,
		       u64 limit)
{
	struct noiommu_process *process;

	mutex_lock(&noiommu_owner_lock);
	process = noiommu_process_current();
	if (process) {
		process->owned++;
		owner->process = process;
		owner->since = ++noiommu_owner_time;
		owner->limit = limit;
		owner->dev = dev;
		INIT_LIST_HEAD(&owner->ties);
		noiommu_owner_limits(owner, 1);
		list_add(&owner->node, &noiommu_owners);
	}
	mutex_unlock(&noiommu_owner_lock);
	return process ? 0 : -ENOMEM;
}

/*
 * A driver of a user has no DMA mask. So the kernel believes in that of the driver before, or
 * in 32 bits, and would use bounce buffers, which the user knows nothing of.
 */
static void noiommu_owner_widen(struct noiommu_owner *owner)
{
	if (owner->mask)
		return;
	owner->mask = dma_get_mask(owner->dev);
	dma_set_mask(owner->dev, DMA_BIT_MASK(64));
}

static void noiommu_owner_end_ties(struct noiommu_owner *owner)
{
	struct noiommu_tie *tie, *next;

	lockdep_assert_held(&noiommu_owner_lock);
	list_for_each_entry_safe(tie, next, &owner->ties, node) {
		list_del_init(&tie->node);
		tie->end(tie);
	}
	if (owner->mask)
		dma_set_mask(owner->dev, owner->mask);
	owner->mask = 0;
}

/**
 * noiommu_owner_give() - end ownership of a function that does no more DMA
 * @owner: ownership of the function; nothing happens if nobody has it
 *
 * A workqueue then releases the memory that was held for the function, because the
 * caller holds locks of the IOMMU core.
 */
void noiommu_owner_give(struct noiommu_owner *owner)
{
	if (!noiommu_owner_taken(owner))
		return;
	mutex_lock(&noiommu_owner_lock);
	list_del(&owner->node);
	noiommu_owner_end_ties(owner);
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
 * noiommu_owner_pid() - process that has taken ownership
 * @owner: ownership of the function
 *
 * Return: its process ID in the PID namespace of the caller; 0 if nobody has
 * ownership, or if the process is not visible in this namespace.
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

static struct noiommu_owner *noiommu_owner_find(int domain, u16 function)
{
	struct noiommu_owner *owner;
	struct pci_dev *pdev;

	lockdep_assert_held(&noiommu_owner_lock);
	list_for_each_entry(owner, &noiommu_owners, node) {
		pdev = to_pci_dev(owner->dev);
		if (owner->process->pid == task_tgid(current) &&
		    pci_domain_nr(pdev->bus) == domain &&
		    pci_dev_id(pdev) == function)
			return owner;
	}
	return NULL;
}

/**
 * noiommu_tie() - let something end with DMA ownership of a function
 * @tie: has @end set. On success, noiommu_untie() must be called for it, also after it has
 *       ended
 * @domain: PCI domain of the function
 * @function: bus, device and function number, as of pci_dev_id()
 *
 * From now on, the kernel can map memory for the function at any address that its bus lets
 * through.
 *
 * Return: 0, or -ENODEV if the calling process does not own the function.
 */
int noiommu_tie(struct noiommu_tie *tie, int domain, u16 function)
{
	struct noiommu_owner *owner;

	mutex_lock(&noiommu_owner_lock);
	owner = noiommu_owner_find(domain, function);
	if (owner) {
		noiommu_owner_widen(owner);
		tie->dev = get_device(owner->dev);
		list_add(&tie->node, &owner->ties);
	}
	mutex_unlock(&noiommu_owner_lock);
	return owner ? 0 : -ENODEV;
}

/**
 * noiommu_untie() - undo noiommu_tie()
 * @tie: the tie. Once this returns, tie->end() is not called any more, and does not run
 */
void noiommu_untie(struct noiommu_tie *tie)
{
	mutex_lock(&noiommu_owner_lock);
	list_del_init(&tie->node);
	mutex_unlock(&noiommu_owner_lock);
	put_device(tie->dev);
}

/**
 * noiommu_hold() - hold memory while a function may write to it
 * @hold: the memory, after noiommu_hold_init()
 *
 * Return: true if it is held: hold->release() will be called when no function may write
 * to it any more. False if no function may write to it now: the caller must release it.
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
 * noiommu_holds_flush() - wait for queued releases of held memory
 *
 * A process that restarts at once needs the huge pages of its predecessor.
 */
void noiommu_holds_flush(void)
{
	flush_work(&noiommu_holds_work);
}

/**
 * noiommu_owner_init() - set up; before the first claim
 *
 * Return: 0 or -ENOMEM.
 */
int noiommu_owner_init(void)
{
	noiommu_owner_wq = alloc_ordered_workqueue("noiommu", 0);
	return noiommu_owner_wq ? 0 : -ENOMEM;
}

/**
 * noiommu_owner_exit() - clean up; after the last claim
 *
 * When this returns, all held memory has been released.
 */
void noiommu_owner_exit(void)
{
	struct noiommu_process *process, *next;

	destroy_workqueue(noiommu_owner_wq);
	list_for_each_entry_safe(process, next, &noiommu_processes, node)
		noiommu_process_free(process);
}
