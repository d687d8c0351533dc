// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFIO_DEVICE_SET_IRQS with wrong arguments fails with an errno, and changes no route.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "edu_events.h"

#define NONE VFIO_IRQ_SET_DATA_NONE

static int open_file(void)
{
	return open("/dev/null", O_RDWR | O_CLOEXEC);
}

/* Wrong arguments for both kinds, whichever is enabled. */
struct refusal {
	const char *what;
	int error;
	unsigned int index;
	__u32 flags;
	unsigned int start;
	unsigned int count;
	size_t size;
};

static const struct refusal refusals[] = {
	{ "no such index", EINVAL, VFIO_PCI_NUM_IRQS, NONE | TRIGGER, 0, 1, 0 },
	{ "far index", EINVAL, ~0u, NONE | TRIGGER, 0, 1, 0 },
	{ "INTx: start", EINVAL, INTX, EVENTFD | TRIGGER, 1, 1, 4 },
	{ "INTx: count", EINVAL, INTX, EVENTFD | TRIGGER, 0, 2, 8 },
	{ "INTx: mask: start", EINVAL, INTX, NONE | MASK, 1, 1, 0 },
	{ "INTx: unmask: count", EINVAL, INTX, NONE | UNMASK, 0, 2, 0 },
	{ "INTx: unmask none", EINVAL, INTX, NONE | UNMASK, 0, 0, 0 },
	{ "MSI: start", EINVAL, MSI, EVENTFD | TRIGGER, 1, 1, 4 },
	{ "MSI: count", EINVAL, MSI, EVENTFD | TRIGGER, 0, 2, 8 },
	{ "MSI: wraps", EINVAL, MSI, NONE | TRIGGER, ~0u, 2, 0 },
	{ "MSI: wraps to 0", EINVAL, MSI, NONE | TRIGGER, 1, ~0u, 0 },
	{ "MSI: mask", ENOTTY, MSI, NONE | MASK, 0, 1, 0 },
	{ "MSI: unmask", ENOTTY, MSI, NONE | UNMASK, 0, 1, 0 },
	{ "MSI-X: there is none", EINVAL, MSIX, EVENTFD | TRIGGER, 0, 1, 4 },
	{ "request: start", EINVAL, VFIO_PCI_REQ_IRQ_INDEX,
	  EVENTFD | TRIGGER, 1, 1, 4 },
	{ "request: mask", ENOTTY, VFIO_PCI_REQ_IRQ_INDEX,
	  NONE | MASK, 0, 1, 0 },
	{ "no action", ENOTTY, INTX, NONE, 0, 1, 0 },
	{ "two actions", ENOTTY, INTX, NONE | MASK | UNMASK, 0, 1, 0 },
	{ "no data type", EINVAL, INTX, TRIGGER, 0, 1, 0 },
	{ "two data types", EINVAL, INTX, BOOL | EVENTFD | TRIGGER, 0, 1, 4 },
	{ "unknown flag", EINVAL, INTX, NONE | TRIGGER | 1u << 6, 0, 1, 0 },
	{ "too little data", EINVAL, INTX, EVENTFD | TRIGGER, 0, 1, 3 },
	{ "no data", EINVAL, MSI, BOOL | TRIGGER, 0, 1, 0 },
};

static bool refused(struct vfio *vfio, const struct refusal *refusal,
		    int event)
{
	const int events[] = { event, event };
	int ret = irq_set(vfio, refusal->index, refusal->flags, refusal->start,
			  refusal->count, events, refusal->size);

	if (ret != -refusal->error)
		printf("# %s: %d\n", refusal->what, ret);
	return ret == -refusal->error;
}

static bool all_refused(struct vfio *vfio, int event)
{
	bool good = true;
	int i;

	for (i = 0; i < ARRAY_SIZE(refusals); i++)
		good &= refused(vfio, &refusals[i], event);
	return good;
}

TEST_F(interrupts, while_there_is_none)
{
	EXPECT_TRUE(all_refused(self->vfio, self->other));
	EXPECT_EQ(-EINVAL, irq_do(self->vfio, INTX, TRIGGER, 0, 1));
	EXPECT_EQ(-EINVAL, irq_do(self->vfio, INTX, MASK, 0, 1));
	EXPECT_EQ(-EINVAL, irq_do(self->vfio, INTX, UNMASK, 0, 1));
	EXPECT_EQ(-EINVAL, irq_do(self->vfio, MSI, TRIGGER, 0, 1));
	EXPECT_EQ(-EINVAL, irq_disable(self->vfio, INTX));
	EXPECT_EQ(0, irq_handlers(self->address));
}

TEST_F(interrupts, while_there_is_intx)
{
	int file = open_file();

	ASSERT_LE(0, file);
	ASSERT_EQ(0, irq_route(self->vfio, INTX, 0, 1, &self->event));
	EXPECT_TRUE(all_refused(self->vfio, self->other));
	EXPECT_EQ(-EBADF, irq_route(self->vfio, INTX, 0, 1, (int[]){ 1000 }));
	EXPECT_EQ(-EINVAL, irq_route(self->vfio, INTX, 0, 1, &file));
	EXPECT_EQ(1, irq_handlers(self->address));
	edu_raise(&self->edu);
	EXPECT_EQ(1, event_count(self->event));
	EXPECT_TRUE(event_quiet(self->other));
	close(file);
}

TEST_F(interrupts, while_there_is_msi)
{
	ASSERT_EQ(0, irq_route(self->vfio, MSI, 0, 1, &self->event));
	EXPECT_TRUE(all_refused(self->vfio, self->other));
	EXPECT_EQ(1, irq_handlers(self->address));
	edu_raise(&self->edu);
	EXPECT_EQ(1, event_count(self->event));
	EXPECT_TRUE(event_quiet(self->other));
}

/* A descriptor that is no eventfd becomes no route, and does not block a later one. */
TEST_F(interrupts, no_eventfd)
{
	static const unsigned int indexes[] = { INTX, MSI };
	int i, file = open_file();

	ASSERT_LE(0, file);
	for (i = 0; i < ARRAY_SIZE(indexes); i++) {
		EXPECT_EQ(-EBADF, irq_route(self->vfio, indexes[i], 0, 1,
					    (int[]){ 1000 }));
		EXPECT_EQ(-EINVAL, irq_route(self->vfio, indexes[i], 0, 1,
					     &file));
		EXPECT_EQ(0, irq_handlers(self->address));
		ASSERT_EQ(0, irq_route(self->vfio, indexes[i], 0, 1,
				       &self->event));
		edu_raise(&self->edu);
		EXPECT_EQ(1, event_count(self->event));
		edu_acknowledge(&self->edu);
		ASSERT_EQ(0, irq_disable(self->vfio, indexes[i]));
	}
	close(file);
}

TEST_F(interrupts, bad_pointer_or_size)
{
	struct vfio_irq_set set = {
		.argsz = sizeof(set) - 1,
		.index = INTX,
		.flags = NONE | TRIGGER,
	};

	ASSERT_EQ(0, irq_route(self->vfio, INTX, 0, 1, &self->event));
	EXPECT_EQ(-1, ioctl(self->vfio->device, VFIO_DEVICE_SET_IRQS, &set));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, ioctl(self->vfio->device, VFIO_DEVICE_SET_IRQS, 8));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(1, irq_handlers(self->address));
	edu_raise(&self->edu);
	EXPECT_EQ(1, event_count(self->event));
}

TEST_HARNESS_MAIN
