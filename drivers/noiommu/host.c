// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hosts where noiommu refuses to work, with the reason in one line of the log.
 */
#define pr_fmt(fmt) "noiommu: " fmt

#include <linux/cc_platform.h>
#include <linux/security.h>

#include "noiommu.h"

#define NOIOMMU_VIRTIO_VENDOR	0x1af4
#define NOIOMMU_VIRTIO_IOMMU	0x1057

/*
 * One function behind a real IOMMU is enough to refuse the host. Some kernels support
 * only one provider. And if only some devices are isolated, the administrator must
 * decide, not a module.
 */
static struct pci_dev *noiommu_find_served(void)
{
	struct pci_dev *pdev = NULL;

	for_each_pci_dev(pdev)
		if (noiommu_served_by_other(pdev))
			return pdev;
	/*
	 * A virtio-iommu without a driver serves no function. Yet all DMA passes
	 * through it, and only the hypervisor knows what it lets through.
	 */
	return pci_get_device(NOIOMMU_VIRTIO_VENDOR, NOIOMMU_VIRTIO_IOMMU, NULL);
}

/**
 * noiommu_refuse_host() - check that functions of this host may be claimed
 *
 * Return: 0 if they may;
 * * -EPERM: the kernel is locked down, and unrestricted DMA would bypass that.
 * * -EOPNOTSUPP: memory is encrypted, and a device that uses a plain physical address
 *   would read ciphertext.
 * * -EBUSY: the host has a real or virtual IOMMU.
 */
int noiommu_refuse_host(void)
{
	struct pci_dev *served;

	if (security_locked_down(LOCKDOWN_PCI_ACCESS)) {
		pr_err("refused: the kernel is locked down\n");
		return -EPERM;
	}
	if (cc_platform_has(CC_ATTR_MEM_ENCRYPT)) {
		pr_err("refused: memory is encrypted, devices cannot use physical addresses\n");
		return -EOPNOTSUPP;
	}
	served = noiommu_find_served();
	if (served) {
		pr_err("refused: this host has an IOMMU, see %s\n",
		       pci_name(served));
		pci_dev_put(served);
		return -EBUSY;
	}
	return 0;
}
