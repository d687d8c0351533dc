// SPDX-License-Identifier: GPL-2.0-only
/*
 * MSI-X of an NVMe controller with three queues, over vfio-pci and noiommu-pci: the eventfd
 * of each vector counts the interrupts of its queue.
 */
#include <errno.h>
#include <linux/pci_regs.h>
#include <unistd.h>

#include "interrupts.h"
#include "kselftest_harness.h"
#include "nvme.h"
#include "passthrough.h"
#include "sysfs.h"

#define TRIGGER VFIO_IRQ_SET_ACTION_TRIGGER
#define BOOL VFIO_IRQ_SET_DATA_BOOL

FIXTURE(interrupts_msix)
{
	char address[PCI_ADDRESS_SIZE];
	struct nvme nvme;
	struct vfio *vfio;
	int events[NVME_QUEUES];
	int other;
};

BOTH_DRIVERS(interrupts_msix);

FIXTURE_SETUP(interrupts_msix)
{
	int i;

	ASSERT_EQ(0, passthrough_load());
	ASSERT_EQ(0, pci_find(NVME_VENDOR, NVME_DEVICE, 0, self->address));
	ASSERT_EQ(0, passthrough_bind(self->address, variant->driver));
	ASSERT_TRUE(pci_has_driver(self->address, variant->driver));
	ASSERT_EQ(0, nvme_open(&self->nvme, self->address));
	self->vfio = &self->nvme.vfio;
	for (i = 0; i < NVME_QUEUES; i++) {
		self->events[i] = event_create();
		ASSERT_LE(0, self->events[i]);
	}
	self->other = event_create();
	ASSERT_LE(0, self->other);
	ASSERT_EQ(0, irq_route(self->vfio, MSIX, 0, NVME_QUEUES,
			       self->events));
	ASSERT_EQ(0, nvme_start(&self->nvme));
	/* Commands created the queues; two of their interrupts may have merged. */
	ASSERT_NE(0, event_count(self->events[0]));
	while (!event_quiet(self->events[0]))
		;
}

FIXTURE_TEARDOWN(interrupts_msix)
{
	int i;

	nvme_close(&self->nvme);
	EXPECT_EQ(0, irq_handlers(self->address));
	for (i = 0; i < NVME_QUEUES; i++)
		close(self->events[i]);
	close(self->other);
}

/* One command signals its own vector, and no other. */
#define ASSERT_ALONE(_queue)						\
do {									\
	int __queue = _queue, __i;					\
									\
	ASSERT_EQ(0, nvme_ping(&self->nvme, __queue));			\
	ASSERT_EQ(1, event_count(self->events[__queue]));		\
	for (__i = 0; __i < NVME_QUEUES; __i++)				\
		EXPECT_EQ(0, event_pending(self->events[__i]));		\
} while (0)

#define ASSERT_ALL_ALONE()						\
do {									\
	int __all;							\
									\
	for (__all = 0; __all < NVME_QUEUES; __all++)			\
		ASSERT_ALONE(__all);					\
} while (0)

TEST_F(interrupts_msix, info)
{
	__u32 flags;

	EXPECT_LE(NVME_QUEUES, irq_info(self->vfio, MSIX, &flags));
	EXPECT_EQ(VFIO_IRQ_INFO_EVENTFD, flags & ~VFIO_IRQ_INFO_NORESIZE);
	EXPECT_EQ(NVME_QUEUES, irq_handlers(self->address));
}

TEST_F(interrupts_msix, each_counts_its_own)
{
	static const int queues[] = { 2, 0, 1, 1, 2, 2, 0, 1, 2, 1, 1, 2 };
	int sent[NVME_QUEUES] = {};
	int i;

	for (i = 0; i < ARRAY_SIZE(queues); i++) {
		ASSERT_EQ(0, nvme_ping(&self->nvme, queues[i]));
		sent[queues[i]]++;
		ASSERT_TRUE(wait_until(event_pending(self->events[queues[i]]) ==
				       sent[queues[i]]));
	}
	for (i = 0; i < NVME_QUEUES; i++) {
		EXPECT_EQ(sent[i], event_count(self->events[i]));
		EXPECT_TRUE(event_quiet(self->events[i]));
	}
}

/* More commands than the queues have entries. */
TEST_F(interrupts_msix, many)
{
	int i;

	for (i = 0; i < 20; i++)
		ASSERT_ALL_ALONE();
}

TEST_F(interrupts_msix, rerouted_while_live)
{
	ASSERT_ALONE(1);
	ASSERT_EQ(0, irq_route(self->vfio, MSIX, 1, 1, &self->other));
	EXPECT_EQ(NVME_QUEUES, irq_handlers(self->address));
	ASSERT_EQ(0, nvme_ping(&self->nvme, 1));
	EXPECT_EQ(1, event_count(self->other));
	EXPECT_TRUE(event_quiet(self->events[1]));
	ASSERT_ALONE(0);
	ASSERT_ALONE(2);
	EXPECT_TRUE(event_quiet(self->other));
	ASSERT_EQ(0, irq_route(self->vfio, MSIX, 1, 1, &self->events[1]));
	ASSERT_ALL_ALONE();
	EXPECT_TRUE(event_quiet(self->other));
}

TEST_F(interrupts_msix, two_exchanged)
{
	const int exchanged[] = { self->events[2], self->events[1] };

	ASSERT_EQ(0, irq_route(self->vfio, MSIX, 1, 2, exchanged));
	ASSERT_EQ(0, nvme_ping(&self->nvme, 1));
	EXPECT_EQ(1, event_count(self->events[2]));
	ASSERT_EQ(0, nvme_ping(&self->nvme, 2));
	EXPECT_EQ(1, event_count(self->events[1]));
	EXPECT_TRUE(event_quiet(self->events[2]));
}

TEST_F(interrupts_msix, routed_to_none)
{
	int none = -1;

	ASSERT_EQ(0, irq_route(self->vfio, MSIX, 1, 1, &none));
	EXPECT_EQ(NVME_QUEUES - 1, irq_handlers(self->address));
	ASSERT_EQ(0, nvme_ping(&self->nvme, 1));
	EXPECT_TRUE(event_quiet(self->events[1]));
	ASSERT_ALONE(0);
	ASSERT_ALONE(2);
}

TEST_F(interrupts_msix, masked_in_the_table)
{
	volatile __u32 *control = nvme_vector_control(&self->nvme, 1);

	ASSERT_NE(NULL, (void *)control);
	ASSERT_EQ(0, *control & PCI_MSIX_ENTRY_CTRL_MASKBIT);
	*control |= PCI_MSIX_ENTRY_CTRL_MASKBIT;
	ASSERT_EQ(0, nvme_ping(&self->nvme, 1));
	EXPECT_TRUE(event_quiet(self->events[1]));
	ASSERT_ALONE(0);
	ASSERT_ALONE(2);
	/* The interrupt was pending. */
	*control &= ~PCI_MSIX_ENTRY_CTRL_MASKBIT;
	EXPECT_EQ(1, event_count(self->events[1]));
	ASSERT_ALONE(1);
}

TEST_F(interrupts_msix, loopback)
{
	const __u8 which[NVME_QUEUES] = { 1, 0, 1 };

	ASSERT_EQ(0, irq_set(self->vfio, MSIX, BOOL | TRIGGER, 0, NVME_QUEUES,
			     which, sizeof(which)));
	EXPECT_EQ(1, event_count(self->events[0]));
	EXPECT_EQ(1, event_count(self->events[2]));
	EXPECT_TRUE(event_quiet(self->events[1]));
	ASSERT_EQ(0, irq_do(self->vfio, MSIX, TRIGGER, 1, 2));
	EXPECT_EQ(1, event_count(self->events[1]));
	EXPECT_EQ(1, event_count(self->events[2]));
	EXPECT_TRUE(event_quiet(self->events[0]));
}

TEST_F(interrupts_msix, refused)
{
	int count = irq_info(self->vfio, MSIX, NULL);

	EXPECT_EQ(-EINVAL, irq_route(self->vfio, MSIX, count, 1, &self->other));
	EXPECT_EQ(-EINVAL, irq_do(self->vfio, MSIX, TRIGGER, 0, count + 1));
	EXPECT_EQ(-EINVAL, irq_route(self->vfio, MSI, 0, 1, &self->other));
	EXPECT_EQ(-EINVAL, irq_route(self->vfio, INTX, 0, 1, &self->other));
	EXPECT_EQ(-ENOTTY, irq_do(self->vfio, MSIX, VFIO_IRQ_SET_ACTION_MASK, 0,
				  1));
	EXPECT_EQ(NVME_QUEUES, irq_handlers(self->address));
	ASSERT_ALL_ALONE();
	EXPECT_TRUE(event_quiet(self->other));
}

TEST_F(interrupts_msix, disabled_and_enabled)
{
	int i;

	ASSERT_EQ(0, irq_disable(self->vfio, MSIX));
	EXPECT_EQ(0, irq_handlers(self->address));
	for (i = 0; i < NVME_QUEUES; i++) {
		EXPECT_EQ(0, nvme_ping(&self->nvme, i));
		EXPECT_TRUE(event_quiet(self->events[i]));
	}
	ASSERT_EQ(0, irq_route(self->vfio, MSIX, 0, NVME_QUEUES,
			       self->events));
	EXPECT_EQ(NVME_QUEUES, irq_handlers(self->address));
	ASSERT_ALL_ALONE();
}

TEST_HARNESS_MAIN
