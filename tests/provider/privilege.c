// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who gets DMA, and what it does to the kernel's good name.
 *
 * The tests run in the order in which they stand here: a taint is not taken
 * back, and lockdown is not either.
 */
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

#define TAINT_USER (1 << 6)
#define WARNING "given to userspace, its DMA can reach all of memory"
#define LOCKDOWN "/sys/kernel/security/lockdown"

FIXTURE(privilege)
{
	char edu[PCI_ADDRESS_SIZE];
	struct vfio vfio;
};

static long tainted(void)
{
	long flags = -1;

	file_read_long("/proc/sys/kernel/tainted", &flags);
	return flags & TAINT_USER;
}

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
	EXPECT_EQ(0, tainted());
	EXPECT_FALSE(kernel_log_has(WARNING));
}

TEST_F(privilege, attach_taints)
{
	EXPECT_EQ(0, tainted());
	ASSERT_EQ(0, vfio_attach(&self->vfio));
	EXPECT_EQ(TAINT_USER, tainted());
	EXPECT_TRUE(kernel_log_has(WARNING));
}

TEST_F(privilege, warned_once)
{
	EXPECT_EQ(TAINT_USER, tainted());
	kernel_log_mark();
	ASSERT_EQ(0, vfio_attach(&self->vfio));
	EXPECT_FALSE(kernel_log_has(WARNING));
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

TEST_F(privilege, nothing_under_lockdown)
{
	if (access(LOCKDOWN, F_OK))
		SKIP(return, "this kernel has no lockdown");
	ASSERT_EQ(0, file_write(LOCKDOWN, "integrity"));
	EXPECT_EQ(-EPERM, vfio_attach(&self->vfio));
	EXPECT_GT(0, vfio_open_device(&self->vfio, self->edu));

	vfio_close(&self->vfio);
	ASSERT_EQ(0, pci_unbind(self->edu));
	ASSERT_EQ(0, file_write(PROVIDER "/enable", "0"));
	EXPECT_EQ(-EPERM, file_write(PROVIDER "/enable", "1"));
	EXPECT_TRUE(kernel_log_has("noiommu: refused: the kernel is locked down"));
	EXPECT_EQ(-ENOENT, pci_group(self->edu));
}

TEST_HARNESS_MAIN
