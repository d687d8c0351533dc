// SPDX-License-Identifier: GPL-2.0-only
/*
 * The callbacks of the IOMMU core.
 */
#include <linux/module.h>

#include "claim.h"
#include "noiommu.h"

/* Interrupt controllers take writes to these addresses for messages. */
#define NOIOMMU_X86_MSI_START	0xfee00000UL
#define NOIOMMU_X86_MSI_SIZE	0x00100000UL

static void noiommu_get_resv_regions(struct device *dev, struct list_head *head)
{
	struct iommu_resv_region *region;

	if (!IS_ENABLED(CONFIG_X86))
		return;
	region = iommu_alloc_resv_region(NOIOMMU_X86_MSI_START,
					 NOIOMMU_X86_MSI_SIZE, 0,
					 IOMMU_RESV_MSI, GFP_KERNEL);
	if (region)
		list_add_tail(&region->list, head);
}

/* A default domain that translates would break the kernel's own drivers. */
static int noiommu_def_domain_type(struct device *dev)
{
	return IOMMU_DOMAIN_IDENTITY;
}

NOIOMMU_COMPAT_DOMAIN_ALLOC(noiommu_domain_alloc, &noiommu_identity_domain,
			    &noiommu_blocked_domain)
const struct iommu_ops noiommu_ops = {
	.capable		= noiommu_claim_capable,
	.probe_device		= noiommu_claim_probe,
	.device_group		= generic_device_group,
	.get_resv_regions	= noiommu_get_resv_regions,
	.def_domain_type	= noiommu_def_domain_type,
	.default_domain_ops	= &noiommu_user_domain_ops,
	.owner			= THIS_MODULE,
	NOIOMMU_COMPAT_DOMAINS(noiommu_domain_alloc, &noiommu_identity_domain,
			       &noiommu_blocked_domain),
};
