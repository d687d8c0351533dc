// SPDX-License-Identifier: GPL-2.0-only
/*
 * Use an open device while memory runs out, or the caller's memory faults, at any point.
 *
 * Guest: edu.
 */
#include <sys/mman.h>

#include "device.h"
#include "edu.h"
#include "fault.h"
#include "interrupts.h"
#include "kselftest_harness.h"
#include "noiommu.h"
#include "sweep.h"

#define EDU_ID 0xed

static __attribute__((constructor)) void required(void)
{
	fault_required();
}

/* What operations use besides the device. */
struct subject {
	struct device device;
	volatile __u32 *bar;
	int noiommu;
	__u64 phys;
	int event;
};

FIXTURE(use)
{
	struct subject subject;
};

FIXTURE_SETUP(use)
{
	struct subject *subject = &self->subject;

	ASSERT_EQ(0, device_init(&subject->device, "noiommu-pci", EDU_VENDOR,
				 EDU_DEVICE));
	subject->noiommu = noiommu_open_device();
	ASSERT_LE(0, subject->noiommu);
	subject->event = event_create();
	ASSERT_LE(0, subject->event);
}

FIXTURE_TEARDOWN(use)
{
	device_close(&self->subject.device);
}

/* --- Memory ------------------------------------------------------------------------ */

static bool is_mapped(void *data)
{
	(void)data;
	return provider_mapped() == HUGE_2M;
}

static bool is_not_mapped(void *data)
{
	(void)data;
	return !provider_mapped();
}

static void unmap(void *data)
{
	device_unmap(data);
}

static void unmap_node(void *data)
{
	device_unmap_node(data);
}

TEST_F_TIMEOUT(use, map, PATIENCE)
{
	static const struct sweep mapping = {
		.run = device_map,
		.complete = is_mapped,
		.undo = unmap,
	};

	ASSERT_EQ(0, device_open(&self->subject.device));
	EXPECT_TRUE(sweep(&mapping, &self->subject.device));
}

TEST_F_TIMEOUT(use, unmap, PATIENCE)
{
	static const struct sweep unmapping = {
		.prepare = device_map,
		.run = device_unmap,
		.complete = is_not_mapped,
		.answers_last = true,
	};

	ASSERT_EQ(0, device_open(&self->subject.device));
	EXPECT_TRUE(sweep(&unmapping, &self->subject.device));
}

TEST_F_TIMEOUT(use, map_node, PATIENCE)
{
	static const struct sweep mapping = {
		.run = device_map_node,
		.complete = is_mapped,
		.undo = unmap_node,
		.answers_last = true,
	};

	ASSERT_EQ(0, device_open_node(&self->subject.device));
	EXPECT_TRUE(sweep(&mapping, &self->subject.device));
}

TEST_F_TIMEOUT(use, unmap_node, PATIENCE)
{
	static const struct sweep unmapping = {
		.prepare = device_map_node,
		.run = device_unmap_node,
		.complete = is_not_mapped,
		.answers_last = true,
	};

	ASSERT_EQ(0, device_open_node(&self->subject.device));
	EXPECT_TRUE(sweep(&unmapping, &self->subject.device));
}

/* --- BARs -------------------------------------------------------------------------- */

static int map_bar(void *data)
{
	struct subject *subject = data;

	subject->bar = region_map(&subject->device.vfio,
				  VFIO_PCI_BAR0_REGION_INDEX, 0, PAGE,
				  PROT_READ | PROT_WRITE);
	return subject->bar == MAP_FAILED ? -errno : 0;
}

static void unmap_bar(void *data)
{
	struct subject *subject = data;

	munmap((void *)subject->bar, PAGE);
}

static bool bar_answers(void *data)
{
	struct subject *subject = data;

	return (*subject->bar & 0xff) == EDU_ID;
}

TEST_F_TIMEOUT(use, map_bar, PATIENCE)
{
	static const struct sweep mapping = {
		.run = map_bar,
		.complete = bar_answers,
		.undo = unmap_bar,
	};

	ASSERT_EQ(0, device_open(&self->subject.device));
	EXPECT_TRUE(sweep(&mapping, &self->subject));
}

static int translate_bar(void *data)
{
	struct subject *subject = data;
	struct noiommu_extent extent = {};
	__u32 nr = 1;
	int ret;

	ret = noiommu_translate_range(subject->noiommu, (void *)subject->bar,
				      PAGE, 0, &extent, &nr);
	subject->phys = extent.phys;
	return ret;
}

static bool bar_is_translated(void *data)
{
	struct subject *subject = data;

	return subject->phys == bar_start(subject->device.address, 0);
}

static const struct sweep translating = {
	.prepare = map_bar,
	.run = translate_bar,
	.complete = bar_is_translated,
	.undo = unmap_bar,
};

TEST_F_TIMEOUT(use, translate_bar, PATIENCE)
{
	ASSERT_EQ(0, device_open(&self->subject.device));
	EXPECT_TRUE(sweep(&translating, &self->subject));
}

/* The address comes from the page table, so TRANSLATE fills it by a fault. */
TEST_F_TIMEOUT(use, translate_bar_of_stock_driver, PATIENCE)
{
	struct device *device = &self->subject.device;

	ASSERT_EQ(0, device_init(device, "vfio-pci", EDU_VENDOR, EDU_DEVICE));
	ASSERT_EQ(0, device_open(device));
	EXPECT_TRUE(sweep(&translating, &self->subject));
}

/* --- Interrupts -------------------------------------------------------------------- */

static int route(void *data)
{
	struct subject *subject = data;

	return irq_route(&subject->device.vfio, MSI, 0, 1, &subject->event);
}

static bool is_routed(void *data)
{
	struct subject *subject = data;

	return irq_handlers(subject->device.address) == 1 &&
	       !irq_do(&subject->device.vfio, MSI,
		       VFIO_IRQ_SET_ACTION_TRIGGER, 0, 1) &&
	       event_count(subject->event) == 1;
}

static void disable(void *data)
{
	struct subject *subject = data;

	irq_disable(&subject->device.vfio, MSI);
}

TEST_F_TIMEOUT(use, interrupts, PATIENCE)
{
	static const struct sweep routing = {
		.run = route,
		.complete = is_routed,
		.undo = disable,
		/* From the PCI core, which does not return the reason for a missing vector. */
		.errors = { -ENOSPC },
		/* Removing a missing entry of /proc/irq warns. */
		.spare = "register_irq_proc",
	};

	ASSERT_EQ(0, device_open(&self->subject.device));
	EXPECT_TRUE(sweep(&routing, &self->subject));
}

TEST_HARNESS_MAIN
