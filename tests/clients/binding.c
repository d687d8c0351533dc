// SPDX-License-Identifier: GPL-2.0-only
/*
 * Debian's tools that bind functions to drivers: driverctl and dpdk-devbind.py.
 *
 * Guest: the disk with driverctl, Debian's DPDK, and two NICs with a native driver.
 */
#include "client.h"
#include "kselftest_harness.h"
#include "passthrough.h"
#include "ports.h"
#include "sysfs.h"

#define NATIVE "e1000e"

FIXTURE(binding) {};

BOTH_DRIVERS(binding);

FIXTURE_SETUP(binding)
{
	ASSERT_TRUE(client_disk());
	ASSERT_EQ(0, run("modprobe " NATIVE));
	ASSERT_EQ(0, passthrough_load());
	ASSERT_TRUE(pci_has_driver(PORT_0, NATIVE));
}

FIXTURE_TEARDOWN(binding)
{
	run(CLIENT "driverctl unset-override " PORT_0);
	EXPECT_TRUE(pci_has_driver(PORT_0, NATIVE));
}

TEST_F(binding, by_driverctl)
{
	ASSERT_EQ(0, run(CLIENT "driverctl set-override " PORT_0 " %s", variant->driver));
	EXPECT_TRUE(pci_has_driver(PORT_0, variant->driver));
	EXPECT_EQ(0, run(CLIENT "driverctl unset-override " PORT_0));
	EXPECT_TRUE(pci_has_driver(PORT_0, NATIVE));
}

/* Like driverctl at boot, with a function that has no driver yet. */
TEST_F(binding, at_boot)
{
	ASSERT_EQ(0, run(CLIENT "driverctl --noprobe set-override " PORT_0 " %s",
			 variant->driver));
	ASSERT_TRUE(pci_has_driver(PORT_0, ""));
	ASSERT_EQ(0, run("echo 0 >" PROVIDER "/enable"));
	ASSERT_EQ(0, run("modprobe -r noiommu-pci vfio-pci noiommu"));
	EXPECT_EQ(0, run(CLIENT "driverctl load-override " PORT_0));
	EXPECT_TRUE(pci_has_driver(PORT_0, variant->driver));
}

static void expect_devbind_fails(struct __test_metadata *_metadata)
{
	EXPECT_NE(0, run("dpdk-devbind.py --bind=noiommu-pci " PORT_0));
	EXPECT_TRUE(pci_has_driver(PORT_0, ""));
}

/*
 * dpdk-devbind.py does not know noiommu-pci: it unbinds the native driver, fails, and does not
 * restore it. Then driverctl can bind a VFIO driver, and dpdk-devbind.py the native one.
 */
TEST_F(binding, after_a_tool_that_failed)
{
	expect_devbind_fails(_metadata);
	EXPECT_EQ(0, run("dpdk-devbind.py --bind=" NATIVE " " PORT_0));
	EXPECT_TRUE(pci_has_driver(PORT_0, NATIVE));
	expect_devbind_fails(_metadata);
	EXPECT_EQ(0, run(CLIENT "driverctl set-override " PORT_0 " %s", variant->driver));
	EXPECT_TRUE(pci_has_driver(PORT_0, variant->driver));
}

TEST_HARNESS_MAIN
