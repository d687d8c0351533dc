// SPDX-License-Identifier: GPL-2.0-only
/* A native driver that takes any function by its driver_override, and does nothing with it. */
#include <linux/module.h>
#include <linux/pci.h>

static int native_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	return 0;
}

/* Only a driver_override matches. */
static const struct pci_device_id native_table[] = {
	{}
};

static struct pci_driver native_driver = {
	.name = "native",
	.id_table = native_table,
	.probe = native_probe,
};
module_pci_driver(native_driver);

MODULE_DESCRIPTION("A driver that takes any function, for tests");
MODULE_LICENSE("GPL");
