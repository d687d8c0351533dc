// SPDX-License-Identifier: GPL-2.0-only
/*
 * A native driver of QEMU's edu whose probe takes a while and then fails, and whose last
 * notifier also takes a while. For tests, in guests.
 */
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/pci.h>

static unsigned int seconds;
module_param(seconds, uint, 0444);

static unsigned int notifier_seconds;
module_param(notifier_seconds, uint, 0444);

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

static int slow_notify(struct notifier_block *nb, unsigned long action, void *data)
{
	if (action == BUS_NOTIFY_DRIVER_NOT_BOUND)
		ssleep(notifier_seconds);
	return NOTIFY_OK;
}

static struct notifier_block slow_probe_nb = {
	.notifier_call = slow_notify,
	/* Called after all other notifiers. */
	.priority = INT_MIN,
};

static int __init slow_probe_init(void)
{
	int ret = bus_register_notifier(&pci_bus_type, &slow_probe_nb);

	if (ret)
		return ret;
	ret = pci_register_driver(&slow_probe_driver);
	if (ret)
		bus_unregister_notifier(&pci_bus_type, &slow_probe_nb);
	return ret;
}

static void __exit slow_probe_exit(void)
{
	pci_unregister_driver(&slow_probe_driver);
	bus_unregister_notifier(&pci_bus_type, &slow_probe_nb);
}

module_init(slow_probe_init);
module_exit(slow_probe_exit);

MODULE_DESCRIPTION("A driver that does not take a function, for tests");
MODULE_LICENSE("GPL");
