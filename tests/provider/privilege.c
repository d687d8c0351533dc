// SPDX-License-Identifier: GPL-2.0-only
/* The privilege that DMA requires. */
#include <errno.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "edu.h"
#include "kselftest_harness.h"
#include "memory.h"
#include "privilege.h"
#include "sysfs.h"
#include "vfio.h"

FIXTURE(privilege)
{
	char edu[PCI_ADDRESS_SIZE];
	struct vfio vfio;
};

FIXTURE_SETUP(privilege)
{
	run("modprobe -a noiommu vfio-pci");
	ASSERT_EQ(0, pci_find(EDU_VENDOR, EDU_DEVICE, 0, self->edu));
	if (!pci_has_driver(self->edu, "vfio-pci"))
		ASSERT_EQ(0, pci_bind(self->edu, "vfio-pci"));
	ASSERT_EQ(0, vfio_open_container(&self->vfio));
	ASSERT_EQ(0, vfio_open_group(&self->vfio, self->edu));
}

FIXTURE_TEARDOWN(privilege)
{
	vfio_close(&self->vfio);
}

TEST_F(privilege, attach_needs_rawio)
{
	ASSERT_EQ(0, privilege_drop(CAP_SYS_RAWIO));
	EXPECT_EQ(-EPERM, vfio_attach(&self->vfio));
	EXPECT_GT(0, vfio_open_device(&self->vfio, self->edu));
}

TEST_F(privilege, goes_on_when_dropped_after_attach)
{
	char *memory = memory_huge(HUGE_2M);
	__u64 phys;

	ASSERT_NE(MAP_FAILED, memory);
	phys = memory_phys(memory);
	ASSERT_EQ(0, vfio_attach(&self->vfio));
	ASSERT_EQ(0, privilege_drop(CAP_SYS_RAWIO));
	EXPECT_EQ(0, vfio_open_device(&self->vfio, self->edu));
	EXPECT_EQ(0, vfio_map(&self->vfio, memory, HUGE_2M, phys));
	EXPECT_EQ(0, vfio_unmap(&self->vfio, phys, HUGE_2M));
}

TEST_HARNESS_MAIN
