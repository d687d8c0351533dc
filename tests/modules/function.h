/* SPDX-License-Identifier: GPL-2.0-only */
/* The PCI function that a test module is about: its parameter "function". */
#ifndef TESTS_MODULES_FUNCTION_H
#define TESTS_MODULES_FUNCTION_H

#include <linux/module.h>
#include <linux/pci.h>

static char *function;
module_param(function, charp, 0444);
MODULE_PARM_DESC(function, "PCI address, as 0000:00:03.0");

/* With a reference of the caller's; NULL if there is no such function. */
static struct pci_dev *named_function(void)
{
	unsigned int domain, bus, slot, func;

	if (!function || sscanf(function, "%x:%x:%x.%x", &domain, &bus, &slot,
				&func) != 4)
		return NULL;
	return pci_get_domain_bus_and_slot(domain, bus, PCI_DEVFN(slot, func));
}

#endif
