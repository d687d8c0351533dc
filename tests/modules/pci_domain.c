// SPDX-License-Identifier: GPL-2.0-only
/*
 * A host bridge of PCI domain 1 with the function 0001:00:00.0, which has a driver but no
 * BARs, capabilities or interrupts. QEMU's machines have one domain. For tests, in guests.
 */
#include <linux/module.h>
#include <linux/pci.h>

#define CONFIG_SIZE 256

/* Little-endian, as the registers. */
static u8 domain_config[CONFIG_SIZE] __aligned(4);
static struct pci_sysdata domain_sysdata = {
	.domain	= 1,
	.node	= NUMA_NO_NODE,
};

static struct pci_bus *domain_bus;

static int domain_read(struct pci_bus *bus, unsigned int devfn, int where,
		       int size, u32 *value)
{
	if (devfn || where + size > CONFIG_SIZE)
		return PCIBIOS_DEVICE_NOT_FOUND;
	*value = 0;
	memcpy(value, domain_config + where, size);
	return PCIBIOS_SUCCESSFUL;
}

/* Only the command register can be written. */
static int domain_write(struct pci_bus *bus, unsigned int devfn, int where,
			int size, u32 value)
{
	if (devfn)
		return PCIBIOS_DEVICE_NOT_FOUND;
	if (where == PCI_COMMAND)
		memcpy(domain_config + where, &value, sizeof(u16));
	return PCIBIOS_SUCCESSFUL;
}

static struct pci_ops domain_ops = {
	.read	= domain_read,
	.write	= domain_write,
};

static const struct pci_device_id domain_ids[] = {
	{ PCI_DEVICE(PCI_VENDOR_ID_REDHAT, 0x00ff) },
	{ }
};

static int domain_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	return 0;
}

static struct pci_driver domain_driver = {
	.name		= "pci_domain",
	.id_table	= domain_ids,
	.probe		= domain_probe,
};

static int domain_add_bus(void)
{
	LIST_HEAD(windows);

	pci_lock_rescan_remove();
	domain_bus = pci_scan_root_bus(NULL, 0, &domain_ops, &domain_sysdata,
				       &windows);
	if (domain_bus)
		pci_bus_add_devices(domain_bus);
	pci_unlock_rescan_remove();
	return domain_bus ? 0 : -ENOMEM;
}

static int __init domain_init(void)
{
	int ret;

	*(__le16 *)(domain_config + PCI_VENDOR_ID) =
		cpu_to_le16(domain_ids[0].vendor);
	*(__le16 *)(domain_config + PCI_DEVICE_ID) =
		cpu_to_le16(domain_ids[0].device);
	*(__le16 *)(domain_config + PCI_CLASS_DEVICE) =
		cpu_to_le16(PCI_CLASS_NETWORK_OTHER);
	ret = pci_register_driver(&domain_driver);
	if (ret)
		return ret;
	ret = domain_add_bus();
	if (ret)
		pci_unregister_driver(&domain_driver);
	return ret;
}

static void __exit domain_exit(void)
{
	struct pci_host_bridge *bridge = to_pci_host_bridge(domain_bus->bridge);

	pci_lock_rescan_remove();
	pci_stop_root_bus(domain_bus);
	pci_remove_root_bus(domain_bus);
	pci_unlock_rescan_remove();
	pci_free_host_bridge(bridge);
	pci_unregister_driver(&domain_driver);
}

module_init(domain_init);
module_exit(domain_exit);
MODULE_DESCRIPTION("A second PCI domain, for tests");
MODULE_LICENSE("GPL");
