// SPDX-License-Identifier: GPL-2.0-only
/*
 * Does on purpose what a run of tests must notice: tests/vm/selftest loads it.
 */
#include <linux/compiler.h>
#include <linux/irqflags.h>
#include <linux/module.h>
#include <linux/panic.h>
#include <linux/string.h>

static char *how = "";
module_param(how, charp, 0);
MODULE_PARM_DESC(how, "warn, oops, taint or hang");

static int __init splat_init(void)
{
	if (!strcmp(how, "warn"))
		WARN(1, "asked for by its parameter");
	if (!strcmp(how, "oops"))
		WRITE_ONCE(*(int *)NULL, 0);
	/* The bit alone: what a splat leaves whose text nobody listed. */
	if (!strcmp(how, "taint"))
		add_taint(TAINT_WARN, LOCKDEP_STILL_OK);
	if (!strcmp(how, "hang")) {
		local_irq_disable();
		for (;;)
			cpu_relax();
	}
	return 0;
}

static void __exit splat_exit(void)
{
}

module_init(splat_init);
module_exit(splat_exit);

MODULE_DESCRIPTION("Misbehaviour on request, for the test harness's own tests");
MODULE_LICENSE("GPL");
