// SPDX-License-Identifier: GPL-2.0-only
/*
 * Resets of a function and of its bus, and the eventfd for PCIe errors: stock vfio-pci and
 * noiommu-pci behave alike.
 *
 * Guest: two nvme, the second in a root port; an e1000e in another root port; an edu, which
 * is conventional PCI.
 */
#include <errno.h>
#include <linux/pci_regs.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "edu.h"
#include "interrupts.h"
#include "kselftest_harness.h"
#include "memory.h"
#include "noiommu.h"
#include "nvme.h"
#include "passthrough.h"
#include "sysfs.h"

#define ERRORS VFIO_PCI_ERR_IRQ_INDEX
#define REGISTER_STATUS 0x1c
/* A register of e1000e without effect before packets arrive. */
#define REGISTER_PAUSE 0x170
#define PAUSE 0x1234
#define MAX_DEPENDENT 8

/* Only the second can be reset with its bus. */
enum { ALONE, BEHIND, CONTROLLERS };

FIXTURE(reset)
{
	struct {
		char address[PCI_ADDRESS_SIZE];
		struct nvme nvme;
	} of[CONTROLLERS];
	int event;
};

BOTH_DRIVERS(reset);

FIXTURE_SETUP(reset)
{
	char *address;
	int i;

	ASSERT_EQ(0, passthrough_load());
	self->event = event_create();
	ASSERT_LE(0, self->event);
	for (i = 0; i < CONTROLLERS; i++) {
		address = self->of[i].address;
		ASSERT_EQ(0, pci_find(NVME_VENDOR, NVME_DEVICE, i, address));
		ASSERT_EQ(0, passthrough_bind(address, variant->driver));
		ASSERT_TRUE(pci_has_driver(address, variant->driver));
		ASSERT_EQ(0, nvme_open(&self->of[i].nvme, address));
	}
}

FIXTURE_TEARDOWN(reset)
{
	int i;

	for (i = 0; i < CONTROLLERS; i++) {
		nvme_close(&self->of[i].nvme);
		EXPECT_EQ(0, irq_handlers(self->of[i].address));
	}
	close(self->event);
}

static __u32 device_flags(struct vfio *vfio)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };

	return ioctl(vfio->device, VFIO_DEVICE_GET_INFO, &info) ?
	       0 : info.flags;
}

static __u32 nvme_status(struct nvme *nvme)
{
	return *(volatile __u32 *)(nvme->registers + REGISTER_STATUS);
}

/* Starts nvme with a vector for one queue; it creates no queue without one. */
static int nvme_begin(struct nvme *nvme, int event)
{
	const int events[] = { -1, event };
	int ret = irq_route(&nvme->vfio, MSIX, 0, 2, events);

	return ret ?: nvme_start(nvme);
}

static __u16 command_of(struct vfio *vfio)
{
	__u16 command = 0;

	region_read(vfio, VFIO_PCI_CONFIG_REGION_INDEX, PCI_COMMAND, &command,
		    sizeof(command));
	return command;
}

/* The controller is in the state after a reset, and works again after a new start. */
#define EXPECT_RESET(_nvme)						\
do {									\
	struct nvme *__nvme = _nvme;					\
									\
	EXPECT_EQ(0, nvme_status(__nvme));		\
	EXPECT_EQ(PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER,		\
		  command_of(&__nvme->vfio) &				\
		  (PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER));		\
	EXPECT_EQ(0, nvme_start(__nvme));				\
	EXPECT_EQ(0, nvme_ping(__nvme, 1));				\
} while (0)

TEST_F(reset, info)
{
	int i;

	for (i = 0; i < CONTROLLERS; i++)
		EXPECT_EQ(VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET,
			  device_flags(&self->of[i].nvme.vfio));
}

/* A thread in a call that waits for another thread's reset. */
struct waiting {
	int noiommu;
	const volatile void *bar;
	volatile int state;
};

enum { NOT_YET, CALLED, ANSWERED };

static void *ask_where(void *argument)
{
	struct waiting *waiting = argument;

	waiting->state = CALLED;
	translate_error(waiting->noiommu, (void *)waiting->bar, PAGE, 0);
	waiting->state = ANSWERED;
	return NULL;
}

static void *reset_device(void *argument)
{
	passthrough_reset(argument);
	return NULL;
}

/* Returns how many translations of a BAR complete while one of another BAR waits. */
static int translated_meanwhile(struct vfio *busy, struct waiting *waiting,
				const volatile void *other)
{
	pthread_t reset, ask;
	int done = 0;

	if (pthread_create(&reset, NULL, reset_device, busy))
		return -1;
	usleep(20000);
	if (pthread_create(&ask, NULL, ask_where, waiting))
		return -1;
	while (waiting->state == NOT_YET)
		;
	usleep(10000);
	while (waiting->state == CALLED &&
	       !translate_error(waiting->noiommu, (void *)other, PAGE, 0))
		done++;
	pthread_join(ask, NULL);
	pthread_join(reset, NULL);
	return done;
}

/* A reset takes 100 ms; only translations of the same device wait for it. */
TEST_F(reset, others_are_translated_meanwhile)
{
	struct waiting waiting = {
		.noiommu = noiommu_open_device(),
		.bar = self->of[ALONE].nvme.registers,
	};
	int most = 0, i;

	ASSERT_LE(0, waiting.noiommu);
	for (i = 0; i < 5; i++) {
		int done;

		waiting.state = NOT_YET;
		done = translated_meanwhile(&self->of[ALONE].nvme.vfio, &waiting,
					    self->of[BEHIND].nvme.registers);
		most = done > most ? done : most;
	}
	EXPECT_LT(5, most);
	close(waiting.noiommu);
}

TEST_F(reset, function)
{
	struct nvme *nvme = &self->of[ALONE].nvme;
	struct nvme *other = &self->of[BEHIND].nvme;

	ASSERT_EQ(0, nvme_begin(nvme, self->event));
	ASSERT_EQ(0, nvme_begin(other, self->event));
	ASSERT_EQ(1, nvme_status(nvme));
	ASSERT_EQ(0, passthrough_reset(&nvme->vfio));
	EXPECT_RESET(nvme);
	EXPECT_EQ(1, nvme_status(other));
	EXPECT_EQ(0, nvme_ping(other, 1));
}

/* VFIO saves and restores the configuration space. */
TEST_F(reset, configuration_stays)
{
	struct vfio *vfio = &self->of[ALONE].nvme.vfio;
	const __u16 memory_only = PCI_COMMAND_MEMORY;
	__u16 before = command_of(vfio);

	ASSERT_TRUE(before & PCI_COMMAND_MASTER);
	ASSERT_EQ(0, passthrough_reset(vfio));
	EXPECT_EQ(before, command_of(vfio));
	ASSERT_EQ(0, region_write(vfio, VFIO_PCI_CONFIG_REGION_INDEX,
				  PCI_COMMAND, &memory_only,
				  sizeof(memory_only)));
	ASSERT_EQ(0, passthrough_reset(vfio));
	EXPECT_EQ(memory_only, command_of(vfio));
}

TEST_F(reset, interrupts_stay)
{
	struct nvme *nvme = &self->of[ALONE].nvme;

	ASSERT_EQ(0, nvme_begin(nvme, self->event));
	ASSERT_EQ(0, nvme_ping(nvme, 1));
	ASSERT_EQ(1, event_count(self->event));
	ASSERT_EQ(0, passthrough_reset(&nvme->vfio));
	EXPECT_TRUE(event_quiet(self->event));
	EXPECT_EQ(1, irq_handlers(self->of[ALONE].address));
	EXPECT_RESET(nvme);
	EXPECT_EQ(1, event_count(self->event));
	EXPECT_TRUE(event_quiet(self->event));
}

struct dependents {
	struct vfio_pci_hot_reset_info info;
	struct vfio_pci_dependent_device devices[MAX_DEPENDENT];
};

static int dependents(struct vfio *vfio, unsigned int room,
		      struct dependents *found)
{
	*found = (struct dependents){
		.info.argsz = sizeof(found->info) +
			      room * sizeof(*found->devices),
	};
	return ioctl(vfio->device, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, found) ?
	       -errno : 0;
}

static int hot_reset(struct vfio *vfio, unsigned int count, int first,
		     int second)
{
	struct {
		struct vfio_pci_hot_reset reset;
		__s32 groups[2];
	} arg = {
		.reset = { .argsz = sizeof(arg), .count = count },
		.groups = { first, second },
	};

	return ioctl(vfio->device, VFIO_DEVICE_PCI_HOT_RESET, &arg) ?
	       -errno : 0;
}

TEST_F(reset, bus_info)
{
	struct vfio *vfio = &self->of[BEHIND].nvme.vfio;
	const char *address = self->of[BEHIND].address;
	struct dependents found;
	char name[PCI_ADDRESS_SIZE];

	EXPECT_EQ(-ENOSPC, dependents(vfio, 0, &found));
	EXPECT_EQ(1, found.info.count);
	ASSERT_EQ(0, dependents(vfio, MAX_DEPENDENT, &found));
	ASSERT_EQ(1, found.info.count);
	snprintf(name, sizeof(name), "%04x:%02x:%02x.%x",
		 found.devices->segment, found.devices->bus,
		 found.devices->devfn >> 3, found.devices->devfn & 7);
	EXPECT_STREQ(address, name);
	EXPECT_EQ(pci_group(address), found.devices->group_id);
	/* No bus reset is possible for this function. */
	EXPECT_EQ(-ENODEV, dependents(&self->of[ALONE].nvme.vfio,
				      MAX_DEPENDENT, &found));
}

TEST_F(reset, bus)
{
	struct nvme *nvme = &self->of[BEHIND].nvme;
	struct nvme *other = &self->of[ALONE].nvme;

	ASSERT_EQ(0, nvme_begin(nvme, self->event));
	ASSERT_EQ(0, nvme_begin(other, self->event));
	ASSERT_EQ(1, nvme_status(nvme));
	ASSERT_EQ(0, hot_reset(&nvme->vfio, 1, nvme->vfio.group, -1));
	EXPECT_RESET(nvme);
	EXPECT_EQ(1, nvme_status(other));
	EXPECT_EQ(0, nvme_ping(other, 1));
}

TEST_F(reset, bus_clears_a_register)
{
	char address[PCI_ADDRESS_SIZE];
	volatile __u32 *pause;
	struct vfio vfio;
	char *bar;

	ASSERT_EQ(0, pci_find(NIC_VENDOR, NIC_DEVICE, 0, address));
	ASSERT_EQ(0, passthrough_bind(address, variant->driver));
	ASSERT_EQ(0, vfio_open(&vfio, address));
	ASSERT_EQ(0, vfio_set_memory(&vfio, true));
	bar = region_map(&vfio, 0, 0, PAGE, PROT_READ | PROT_WRITE);
	ASSERT_NE(MAP_FAILED, (void *)bar);
	pause = (volatile __u32 *)(bar + REGISTER_PAUSE);
	*pause = PAUSE;
	EXPECT_EQ(-EINVAL, hot_reset(&vfio, 1,
				     self->of[BEHIND].nvme.vfio.group, -1));
	EXPECT_EQ(PAUSE, *pause);
	ASSERT_EQ(0, hot_reset(&vfio, 1, vfio.group, -1));
	EXPECT_EQ(0, *pause);
	*pause = PAUSE;
	EXPECT_EQ(PAUSE, *pause);
	munmap(bar, PAGE);
	vfio_close(&vfio);
}

TEST_F(reset, bus_refused)
{
	struct nvme *nvme = &self->of[BEHIND].nvme;
	struct vfio *other = &self->of[ALONE].nvme.vfio;
	int group = nvme->vfio.group;

	ASSERT_EQ(0, nvme_begin(nvme, self->event));
	/* Groups: another function's, none, too many, not a group, no descriptor. */
	EXPECT_EQ(-EINVAL, hot_reset(&nvme->vfio, 1, other->group, -1));
	EXPECT_EQ(-EINVAL, hot_reset(&nvme->vfio, 0, group, -1));
	EXPECT_EQ(-EINVAL, hot_reset(&nvme->vfio, 2, group, other->group));
	EXPECT_EQ(-EINVAL, hot_reset(&nvme->vfio, 1, self->event, -1));
	EXPECT_EQ(-EBADF, hot_reset(&nvme->vfio, 1, -1, group));
	EXPECT_EQ(-ENODEV, hot_reset(other, 1, other->group, -1));
	EXPECT_EQ(1, nvme_status(nvme));
	EXPECT_EQ(0, nvme_ping(nvme, 1));
}

TEST_F(reset, errors)
{
	struct vfio *vfio = &self->of[BEHIND].nvme.vfio;
	int none = -1;
	__u32 flags;

	EXPECT_EQ(1, irq_info(vfio, ERRORS, &flags));
	EXPECT_TRUE(flags & VFIO_IRQ_INFO_EVENTFD);
	ASSERT_EQ(0, irq_route(vfio, ERRORS, 0, 1, &self->event));
	EXPECT_TRUE(event_quiet(self->event));
	ASSERT_EQ(0, irq_do(vfio, ERRORS, VFIO_IRQ_SET_ACTION_TRIGGER, 0, 1));
	EXPECT_EQ(1, event_count(self->event));
	EXPECT_EQ(-EINVAL, irq_route(vfio, ERRORS, 1, 1, &self->event));
	EXPECT_EQ(0, irq_route(vfio, ERRORS, 0, 1, &none));
}

TEST_F(reset, errors_of_conventional_pci)
{
	char address[PCI_ADDRESS_SIZE];
	struct vfio vfio;
	int count;

	ASSERT_EQ(0, edu_bind_nth(0, variant->driver, address));
	ASSERT_EQ(0, vfio_open(&vfio, address));
	/* 7.x offers the error interrupt, too, although it cannot occur. */
	count = irq_info(&vfio, ERRORS, NULL);
	if (count != 1)
		EXPECT_EQ(-EINVAL, count);
	EXPECT_EQ(count == 1 ? 0 : -EINVAL,
		  irq_route(&vfio, ERRORS, 0, 1, &self->event));
	vfio_close(&vfio);
}

TEST_HARNESS_MAIN
