// SPDX-License-Identifier: GPL-2.0-only
/*
 * A native driver of QEMU's edu whose probe takes a while and then fails. For tests, in
 * guests.
 */
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/pci.h>

static unsigned int seconds;
module_param(seconds, uint, 0444);

static int slow_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	pci_info(pdev, "slow_probe: begins\n");
	ssleep(seconds);
	return -EIO;
}

static const struct pci_device_id slow_probe_table[] = {
	{ PCI_DEVICE(0x1234, 0x11e8) },
	{}
};

static struct pci_driver slow_probe_driver = {
	.name = "slow_probe",
	.id_table = slow_probe_table,
	.probe = slow_probe,
};
module_pci_driver(slow_probe_driver);

MODULE_DESCRIPTION("A driver that does not take a function, for tests");
MODULE_LICENSE("GPL");
