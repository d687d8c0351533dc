// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who may have DMA, and what that does to the kernel.
 */
#include <linux/capability.h>
#include <linux/device.h>
#include <linux/panic.h>
#include <linux/security.h>

#include "noiommu.h"

/**
 * noiommu_taint() - mark the kernel: from here on userspace may do DMA at will
 * @dev: the first device for which that is so
 */
void noiommu_taint(struct device *dev)
{
	static atomic_t once = ATOMIC_INIT(0);

	if (atomic_xchg(&once, 1))
		return;
	add_taint(TAINT_USER, LOCKDEP_STILL_OK);
	dev_warn(dev, "noiommu: given to userspace, its DMA can reach all of memory\n");
}

/**
 * noiommu_permitted() - may the calling process have DMA, or physical addresses?
 *
 * Return: true with CAP_SYS_RAWIO, on a kernel that is not locked down.
 */
bool noiommu_permitted(void)
{
	return capable(CAP_SYS_RAWIO) &&
	       !security_locked_down(LOCKDOWN_PCI_ACCESS);
}
EXPORT_SYMBOL_GPL(noiommu_permitted);
