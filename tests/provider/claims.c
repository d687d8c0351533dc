// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which functions have a group, and how long.
 *
 * Guest: edu (no driver in the kernel) and e1000e (a native driver) on the root bus, empty
 * root port rp0, and QEMU's monitor.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "edu.h"
#include "kselftest_harness.h"
#include "memory.h"
#include "sysfs.h"
#include "vfio.h"

#define NIC_VENDOR 0x8086
#define NIC_DEVICE 0x10d3
#define LPC_VENDOR 0x8086
#define LPC_DEVICE 0x2918
#define HOST_BRIDGE_DEVICE 0x29c0
#define ROOT_PORT_VENDOR 0x1b36
#define ROOT_PORT_DEVICE 0x000c

FIXTURE(claims)
{
	char edu[PCI_ADDRESS_SIZE];
	char nic[PCI_ADDRESS_SIZE];
};

/* Restores the state: no provider, edu without a driver, the NIC with its own. */
FIXTURE_SETUP(claims)
{
	/* In this order, because vfio-pci loads the provider, which claims the rest. */
	run("modprobe -a e1000e vfio-pci");
	ASSERT_EQ(0, pci_find(EDU_VENDOR, EDU_DEVICE, 0, self->edu));
	ASSERT_EQ(0, pci_find(NIC_VENDOR, NIC_DEVICE, 0, self->nic));
	pci_unbind(self->edu);
	if (!pci_has_driver(self->nic, "e1000e")) {
		pci_unbind(self->nic);
		ASSERT_EQ(0, pci_bind(self->nic, "e1000e"));
	}
	ASSERT_EQ(0, provider_unload());
	kernel_log_mark();
}

FIXTURE_TEARDOWN(claims)
{
	pci_unbind(self->edu);
	EXPECT_EQ(0, provider_unload());
}

TEST_F(claims, at_load)
{
	char address[PCI_ADDRESS_SIZE];

	ASSERT_TRUE(pci_is_unclaimed(self->edu));
	ASSERT_EQ(0, run("modprobe noiommu"));
	EXPECT_TRUE(pci_is_claimed(self->edu));
	EXPECT_TRUE(pci_is_unclaimed(self->nic));

	ASSERT_EQ(0, pci_find(ROOT_PORT_VENDOR, ROOT_PORT_DEVICE, 0, address));
	EXPECT_TRUE(pci_is_unclaimed(address));
	ASSERT_EQ(0, pci_find(LPC_VENDOR, HOST_BRIDGE_DEVICE, 0, address));
	EXPECT_TRUE(pci_is_unclaimed(address));
	ASSERT_EQ(0, pci_find(LPC_VENDOR, LPC_DEVICE, 0, address));
	EXPECT_TRUE(pci_is_unclaimed(address));
}

TEST_F(claims, sysfs)
{
	char path[128];
	long value = -1;

	ASSERT_EQ(0, run("modprobe noiommu"));
	EXPECT_EQ(0, file_read_long(PROVIDER "/identity", &value));
	EXPECT_EQ(1, value);
	EXPECT_EQ(0, file_read_long(PROVIDER "/enable", &value));
	EXPECT_EQ(1, value);
	EXPECT_EQ(0, file_read_long(PROVIDER "/mapped_bytes", &value));
	EXPECT_EQ(0, value);
	EXPECT_LE(1, provider_claimed());
	snprintf(path, sizeof(path), PROVIDER "/devices/%s", self->edu);
	EXPECT_EQ(0, access(path, F_OK));
	EXPECT_EQ(-EINVAL, file_write(PROVIDER "/enable", "maybe"));
	EXPECT_TRUE(pci_is_claimed(self->edu));
}

TEST_F(claims, a_group_for_each_function)
{
	ASSERT_EQ(0, run("modprobe noiommu"));
	ASSERT_EQ(0, pci_unbind(self->nic));
	ASSERT_TRUE(pci_is_claimed(self->nic));
	EXPECT_NE(pci_group(self->edu), pci_group(self->nic));
}

TEST_F(claims, between_native_driver_and_vfio)
{
	struct vfio vfio;
	int i;

	ASSERT_EQ(0, run("modprobe noiommu"));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, pci_unbind(self->nic));
		ASSERT_TRUE(pci_is_claimed(self->nic));
		ASSERT_EQ(0, pci_bind(self->nic, "vfio-pci"));
		ASSERT_EQ(0, vfio_open(&vfio, self->nic));
		vfio_close(&vfio);
		ASSERT_EQ(0, pci_unbind(self->nic));
		ASSERT_TRUE(pci_is_claimed(self->nic));
		ASSERT_EQ(0, pci_bind(self->nic, "e1000e"));
		/* The native driver works: it has an interface. */
		ASSERT_EQ(0, run("ip link set $(ls /sys/bus/pci/devices/%s/net) up",
				 self->nic));
	}
	/* The group stays, because it existed when the driver was bound. */
	EXPECT_TRUE(pci_is_claimed(self->nic));
	ASSERT_EQ(0, pci_unbind(self->nic));
}

TEST_F(claims, devices_by_address)
{
	ASSERT_EQ(0, run("modprobe noiommu devices=%s", self->edu));
	EXPECT_TRUE(pci_is_claimed(self->edu));
	EXPECT_EQ(1, provider_claimed());
	ASSERT_EQ(0, pci_unbind(self->nic));
	EXPECT_TRUE(pci_is_unclaimed(self->nic));
}

TEST_F(claims, devices_by_short_address)
{
	ASSERT_EQ(0, run("modprobe noiommu devices=%s",
			 self->edu + strlen("0000:")));
	EXPECT_TRUE(pci_is_claimed(self->edu));
	EXPECT_EQ(1, provider_claimed());
}

TEST_F(claims, devices_by_id)
{
	ASSERT_EQ(0, run("modprobe noiommu devices=ffff:ffff,%04x:%04x",
			 NIC_VENDOR, NIC_DEVICE));
	EXPECT_EQ(0, provider_claimed());
	EXPECT_TRUE(pci_is_unclaimed(self->edu));
	ASSERT_EQ(0, pci_unbind(self->nic));
	EXPECT_TRUE(pci_is_claimed(self->nic));
	EXPECT_EQ(1, provider_claimed());
}

TEST_F(claims, devices_malformed)
{
	static const char * const malformed[] = {
		"nonsense", "8086", "8086:", "8086:10d3:", "00:03.8", "00:20.0",
		"0000:00:03.0x", "0000:100:03.0", "03.0", "8086:10d3,00:03",
		/* Equal to the function's after truncation to 32 bits. */
		"100000000:00:03.0", "100000000:03.0", "00:100000003.0",
	};
	unsigned int i;

	for (i = 0; i < sizeof(malformed) / sizeof(*malformed); i++) {
		EXPECT_NE(0, run("modprobe noiommu devices=%s", malformed[i]));
		EXPECT_FALSE(provider_loaded());
		provider_unload();
	}
	EXPECT_TRUE(kernel_log_has("devices=nonsense: want"));
	EXPECT_TRUE(pci_is_unclaimed(self->edu));
}

/* Each named function that is not claimed has one line with the reason. */
TEST_F(claims, devices_that_are_not_claimed)
{
	char expected[128], port[PCI_ADDRESS_SIZE];

	ASSERT_EQ(0, pci_find(ROOT_PORT_VENDOR, ROOT_PORT_DEVICE, 0, port));
	ASSERT_EQ(0, run("modprobe noiommu devices=%s,%s,0000:7f:1f.7,%s", port,
			 self->nic, self->edu));
	EXPECT_EQ(1, provider_claimed());
	snprintf(expected, sizeof(expected),
		 "devices=%s: %s is a bridge and never claimed", port, port);
	EXPECT_TRUE(kernel_log_has(expected));
	snprintf(expected, sizeof(expected),
		 "devices=%s: %s is claimed when it is unbound from e1000e",
		 self->nic, self->nic);
	EXPECT_TRUE(kernel_log_has(expected));
	EXPECT_TRUE(kernel_log_has("devices=0000:7f:1f.7: there is no such function now"));
	snprintf(expected, sizeof(expected), "devices=%s", self->edu);
	EXPECT_FALSE(kernel_log_has(expected));
}

TEST_F(claims, offset_between_bus_and_memory)
{
	ASSERT_EQ(0, run("insmod ./dma_offset.ko function=%s", self->edu));
	ASSERT_EQ(0, run("modprobe noiommu"));
	EXPECT_TRUE(pci_is_unclaimed(self->edu));
	EXPECT_TRUE(kernel_log_has("refused: bus addresses are not physical"));
	ASSERT_EQ(0, provider_unload());
	ASSERT_EQ(0, run("rmmod dma_offset"));
	/* A DMA map that is identity does not count. */
	ASSERT_EQ(0, run("insmod ./dma_offset.ko function=%s offset=0",
			 self->edu));
	ASSERT_EQ(0, run("modprobe noiommu"));
	EXPECT_TRUE(pci_is_claimed(self->edu));
	ASSERT_EQ(0, run("rmmod dma_offset"));
}

/* Only this function is refused: the NIC, which comes after it, is claimed. */
TEST_F(claims, one_that_is_not_trusted)
{
	ASSERT_EQ(0, run("insmod ./untrusted.ko function=%s", self->edu));
	ASSERT_EQ(0, pci_unbind(self->nic));
	EXPECT_EQ(0, run("modprobe noiommu"));
	EXPECT_TRUE(pci_is_unclaimed(self->edu));
	EXPECT_TRUE(kernel_log_has("refused: untrusted"));
	EXPECT_TRUE(pci_is_claimed(self->nic));
	ASSERT_EQ(0, run("rmmod untrusted"));
	ASSERT_EQ(0, file_write(PROVIDER "/enable", "1"));
	EXPECT_TRUE(pci_is_claimed(self->edu));
}

/* Changing the number of virtual functions takes these locks; claims must not deadlock. */
TEST_F(claims, locks_in_any_order)
{
	ASSERT_EQ(0, run("modprobe noiommu"));
	ASSERT_EQ(0, file_write(PROVIDER "/enable", "0"));
	ASSERT_EQ(0, run("insmod ./lock_order.ko function=%s &", self->edu));
	ASSERT_TRUE(wait_until(kernel_log_has("lock_order: locked")));
	EXPECT_EQ(0, file_write(PROVIDER "/enable", "1"));
	EXPECT_TRUE(pci_is_claimed(self->edu));
	/* The module can only be removed once its init has ended. */
	ASSERT_EQ(0, run("until rmmod lock_order; do sleep 0.1; done"));
}

TEST_F(claims, remove_and_rescan)
{
	long before;
	int i;

	ASSERT_EQ(0, run("modprobe noiommu"));
	before = provider_claimed();
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, pci_write(self->edu, "remove", "1"));
		EXPECT_FALSE(pci_exists(self->edu));
		EXPECT_EQ(before - 1, provider_claimed());
		ASSERT_EQ(0, file_write("/sys/bus/pci/rescan", "1"));
		EXPECT_TRUE(wait_until(pci_is_claimed(self->edu)));
		/* The group exists before the claim is counted. */
		EXPECT_TRUE(wait_until(before == provider_claimed()));
	}
}

/* The other e1000e is on an earlier bus. */
static bool plugged(char address[PCI_ADDRESS_SIZE])
{
	return !pci_find(NIC_VENDOR, NIC_DEVICE, 1, address);
}

static int plug(void)
{
	return run("qemu-monitor 'device_add e1000e,id=plug,bus=rp0'");
}

static int unplug(void)
{
	return run("qemu-monitor 'device_del plug'");
}

TEST_F(claims, hot_plug)
{
	char address[PCI_ADDRESS_SIZE];
	long before;
	int i;

	ASSERT_EQ(0, run("modprobe -r e1000e"));
	ASSERT_EQ(0, run("modprobe noiommu"));
	before = provider_claimed();
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, plug());
		ASSERT_TRUE(wait_until(plugged(address)));
		EXPECT_TRUE(wait_until(pci_is_claimed(address)));
		EXPECT_TRUE(wait_until(before + 1 == provider_claimed()));
		ASSERT_EQ(0, unplug());
		ASSERT_TRUE(wait_until(!plugged(address)));
		EXPECT_EQ(before, provider_claimed());
	}
}

TEST_F(claims, hot_plug_with_native_driver)
{
	char address[PCI_ADDRESS_SIZE];
	long before;

	ASSERT_EQ(0, run("modprobe noiommu"));
	before = provider_claimed();
	ASSERT_EQ(0, plug());
	ASSERT_TRUE(wait_until(plugged(address)));
	ASSERT_TRUE(wait_until(pci_has_driver(address, "e1000e")));
	/* Long enough for a mistake to happen. */
	usleep(200000);
	EXPECT_TRUE(pci_is_unclaimed(address));
	EXPECT_EQ(before, provider_claimed());
	ASSERT_EQ(0, pci_unbind(address));
	EXPECT_TRUE(pci_is_claimed(address));
	ASSERT_EQ(0, unplug());
	ASSERT_TRUE(wait_until(!plugged(address)));
	EXPECT_EQ(before, provider_claimed());
}

TEST_F(claims, disable_while_busy)
{
	char expected[128];
	long before;

	ASSERT_EQ(0, run("modprobe noiommu"));
	ASSERT_EQ(0, pci_bind(self->edu, "vfio-pci"));
	before = provider_claimed();
	EXPECT_EQ(-EBUSY, file_write(PROVIDER "/enable", "0"));
	snprintf(expected, sizeof(expected),
		 "%s: noiommu: not released: in use by driver vfio-pci",
		 self->edu);
	EXPECT_TRUE(kernel_log_has(expected));
	EXPECT_EQ(before, provider_claimed());
	EXPECT_TRUE(pci_is_claimed(self->edu));
	EXPECT_NE(0, run("rmmod noiommu"));
}

TEST_F(claims, disable_enable_unload_reload)
{
	long value, before;
	int i;

	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, run("modprobe noiommu"));
		before = provider_claimed();
		ASSERT_LE(1, before);
		EXPECT_NE(0, run("rmmod noiommu"));
		ASSERT_EQ(0, file_write(PROVIDER "/enable", "0"));
		EXPECT_EQ(0, provider_claimed());
		EXPECT_TRUE(pci_is_unclaimed(self->edu));
		EXPECT_EQ(0, file_read_long(PROVIDER "/enable", &value));
		EXPECT_EQ(0, value);
		/* While claims are disabled, a function that loses its driver is not claimed. */
		ASSERT_EQ(0, pci_unbind(self->nic));
		EXPECT_TRUE(pci_is_unclaimed(self->nic));
		ASSERT_EQ(0, pci_bind(self->nic, "e1000e"));
		ASSERT_EQ(0, file_write(PROVIDER "/enable", "1"));
		EXPECT_EQ(before, provider_claimed());
		ASSERT_EQ(0, file_write(PROVIDER "/enable", "0"));
		ASSERT_EQ(0, run("rmmod noiommu"));
		EXPECT_NE(0, access(PROVIDER, F_OK));
	}
}

/* Before 6.7 the bus keeps its pointer to the provider's ops: see compat.h. */
TEST_F(claims, nothing_dangles_after_unload)
{
	char address[PCI_ADDRESS_SIZE];
	int i;

	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, run("modprobe noiommu"));
		ASSERT_TRUE(pci_is_claimed(self->edu));
		ASSERT_EQ(0, provider_unload());
		ASSERT_EQ(0, pci_write(self->edu, "remove", "1"));
		ASSERT_EQ(0, file_write("/sys/bus/pci/rescan", "1"));
		EXPECT_TRUE(pci_is_unclaimed(self->edu));
		ASSERT_EQ(0, plug());
		ASSERT_TRUE(wait_until(plugged(address)));
		EXPECT_TRUE(pci_is_unclaimed(address));
		ASSERT_EQ(0, unplug());
		ASSERT_TRUE(wait_until(!plugged(address)));
	}
	/* Also after the last claim ended by itself. */
	ASSERT_EQ(0, run("modprobe noiommu devices=%s", self->edu));
	ASSERT_EQ(0, pci_write(self->edu, "remove", "1"));
	ASSERT_EQ(0, run("rmmod noiommu"));
	ASSERT_EQ(0, file_write("/sys/bus/pci/rescan", "1"));
	EXPECT_TRUE(pci_exists(self->edu));
}

TEST_HARNESS_MAIN
