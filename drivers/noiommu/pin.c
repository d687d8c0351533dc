// SPDX-License-Identifier: GPL-2.0-only
/*
 * NOIOMMU_PIN and NOIOMMU_UNPIN: keep memory at its physical address.
 */
#include <linux/device.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "pinned.h"
#include "trace.h"

/* An ID that no pin gets. */
#define NOIOMMU_RESERVED_ID 1

/* The pin has no ID yet, so only the caller can access it. */
static int noiommu_pin_fill(struct noiommu_pin_walk *walk,
			    const struct noiommu_pin *cmd,
			    struct noiommu_pin __user *user)
{
	struct noiommu_extents *extents = &walk->extents;
	int ret;

	walk->retried = walk->end;
	walk->size = 0;
	noiommu_tally_init(&walk->tally);
	noiommu_extents_init(extents, cmd->extents, cmd->nr_extents,
			     cmd->limit);

	ret = noiommu_pin_range(walk) ?: noiommu_extents_flush(extents);
	noiommu_tally_destroy(&walk->tally);
	if (ret == -ERANGE && put_user(cmd->va + extents->bytes, &user->va))
		return -EFAULT;
	return ret ?: noiommu_extents_answer(extents, &user->nr_extents);
}

/**
 * noiommu_pin_publish() - give a complete pin its ID
 * @file: the open file
 * @pinned: the pin; on success it belongs to the file
 * @user: where the caller gets the ID
 * @id: set to the ID
 *
 * The ID is only reserved until put_user() has succeeded. Otherwise another holder of
 * the descriptor could guess it, unpin, and make a pin that gets the same ID. If
 * put_user() then failed, this call would drop that pin.
 *
 * Return: 0, -ENOMEM or -EFAULT.
 */
int noiommu_pin_publish(struct noiommu_file *file,
			struct noiommu_pinned *pinned, u32 __user *user,
			u32 *id)
{
	if (xa_alloc(&file->pins, id, NULL, xa_limit_31b, GFP_KERNEL_ACCOUNT))
		return -ENOMEM;
	if (put_user(*id, user)) {
		xa_release(&file->pins, *id);
		return -EFAULT;
	}
	/* A reserved entry has its slot already: this allocates nothing. */
	return xa_err(xa_store(&file->pins, *id, pinned, GFP_KERNEL_ACCOUNT));
}

/**
 * noiommu_pin() - NOIOMMU_PIN
 * @ucmd: the call, with a struct noiommu_pin
 *
 * Return: 0, or an errno as documented for &struct noiommu_pin.
 */
int noiommu_pin(struct noiommu_ucmd *ucmd)
{
	struct noiommu_pin __user *user = ucmd->user;
	struct noiommu_pin *cmd = ucmd->cmd;
	struct noiommu_pin_walk walk __uninitialized;
	u64 va = untagged_addr(cmd->va);
	int ret;

	ret = noiommu_check_range(va, cmd->length, cmd->flags);
	if (ret)
		return ret;
	if (!cmd->extents != !cmd->nr_extents)
		return -EINVAL;
	walk.va = va;
	walk.end = va + cmd->length;
	walk.pinned = noiommu_pinned_alloc(va, cmd->length,
					   cmd->flags & NOIOMMU_ACCESS_WRITE,
					   noiommu_pages(walk.va, walk.end));
	if (IS_ERR(walk.pinned))
		return PTR_ERR(walk.pinned);
	ret = noiommu_pin_fill(&walk, cmd, user) ?:
	      noiommu_pin_publish(ucmd->file, walk.pinned, &user->id,
				  &cmd->id);
	if (ret)
		noiommu_pinned_release(walk.pinned);
	trace_noiommu_pin(cmd->va, cmd->length, cmd->flags, cmd->id, ret);
	return ret;
}

/**
 * noiommu_unpin() - NOIOMMU_UNPIN
 * @ucmd: the call, with a struct noiommu_unpin
 *
 * Return: 0, or an errno as documented for &struct noiommu_unpin.
 */
int noiommu_unpin(struct noiommu_ucmd *ucmd)
{
	struct noiommu_file *file = ucmd->file;
	struct noiommu_unpin *cmd = ucmd->cmd;
	struct noiommu_pinned *pinned;

	if (cmd->flags)
		return -EOPNOTSUPP;
	if (cmd->reserved)
		return -EINVAL;
	/* Do not erase an ID that is only reserved: xa_alloc() would hand it out again. */
	xa_lock(&file->pins);
	pinned = xa_load(&file->pins, cmd->id);
	if (pinned) {
		__xa_erase(&file->pins, cmd->id);
		noiommu_listings_forget(file, pinned);
	}
	xa_unlock(&file->pins);
	if (!pinned)
		return -ENOENT;
	trace_noiommu_unpin(cmd->id);
	noiommu_pinned_release(pinned);
	return 0;
}

/**
 * noiommu_pins_init() - set up the pins of an open file: none yet
 * @file: the open file
 *
 * Return: 0 or -ENOMEM.
 */
int noiommu_pins_init(struct noiommu_file *file)
{
	xa_init_flags(&file->pins, XA_FLAGS_ALLOC1 | XA_FLAGS_ACCOUNT);
	INIT_LIST_HEAD(&file->listings);
	/* Keeps the first node allocated, or each single pin would allocate and free it. */
	return xa_reserve(&file->pins, NOIOMMU_RESERVED_ID, GFP_KERNEL_ACCOUNT);
}

/**
 * noiommu_unpin_all() - end all pins of a file whose last descriptor was closed
 * @file: the file, which nobody can use any more
 *
 * Memory that a function may still write to is unpinned later, when no function may.
 */
void noiommu_unpin_all(struct noiommu_file *file)
{
	struct noiommu_pinned *pinned;
	unsigned long id;

	xa_for_each(&file->pins, id, pinned) {
		if (noiommu_pinned_hold(pinned)) {
			trace_noiommu_hold(id);
			continue;
		}
		trace_noiommu_unpin(id);
		noiommu_pinned_release(pinned);
	}
	xa_destroy(&file->pins);
}

/**
 * noiommu_pins_show() - print the number and bytes of pins, for /proc/PID/fdinfo
 * @file: the open file
 * @seq: the output
 */
void noiommu_pins_show(struct noiommu_file *file, struct seq_file *seq)
{
	struct noiommu_pinned *pinned;
	unsigned long id, count = 0;
	u64 bytes = 0;

	/* NOIOMMU_UNPIN takes this lock before it frees a pin. */
	xa_lock(&file->pins);
	xa_for_each(&file->pins, id, pinned) {
		bytes += pinned->length;
		count++;
	}
	xa_unlock(&file->pins);
	seq_printf(seq, "pins:\t%lu\npinned_bytes:\t%llu\n", count, bytes);
}

static ssize_t pinned_bytes_show(struct device *dev,
				 struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%lld\n", atomic64_read(&noiommu_pinned_bytes));
}
static DEVICE_ATTR_RO(pinned_bytes);

static ssize_t held_bytes_show(struct device *dev,
			       struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%lld\n", atomic64_read(&noiommu_held_bytes));
}
static DEVICE_ATTR_RO(held_bytes);

static struct attribute *noiommu_pin_attrs[] = {
	&dev_attr_pinned_bytes.attr,
	&dev_attr_held_bytes.attr,
	NULL
};

/* Attributes of the device /dev/noiommu. */
const struct attribute_group noiommu_pin_group = {
	.attrs = noiommu_pin_attrs,
};
