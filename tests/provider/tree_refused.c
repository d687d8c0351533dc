// SPDX-License-Identifier: GPL-2.0-only
/*
 * Functions below a host bridge whose device tree says that physical addresses are useless on
 * its bus are refused by name, also if no driver was ever bound to them.
 *
 * Guest: edu, and a device tree with one of these properties.
 */
#include <stdio.h>
#include <unistd.h>

#include "edu.h"
#include "kselftest_harness.h"
#include "sysfs.h"

#define NODE "/sys/firmware/devicetree/base/pcie@10000000/"

FIXTURE(tree_refused)
{
	char edu[PCI_ADDRESS_SIZE];
	char refused[128];
};

FIXTURE_SETUP(tree_refused)
{
	const char *reason = NULL;

	if (!access(NODE "dma-ranges", F_OK))
		reason = "bus addresses are not physical addresses";
	else if (access(NODE "dma-coherent", F_OK))
		reason = "its DMA is not cache-coherent";
	ASSERT_NE(NULL, reason);
	ASSERT_EQ(0, pci_find(EDU_VENDOR, EDU_DEVICE, 0, self->edu));
	snprintf(self->refused, sizeof(self->refused), "%s: noiommu: refused: %s",
		 self->edu, reason);
	kernel_log_mark();
	ASSERT_EQ(0, run("modprobe noiommu"));
}

FIXTURE_TEARDOWN(tree_refused)
{
	EXPECT_EQ(0, run("rmmod noiommu"));
}

TEST_F(tree_refused, at_load)
{
	EXPECT_TRUE(kernel_log_has(self->refused));
	EXPECT_TRUE(pci_is_unclaimed(self->edu));
	EXPECT_EQ(0, provider_claimed());
}

/* VFIO's driver refuses it, for lack of a group. The line in the log gives the reason. */
TEST_F(tree_refused, by_vfio)
{
	ASSERT_EQ(0, run("modprobe vfio-pci"));
	kernel_log_mark();
	EXPECT_NE(0, pci_bind(self->edu, "vfio-pci"));
	EXPECT_TRUE(wait_until(kernel_log_has(self->refused)));
	EXPECT_TRUE(pci_is_unclaimed(self->edu));
}

TEST_HARNESS_MAIN
