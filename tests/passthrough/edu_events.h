/* SPDX-License-Identifier: GPL-2.0-only */
/* edu, open over VFIO, with no route for its interrupts and two eventfds for some. */
#ifndef PASSTHROUGH_EDU_EVENTS_H
#define PASSTHROUGH_EDU_EVENTS_H

#include <unistd.h>

#include "edu.h"
#include "interrupts.h"
#include "kselftest_harness.h"
#include "passthrough.h"
#include "sysfs.h"

#define TRIGGER VFIO_IRQ_SET_ACTION_TRIGGER
#define MASK VFIO_IRQ_SET_ACTION_MASK
#define UNMASK VFIO_IRQ_SET_ACTION_UNMASK
#define BOOL VFIO_IRQ_SET_DATA_BOOL
#define EVENTFD VFIO_IRQ_SET_DATA_EVENTFD

FIXTURE(interrupts)
{
	char address[PCI_ADDRESS_SIZE];
	struct edu edu;
	struct vfio *vfio;
	int event;
	int other;
};

BOTH_DRIVERS(interrupts);

FIXTURE_SETUP(interrupts)
{
	ASSERT_EQ(0, passthrough_load());
	ASSERT_EQ(0, edu_bind_nth(0, variant->driver, self->address));
	ASSERT_TRUE(pci_has_driver(self->address, variant->driver));
	ASSERT_EQ(0, edu_open(&self->edu));
	self->vfio = &self->edu.vfio;
	self->event = event_create();
	self->other = event_create();
	ASSERT_LE(0, self->event);
	ASSERT_LE(0, self->other);
	edu_acknowledge(&self->edu);
	ASSERT_EQ(0, irq_handlers(self->address));
}

FIXTURE_TEARDOWN(interrupts)
{
	edu_acknowledge(&self->edu);
	edu_close(&self->edu);
	EXPECT_EQ(0, irq_handlers(self->address));
	close(self->event);
	close(self->other);
}

#endif
