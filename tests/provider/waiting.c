// SPDX-License-Identifier: GPL-2.0-only
/*
 * Functions that a driver could not bind to, because they were not claimed yet.
 *
 * Guest: edu (no driver in the kernel) and e1000e (a native driver), empty root ports, and
 * QEMU's monitor.
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "edu.h"
#include "kselftest_harness.h"
#include "passthrough.h"
#include "sysfs.h"

#define NIC_VENDOR 0x8086
#define NIC_DEVICE 0x10d3
#define DRIVERS "/sys/bus/pci/drivers/"
#define AUTOPROBE "/sys/bus/pci/drivers_autoprobe"

FIXTURE(waiting)
{
	char edu[PCI_ADDRESS_SIZE];
	char nic[PCI_ADDRESS_SIZE];
};

BOTH_DRIVERS(waiting);

static int driver_write(const char *driver, const char *attribute,
			const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), DRIVERS "%s/%s", driver, attribute);
	return file_write(path, text);
}

/* The driver has the NIC's ID; the NIC has no native driver and no claim. */
FIXTURE_SETUP(waiting)
{
	ASSERT_EQ(0, run("modprobe -a vfio-pci noiommu-pci"));
	ASSERT_EQ(0, pci_find(EDU_VENDOR, EDU_DEVICE, 0, self->edu));
	ASSERT_EQ(0, pci_find(NIC_VENDOR, NIC_DEVICE, 0, self->nic));
	run("modprobe -q -r e1000e || true");
	ASSERT_EQ(0, file_write(PROVIDER "/enable", "0"));
	driver_write(variant->driver, "new_id", "8086 10d3");
	ASSERT_FALSE(pci_has_driver(self->nic, variant->driver));
	kernel_log_mark();
}

FIXTURE_TEARDOWN(waiting)
{
	file_write(AUTOPROBE, "1");
	driver_write(variant->driver, "remove_id", "8086 10d3");
	pci_write(self->edu, "driver_override", "\n");
	pci_write(self->nic, "driver_override", "\n");
	pci_unbind(self->edu);
	pci_unbind(self->nic);
}

static bool found(char address[PCI_ADDRESS_SIZE])
{
	return !pci_find(NIC_VENDOR, NIC_DEVICE, 1, address);
}

TEST_F(waiting, gets_what_is_plugged_in)
{
	char address[PCI_ADDRESS_SIZE];

	ASSERT_EQ(0, file_write(PROVIDER "/enable", "1"));
	ASSERT_EQ(0, run("qemu-monitor 'device_add e1000e,id=plug,bus=rp0'"));
	ASSERT_TRUE(wait_until(found(address)));
	EXPECT_TRUE(wait_until(pci_has_driver(address, variant->driver)));
	EXPECT_TRUE(pci_is_claimed(address));
	EXPECT_FALSE(kernel_log_has("not claimed by noiommu"));
	ASSERT_EQ(0, run("qemu-monitor 'device_del plug'"));
	ASSERT_TRUE(wait_until(!found(address)));
}

TEST_F(waiting, gets_what_is_found_again)
{
	ASSERT_EQ(0, file_write(PROVIDER "/enable", "1"));
	ASSERT_EQ(0, pci_write(self->nic, "remove", "1"));
	ASSERT_EQ(0, file_write("/sys/bus/pci/rescan", "1"));
	EXPECT_TRUE(wait_until(pci_has_driver(self->nic, variant->driver)));
}

/* A function unbound by hand stays unbound, whatever else is claimed meanwhile. */
TEST_F(waiting, gets_nothing_that_was_unbound)
{
	ASSERT_EQ(0, file_write(PROVIDER "/enable", "1"));
	ASSERT_EQ(0, file_write("/sys/bus/pci/drivers_probe", self->nic));
	ASSERT_TRUE(pci_has_driver(self->nic, variant->driver));
	ASSERT_EQ(0, pci_unbind(self->nic));
	ASSERT_EQ(0, pci_write(self->edu, "remove", "1"));
	ASSERT_EQ(0, file_write("/sys/bus/pci/rescan", "1"));
	ASSERT_TRUE(wait_until(pci_is_claimed(self->edu)));
	/* Long enough for a mistake to happen. */
	usleep(300000);
	EXPECT_FALSE(pci_has_driver(self->nic, variant->driver));
	ASSERT_EQ(0, file_write(PROVIDER "/enable", "0"));
	ASSERT_EQ(0, file_write(PROVIDER "/enable", "1"));
	usleep(300000);
	EXPECT_FALSE(pci_has_driver(self->nic, variant->driver));
}

/* An administrator who has disabled autoprobe binds drivers by hand. */
TEST_F(waiting, gets_nothing_without_autoprobe)
{
	ASSERT_EQ(0, file_write(PROVIDER "/enable", "1"));
	ASSERT_EQ(0, file_write(AUTOPROBE, "0"));
	ASSERT_EQ(0, pci_write(self->nic, "remove", "1"));
	ASSERT_EQ(0, file_write("/sys/bus/pci/rescan", "1"));
	ASSERT_TRUE(wait_until(pci_is_claimed(self->nic)));
	/* Long enough for a mistake to happen. */
	usleep(300000);
	EXPECT_FALSE(pci_has_driver(self->nic, variant->driver));
	/* A bind by hand still works. */
	ASSERT_EQ(0, pci_bind(self->nic, variant->driver));
	ASSERT_EQ(0, file_write(AUTOPROBE, "1"));
	ASSERT_EQ(0, pci_write(self->nic, "remove", "1"));
	ASSERT_EQ(0, file_write("/sys/bus/pci/rescan", "1"));
	EXPECT_TRUE(wait_until(pci_has_driver(self->nic, variant->driver)));
}

FIXTURE(load)
{
	char edu[PCI_ADDRESS_SIZE];
	char nic[PCI_ADDRESS_SIZE];
};

/* Starts without claims and without native drivers. */
FIXTURE_SETUP(load)
{
	run("modprobe -q -r noiommu-pci || true");
	run("modprobe -q -r e1000e || true");
	run("modprobe vfio-pci");
	ASSERT_EQ(0, pci_find(EDU_VENDOR, EDU_DEVICE, 0, self->edu));
	ASSERT_EQ(0, pci_find(NIC_VENDOR, NIC_DEVICE, 0, self->nic));
	ASSERT_EQ(0, provider_unload());
}

FIXTURE_TEARDOWN(load)
{
	file_write(AUTOPROBE, "1");
	driver_write("vfio-pci", "remove_id", "8086 10d3");
	run("modprobe -q -r slow_probe || true");
	pci_unbind(self->nic);
	EXPECT_EQ(0, provider_unload());
}

TEST_F(load, vfio_was_there_first)
{
	driver_write("vfio-pci", "new_id", "8086 10d3");
	ASSERT_FALSE(pci_has_driver(self->nic, "vfio-pci"));
	ASSERT_EQ(0, run("modprobe noiommu"));
	EXPECT_TRUE(pci_has_driver(self->nic, "vfio-pci"));
	/* Nobody has given the driver the ID of edu. */
	EXPECT_FALSE(pci_has_driver(self->edu, "vfio-pci"));
}

TEST_F(load, without_autoprobe)
{
	driver_write("vfio-pci", "new_id", "8086 10d3");
	ASSERT_EQ(0, file_write(AUTOPROBE, "0"));
	ASSERT_EQ(0, run("modprobe noiommu"));
	EXPECT_TRUE(pci_is_claimed(self->nic));
	EXPECT_FALSE(pci_has_driver(self->nic, "vfio-pci"));
}

/* A native driver may have been unbound on purpose. */
TEST_F(load, native_drivers_are_not_asked)
{
	ASSERT_EQ(0, run("modprobe e1000e"));
	ASSERT_TRUE(pci_has_driver(self->nic, "e1000e"));
	ASSERT_EQ(0, pci_unbind(self->nic));
	ASSERT_EQ(0, run("modprobe noiommu"));
	EXPECT_TRUE(pci_is_claimed(self->nic));
	EXPECT_TRUE(pci_has_driver(self->nic, ""));
	ASSERT_EQ(0, pci_write(self->nic, "remove", "1"));
	run("modprobe -r e1000e");
	ASSERT_EQ(0, file_write("/sys/bus/pci/rescan", "1"));
	EXPECT_TRUE(wait_until(pci_is_claimed(self->nic)));
}

/* The probe is running when the module is loaded, and then fails. */
TEST_F(load, native_driver_gives_up)
{
	int status;

	kernel_log_mark();
	ASSERT_EQ(0, run("insmod ./slow_probe.ko seconds=5 >/dev/null 2>&1 &"));
	ASSERT_TRUE(wait_until(kernel_log_has("slow_probe: begins")));
	ASSERT_EQ(0, run("modprobe noiommu"));
	EXPECT_TRUE(pci_is_unclaimed(self->edu));
	EXPECT_TRUE(wait_until(pci_is_claimed(self->edu)));
	status = run("rmmod slow_probe");
	EXPECT_EQ(0, status);
}

/* The kernel's own wait for probes does not know of this one. */
TEST_F(load, bound_by_hand_in_vain)
{
	ASSERT_EQ(0, run("modprobe noiommu"));
	ASSERT_EQ(0, file_write(PROVIDER "/enable", "0"));
	ASSERT_EQ(0, file_write(AUTOPROBE, "0"));
	ASSERT_EQ(0, run("insmod ./slow_probe.ko seconds=2 notifier_seconds=1"));
	ASSERT_EQ(0, run("echo %s >" DRIVERS "slow_probe/bind &", self->edu));
	ASSERT_TRUE(wait_until(pci_has_driver(self->edu, "slow_probe")));
	ASSERT_EQ(0, file_write(PROVIDER "/enable", "1"));
	EXPECT_FALSE(pci_is_claimed(self->edu));
	EXPECT_TRUE(wait_until(pci_is_claimed(self->edu)));
	EXPECT_EQ(0, run("rmmod slow_probe"));
}

TEST_HARNESS_MAIN
