// SPDX-License-Identifier: GPL-2.0-only
/*
 * Takes INTx away from all PCI functions, present and future, as a function without an interrupt
 * pin. For tests, in guests: each time a function with a pin is enabled or disabled, the kernel
 * looks for its route in ACPI's tables, which takes most of a test's time with sanitizers.
 */
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/pci.h>

static int no_intx_added(struct notifier_block *nb, unsigned long action,
			 void *data)
{
	if (action == BUS_NOTIFY_ADD_DEVICE)
		to_pci_dev(data)->pin = 0;
	return NOTIFY_DONE;
}

static struct notifier_block no_intx_nb = {
	.notifier_call	= no_intx_added,
};

static int __init no_intx_init(void)
{
	struct pci_dev *pdev = NULL;
	int ret;

	ret = bus_register_notifier(&pci_bus_type, &no_intx_nb);
	if (ret)
		return ret;
	for_each_pci_dev(pdev)
		pdev->pin = 0;
	return 0;
}

/* Without an exit: what uses a function now must find no pin when it disables it. */
module_init(no_intx_init);
MODULE_DESCRIPTION("PCI functions without INTx, for tests");
MODULE_LICENSE("GPL");
