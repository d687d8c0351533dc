// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ports that come and go while testpmd runs: by a command of testpmd, and because the NIC is
 * unplugged and plugged again.
 *
 * Guest: patched DPDK, its e1000e ports, and on the first one's hub a port named plug,
 * without a NIC.
 */
#include <unistd.h>

#include "forwarding.h"
#include "memory.h"
#include "passthrough.h"
#include "sysfs.h"

#define HOTPLUG RINGS " --hot-plug"

FIXTURE(hotplug)
{
	struct wire wires[2];
	struct testpmd pmd;
	char plugged[PCI_ADDRESS_SIZE];
	long pinned;
};

FIXTURE_SETUP(hotplug)
{
	ASSERT_EQ(0, passthrough_load());
	ASSERT_TRUE(ports_bind("noiommu-pci"));
	ASSERT_EQ(0, wires_open(self->wires));
	self->pinned = memory_pinned();
}

FIXTURE_TEARDOWN(hotplug)
{
	testpmd_kill(&self->pmd);
	EXPECT_EQ(self->pinned, memory_pinned_soon(self->pinned));
	wires_close(self->wires);
}

static void attach(struct __test_metadata *_metadata, struct testpmd *pmd,
		   const char *address, unsigned int ports)
{
	ASSERT_TRUE(testpmd_command(pmd, "port attach %s", address));
	ASSERT_EQ(ports, testpmd_ports(pmd));
}

TEST_F(hotplug, by_command)
{
	long with_ports;
	int i;

	ASSERT_TRUE(testpmd_start(&self->pmd, UNPRIVILEGED, NO_PORTS, HOTPLUG));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, testpmd_ports(&self->pmd));
		attach(_metadata, &self->pmd, PORT_0, 1);
		attach(_metadata, &self->pmd, PORT_1, 2);
		ASSERT_TRUE(testpmd_command(&self->pmd, "port start all"));
		with_ports = memory_pinned();
		EXPECT_LT(self->pinned, with_ports);
		expect_forwarding(_metadata, &self->pmd, self->wires);
		ASSERT_TRUE(testpmd_command(&self->pmd, "port stop all"));
		ASSERT_TRUE(testpmd_command(&self->pmd, "port detach 0"));
		ASSERT_TRUE(testpmd_command(&self->pmd, "port detach 1"));
	}
	EXPECT_EQ(0, testpmd_ports(&self->pmd));
	EXPECT_EQ(0, testpmd_quit(&self->pmd));
}

static bool plug(char address[PCI_ADDRESS_SIZE])
{
	if (run("qemu-monitor 'device_add e1000e,id=plug,bus=rp0,netdev=plug,romfile='"))
		return false;
	return wait_until(!pci_find(NIC_VENDOR, NIC_DEVICE, 2, address)) &&
	       wait_until(pci_has_driver(address, "e1000e")) &&
	       !passthrough_bind(address, "noiommu-pci");
}

TEST_F(hotplug, by_hand)
{
	char options[128], address[PCI_ADDRESS_SIZE];

	ASSERT_TRUE(plug(self->plugged));
	snprintf(options, sizeof(options), "-a %s -a " PORT_1, self->plugged);
	ASSERT_TRUE(testpmd_start(&self->pmd, UNPRIVILEGED, options, HOTPLUG));
	expect_forwarding(_metadata, &self->pmd, self->wires);

	/* testpmd releases the NIC when the kernel asks for it. */
	ASSERT_EQ(0, run("qemu-monitor 'device_del plug'"));
	ASSERT_TRUE(wait_until(!pci_exists(self->plugged)));
	EXPECT_TRUE(wait_until(testpmd_ports(&self->pmd) == 1));
	EXPECT_LT(self->pinned, memory_pinned());

	ASSERT_TRUE(plug(address));
	EXPECT_STREQ(self->plugged, address);
	attach(_metadata, &self->pmd, address, 2);
	ASSERT_TRUE(testpmd_command(&self->pmd, "port start all"));
	expect_forwarding(_metadata, &self->pmd, self->wires);
	EXPECT_EQ(0, testpmd_quit(&self->pmd));
}

TEST_HARNESS_MAIN
