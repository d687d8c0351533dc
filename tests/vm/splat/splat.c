// SPDX-License-Identifier: GPL-2.0-only
/*
 * Causes on purpose the errors that a run of tests must notice; tests/vm/selftest loads it.
 */
#include <linux/compiler.h>
#include <linux/irqflags.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/panic.h>
#include <linux/refcount.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>

/* --- On every kernel --------------------------------------------------------------- */

static void splat_warn(void)
{
	WARN(1, "asked for by its parameter");
}

static void splat_oops(void)
{
	WRITE_ONCE(*(int *)NULL, 0);
}

/* Only taints, as after a splat whose text is not listed. */
static void splat_taint(void)
{
	add_taint(TAINT_WARN, LOCKDEP_STILL_OK);
}

static void splat_hang(void)
{
	local_irq_disable();
	for (;;)
		cpu_relax();
}

static void splat_refcount(void)
{
	refcount_t count = REFCOUNT_INIT(0);

	refcount_inc(&count);
}

/* --- Where the kernel has the detector --------------------------------------------- */

static void splat_use_after_free(void)
{
	int *freed = kmalloc(sizeof(*freed), GFP_KERNEL);

	kfree(freed);
	OPTIMIZER_HIDE_VAR(freed);
	if (freed)
		READ_ONCE(*freed);
}

static void splat_out_of_bounds(void)
{
	char *memory = kmalloc(13, GFP_KERNEL);

	OPTIMIZER_HIDE_VAR(memory);
	if (memory)
		READ_ONCE(memory[13]);
	kfree(memory);
}

static DEFINE_MUTEX(splat_first);
static DEFINE_MUTEX(splat_second);

/* No thread waits here, but two threads could deadlock, one in each half. */
static void splat_lock_inversion(void)
{
	mutex_lock(&splat_first);
	mutex_lock(&splat_second);
	mutex_unlock(&splat_second);
	mutex_unlock(&splat_first);

	mutex_lock(&splat_second);
	mutex_lock(&splat_first);
	mutex_unlock(&splat_first);
	mutex_unlock(&splat_second);
}

static DEFINE_SPINLOCK(splat_spinlock);

/* Enough memory is free, so this does not really sleep. */
static void splat_sleep(void)
{
	spin_lock(&splat_spinlock);
	kfree(kmalloc(16, GFP_KERNEL));
	spin_unlock(&splat_spinlock);
}

static void splat_leak(void)
{
	void *leaked = kmalloc(100, GFP_KERNEL);

	OPTIMIZER_HIDE_VAR(leaked);
}

static void splat_list(void)
{
	struct list_head *entry, *next;
	LIST_HEAD(list);

	entry = kmalloc(sizeof(*entry), GFP_KERNEL);
	next = kmalloc(sizeof(*next), GFP_KERNEL);
	if (entry && next) {
		list_add(next, &list);
		list_add(entry, &list);
		next->prev = NULL;
		list_del(entry);
	}
	kfree(next);
	kfree(entry);
}

static void splat_shift(void)
{
	unsigned int by = 40;

	OPTIMIZER_HIDE_VAR(by);
	pr_info("splat: %d\n", 1 << by);
}

/* ----------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	void (*act)(void);
} splats[] = {
	{ "warn", splat_warn },
	{ "oops", splat_oops },
	{ "taint", splat_taint },
	{ "hang", splat_hang },
	{ "refcount", splat_refcount },
	{ "use_after_free", splat_use_after_free },
	{ "out_of_bounds", splat_out_of_bounds },
	{ "lock_inversion", splat_lock_inversion },
	{ "sleep", splat_sleep },
	{ "leak", splat_leak },
	{ "list", splat_list },
	{ "shift", splat_shift },
};

static char *how[ARRAY_SIZE(splats)];
static unsigned int hows;
module_param_array(how, charp, &hows, 0);
MODULE_PARM_DESC(how, "what to do, in this order: see the table");

static int __init splat_act(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(splats); i++) {
		if (strcmp(name, splats[i].name))
			continue;
		splats[i].act();
		return 0;
	}
	return -EINVAL;
}

static int __init splat_init(void)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < hows && !ret; i++)
		ret = splat_act(how[i]);
	return ret;
}

static void __exit splat_exit(void)
{
}

module_init(splat_init);
module_exit(splat_exit);

MODULE_DESCRIPTION("Misbehaviour on request, for the test harness's own tests");
MODULE_LICENSE("GPL");
