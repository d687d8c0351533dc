// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages that are kept for a process, counted as its locked memory.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/user.h>

#include "charge.h"

/* A missing capability is not worth an audit record. */
static const struct cred *noiommu_get_payer(void)
{
	if (ns_capable_noaudit(&init_user_ns, CAP_IPC_LOCK))
		return NULL;
	return get_current_cred();
}

/* As iommufd and io_uring: counts locked pages for the user, across all processes. */
static bool noiommu_user_charge(struct user_struct *user, unsigned long pages)
{
	unsigned long limit = rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT;
	unsigned long before = atomic_long_read(&user->locked_vm);

	do {
		if (before > limit || pages > limit - before)
			return false;
	} while (!atomic_long_try_cmpxchg(&user->locked_vm, &before,
					  before + pages));
	return true;
}

/**
 * noiommu_charge_init() - begin a charge of the calling process, without pages
 * @charge: to be initialized, for noiommu_charge_end()
 */
void noiommu_charge_init(struct noiommu_charge *charge)
{
	mmgrab(current->mm);
	charge->mm = current->mm;
	charge->payer = noiommu_get_payer();
	charge->pages = 0;
}

/**
 * noiommu_charge_add() - count more pages
 * @charge: the charge
 * @pages: number of additional pages
 *
 * Return: 0, or -ENOMEM if the user would exceed RLIMIT_MEMLOCK of the caller.
 */
int noiommu_charge_add(struct noiommu_charge *charge, unsigned long pages)
{
	if (charge->payer && !noiommu_user_charge(charge->payer->user, pages))
		return -ENOMEM;
	atomic64_add(pages, &charge->mm->pinned_vm);
	charge->pages += pages;
	return 0;
}

/**
 * noiommu_charge_end() - count the pages no more
 * @charge: the charge, which may then be freed
 */
void noiommu_charge_end(struct noiommu_charge *charge)
{
	atomic64_sub(charge->pages, &charge->mm->pinned_vm);
	mmdrop(charge->mm);
	if (charge->payer) {
		atomic_long_sub(charge->pages, &charge->payer->user->locked_vm);
		put_cred(charge->payer);
	}
}
