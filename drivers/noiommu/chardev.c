// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/noiommu: the device, its descriptors, and the dispatch of ioctls.
 */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "chardev.h"
#include "noiommu.h"

static int noiommu_open(struct inode *inode, struct file *filep)
{
	struct noiommu_file *file;
	int ret;

	if (!noiommu_permitted())
		return -EPERM;
	noiommu_holds_flush();
	file = kzalloc(sizeof(*file), GFP_KERNEL_ACCOUNT);
	if (!file)
		return -ENOMEM;
	ret = noiommu_pins_init(file);
	if (ret) {
		kfree(file);
		return ret;
	}
	filep->private_data = file;
	return 0;
}

static int noiommu_release(struct inode *inode, struct file *filep)
{
	struct noiommu_file *file = filep->private_data;

	noiommu_unpin_all(file);
	kfree(file);
	return 0;
}

static int noiommu_get_info(struct noiommu_file *file, void *arg,
			    void __user *user)
{
	struct noiommu_info __user *to = user;
	struct noiommu_info *cmd = arg;

	if (cmd->flags)
		return -EOPNOTSUPP;
	if (put_user(NOIOMMU_ABI_VERSION, &to->abi) ||
	    put_user(noiommu_claims_count(), &to->claimed) ||
	    put_user(NOIOMMU_FEATURE_TRANSLATE | NOIOMMU_FEATURE_PIN |
		     NOIOMMU_FEATURE_LIMIT | NOIOMMU_FEATURE_LIST_PINS,
		     &to->features))
		return -EFAULT;
	return 0;
}

/* All structures that there are. */
union noiommu_cmd {
	struct noiommu_info info;
	struct noiommu_translate translate;
	struct noiommu_pin pin;
	struct noiommu_unpin unpin;
	struct noiommu_list_pins list_pins;
};

/**
 * struct noiommu_ioctl - what to do for an ioctl
 * @number: the whole ioctl number
 * @size: of the structure, as the kernel knows it
 * @min_size: up to the last member of its first version
 * @execute: gets the structure, in which members that the caller does not know
 *           are zero, and writes what has changed to where the caller has it:
 *           the first version's members are there, later ones perhaps
 */
struct noiommu_ioctl {
	unsigned int number;
	unsigned int size;
	unsigned int min_size;
	int (*execute)(struct noiommu_file *file, void *cmd, void __user *user);
};

static const struct noiommu_ioctl noiommu_ioctls[] = {
	[NOIOMMU_CMD_INFO] = {
		.number = NOIOMMU_INFO,
		.size = sizeof(struct noiommu_info),
		.min_size = offsetofend(struct noiommu_info, features),
		.execute = noiommu_get_info,
	},
	[NOIOMMU_CMD_TRANSLATE] = {
		.number = NOIOMMU_TRANSLATE,
		.size = sizeof(struct noiommu_translate),
		.min_size = offsetofend(struct noiommu_translate, reserved),
		.execute = noiommu_translate,
	},
	[NOIOMMU_CMD_PIN] = {
		.number = NOIOMMU_PIN,
		.size = sizeof(struct noiommu_pin),
		.min_size = offsetofend(struct noiommu_pin, id),
		.execute = noiommu_pin,
	},
	[NOIOMMU_CMD_UNPIN] = {
		.number = NOIOMMU_UNPIN,
		.size = sizeof(struct noiommu_unpin),
		.min_size = offsetofend(struct noiommu_unpin, reserved),
		.execute = noiommu_unpin,
	},
	[NOIOMMU_CMD_LIST_PINS] = {
		.number = NOIOMMU_LIST_PINS,
		.size = sizeof(struct noiommu_list_pins),
		.min_size = offsetofend(struct noiommu_list_pins, nr_extents),
		.execute = noiommu_list_pins,
	},
};

static long noiommu_do_ioctl(struct file *filep, unsigned int number,
			     unsigned long arg)
{
	void __user *user = (void __user *)arg;
	unsigned int nr = _IOC_NR(number);
	const struct noiommu_ioctl *ioctl;
	union noiommu_cmd cmd;
	u32 size;
	int ret;

	if (nr >= ARRAY_SIZE(noiommu_ioctls))
		return -ENOTTY;
	ioctl = &noiommu_ioctls[nr];
	if (ioctl->number != number)
		return -ENOTTY;
	if (get_user(size, (u32 __user *)user))
		return -EFAULT;
	if (size < ioctl->min_size)
		return -EINVAL;
	/* All of what the kernel does not know is read, to see that it is zero. */
	if (size > PAGE_SIZE)
		return -E2BIG;
	ret = copy_struct_from_user(&cmd, ioctl->size, user, size);
	if (ret)
		return ret;
	return ioctl->execute(filep->private_data, &cmd, user);
}

static void noiommu_show_fdinfo(struct seq_file *seq, struct file *filep)
{
	noiommu_pins_show(filep->private_data, seq);
}

static const struct file_operations noiommu_fops = {
	.owner		= THIS_MODULE,
	.open		= noiommu_open,
	.release	= noiommu_release,
	.unlocked_ioctl	= noiommu_do_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
	.show_fdinfo	= noiommu_show_fdinfo,
};

static struct miscdevice noiommu_misc = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "noiommu",
	.fops	= &noiommu_fops,
	.mode	= 0600,
	.groups	= noiommu_pin_groups,
};

int noiommu_chardev_init(void)
{
	return misc_register(&noiommu_misc);
}

void noiommu_chardev_exit(void)
{
	misc_deregister(&noiommu_misc);
}
