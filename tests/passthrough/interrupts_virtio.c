// SPDX-License-Identifier: GPL-2.0-only
/*
 * MSI-X of a virtio network device, over vfio-pci and noiommu-pci: one vector
 * for its configuration, one for a queue.
 *
 * Guest: virtio-net-pci with the ID net, and no other use of it.
 */
#include <errno.h>
#include <unistd.h>

#include "interrupts.h"
#include "kselftest_harness.h"
#include "passthrough.h"
#include "sysfs.h"
#include "virtio_net.h"

#define ROUNDS 20

FIXTURE(interrupts_virtio)
{
	char address[PCI_ADDRESS_SIZE];
	struct virtio_net net;
	int events[VIRTIO_NET_VECTORS];
	int config;
	int sent;
};

BOTH_DRIVERS(interrupts_virtio);

FIXTURE_SETUP(interrupts_virtio)
{
	ASSERT_EQ(0, passthrough_load());
	ASSERT_EQ(0, pci_find(VIRTIO_VENDOR, VIRTIO_NET_DEVICE, 0,
			      self->address));
	ASSERT_EQ(0, passthrough_bind(self->address, variant->driver));
	ASSERT_TRUE(pci_has_driver(self->address, variant->driver));
	ASSERT_EQ(0, virtio_net_open(&self->net, self->address));
	self->config = event_create();
	self->sent = event_create();
	ASSERT_LE(0, self->config);
	ASSERT_LE(0, self->sent);
	self->events[VIRTIO_NET_CONFIG] = self->config;
	self->events[VIRTIO_NET_SENT] = self->sent;
	ASSERT_EQ(0, irq_route(&self->net.vfio, MSIX, 0, VIRTIO_NET_VECTORS,
			       self->events));
	ASSERT_EQ(0, virtio_net_start(&self->net));
}

FIXTURE_TEARDOWN(interrupts_virtio)
{
	virtio_net_close(&self->net);
	EXPECT_EQ(0, irq_handlers(self->address));
	close(self->config);
	close(self->sent);
}

TEST_F(interrupts_virtio, queue_counts)
{
	int i;

	EXPECT_EQ(VIRTIO_NET_VECTORS, irq_handlers(self->address));
	for (i = 0; i < ROUNDS; i++) {
		ASSERT_EQ(0, virtio_net_send(&self->net));
		ASSERT_EQ(1, event_count(self->sent));
	}
	EXPECT_TRUE(event_quiet(self->sent));
	EXPECT_EQ(0, event_pending(self->config));
}

TEST_F(interrupts_virtio, configuration_counts)
{
	ASSERT_EQ(0, run("qemu-monitor 'set_link net off'"));
	EXPECT_EQ(1, event_count(self->config));
	ASSERT_EQ(0, run("qemu-monitor 'set_link net on'"));
	EXPECT_EQ(1, event_count(self->config));
	EXPECT_TRUE(event_quiet(self->config));
	EXPECT_EQ(0, event_pending(self->sent));
	ASSERT_EQ(0, virtio_net_send(&self->net));
	EXPECT_EQ(1, event_count(self->sent));
}

TEST_F(interrupts_virtio, rerouted_while_live)
{
	ASSERT_EQ(0, virtio_net_send(&self->net));
	ASSERT_EQ(1, event_count(self->sent));
	/* Both vectors to one eventfd. */
	ASSERT_EQ(0, irq_route(&self->net.vfio, MSIX, VIRTIO_NET_SENT, 1,
			       &self->config));
	EXPECT_EQ(VIRTIO_NET_VECTORS, irq_handlers(self->address));
	ASSERT_EQ(0, virtio_net_send(&self->net));
	EXPECT_EQ(1, event_count(self->config));
	EXPECT_TRUE(event_quiet(self->sent));
	ASSERT_EQ(0, irq_route(&self->net.vfio, MSIX, VIRTIO_NET_SENT, 1,
			       &self->sent));
	ASSERT_EQ(0, virtio_net_send(&self->net));
	EXPECT_EQ(1, event_count(self->sent));
	EXPECT_TRUE(event_quiet(self->config));
}

TEST_HARNESS_MAIN
