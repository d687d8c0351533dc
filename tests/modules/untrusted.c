// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes a PCI function look as if it was behind an external port, as of Thunderbolt. For
 * tests, in guests.
 */
#include <linux/module.h>
#include <linux/pci.h>

static char *function;
module_param(function, charp, 0444);

static struct pci_dev *untrusted_pdev;

static int __init untrusted_init(void)
{
	unsigned int domain, bus, slot, func;

	if (!function || sscanf(function, "%x:%x:%x.%x", &domain, &bus, &slot,
				&func) != 4)
		return -EINVAL;
	untrusted_pdev = pci_get_domain_bus_and_slot(domain, bus,
						     PCI_DEVFN(slot, func));
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
