// SPDX-License-Identifier: GPL-2.0-only
/* Names of vendors and devices, from libpci and the list pci.ids. */
#include <pci/pci.h>
#include <stdio.h>

#include "noiommuctl.h"

static struct pci_access *access_of_names;

static void ignore(char *format, ...)
{
	(void)format;
}

/*
 * Does not call pci_init(): it looks for a way to read config space, which names do not need,
 * and ends the program if it finds none.
 */
void names_begin(void)
{
	access_of_names = pci_alloc();
	access_of_names->debug = ignore;
	access_of_names->warning = ignore;
}

void names_of(const struct function *function, char *text, size_t size)
{
	if (!pci_lookup_name(access_of_names, text, size, PCI_LOOKUP_VENDOR | PCI_LOOKUP_DEVICE,
			     function->vendor, function->device))
		snprintf(text, size, "%04x:%04x", function->vendor, function->device);
}

void names_end(void)
{
	pci_cleanup(access_of_names);
}
