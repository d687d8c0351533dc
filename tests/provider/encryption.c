// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where memory is encrypted, a device that uses a physical address reads ciphertext: nothing is
 * claimed.
 *
 * Guest: edu, and a module that makes cc_platform_has() report encryption.
 */
#include <errno.h>
#include <unistd.h>

#include "edu.h"
#include "kselftest_harness.h"
#include "sysfs.h"

#define REFUSED "noiommu: refused: memory is encrypted, devices cannot use physical addresses"

FIXTURE(encryption)
{
	char edu[PCI_ADDRESS_SIZE];
};

FIXTURE_SETUP(encryption)
{
	ASSERT_FALSE(provider_loaded());
	ASSERT_EQ(0, pci_find(EDU_VENDOR, EDU_DEVICE, 0, self->edu));
	kernel_log_mark();
}

FIXTURE_TEARDOWN(encryption)
{
	run("! grep -q ^encrypted /proc/modules || rmmod encrypted");
	EXPECT_EQ(0, provider_unload());
}

TEST_F(encryption, load_is_refused)
{
	ASSERT_EQ(0, run("insmod ./encrypted.ko"));
	EXPECT_EQ(0, run("(modprobe noiommu || true) |& grep 'Operation not supported'"));
	EXPECT_TRUE(kernel_log_has(REFUSED));
	EXPECT_FALSE(provider_loaded());
	EXPECT_NE(0, access(PROVIDER, F_OK));
	EXPECT_EQ(-ENOENT, pci_group(self->edu));
	ASSERT_EQ(0, run("rmmod encrypted"));
	ASSERT_EQ(0, run("modprobe noiommu"));
	EXPECT_LE(0, pci_group(self->edu));
}

TEST_F(encryption, enable_is_refused)
{
	ASSERT_EQ(0, run("modprobe noiommu"));
	ASSERT_EQ(0, file_write(PROVIDER "/enable", "0"));
	ASSERT_EQ(0, run("insmod ./encrypted.ko"));
	EXPECT_EQ(-EOPNOTSUPP, file_write(PROVIDER "/enable", "1"));
	EXPECT_TRUE(kernel_log_has(REFUSED));
	EXPECT_EQ(-ENOENT, pci_group(self->edu));
	ASSERT_EQ(0, run("rmmod encrypted"));
	EXPECT_EQ(0, file_write(PROVIDER "/enable", "1"));
	EXPECT_LE(0, pci_group(self->edu));
}

TEST_HARNESS_MAIN
