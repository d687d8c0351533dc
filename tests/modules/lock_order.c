// SPDX-License-Identifier: GPL-2.0-only
/*
 * Locks a PCI function and, after a while, the PCI hierarchy, in the order of a change of the
 * number of virtual functions. For tests, in guests.
 */
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/pci.h>

#include "function.h"

#define WHILE_MS 2000

static int __init lock_order_init(void)
{
	struct pci_dev *pdev;

	pdev = named_function();
	if (!pdev)
		return -ENODEV;
	device_lock(&pdev->dev);
	pci_info(pdev, "lock_order: locked\n");
	msleep(WHILE_MS);
	pci_lock_rescan_remove();
	pci_unlock_rescan_remove();
	device_unlock(&pdev->dev);
	pci_dev_put(pdev);
	return 0;
}

static void __exit lock_order_exit(void)
{
}

module_init(lock_order_init);
module_exit(lock_order_exit);
MODULE_DESCRIPTION("Locks a PCI function and then the hierarchy, for tests");
MODULE_LICENSE("GPL");
