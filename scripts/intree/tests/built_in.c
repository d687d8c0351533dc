// SPDX-License-Identifier: GPL-2.0-only
/*
 * Drivers built into a kernel: the claims when userspace starts, and that claims then come
 * and go as with the module.
 *
 * Guest: edu (no driver in the kernel), e1000e and NVMe (native drivers, built in; that
 * of NVMe probes in the background).
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "edu.h"
#include "kselftest_harness.h"
#include "noiommu.h"
#include "nvme.h"
#include "passthrough.h"
#include "sysfs.h"
#include "vfio.h"

FIXTURE(built_in)
{
	char edu[PCI_ADDRESS_SIZE];
	char nic[PCI_ADDRESS_SIZE];
	char nvme[PCI_ADDRESS_SIZE];
};

FIXTURE_SETUP(built_in)
{
	ASSERT_EQ(0, pci_find(EDU_VENDOR, EDU_DEVICE, 0, self->edu));
	ASSERT_EQ(0, pci_find(NIC_VENDOR, NIC_DEVICE, 0, self->nic));
	ASSERT_EQ(0, pci_find(NVME_VENDOR, NVME_DEVICE, 0, self->nvme));
}

FIXTURE_TEARDOWN(built_in)
{
}

/* With a module, the other tests would not test built-in drivers. */
TEST_F(built_in, there_is_no_module)
{
	EXPECT_EQ(0, access("/sys/module/noiommu/parameters/devices", F_OK));
	EXPECT_NE(0, access("/sys/module/noiommu/initstate", F_OK));
	EXPECT_EQ(0, access("/sys/bus/pci/drivers/noiommu-pci", F_OK));
	EXPECT_NE(0, access("/sys/module/noiommu_pci/initstate", F_OK));
	EXPECT_EQ(0, access(NOIOMMU_PATH, F_OK));
}

TEST_F(built_in, claims_what_no_driver_took)
{
	EXPECT_TRUE(kernel_log_has("functions claimed, without any isolation"));
	EXPECT_TRUE(pci_is_claimed(self->edu));
}

TEST_F(built_in, native_drivers_come_first)
{
	EXPECT_TRUE(pci_has_driver(self->nic, "e1000e"));
	EXPECT_TRUE(pci_is_unclaimed(self->nic));
	EXPECT_TRUE(pci_has_driver(self->nvme, "nvme"));
	EXPECT_TRUE(pci_is_unclaimed(self->nvme));
}

TEST_F(built_in, between_native_driver_and_noiommu_pci)
{
	struct vfio vfio;

	ASSERT_EQ(0, pci_unbind(self->nic));
	ASSERT_TRUE(pci_is_claimed(self->nic));
	ASSERT_EQ(0, pci_bind(self->nic, "noiommu-pci"));
	EXPECT_EQ(0, vfio_open(&vfio, self->nic));
	vfio_close(&vfio);
	EXPECT_EQ(-EBUSY, file_write(PROVIDER "/enable", "0"));
	ASSERT_EQ(0, pci_unbind(self->nic));
	ASSERT_EQ(0, pci_bind(self->nic, "e1000e"));
	EXPECT_TRUE(pci_is_claimed(self->nic));
	ASSERT_EQ(0, pci_unbind(self->nic));
}

TEST_F(built_in, enable)
{
	ASSERT_EQ(0, file_write(PROVIDER "/enable", "0"));
	EXPECT_TRUE(pci_is_unclaimed(self->edu));
	EXPECT_TRUE(pci_is_unclaimed(self->nic));
	ASSERT_EQ(0, file_write(PROVIDER "/enable", "1"));
	EXPECT_TRUE(pci_is_claimed(self->edu));
	EXPECT_TRUE(pci_is_claimed(self->nic));
	EXPECT_TRUE(pci_is_unclaimed(self->nvme));
}

TEST_HARNESS_MAIN
