// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes a PCI function look as if it was behind an external port, as of Thunderbolt. For
 * tests, in guests.
 */
#include <linux/module.h>
#include <linux/pci.h>

#include "function.h"

static struct pci_dev *untrusted_pdev;

static int __init untrusted_init(void)
{
	untrusted_pdev = named_function();
	if (!untrusted_pdev)
		return -ENODEV;
	untrusted_pdev->untrusted = true;
	return 0;
}

static void __exit untrusted_exit(void)
{
	untrusted_pdev->untrusted = false;
	pci_dev_put(untrusted_pdev);
}

module_init(untrusted_init);
module_exit(untrusted_exit);
MODULE_DESCRIPTION("A function that is not trusted, for tests");
MODULE_LICENSE("GPL");
