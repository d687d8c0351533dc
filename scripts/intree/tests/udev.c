// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFIO built into a kernel, as Ubuntu's is: modprobe.d cannot accept unsafe interrupts, and the
 * udev rule that the packages install does.
 *
 * Guest: edu, udev, and the files that "make install" adds to a host.
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "edu.h"
#include "iommufd.h"
#include "kselftest_harness.h"
#include "passthrough.h"
#include "sysfs.h"
#include "vfio.h"

#define TYPE1 "/sys/module/vfio_iommu_type1/"
#define IOMMUFD "/sys/module/iommufd/"
#define ACCEPT "parameters/allow_unsafe_interrupts"

static char accepted(const char *module)
{
	char path[96], value[8] = "";

	snprintf(path, sizeof(path), "%s" ACCEPT, module);
	return file_read(path, value, sizeof(value)) ? '?' : value[0];
}

FIXTURE(udev)
{
	struct vfio vfio;
	char edu[PCI_ADDRESS_SIZE];
};

/* As when userspace starts. */
FIXTURE_SETUP(udev)
{
	ASSERT_EQ(0, file_write(TYPE1 ACCEPT, "N"));
	ASSERT_EQ(0, file_write(IOMMUFD ACCEPT, "N"));
	ASSERT_EQ(0, pci_find(EDU_VENDOR, EDU_DEVICE, 0, self->edu));
	ASSERT_EQ(0, pci_bind(self->edu, "vfio-pci"));
}

FIXTURE_TEARDOWN(udev)
{
	EXPECT_EQ(0, pci_unbind(self->edu));
}

TEST_F(udev, modprobe_cannot)
{
	/* The options are there, but neither is a module. */
	ASSERT_EQ(0, run("modprobe -c | grep -q '^options vfio_iommu_type1 allow_unsafe'"));
	ASSERT_NE(0, access(TYPE1 "initstate", F_OK));
	ASSERT_NE(0, access(IOMMUFD "initstate", F_OK));
	EXPECT_EQ(0, run("modprobe vfio_iommu_type1"));
	EXPECT_EQ(0, run("modprobe iommufd"));
	EXPECT_EQ('N', accepted(TYPE1));
	EXPECT_EQ('N', accepted(IOMMUFD));
	EXPECT_EQ(-EPERM, vfio_open(&self->vfio, self->edu));
}

/* What a host does at boot, with the rule of the packages and no other. */
TEST_F(udev, rule_accepts)
{
	struct space space = { };

	ASSERT_EQ(0, run("/usr/lib/systemd/systemd-udevd --daemon"));
	EXPECT_EQ(0, run("udevadm trigger --type=devices --action=add --subsystem-match=misc"));
	EXPECT_EQ(0, run("udevadm settle"));
	EXPECT_EQ('Y', accepted(TYPE1));
	EXPECT_EQ('Y', accepted(IOMMUFD));
	EXPECT_EQ(0, run("udevadm control --exit"));
	EXPECT_EQ(0, vfio_open(&self->vfio, self->edu));
	vfio_close(&self->vfio);
	EXPECT_EQ(0, space_open(&space, "vfio-pci", 0));
	space_close(&space);
}

TEST_HARNESS_MAIN
