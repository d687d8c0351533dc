// SPDX-License-Identifier: GPL-2.0-only
/*
 * noiommuctl on a real kernel: bind, status, check, unbind, and its refusals.
 *
 * Guest: two e1000e, edu, two NVMe controllers of one namespace.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "interrupts.h"
#include "kselftest_harness.h"
#include "nvme.h"
#include "passthrough.h"
#include "sysfs.h"

#define CTL "./noiommuctl "
/* The exit statuses of noiommuctl(8). */
#define FAILED 1
#define UNSAFE 3

/* The first test, because others load the module. */
TEST(no_module)
{
	char nic[PCI_ADDRESS_SIZE];

	ASSERT_EQ(0, run("modprobe e1000e"));
	ASSERT_EQ(0, pci_find(NIC_VENDOR, NIC_DEVICE, 0, nic));
	EXPECT_EQ(FAILED, run(CTL "bind %s", nic));
	EXPECT_TRUE(pci_has_driver(nic, "e1000e"));
	EXPECT_EQ(FAILED, run(CTL "check"));
}

FIXTURE(noiommuctl)
{
	char nic[PCI_ADDRESS_SIZE];
	char other[PCI_ADDRESS_SIZE];
};

FIXTURE_SETUP(noiommuctl)
{
	ASSERT_EQ(0, run("modprobe e1000e"));
	ASSERT_EQ(0, passthrough_load());
	ASSERT_EQ(0, pci_find(NIC_VENDOR, NIC_DEVICE, 0, self->nic));
	ASSERT_EQ(0, pci_find(NIC_VENDOR, NIC_DEVICE, 1, self->other));
	ASSERT_TRUE(wait_until(pci_has_driver(self->nic, "e1000e")));
}

FIXTURE_TEARDOWN(noiommuctl)
{
	run("ip route flush default; ip link set eth0 down");
	if (!pci_has_driver(self->nic, "e1000e"))
		EXPECT_EQ(0, run(CTL "unbind %s", self->nic));
	EXPECT_TRUE(wait_until(pci_has_driver(self->nic, "e1000e")));
}

static bool override_is(const char *address, const char *driver)
{
	char path[80], text[40] = "";

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver_override",
		 address);
	return !file_read(path, text, sizeof(text)) && !strcmp(text, driver);
}

BOTH_DRIVERS(noiommuctl);

TEST_F(noiommuctl, round_trip)
{
	ASSERT_EQ(0, run(CTL "bind %s --driver %s", self->nic,
			 variant->driver));
	EXPECT_TRUE(pci_has_driver(self->nic, variant->driver));
	EXPECT_TRUE(pci_is_claimed(self->nic));
	EXPECT_TRUE(pci_has_driver(self->other, "e1000e"));
	EXPECT_EQ(0, run(CTL "status | grep '^%s *%s *%d *claimed'", self->nic,
			 variant->driver, pci_group(self->nic)));
	EXPECT_EQ(0, run(CTL "status | grep '^%s *e1000e '", self->other));
	/* The second call has nothing to do. */
	EXPECT_EQ(0, run(CTL "bind %s --driver %s", self->nic,
			 variant->driver));
	ASSERT_EQ(0, run(CTL "unbind %s", self->nic));
	EXPECT_TRUE(wait_until(pci_has_driver(self->nic, "e1000e")));
	EXPECT_TRUE(override_is(self->nic, "(null)"));
}

/*
 * driverctl gives the driver the IDs of the function. The driver is asked first, because the
 * native one is loaded later.
 */
TEST_F(noiommuctl, unbind_with_ids)
{
	ASSERT_EQ(0, run(CTL "bind %s --driver %s", self->nic,
			 variant->driver));
	ASSERT_EQ(0, run("modprobe -r e1000e"));
	ASSERT_EQ(0, run("echo %04x %04x >/sys/bus/pci/drivers/%s/new_id",
			 NIC_VENDOR, NIC_DEVICE, variant->driver));
	EXPECT_TRUE(wait_until(pci_has_driver(self->other, variant->driver)));
	EXPECT_EQ(0, run(CTL "unbind %s", self->nic));
	EXPECT_TRUE(wait_until(pci_has_driver(self->nic, "e1000e")));
	EXPECT_EQ(0, run(CTL "unbind %s", self->other));
	EXPECT_TRUE(wait_until(pci_has_driver(self->other, "e1000e")));
}

TEST_F(noiommuctl, in_use)
{
	struct vfio vfio = { -1, -1, -1 };
	int event = event_create();

	ASSERT_LE(0, event);
	ASSERT_EQ(0, run(CTL "bind %s --driver %s", self->nic,
			 variant->driver));
	ASSERT_EQ(0, vfio_open(&vfio, self->nic));
	EXPECT_EQ(0, run(CTL "status | grep 'DMA is owned by process %d$'",
			 getpid()));
	EXPECT_EQ(0, run(CTL "status | grep 'opened by %d (ctl)'",
			 getpid()));
	EXPECT_EQ(0, run(CTL "status --json | grep '\"owner\":%d'", getpid()));
	EXPECT_EQ(FAILED, run(CTL "status | grep interrupts"));
	ASSERT_EQ(0, irq_route(&vfio, MSI, 0, 1, &event));
	EXPECT_EQ(0, run(CTL "status | grep ' interrupts on 1 vector$'"));
	EXPECT_EQ(UNSAFE, run(CTL "unbind %s", self->nic));
	EXPECT_TRUE(pci_has_driver(self->nic, variant->driver));
	vfio_close(&vfio);
	close(event);
}

TEST_F(noiommuctl, rolls_back)
{
	ASSERT_EQ(0, file_write(PROVIDER "/enable", "0"));
	EXPECT_EQ(FAILED, run(CTL "bind %s --driver %s", self->nic,
			      variant->driver));
	EXPECT_TRUE(pci_has_driver(self->nic, "e1000e"));
	EXPECT_EQ(FAILED, run(CTL "bind %s 2>&1 | grep 'claims are switched off'",
			      self->nic));
	EXPECT_TRUE(override_is(self->nic, "(null)"));
	ASSERT_EQ(0, file_write(PROVIDER "/enable", "1"));
	EXPECT_EQ(0, run(CTL "bind %s --driver %s", self->nic,
			 variant->driver));
}

TEST_F(noiommuctl, default_route)
{
	ASSERT_EQ(0, run("ip link set eth0 up"));
	ASSERT_EQ(0, run("ip address replace 192.0.2.2/24 dev eth0"));
	ASSERT_EQ(0, run("ip route replace default via 192.0.2.1"));
	EXPECT_EQ(UNSAFE, run(CTL "bind eth0 --driver %s", variant->driver));
	EXPECT_EQ(0, run("test -e /sys/class/net/eth0"));
	EXPECT_EQ(0, run(CTL "bind eth1 --driver %s", variant->driver));
	EXPECT_EQ(0, run("test ! -e /sys/class/net/eth1"));
	EXPECT_EQ(0, run(CTL "bind eth0 --driver %s --force", variant->driver));
	EXPECT_EQ(0, run("test ! -e /sys/class/net/eth0"));
	EXPECT_EQ(0, run(CTL "unbind %s", self->other));
}

TEST_F(noiommuctl, check)
{
	char path[] = "/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts";

	ASSERT_EQ(0, run(CTL "bind %s --driver %s", self->nic,
			 variant->driver));
	EXPECT_EQ(0, run(CTL "check"));
	EXPECT_EQ(0, run(CTL "status | grep \"loaded, version $(modinfo -F version noiommu)$\""));
	ASSERT_EQ(0, file_write(path, "N"));
	EXPECT_EQ(FAILED, run(CTL "check"));
	EXPECT_EQ(FAILED, run(CTL "check | grep 'problem  unsafe-interrupts: '"));
	ASSERT_EQ(0, file_write(path, "Y"));
	EXPECT_EQ(0, run(CTL "cdi %s | grep '\"path\":\"/dev/vfio/%d\"'",
			 self->nic, pci_group(self->nic)));
}

/* The namespace's disk belongs to the subsystem, and both controllers are paths to it. */
TEST(nvme_multipath)
{
	char controllers[2][PCI_ADDRESS_SIZE];
	const char *disk = "/dev/nvme0n1";
	int i;

	ASSERT_EQ(0, passthrough_load());
	ASSERT_EQ(0, run("modprobe nvme"));
	/* Its number is that of the controller that was ready first. */
	ASSERT_TRUE(wait_until(!access("/dev/nvme0n1", F_OK) ||
			       !access("/dev/nvme1n1", F_OK)));
	if (access(disk, F_OK))
		disk = "/dev/nvme1n1";
	ASSERT_EQ(0, run("mkswap %s && swapon %s", disk, disk));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, pci_find(NVME_VENDOR, NVME_DEVICE, i, controllers[i]));
		EXPECT_EQ(UNSAFE, run(CTL "bind %s", controllers[i]));
		EXPECT_TRUE(pci_has_driver(controllers[i], "nvme"));
	}
	ASSERT_EQ(0, run("swapoff %s", disk));
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(0, run(CTL "bind %s", controllers[i]));
		EXPECT_EQ(0, run(CTL "unbind %s", controllers[i]));
	}
	EXPECT_EQ(0, run("modprobe -r nvme"));
}

TEST(write_combine)
{
	char nic[PCI_ADDRESS_SIZE];

	ASSERT_EQ(0, passthrough_load());
	ASSERT_EQ(0, pci_find(NIC_VENDOR, NIC_DEVICE, 0, nic));
	ASSERT_EQ(0, run(CTL "bind %s --driver noiommu-pci --wc", nic));
	EXPECT_EQ(0, run("grep 1 /sys/bus/pci/devices/%s/write_combine", nic));
	EXPECT_EQ(0, run(CTL "unbind %s", nic));
}

TEST(self_test)
{
	ASSERT_EQ(0, passthrough_load());
	EXPECT_EQ(0, run(CTL "translate self-test"));
	EXPECT_EQ(FAILED, run("setpriv --reuid 65534 --clear-groups " CTL "translate self-test"));
}

TEST_HARNESS_MAIN
