// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bind drivers and open devices while memory runs out, or the caller's memory faults, at any
 * point.
 *
 * Guest: edu and ivshmem.
 */
#include <string.h>

#include "device.h"
#include "edu.h"
#include "fault.h"
#include "kselftest_harness.h"
#include "sweep.h"

#define EDU_ID 0xed
/* Finds the route of INTx in ACPI tables. After a failure ACPI's interpreter uses freed memory. */
#define INTERPRETER "acpi_pci_irq_lookup"
#define SHM_BAR 2
#define MEMTYPES "/sys/kernel/debug/x86/pat_memtype_list"

static __attribute__((constructor)) void required(void)
{
	fault_required();
}

FIXTURE(open)
{
	struct device device;
};

BOTH_DRIVERS(open);

FIXTURE_SETUP(open)
{
	ASSERT_EQ(0, device_init(&self->device, variant->driver, EDU_VENDOR,
				 EDU_DEVICE));
}

FIXTURE_TEARDOWN(open)
{
	device_close(&self->device);
}

static int bind(void *data)
{
	struct device *device = data;
	char path[64];

	snprintf(path, sizeof(path), "/sys/bus/pci/drivers/%s/bind",
		 device->driver);
	return file_write(path, device->address);
}

/*
 * A bound device may lack its nodes: the driver core goes on without those that it cannot
 * make.
 */
static bool is_bound(void *data)
{
	struct device *device = data;
	char node[64];

	return pci_has_driver(device->address, device->driver) &&
	       !cdev_path(device->address, node, sizeof(node));
}

static void unbind(void *data)
{
	struct device *device = data;

	pci_unbind(device->address);
}

TEST_F_TIMEOUT(open, bind, PATIENCE)
{
	static const struct sweep binding = {
		.run = bind,
		.complete = is_bound,
		.undo = unbind,
		/* The release of a group that could not be made warns. */
		.spare = "vfio_device_set_group",
	};
	struct device *device = &self->device;

	ASSERT_EQ(0, pci_unbind(device->address));
	ASSERT_EQ(0, pci_write(device->address, "driver_override",
			       device->driver));
	EXPECT_TRUE(sweep(&binding, device));
	ASSERT_EQ(0, pci_write(device->address, "driver_override", "\n"));
}

/* VFIO opens a device without BARs that it cannot map; access to them fails later. */
static bool registers_answer(struct device *device)
{
	__u32 id = EDU_ID;
	int ret;

	ret = region_read(&device->vfio, VFIO_PCI_BAR0_REGION_INDEX, 0, &id,
			  sizeof(id));
	return (!ret || ret == -EBUSY || ret == -ENOMEM) &&
	       (id & 0xff) == EDU_ID;
}

static bool works(void *data)
{
	return registers_answer(data) && !device_map(data) &&
	       !device_unmap(data);
}

TEST_F_TIMEOUT(open, group, PATIENCE)
{
	static const struct sweep opening = {
		.run = device_open,
		.complete = works,
		.undo = device_close,
		.spare = INTERPRETER,
	};

	EXPECT_TRUE(sweep(&opening, &self->device));
}

static bool node_works(void *data)
{
	return registers_answer(data) && !device_map_node(data) &&
	       !device_unmap_node(data);
}

TEST_F_TIMEOUT(open, node, PATIENCE)
{
	static const struct sweep opening = {
		.run = device_open_node,
		.complete = node_works,
		.undo = device_close,
		.spare = INTERPRETER,
	};

	EXPECT_TRUE(sweep(&opening, &self->device));
}

/* --- With a BAR that is to be combined --------------------------------------------- */

FIXTURE(combined)
{
	struct device device;
};

FIXTURE_SETUP(combined)
{
	ASSERT_EQ(0, device_init(&self->device, "noiommu-pci", SHM_VENDOR,
				 SHM_DEVICE));
	ASSERT_EQ(0, pci_write(self->device.address, "write_combine", "1"));
}

FIXTURE_TEARDOWN(combined)
{
	device_close(&self->device);
}

static bool has_combined(void *data)
{
	struct device *device = data;
	FILE *list = fopen(MEMTYPES, "re");
	unsigned long long start;
	char line[128], type[32];
	bool found = false;

	if (!list)
		return false;
	while (fgets(line, sizeof(line), list))
		found |= sscanf(line, "PAT: [mem %llx-%*x] %31s", &start,
				type) == 2 &&
			 start == bar_start(device->address, SHM_BAR) &&
			 !strcmp(type, "write-combining");
	fclose(list);
	return found;
}

TEST_F_TIMEOUT(combined, open, PATIENCE)
{
	static const struct sweep opening = {
		.run = device_open,
		.complete = has_combined,
		.undo = device_close,
		.spare = INTERPRETER,
	};

	EXPECT_TRUE(sweep(&opening, &self->device));
}

TEST_HARNESS_MAIN
