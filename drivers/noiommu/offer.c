// SPDX-License-Identifier: GPL-2.0-only
/*
 * Offers: a function that was just claimed, to the drivers that wait for a group.
 *
 * VFIO's drivers are asked when they are loaded or a function appears, as all are,
 * and then refuse it, for it has no group. Nobody asks them again. Those that leave
 * DMA to the kernel have had their chance, or were removed on purpose: they are not
 * asked.
 */
#include <linux/device.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mount.h>

#include "claim.h"

#define NOIOMMU_AUTOPROBE "bus/pci/drivers_autoprobe"

/*
 * The driver core keeps this to itself, and tells it in sysfs only. That is mounted here
 * for the purpose: a worker need not have a root in which it is.
 */
static bool noiommu_autoprobes(void)
{
	struct vfsmount *sysfs = kern_mount(get_fs_type("sysfs"));
	struct file *file;
	char value = '1';
	loff_t pos = 0;

	if (IS_ERR(sysfs))
		return true;
	file = file_open_root_mnt(sysfs, NOIOMMU_AUTOPROBE, O_RDONLY, 0);
	if (!IS_ERR(file)) {
		kernel_read(file, &value, sizeof(value), &pos);
		fput(file);
	}
	kern_unmount(sysfs);
	return value != '0';
}

/* Return: 1 if the driver has it now, 0 to ask the next. */
static int noiommu_offer_to(struct device_driver *driver, void *data)
{
	struct pci_dev *pdev = data;

	if (!to_pci_driver(driver)->driver_managed_dma ||
	    driver->bus->match(&pdev->dev, driver) <= 0 ||
	    !noiommu_autoprobes())
		return 0;
	return !device_driver_attach(driver, &pdev->dev);
}

/**
 * noiommu_offer() - ask the drivers that manage DMA themselves
 * @pdev: function that was just claimed; its device_lock is not held
 *
 * Only those that match it: by driver_override, or by an ID that they were given.
 * None while drivers_autoprobe of the bus is off.
 */
void noiommu_offer(struct pci_dev *pdev)
{
	bus_for_each_drv(&pci_bus_type, NULL, pdev, noiommu_offer_to);
}
