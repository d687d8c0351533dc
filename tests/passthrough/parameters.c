// SPDX-License-Identifier: GPL-2.0-only
/*
 * Parameters of noiommu-pci, which are those of vfio-pci for faulty devices: each affects the
 * functions of noiommu-pci, and none of vfio-pci.
 *
 * Guest: edu (INTx), a VGA device, and e1000e in a root port (it can sleep).
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/pci_regs.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "edu.h"
#include "interrupts.h"
#include "kselftest_harness.h"
#include "passthrough.h"
#include "sysfs.h"

#define VGA_VENDOR 0x1234
#define VGA_DEVICE 0x1111
#define DRIVER "noiommu-pci"
#define IDLE_SECONDS 2

FIXTURE(parameters)
{
	char edu[PCI_ADDRESS_SIZE];
	char vga[PCI_ADDRESS_SIZE];
	char nic[PCI_ADDRESS_SIZE];
};

/* Reloads noiommu-pci and vfio-pci with these parameters. */
static int load(const char *ours, const char *stock)
{
	run("rmmod noiommu-pci vfio-pci");
	return run("modprobe noiommu && modprobe vfio-pci %s && modprobe noiommu-pci %s",
		   stock, ours);
}

static int set(const char *parameter, const char *value)
{
	char path[96];

	snprintf(path, sizeof(path), "/sys/module/noiommu_pci/parameters/%s",
		 parameter);
	return file_write(path, value);
}

static bool sleeps(const char *address)
{
	char path[96], state[16] = "";

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/power_state",
		 address);
	file_read(path, state, sizeof(state));
	return !strncmp(state, "D3", 2);
}

static bool stays_awake(const char *address)
{
	sleep(IDLE_SECONDS);
	return !sleeps(address);
}

static int use(const char *address)
{
	struct vfio vfio;
	int ret = vfio_open(&vfio, address);

	if (!ret)
		vfio_close(&vfio);
	return ret;
}

FIXTURE_SETUP(parameters)
{
	ASSERT_EQ(0, load("", ""));
	ASSERT_EQ(0, pci_find(EDU_VENDOR, EDU_DEVICE, 0, self->edu));
	ASSERT_EQ(0, pci_find(VGA_VENDOR, VGA_DEVICE, 0, self->vga));
	ASSERT_EQ(0, pci_find(NIC_VENDOR, NIC_DEVICE, 0, self->nic));
}

FIXTURE_TEARDOWN(parameters)
{
	pci_unbind(self->edu);
	pci_unbind(self->vga);
	pci_unbind(self->nic);
}

/* --- Sleep ---------------------------------------------------------------- */

TEST_F(parameters, idle_functions_sleep)
{
	ASSERT_EQ(0, pci_bind(self->nic, DRIVER));
	EXPECT_TRUE(wait_until(sleeps(self->nic)));
	ASSERT_EQ(0, use(self->nic));
	EXPECT_TRUE(wait_until(sleeps(self->nic)));
}

TEST_F(parameters, disable_idle_d3)
{
	pci_unbind(self->nic);
	ASSERT_EQ(0, load("disable_idle_d3=1", ""));
	ASSERT_EQ(0, pci_bind(self->nic, DRIVER));
	EXPECT_TRUE(stays_awake(self->nic));
	ASSERT_EQ(0, use(self->nic));
	EXPECT_TRUE(stays_awake(self->nic));

	/* The parameter takes effect at the next bind. */
	ASSERT_EQ(0, set("disable_idle_d3", "0"));
	EXPECT_TRUE(stays_awake(self->nic));
	ASSERT_EQ(0, pci_unbind(self->nic));
	ASSERT_EQ(0, pci_bind(self->nic, DRIVER));
	EXPECT_TRUE(wait_until(sleeps(self->nic)));
	ASSERT_EQ(0, set("disable_idle_d3", "1"));
	ASSERT_EQ(0, pci_unbind(self->nic));
	ASSERT_EQ(0, pci_bind(self->nic, "vfio-pci"));
	EXPECT_TRUE(wait_until(sleeps(self->nic)));
}

TEST_F(parameters, one_function_is_kept_awake)
{
	ASSERT_EQ(0, pci_bind(self->nic, DRIVER));
	ASSERT_TRUE(wait_until(sleeps(self->nic)));
	ASSERT_EQ(0, pci_write(self->nic, "power/control", "on"));
	EXPECT_FALSE(sleeps(self->nic));
	ASSERT_EQ(0, use(self->nic));
	EXPECT_TRUE(stays_awake(self->nic));
	ASSERT_EQ(0, pci_write(self->nic, "power/control", "auto"));
	EXPECT_TRUE(wait_until(sleeps(self->nic)));
}

TEST_F(parameters, vfio_pci_has_its_own)
{
	ASSERT_EQ(0, load("", "disable_idle_d3=1"));
	ASSERT_EQ(0, pci_bind(self->nic, "vfio-pci"));
	EXPECT_TRUE(stays_awake(self->nic));
	ASSERT_EQ(0, pci_unbind(self->nic));
	/* Loading noiommu-pci later does not change that. */
	ASSERT_EQ(0, run("rmmod noiommu-pci && modprobe noiommu-pci"));
	ASSERT_EQ(0, pci_bind(self->nic, "vfio-pci"));
	EXPECT_TRUE(stays_awake(self->nic));
}

/* --- INTx ------------------------------------------------------------------- */

/* In the function's own configuration space, not in VFIO's view. */
static bool masked_in_function(const char *address)
{
	char path[96];
	__u16 command = 0;
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/config", address);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (pread(fd, &command, sizeof(command), PCI_COMMAND) < 0)
		printf("# cannot read %s\n", path);
	close(fd);
	return command & PCI_COMMAND_INTX_DISABLE;
}

/* An interrupt arrives, is masked, and later arrives again. Where is it masked? */
static void expect_intx(struct __test_metadata *_metadata, const char *address,
			bool in_function)
{
	int event = event_create();
	struct edu edu;

	ASSERT_EQ(0, edu_open(&edu));
	ASSERT_EQ(0, irq_route(&edu.vfio, INTX, 0, 1, &event));
	EXPECT_FALSE(masked_in_function(address));
	edu_raise(&edu);
	EXPECT_EQ(1, event_count(event));
	EXPECT_EQ(in_function, masked_in_function(address));
	edu_acknowledge(&edu);
	edu_raise(&edu);
	EXPECT_TRUE(event_quiet(event));
	ASSERT_EQ(0, irq_do(&edu.vfio, INTX, VFIO_IRQ_SET_ACTION_UNMASK, 0, 1));
	EXPECT_EQ(1, event_count(event));
	edu_acknowledge(&edu);
	edu_close(&edu);
	close(event);
}

TEST_F(parameters, nointxmask)
{
	ASSERT_EQ(0, pci_bind(self->edu, DRIVER));
	expect_intx(_metadata, self->edu, true);
	ASSERT_EQ(0, set("nointxmask", "1"));
	expect_intx(_metadata, self->edu, false);
	ASSERT_EQ(0, pci_unbind(self->edu));
	ASSERT_EQ(0, pci_bind(self->edu, "vfio-pci"));
	expect_intx(_metadata, self->edu, true);
}

/* --- VGA -------------------------------------------------------------------- */

static int vga_region(const char *address)
{
	struct vfio_region_info info;
	struct vfio vfio;
	int ret = vfio_open(&vfio, address);

	if (ret)
		return -ENODEV;
	ret = region_info(&vfio, VFIO_PCI_VGA_REGION_INDEX, &info);
	vfio_close(&vfio);
	return ret;
}

TEST_F(parameters, disable_vga)
{
	int stock;

	/* Not every kernel has this option. */
	ASSERT_EQ(0, pci_bind(self->vga, "vfio-pci"));
	stock = vga_region(self->vga);
	ASSERT_TRUE(!stock || stock == -EINVAL);
	ASSERT_EQ(0, pci_unbind(self->vga));
	ASSERT_EQ(0, pci_bind(self->vga, DRIVER));
	EXPECT_EQ(stock, vga_region(self->vga));
	ASSERT_EQ(0, set("disable_vga", "1"));
	EXPECT_EQ(-EINVAL, vga_region(self->vga));
	ASSERT_EQ(0, set("disable_vga", "0"));
	EXPECT_EQ(stock, vga_region(self->vga));
}

TEST_HARNESS_MAIN
