// SPDX-License-Identifier: GPL-2.0-only
/*
 * MSI-X of a VMXNET3 device, over vfio-pci and noiommu-pci: one vector for sent packets, one
 * for events. The device has masks of its own besides those of the MSI-X table.
 *
 * Guest: vmxnet3 with the ID net, on a network of its own.
 */
#include <errno.h>
#include <unistd.h>

#include "interrupts.h"
#include "kselftest_harness.h"
#include "memory.h"
#include "passthrough.h"
#include "sysfs.h"
#include "vmxnet3.h"

/* More than a ring has entries. */
#define ROUNDS 40
#define EVENT_LINK (1 << 2)

FIXTURE(interrupts_vmxnet3)
{
	char address[PCI_ADDRESS_SIZE];
	struct vmxnet3 nic;
	int events[VMXNET3_VECTORS];
	int sent;
	int event;
	int other;
};

BOTH_DRIVERS(interrupts_vmxnet3);

FIXTURE_SETUP(interrupts_vmxnet3)
{
	int i;

	ASSERT_EQ(0, passthrough_load());
	ASSERT_EQ(0, pci_find(VMXNET3_VENDOR, VMXNET3_DEVICE, 0,
			      self->address));
	if (bar_length(self->address, 0) < PAGE)
		SKIP(return, "a BAR is smaller than a page of this kernel");
	ASSERT_EQ(0, passthrough_bind(self->address, variant->driver));
	ASSERT_TRUE(pci_has_driver(self->address, variant->driver));
	ASSERT_EQ(0, vmxnet3_open(&self->nic, self->address));
	for (i = 0; i < VMXNET3_VECTORS; i++) {
		self->events[i] = event_create();
		ASSERT_LE(0, self->events[i]);
	}
	self->sent = self->events[VMXNET3_SENT];
	self->event = self->events[VMXNET3_EVENT];
	self->other = event_create();
	ASSERT_LE(0, self->other);
	ASSERT_EQ(0, irq_route(&self->nic.vfio, MSIX, 0, VMXNET3_VECTORS,
			       self->events));
	ASSERT_EQ(0, vmxnet3_start(&self->nic));
	/* At the start the device reports earlier events. */
	vmxnet3_events(&self->nic);
	for (i = 0; i < VMXNET3_VECTORS; i++)
		while (!event_quiet(self->events[i]))
			;
}

FIXTURE_TEARDOWN(interrupts_vmxnet3)
{
	int i;

	vmxnet3_close(&self->nic);
	EXPECT_EQ(0, irq_handlers(self->address));
	for (i = 0; i < VMXNET3_VECTORS; i++)
		close(self->events[i]);
	close(self->other);
}

/* One packet signals the vector of its queue, and no other. */
#define ASSERT_SENDS()							\
do {									\
	int __i;							\
									\
	ASSERT_EQ(0, vmxnet3_send(&self->nic));				\
	ASSERT_EQ(1, event_count(self->sent));				\
	for (__i = 0; __i < VMXNET3_VECTORS; __i++)			\
		EXPECT_EQ(0, event_pending(self->events[__i]));		\
} while (0)

TEST_F(interrupts_vmxnet3, queue_counts)
{
	int i;

	EXPECT_EQ(VMXNET3_VECTORS, irq_handlers(self->address));
	for (i = 0; i < ROUNDS; i++)
		ASSERT_SENDS();
	EXPECT_TRUE(event_quiet(self->sent));
	EXPECT_EQ(0, event_pending(self->event));
}

TEST_F(interrupts_vmxnet3, events_count)
{
	ASSERT_EQ(0, run("qemu-monitor 'set_link net off'"));
	EXPECT_EQ(1, event_count(self->event));
	EXPECT_TRUE(vmxnet3_events(&self->nic) & EVENT_LINK);
	ASSERT_EQ(0, run("qemu-monitor 'set_link net on'"));
	EXPECT_EQ(1, event_count(self->event));
	EXPECT_TRUE(vmxnet3_events(&self->nic) & EVENT_LINK);
	EXPECT_TRUE(event_quiet(self->event));
	EXPECT_EQ(0, event_pending(self->sent));
	ASSERT_SENDS();
}

TEST_F(interrupts_vmxnet3, masked_in_the_device)
{
	vmxnet3_mask(&self->nic, VMXNET3_SENT, true);
	ASSERT_EQ(0, vmxnet3_send(&self->nic));
	EXPECT_TRUE(event_quiet(self->sent));
	/* The interrupt was pending. */
	vmxnet3_mask(&self->nic, VMXNET3_SENT, false);
	EXPECT_EQ(1, event_count(self->sent));
	ASSERT_SENDS();
}

TEST_F(interrupts_vmxnet3, rerouted_while_live)
{
	ASSERT_SENDS();
	ASSERT_EQ(0, irq_route(&self->nic.vfio, MSIX, VMXNET3_SENT, 1,
			       &self->other));
	EXPECT_EQ(VMXNET3_VECTORS, irq_handlers(self->address));
	ASSERT_EQ(0, vmxnet3_send(&self->nic));
	EXPECT_EQ(1, event_count(self->other));
	EXPECT_TRUE(event_quiet(self->sent));
	ASSERT_EQ(0, irq_route(&self->nic.vfio, MSIX, VMXNET3_SENT, 1,
			       &self->sent));
	ASSERT_SENDS();
	EXPECT_TRUE(event_quiet(self->other));
}

TEST_HARNESS_MAIN
