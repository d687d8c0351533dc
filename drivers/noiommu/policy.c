// SPDX-License-Identifier: GPL-2.0-only
/*
 * The privilege that DMA needs, and the taint.
 */
#include <linux/capability.h>
#include <linux/device.h>
#include <linux/panic.h>
#include <linux/security.h>

#include "noiommu.h"

/**
 * noiommu_taint() - taint the kernel when userspace first gets unrestricted DMA
 * @dev: the device that userspace gets; only the first call names it in the log
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
 * noiommu_permitted() - may the calling process have DMA and physical addresses?
 *
 * Return: true if it has CAP_SYS_RAWIO and the kernel is not locked down.
 */
bool noiommu_permitted(void)
{
	return capable(CAP_SYS_RAWIO) &&
	       !security_locked_down(LOCKDOWN_PCI_ACCESS);
}
EXPORT_SYMBOL_GPL(noiommu_permitted);
