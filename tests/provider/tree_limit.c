// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device tree may limit the addresses that DMA reaches. The function is claimed, and the limit
 * shows once a driver is bound.
 *
 * Guest: edu, and a device tree that lets 2 GiB through.
 */
#include "edu.h"
#include "kselftest_harness.h"
#include "passthrough.h"
#include "sysfs.h"

TEST(tree_limit)
{
	char edu[PCI_ADDRESS_SIZE];

	ASSERT_EQ(0, passthrough_load());
	ASSERT_EQ(0, pci_find(EDU_VENDOR, EDU_DEVICE, 0, edu));
	EXPECT_TRUE(pci_is_claimed(edu));
	ASSERT_EQ(0, pci_bind(edu, "vfio-pci"));
	EXPECT_EQ(0, run("grep -x 0x7fffffff /sys/bus/pci/devices/%s/noiommu/dma_limit", edu));
	EXPECT_EQ(0, pci_unbind(edu));
}

TEST_HARNESS_MAIN
