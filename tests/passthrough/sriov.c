// SPDX-License-Identifier: GPL-2.0-only
/*
 * Virtual functions of a physical function that a user has.
 *
 * Guest: nvme with one virtual function, in a root port.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "sysfs.h"

#define NVME_VENDOR 0x1b36
#define NVME_DEVICE 0x0010

FIXTURE(sriov)
{
	char physical[PCI_ADDRESS_SIZE];
	char virtual[PCI_ADDRESS_SIZE];
};

FIXTURE_VARIANT(sriov)
{
	const char *driver;
};

FIXTURE_VARIANT_ADD(sriov, noiommu_pci)
{
	.driver = "noiommu-pci",
};

FIXTURE_VARIANT_ADD(sriov, vfio_pci)
{
	.driver = "vfio-pci",
};

FIXTURE_SETUP(sriov)
{
	/* Both do this only when told to. */
	run("modprobe noiommu-pci enable_sriov=1 && modprobe vfio-pci enable_sriov=1");
	ASSERT_EQ(0, pci_find(NVME_VENDOR, NVME_DEVICE, 0, self->physical));
	ASSERT_EQ(0, pci_bind(self->physical, variant->driver));
}

FIXTURE_TEARDOWN(sriov)
{
	pci_write(self->physical, "sriov_numvfs", "0");
	EXPECT_EQ(0, pci_unbind(self->physical));
}

TEST_F(sriov, virtual_function_follows_its_physical_one)
{
	int i;

	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, pci_write(self->physical, "sriov_numvfs", "1"));
		pci_link(self->physical, "virtfn0", self->virtual,
			 sizeof(self->virtual));
		EXPECT_TRUE(wait_until(pci_has_driver(self->virtual,
						      variant->driver)));
		EXPECT_LE(0, pci_group(self->virtual));
		EXPECT_NE(pci_group(self->physical), pci_group(self->virtual));
		ASSERT_EQ(0, pci_write(self->physical, "sriov_numvfs", "0"));
		EXPECT_FALSE(pci_exists(self->virtual));
	}
}

TEST_F(sriov, only_when_told)
{
	const char *module = !strcmp(variant->driver, "vfio-pci") ?
			     "vfio_pci" : "noiommu_pci";
	char path[96];

	snprintf(path, sizeof(path), "/sys/module/%s/parameters/enable_sriov",
		 module);
	ASSERT_EQ(0, file_write(path, "N"));
	EXPECT_EQ(-ENOENT, pci_write(self->physical, "sriov_numvfs", "1"));
	ASSERT_EQ(0, file_write(path, "Y"));
	EXPECT_EQ(0, pci_write(self->physical, "sriov_numvfs", "1"));
}

TEST_HARNESS_MAIN
