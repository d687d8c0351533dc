// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which functions noiommu-pci binds to and which it refuses, and that it shows a function as
 * stock vfio-pci does.
 *
 * Guest: edu (no driver in the kernel) and e1000e (a native driver). A taint stays, so the
 * test of the taint must be the first one that opens a device.
 */
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "edu.h"
#include "kselftest_harness.h"
#include "passthrough.h"
#include "privilege.h"
#include "sysfs.h"
#include "vfio.h"

#define NOT_CLAIMED "%s: noiommu-pci: not claimed by noiommu"
#define DRIVER "noiommu-pci"

FIXTURE(binding)
{
	char edu[PCI_ADDRESS_SIZE];
	char nic[PCI_ADDRESS_SIZE];
};

static bool is_loaded(const char *module)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/module/%s", module);
	return !access(path, F_OK);
}

static void unload(void)
{
	run("modprobe -q -r noiommu-pci || true");
	provider_unload();
}

/* Neither function has a driver, and none of our modules is loaded. */
FIXTURE_SETUP(binding)
{
	run("modprobe -a vfio-pci");
	ASSERT_EQ(0, pci_find(EDU_VENDOR, EDU_DEVICE, 0, self->edu));
	ASSERT_EQ(0, pci_find(NIC_VENDOR, NIC_DEVICE, 0, self->nic));
	pci_unbind(self->edu);
	pci_unbind(self->nic);
	unload();
	ASSERT_FALSE(is_loaded("noiommu_pci"));
	ASSERT_FALSE(provider_loaded());
	kernel_log_mark();
}

FIXTURE_TEARDOWN(binding)
{
	pci_unbind(self->edu);
	pci_unbind(self->nic);
	unload();
}

/* The provider checks the open of the group; this is the open of the device. */
TEST_F(binding, open_needs_rawio)
{
	struct vfio vfio;

	ASSERT_EQ(0, run("modprobe noiommu-pci"));
	ASSERT_EQ(0, pci_bind(self->edu, DRIVER));
	ASSERT_EQ(0, vfio_open_container(&vfio));
	ASSERT_EQ(0, vfio_open_group(&vfio, self->edu));
	ASSERT_EQ(0, vfio_attach(&vfio));
	ASSERT_EQ(0, vfio_open_device(&vfio, self->edu));
	close(vfio.device);
	ASSERT_EQ(0, privilege_drop(CAP_SYS_RAWIO));
	EXPECT_EQ(-EPERM, vfio_open_device(&vfio, self->edu));
	vfio_close(&vfio);
}

TEST_F(binding, only_by_driver_override)
{
	ASSERT_EQ(0, run("modprobe noiommu-pci"));
	EXPECT_FALSE(pci_has_driver(self->edu, DRIVER));
	EXPECT_EQ(-ENODEV, file_write("/sys/bus/pci/drivers/" DRIVER "/bind",
				      self->edu));
	file_write("/sys/bus/pci/drivers_probe", self->edu);
	EXPECT_FALSE(pci_has_driver(self->edu, DRIVER));

	ASSERT_EQ(0, pci_write(self->edu, "driver_override", DRIVER));
	EXPECT_EQ(0, file_write("/sys/bus/pci/drivers_probe", self->edu));
	EXPECT_TRUE(pci_has_driver(self->edu, DRIVER));
	ASSERT_EQ(0, pci_write(self->edu, "driver_override", "\n"));
	EXPECT_NE(0, run("modinfo -F alias noiommu-pci | grep ."));
}

/* Some scripts know no driver_override. The IDs are those of edu. */
TEST_F(binding, by_new_id)
{
	ASSERT_EQ(0, run("modprobe noiommu-pci"));
	ASSERT_EQ(0, file_write("/sys/bus/pci/drivers/" DRIVER "/new_id", "1234 11e8"));
	EXPECT_TRUE(pci_has_driver(self->edu, DRIVER));
	ASSERT_EQ(0, pci_unbind(self->edu));
	/* Without a claim the driver refuses it, and says so. */
	ASSERT_EQ(0, file_write(PROVIDER "/enable", "0"));
	EXPECT_NE(0, file_write("/sys/bus/pci/drivers/" DRIVER "/bind", self->edu));
	EXPECT_TRUE(kernel_log_has("noiommu-pci: not claimed by noiommu"));
	ASSERT_EQ(0, file_write(PROVIDER "/enable", "1"));
	EXPECT_EQ(0, file_write("/sys/bus/pci/drivers/" DRIVER "/remove_id", "1234 11e8"));
}

/* The message contains the address of the function. */
static bool refused(const char *address)
{
	char expected[128];

	snprintf(expected, sizeof(expected), NOT_CLAIMED, address);
	return pci_bind(address, DRIVER) == -ENODEV &&
	       !pci_has_driver(address, DRIVER) && kernel_log_has(expected);
}

TEST_F(binding, refused_when_disabled)
{
	ASSERT_EQ(0, run("modprobe noiommu-pci"));
	ASSERT_EQ(0, file_write(PROVIDER "/enable", "0"));
	EXPECT_TRUE(refused(self->edu));
	ASSERT_EQ(0, file_write(PROVIDER "/enable", "1"));
	EXPECT_EQ(0, pci_bind(self->edu, DRIVER));
}

TEST_F(binding, refused_when_not_chosen)
{
	ASSERT_EQ(0, run("modprobe noiommu devices=%s", self->nic));
	ASSERT_EQ(0, run("modprobe noiommu-pci"));
	EXPECT_TRUE(refused(self->edu));
	EXPECT_EQ(0, pci_bind(self->nic, DRIVER));
}

TEST_F(binding, provider_stays)
{
	ASSERT_EQ(0, run("modprobe noiommu-pci"));
	ASSERT_EQ(0, pci_bind(self->edu, DRIVER));
	EXPECT_EQ(-EBUSY, file_write(PROVIDER "/enable", "0"));
	EXPECT_TRUE(kernel_log_has("not released: in use by driver noiommu-pci"));
	EXPECT_NE(0, run("rmmod noiommu"));

	ASSERT_EQ(0, pci_unbind(self->edu));
	ASSERT_EQ(0, file_write(PROVIDER "/enable", "0"));
	EXPECT_NE(0, run("rmmod noiommu"));
	EXPECT_TRUE(provider_loaded());
	ASSERT_EQ(0, run("rmmod noiommu-pci"));
	EXPECT_EQ(0, run("rmmod noiommu"));
}

TEST_F(binding, driver_stays_while_open)
{
	struct vfio vfio;

	ASSERT_EQ(0, run("modprobe noiommu-pci"));
	ASSERT_EQ(0, pci_bind(self->edu, DRIVER));
	ASSERT_EQ(0, vfio_open(&vfio, self->edu));
	EXPECT_NE(0, run("rmmod noiommu-pci"));
	EXPECT_TRUE(pci_has_driver(self->edu, DRIVER));
	vfio_close(&vfio);
	EXPECT_EQ(0, run("rmmod noiommu-pci"));
	EXPECT_FALSE(pci_has_driver(self->edu, DRIVER));
	EXPECT_LE(0, pci_group(self->edu));
}

TEST_F(binding, between_drivers)
{
	struct vfio vfio;
	int group, i;

	run("modprobe e1000e");
	ASSERT_EQ(0, run("modprobe noiommu-pci"));
	pci_unbind(self->nic);
	group = pci_group(self->nic);
	ASSERT_LE(0, group);
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, pci_bind(self->nic, DRIVER));
		ASSERT_EQ(0, vfio_open(&vfio, self->nic));
		vfio_close(&vfio);
		ASSERT_EQ(0, passthrough_bind(self->nic, "vfio-pci"));
		ASSERT_EQ(0, vfio_open(&vfio, self->nic));
		vfio_close(&vfio);
		ASSERT_EQ(0, pci_unbind(self->nic));
		EXPECT_EQ(group, pci_group(self->nic));
		ASSERT_EQ(0, pci_bind(self->nic, "e1000e"));
		ASSERT_EQ(0, run("ip link set $(ls /sys/bus/pci/devices/%s/net) up",
				 self->nic));
		ASSERT_EQ(0, pci_unbind(self->nic));
	}
}

/* All that VFIO reports about a function, and its configuration space. */
struct description {
	struct vfio_device_info device;
	char regions[VFIO_PCI_NUM_REGIONS][256];
	struct vfio_irq_info interrupts[VFIO_PCI_NUM_IRQS];
	__u8 config[4096];
	size_t config_size;
};

static bool describe_regions(struct vfio *vfio, struct description *to)
{
	struct vfio_region_info *info;
	int i;

	for (i = 0; i < VFIO_PCI_NUM_REGIONS; i++) {
		info = (void *)to->regions[i];
		info->argsz = sizeof(to->regions[i]);
		info->index = i;
		/* A region may be missing, but then with both drivers. */
		if (ioctl(vfio->device, VFIO_DEVICE_GET_REGION_INFO, info))
			info->flags = ~0;
	}
	info = (void *)to->regions[VFIO_PCI_CONFIG_REGION_INDEX];
	to->config_size = info->size;
	return info->size >= 256 && info->size <= sizeof(to->config) &&
	       !region_read(vfio, VFIO_PCI_CONFIG_REGION_INDEX, 0, to->config,
			    info->size);
}

static bool describe(const char *address, struct description *to)
{
	struct vfio vfio;
	bool good;
	int i;

	memset(to, 0, sizeof(*to));
	if (vfio_open(&vfio, address))
		return false;
	to->device.argsz = sizeof(to->device);
	good = !ioctl(vfio.device, VFIO_DEVICE_GET_INFO, &to->device) &&
	       describe_regions(&vfio, to);
	for (i = 0; i < VFIO_PCI_NUM_IRQS; i++) {
		to->interrupts[i].argsz = sizeof(to->interrupts[i]);
		to->interrupts[i].index = i;
		if (ioctl(vfio.device, VFIO_DEVICE_GET_IRQ_INFO,
			  &to->interrupts[i]))
			to->interrupts[i].flags = ~0;
	}
	vfio_close(&vfio);
	return good;
}

static bool is_described_as_stock(const char *address)
{
	struct description stock, ours;

	return !passthrough_bind(address, "vfio-pci") &&
	       describe(address, &stock) &&
	       !passthrough_bind(address, DRIVER) &&
	       describe(address, &ours) &&
	       stock.device.num_regions >= VFIO_PCI_NUM_REGIONS &&
	       !memcmp(&stock, &ours, sizeof(stock));
}

TEST_F(binding, described_as_stock)
{
	ASSERT_EQ(0, run("modprobe noiommu-pci"));
	EXPECT_TRUE(is_described_as_stock(self->edu));
	EXPECT_TRUE(is_described_as_stock(self->nic));
}

TEST_HARNESS_MAIN
