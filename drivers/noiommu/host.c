// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hosts where we refuse to work, with one line that says why.
 */
#define pr_fmt(fmt) "noiommu: " fmt

#include <linux/cc_platform.h>
#include <linux/security.h>

#include "noiommu.h"

#define NOIOMMU_VIRTIO_VENDOR	0x1af4
#define NOIOMMU_VIRTIO_IOMMU	0x1057

/*
 * One function behind a real IOMMU is enough to refuse the host: there may be
 * room for one provider only, and a host where some devices are isolated and
 * some are not wants a decision that a module cannot take.
 */
static struct pci_dev *noiommu_find_served(void)
{
	struct pci_dev *pdev = NULL;

	for_each_pci_dev(pdev)
		if (noiommu_served_by_other(pdev))
			return pdev;
	/*
	 * Without its driver nobody is served by it, yet DMA goes through it,
	 * and only the hypervisor knows what it lets pass.
	 */
	return pci_get_device(NOIOMMU_VIRTIO_VENDOR, NOIOMMU_VIRTIO_IOMMU, NULL);
}

/**
 * noiommu_refuse_host() - is this a host where nothing may be claimed?
 *
 * Return: 0 if claims may be made;
 * * -EPERM: the kernel is locked down; DMA at will would be a way around it.
 * * -EOPNOTSUPP: memory is encrypted; a device that is given a plain physical
 *   address would read ciphertext.
 * * -EBUSY: there is a real or virtual IOMMU.
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
