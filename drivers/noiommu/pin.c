// SPDX-License-Identifier: GPL-2.0-only
/*
 * NOIOMMU_PIN and NOIOMMU_UNPIN: this memory stays where it is.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "pinned.h"

/* Never given out. */
#define NOIOMMU_SPARE_ID 1

/* The pin has no ID yet: nobody but the caller knows of it. */
static int noiommu_pin_fill(struct noiommu_pinning *pinning,
			    const struct noiommu_pin *cmd,
			    struct noiommu_pin __user *user)
{
	struct noiommu_extents *extents = &pinning->extents;
	int ret;

	pinning->retried = pinning->end;
	pinning->size = 0;
	noiommu_tally_init(&pinning->tally);
	noiommu_extents_init(extents, cmd->extents, cmd->nr_extents);

	ret = noiommu_pin_range(pinning) ?: noiommu_extents_flush(extents);
	noiommu_tally_destroy(&pinning->tally);
	if (ret)
		return ret;
	if (put_user(min_t(u64, extents->total, U32_MAX), &user->nr_extents))
		return -EFAULT;
	return cmd->extents && extents->total > extents->room ? -ENOSPC : 0;
}

/*
 * The ID is reserved until its owner has been told: whoever else has the descriptor
 * could otherwise guess it, unpin, and have it given to a pin of his own, which a
 * caller who cannot be told would drop.
 */
static int noiommu_pin_publish(struct noiommu_file *file,
			       struct noiommu_pinned *pinned,
			       struct noiommu_pin __user *user)
{
	u32 id;

	if (xa_alloc(&file->pins, &id, NULL, xa_limit_31b, GFP_KERNEL_ACCOUNT))
		return -ENOMEM;
	if (put_user(id, &user->id)) {
		xa_release(&file->pins, id);
		return -EFAULT;
	}
	/* What is reserved has its place: this takes no memory. */
	return xa_err(xa_store(&file->pins, id, pinned, GFP_KERNEL_ACCOUNT));
}

/**
 * noiommu_pin() - NOIOMMU_PIN
 * @file: the open file
 * @arg: a struct noiommu_pin
 * @user: where the caller has it
 *
 * Return: 0, or an errno as documented there.
 */
int noiommu_pin(struct noiommu_file *file, void *arg, void __user *user)
{
	struct noiommu_pin *cmd = arg;
	struct noiommu_pinning pinning;
	u64 va = untagged_addr(cmd->va);
	int ret;

	ret = noiommu_check_range(va, cmd->length, cmd->flags);
	if (ret)
		return ret;
	if (!cmd->extents != !cmd->nr_extents)
		return -EINVAL;
	pinning.va = va;
	pinning.end = va + cmd->length;
	pinning.pinned = noiommu_pinned_alloc(noiommu_pages(va, pinning.end),
					      cmd->flags & NOIOMMU_ACCESS_WRITE);
	if (IS_ERR(pinning.pinned))
		return PTR_ERR(pinning.pinned);
	ret = noiommu_pin_fill(&pinning, cmd, user) ?:
	      noiommu_pin_publish(file, pinning.pinned, user);
	if (ret)
		noiommu_pinned_release(pinning.pinned);
	return ret;
}

/**
 * noiommu_unpin() - NOIOMMU_UNPIN
 * @file: the open file
 * @arg: a struct noiommu_unpin
 * @user: where the caller has it
 *
 * Return: 0, or an errno as documented there.
 */
int noiommu_unpin(struct noiommu_file *file, void *arg, void __user *user)
{
	struct noiommu_pinned *pinned;
	struct noiommu_unpin *cmd = arg;

	if (cmd->flags)
		return -EOPNOTSUPP;
	if (cmd->reserved)
		return -EINVAL;
	/* To erase what is only reserved would have it given out. */
	xa_lock(&file->pins);
	pinned = xa_load(&file->pins, cmd->id);
	if (pinned)
		__xa_erase(&file->pins, cmd->id);
	xa_unlock(&file->pins);
	if (!pinned)
		return -ENOENT;
	noiommu_pinned_release(pinned);
	return 0;
}

/**
 * noiommu_pins_init() - a file without pins
 * @file: the open file
 *
 * Return: 0 or -ENOMEM.
 */
int noiommu_pins_init(struct noiommu_file *file)
{
	xa_init_flags(&file->pins, XA_FLAGS_ALLOC1 | XA_FLAGS_ACCOUNT);
	/* Keeps the first node, which would come and go with a lone pin. */
	return xa_reserve(&file->pins, NOIOMMU_SPARE_ID, GFP_KERNEL_ACCOUNT);
}

/**
 * noiommu_unpin_all() - the last descriptor is gone
 * @file: the open file, which nobody can use any more
 *
 * What a function may still write to is unpinned when it may not any more.
 */
void noiommu_unpin_all(struct noiommu_file *file)
{
	struct noiommu_pinned *pinned;
	unsigned long id;

	xa_for_each(&file->pins, id, pinned)
		if (!noiommu_hold(&pinned->hold))
			noiommu_pinned_release(pinned);
	xa_destroy(&file->pins);
}
