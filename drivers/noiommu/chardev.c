// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/noiommu: the device, its descriptors, and the dispatch of ioctls.
 *
 * To add an ioctl, put its number, structure, kernel-doc and feature bit into the UAPI
 * header. Add a member of union noiommu_cmd, a row of the table and the feature bit here.
 * Put its function into a file of its own. CONTRIBUTING.md describes the tests and the
 * documentation that it needs.
 */
#include <linux/fault-inject-usercopy.h>
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

static int noiommu_get_info(struct noiommu_ucmd *ucmd)
{
	struct noiommu_info __user *to = ucmd->user;
	struct noiommu_info *cmd = ucmd->cmd;

	if (cmd->flags)
		return -EOPNOTSUPP;
	if (put_user(NOIOMMU_ABI_VERSION, &to->abi) ||
	    put_user(noiommu_claims_count(), &to->claimed) ||
	    put_user(NOIOMMU_FEATURE_TRANSLATE | NOIOMMU_FEATURE_PIN |
		     NOIOMMU_FEATURE_LIMIT | NOIOMMU_FEATURE_LIST_PINS |
		     NOIOMMU_FEATURE_ALLOC | NOIOMMU_FEATURE_PIN_DMABUF,
		     &to->features))
		return -EFAULT;
	return 0;
}

/* The structures of all ioctls. */
union noiommu_cmd {
	struct noiommu_info info;
	struct noiommu_translate translate;
	struct noiommu_pin pin;
	struct noiommu_unpin unpin;
	struct noiommu_list_pins list_pins;
	struct noiommu_alloc alloc;
	struct noiommu_free free;
	struct noiommu_pin_dmabuf pin_dmabuf;
	DECLARE_FLEX_ARRAY(u64, words);
};

/**
 * struct noiommu_ioctl - a row of the ioctl table
 * @number: the whole ioctl number
 * @size: bytes of the structure that this kernel knows
 * @min_size: bytes up to the last member of the first version
 * @execute: handler; gets a structure of @size bytes. Returns 0 or a negative errno
 */
struct noiommu_ioctl {
	unsigned int number;
	unsigned int size;
	unsigned int min_size;
	int (*execute)(struct noiommu_ucmd *ucmd);
};

/* Arguments: name, type of the structure, last member of its first version, handler. */
#define NOIOMMU_IOCTL(_name, _type, _last, _execute)			\
	[NOIOMMU_CMD_ ## _name] = {					\
		.number = NOIOMMU_ ## _name,				\
		.size = sizeof(_type) +					\
			BUILD_BUG_ON_ZERO(sizeof(_type) >		\
					  sizeof(union noiommu_cmd)) +	\
			BUILD_BUG_ON_ZERO(sizeof(_type) % 8),		\
		.min_size = offsetofend(_type, _last),			\
		.execute = _execute,					\
	}

static const struct noiommu_ioctl noiommu_ioctls[] = {
	NOIOMMU_IOCTL(INFO, struct noiommu_info, features, noiommu_get_info),
	NOIOMMU_IOCTL(TRANSLATE, struct noiommu_translate, reserved,
		      noiommu_translate),
	NOIOMMU_IOCTL(PIN, struct noiommu_pin, id, noiommu_pin),
	NOIOMMU_IOCTL(UNPIN, struct noiommu_unpin, reserved, noiommu_unpin),
	NOIOMMU_IOCTL(LIST_PINS, struct noiommu_list_pins, nr_extents,
		      noiommu_list_pins),
	NOIOMMU_IOCTL(ALLOC, struct noiommu_alloc, phys, noiommu_alloc),
	NOIOMMU_IOCTL(FREE, struct noiommu_free, reserved, noiommu_free),
	NOIOMMU_IOCTL(PIN_DMABUF, struct noiommu_pin_dmabuf, limit,
		      noiommu_pin_dmabuf),
};

/*
 * Reads a structure of the size that this kernel knows in one access window. The checks of
 * copy_struct_from_user() are much of the cost of a call for one page.
 */
static int noiommu_read_cmd(u64 *to, const u64 __user *from, unsigned int size)
{
	unsigned int i;

	if (should_fail_usercopy() || !user_read_access_begin(from, size))
		return -EFAULT;
	for (i = 0; i < size / sizeof(*to); i++)
		unsafe_get_user(to[i], &from[i], fault);
	user_read_access_end();
	return 0;

fault:
	user_read_access_end();
	return -EFAULT;
}

static long noiommu_do_ioctl(struct file *filep, unsigned int number,
			     unsigned long arg)
{
	void __user *user = (void __user *)arg;
	unsigned int nr = _IOC_NR(number);
	const struct noiommu_ioctl *ioctl;
	struct noiommu_ucmd ucmd;
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
	/* The part that the kernel does not know is read as well, to see that it is zero. */
	if (size > PAGE_SIZE)
		return -E2BIG;
	ret = size == ioctl->size ?
		noiommu_read_cmd(cmd.words, user, size) :
		copy_struct_from_user(&cmd, ioctl->size, user, size);
	if (ret)
		return ret;
	ucmd.file = filep->private_data;
	ucmd.cmd = &cmd;
	ucmd.user = user;
	return ioctl->execute(&ucmd);
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

static const struct attribute_group *noiommu_groups[] = {
	&noiommu_pin_group,
	&noiommu_memory_group,
	NULL
};

static struct miscdevice noiommu_misc = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "noiommu",
	.fops	= &noiommu_fops,
	.mode	= 0600,
	.groups	= noiommu_groups,
};

int noiommu_chardev_init(void)
{
	return misc_register(&noiommu_misc);
}

void noiommu_chardev_exit(void)
{
	misc_deregister(&noiommu_misc);
}
