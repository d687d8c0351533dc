// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes the memory windows of a PCI function's host bridge look as on boards whose bus
 * addresses of BARs differ from their CPU addresses. For tests, in guests.
 */
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/sizes.h>

#include "function.h"

static struct pci_dev *offset_pdev;

static void move_windows(resource_size_t change)
{
	struct pci_bus *bus = offset_pdev->bus;
	struct resource_entry *window;

	while (bus->parent)
		bus = bus->parent;
	resource_list_for_each_entry(window,
				     &to_pci_host_bridge(bus->bridge)->windows)
		if (resource_type(window->res) == IORESOURCE_MEM)
			window->offset += change;
}

static int __init bus_offset_init(void)
{
	offset_pdev = named_function();
	if (!offset_pdev)
		return -ENODEV;
	move_windows(SZ_1M);
	return 0;
}

static void __exit bus_offset_exit(void)
{
	move_windows(-(resource_size_t)SZ_1M);
	pci_dev_put(offset_pdev);
}

module_init(bus_offset_init);
module_exit(bus_offset_exit);
MODULE_DESCRIPTION("BARs with another address on the bus, for tests");
MODULE_LICENSE("GPL");
