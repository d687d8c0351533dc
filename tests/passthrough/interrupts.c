// SPDX-License-Identifier: GPL-2.0-only
/*
 * INTx and MSI of edu, over vfio-pci and noiommu-pci: the eventfd counts each interrupt that
 * the device raises.
 */
#include <errno.h>
#include <unistd.h>

#include "edu_events.h"

#define ROUNDS 8

/* --- INTx ---------------------------------------------------------------- */

TEST_F(interrupts, info)
{
	__u32 flags;

	EXPECT_EQ(1, irq_info(self->vfio, INTX, &flags));
	EXPECT_EQ(VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_MASKABLE |
		  VFIO_IRQ_INFO_AUTOMASKED, flags);
	EXPECT_EQ(1, irq_info(self->vfio, MSI, &flags));
	EXPECT_EQ(VFIO_IRQ_INFO_EVENTFD, flags & ~VFIO_IRQ_INFO_NORESIZE);
	EXPECT_EQ(0, irq_info(self->vfio, MSIX, NULL));
	EXPECT_EQ(-EINVAL, irq_info(self->vfio, VFIO_PCI_NUM_IRQS, NULL));
}

TEST_F(interrupts, intx_counts)
{
	int i;

	ASSERT_EQ(0, irq_route(self->vfio, INTX, 0, 1, &self->event));
	EXPECT_EQ(1, irq_handlers(self->address));
	for (i = 0; i < ROUNDS; i++) {
		edu_raise(&self->edu);
		ASSERT_EQ(1, event_count(self->event));
		edu_acknowledge(&self->edu);
		ASSERT_EQ(0, irq_do(self->vfio, INTX, UNMASK, 0, 1));
	}
	EXPECT_TRUE(event_quiet(self->event));
}

/* VFIO masks INTx when it arrives: further interrupts signal nothing. */
TEST_F(interrupts, intx_is_masked_when_it_comes)
{
	ASSERT_EQ(0, irq_route(self->vfio, INTX, 0, 1, &self->event));
	edu_raise(&self->edu);
	ASSERT_EQ(1, event_count(self->event));
	edu_acknowledge(&self->edu);
	edu_raise(&self->edu);
	EXPECT_TRUE(event_quiet(self->event));
	ASSERT_EQ(0, irq_do(self->vfio, INTX, UNMASK, 0, 1));
	EXPECT_EQ(1, event_count(self->event));
}

TEST_F(interrupts, intx_is_a_level)
{
	int i;

	ASSERT_EQ(0, irq_route(self->vfio, INTX, 0, 1, &self->event));
	edu_raise(&self->edu);
	ASSERT_EQ(1, event_count(self->event));
	for (i = 0; i < ROUNDS; i++) {
		ASSERT_EQ(0, irq_do(self->vfio, INTX, UNMASK, 0, 1));
		ASSERT_EQ(1, event_count(self->event));
	}
	edu_acknowledge(&self->edu);
	ASSERT_EQ(0, irq_do(self->vfio, INTX, UNMASK, 0, 1));
	EXPECT_TRUE(event_quiet(self->event));
}

TEST_F(interrupts, intx_masked)
{
	const __u8 no = 0, yes = 1;

	ASSERT_EQ(0, irq_route(self->vfio, INTX, 0, 1, &self->event));
	ASSERT_EQ(0, irq_set(self->vfio, INTX, BOOL | MASK, 0, 1, &yes, 1));
	edu_raise(&self->edu);
	EXPECT_TRUE(event_quiet(self->event));
	ASSERT_EQ(0, irq_set(self->vfio, INTX, BOOL | UNMASK, 0, 1, &no, 1));
	EXPECT_TRUE(event_quiet(self->event));
	ASSERT_EQ(0, irq_set(self->vfio, INTX, BOOL | UNMASK, 0, 1, &yes, 1));
	EXPECT_EQ(1, event_count(self->event));
	edu_acknowledge(&self->edu);

	ASSERT_EQ(0, irq_do(self->vfio, INTX, UNMASK, 0, 1));
	ASSERT_EQ(0, irq_set(self->vfio, INTX, BOOL | MASK, 0, 1, &no, 1));
	edu_raise(&self->edu);
	EXPECT_EQ(1, event_count(self->event));
	edu_acknowledge(&self->edu);

	ASSERT_EQ(0, irq_do(self->vfio, INTX, UNMASK, 0, 1));
	ASSERT_EQ(0, irq_do(self->vfio, INTX, MASK, 0, 1));
	edu_raise(&self->edu);
	edu_acknowledge(&self->edu);
	ASSERT_EQ(0, irq_do(self->vfio, INTX, UNMASK, 0, 1));
	/* A level that was lowered again signals nothing. */
	EXPECT_TRUE(event_quiet(self->event));
}

TEST_F(interrupts, intx_unmasked_by_an_eventfd)
{
	const __u64 once = 1;
	int i, none = -1;

	ASSERT_EQ(0, irq_route(self->vfio, INTX, 0, 1, &self->event));
	ASSERT_EQ(0, irq_set(self->vfio, INTX, EVENTFD | UNMASK, 0, 1,
			     &self->other, sizeof(int)));
	for (i = 0; i < ROUNDS; i++) {
		edu_raise(&self->edu);
		ASSERT_EQ(1, event_count(self->event));
		ASSERT_EQ(8, write(self->other, &once, sizeof(once)));
		/* The level is still asserted. */
		ASSERT_EQ(1, event_count(self->event));
		edu_acknowledge(&self->edu);
		ASSERT_EQ(8, write(self->other, &once, sizeof(once)));
	}
	EXPECT_TRUE(event_quiet(self->event));
	ASSERT_EQ(0, irq_set(self->vfio, INTX, EVENTFD | UNMASK, 0, 1, &none,
			     sizeof(int)));
	edu_raise(&self->edu);
	ASSERT_EQ(1, event_count(self->event));
	ASSERT_EQ(8, write(self->other, &once, sizeof(once)));
	EXPECT_TRUE(event_quiet(self->event));
}

/* Guests and careful drivers disable INTx in the command register. */
TEST_F(interrupts, intx_disabled_in_config_space)
{
	ASSERT_EQ(0, irq_route(self->vfio, INTX, 0, 1, &self->event));
	ASSERT_EQ(0, vfio_set_intx(self->vfio, false));
	edu_raise(&self->edu);
	EXPECT_TRUE(event_quiet(self->event));
	ASSERT_EQ(0, vfio_set_intx(self->vfio, true));
	EXPECT_EQ(1, event_count(self->event));
}

/* --- MSI ----------------------------------------------------------------- */

TEST_F(interrupts, msi_counts)
{
	int i;

	ASSERT_EQ(0, irq_route(self->vfio, MSI, 0, 1, &self->event));
	EXPECT_EQ(1, irq_handlers(self->address));
	for (i = 0; i < ROUNDS; i++) {
		edu_raise(&self->edu);
		ASSERT_EQ(1, event_count(self->event));
	}
	EXPECT_TRUE(event_quiet(self->event));
}

/* An eventfd accumulates until it is read. */
TEST_F(interrupts, msi_adds_up)
{
	int i;

	ASSERT_EQ(0, irq_route(self->vfio, MSI, 0, 1, &self->event));
	for (i = 0; i < ROUNDS; i++) {
		edu_raise(&self->edu);
		/* Two before the CPU handles the first would merge. */
		ASSERT_TRUE(wait_until(event_pending(self->event) == i + 1));
	}
	EXPECT_EQ(ROUNDS, event_count(self->event));
}

/* --- Both ---------------------------------------------------------------- */

static const unsigned int indexes[] = { INTX, MSI };

TEST_F(interrupts, rerouted_while_live)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(indexes); i++) {
		ASSERT_EQ(0, irq_route(self->vfio, indexes[i], 0, 1,
				       &self->event));
		edu_raise(&self->edu);
		EXPECT_EQ(1, event_count(self->event));
		edu_acknowledge(&self->edu);
		if (indexes[i] == INTX)
			irq_do(self->vfio, INTX, UNMASK, 0, 1);
		ASSERT_EQ(0, irq_route(self->vfio, indexes[i], 0, 1,
				       &self->other));
		EXPECT_EQ(1, irq_handlers(self->address));
		edu_raise(&self->edu);
		EXPECT_EQ(1, event_count(self->other));
		EXPECT_TRUE(event_quiet(self->event));
		edu_acknowledge(&self->edu);
		ASSERT_EQ(0, irq_disable(self->vfio, indexes[i]));
	}
}

TEST_F(interrupts, loopback)
{
	const __u8 no = 0, yes = 1;
	unsigned int i, index;

	for (i = 0; i < ARRAY_SIZE(indexes); i++) {
		index = indexes[i];
		ASSERT_EQ(0, irq_route(self->vfio, index, 0, 1, &self->event));
		ASSERT_EQ(0, irq_do(self->vfio, index, TRIGGER, 0, 1));
		EXPECT_EQ(1, event_count(self->event));
		ASSERT_EQ(0, irq_set(self->vfio, index, BOOL | TRIGGER, 0, 1,
				     &yes, 1));
		EXPECT_EQ(1, event_count(self->event));
		ASSERT_EQ(0, irq_set(self->vfio, index, BOOL | TRIGGER, 0, 1,
				     &no, 1));
		EXPECT_TRUE(event_quiet(self->event));
		ASSERT_EQ(0, irq_disable(self->vfio, index));
	}
}

TEST_F(interrupts, disabled)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(indexes); i++) {
		ASSERT_EQ(0, irq_route(self->vfio, indexes[i], 0, 1,
				       &self->event));
		ASSERT_EQ(0, irq_disable(self->vfio, indexes[i]));
		EXPECT_EQ(0, irq_handlers(self->address));
		edu_raise(&self->edu);
		EXPECT_TRUE(event_quiet(self->event));
		EXPECT_EQ(-EINVAL, irq_do(self->vfio, indexes[i], TRIGGER, 0,
					  1));
		edu_acknowledge(&self->edu);
	}
}

TEST_F(interrupts, routed_to_none)
{
	int i, none = -1;

	for (i = 0; i < ARRAY_SIZE(indexes); i++) {
		ASSERT_EQ(0, irq_route(self->vfio, indexes[i], 0, 1,
				       &self->event));
		ASSERT_EQ(0, irq_route(self->vfio, indexes[i], 0, 1, &none));
		edu_raise(&self->edu);
		EXPECT_TRUE(event_quiet(self->event));
		edu_acknowledge(&self->edu);
		ASSERT_EQ(0, irq_disable(self->vfio, indexes[i]));
	}
}

TEST_F(interrupts, from_intx_to_msi_and_back)
{
	static const unsigned int order[] = { INTX, MSI, INTX, MSI };
	int i;

	for (i = 0; i < ARRAY_SIZE(order); i++) {
		ASSERT_EQ(0, irq_route(self->vfio, order[i], 0, 1,
				       &self->event));
		/* Only one kind can be enabled at a time. */
		EXPECT_EQ(-EINVAL, irq_route(self->vfio,
					     order[i] == MSI ? INTX : MSI, 0, 1,
					     &self->other));
		edu_raise(&self->edu);
		EXPECT_EQ(1, event_count(self->event));
		edu_acknowledge(&self->edu);
		ASSERT_EQ(0, irq_disable(self->vfio, order[i]));
	}
	EXPECT_TRUE(event_quiet(self->other));
}

TEST_F(interrupts, close_leaves_nothing)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(indexes); i++) {
		ASSERT_EQ(0, irq_route(self->vfio, indexes[i], 0, 1,
				       &self->event));
		edu_raise(&self->edu);
		EXPECT_EQ(1, event_count(self->event));
		EXPECT_EQ(1, irq_handlers(self->address));
		edu_close(&self->edu);
		EXPECT_EQ(0, irq_handlers(self->address));
		EXPECT_TRUE(event_quiet(self->event));
		ASSERT_EQ(0, edu_open(&self->edu));
		edu_acknowledge(&self->edu);
	}
}

TEST_HARNESS_MAIN
