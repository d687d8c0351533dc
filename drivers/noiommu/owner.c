// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who owns the DMA of a function.
 *
 * VFIO and iommufd take DMA ownership of a function before they hand out its
 * config space or BARs, and give it back after they have closed the device, which
 * turns bus mastering off. In between the function can write to any memory whose
 * address was given to it.
 *
 * Lock order: iommu_group.mutex (in the IOMMU core), noiommu_owner_lock.
 */
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

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
/* Counts how often ownership was taken. */
static u64 noiommu_owner_time;

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
 * noiommu_owner_take() - the calling process takes ownership of a function
 * @owner: of the function; nobody has it. The IOMMU core serializes this with
 *         noiommu_owner_give() for the same function
 *
 * Return: 0 or -ENOMEM.
 */
int noiommu_owner_take(struct noiommu_owner *owner)
{
	struct noiommu_process *process;

	mutex_lock(&noiommu_owner_lock);
	process = noiommu_process_current();
	if (process) {
		process->owned++;
		owner->process = process;
		owner->since = ++noiommu_owner_time;
		list_add(&owner->node, &noiommu_owners);
	}
	mutex_unlock(&noiommu_owner_lock);
	return process ? 0 : -ENOMEM;
}

/**
 * noiommu_owner_give() - ownership ends; the function does no more DMA
 * @owner: of the function, perhaps of nobody
 */
void noiommu_owner_give(struct noiommu_owner *owner)
{
	if (!noiommu_owner_taken(owner))
		return;
	mutex_lock(&noiommu_owner_lock);
	list_del(&owner->node);
	owner->process->owned--;
	owner->process = NULL;
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
 * noiommu_owner_exit() - after the last claim
 */
void noiommu_owner_exit(void)
{
	struct noiommu_process *process, *next;

	list_for_each_entry_safe(process, next, &noiommu_processes, node)
		noiommu_process_free(process);
}
