// SPDX-License-Identifier: GPL-2.0-only
/*
 * The taint by the first user of DMA. A single test, because a taint stays.
 */
#include <errno.h>
#include <linux/capability.h>
#include <unistd.h>

#include "child.h"
#include "edu.h"
#include "kselftest_harness.h"
#include "privilege.h"
#include "sysfs.h"
#include "vfio.h"

#define TAINT_USER (1 << 6)
#define WARNING "given to userspace, its DMA can reach all of memory"

static long tainted(void)
{
	long flags = -1;

	file_read_long("/proc/sys/kernel/tainted", &flags);
	return flags & TAINT_USER;
}

/* Opens and closes what DMA needs; 0 or -errno. */
static int attach_once(const char *address)
{
	struct vfio vfio;
	int ret;

	ret = vfio_open_container(&vfio);
	if (!ret)
		ret = vfio_open_group(&vfio, address);
	if (!ret)
		ret = vfio_attach(&vfio);
	vfio_close(&vfio);
	return ret;
}

static int attach_without_privilege(const char *address)
{
	pid_t pid = fork();

	if (!pid)
		_exit(privilege_drop(CAP_SYS_RAWIO) ? 255 : -attach_once(address));
	return -child_ended(pid);
}

TEST(attach_taints_and_warns_once)
{
	char edu[PCI_ADDRESS_SIZE];

	ASSERT_EQ(0, run("modprobe -a noiommu-pci vfio-pci"));
	ASSERT_EQ(0, pci_find(EDU_VENDOR, EDU_DEVICE, 0, edu));
	ASSERT_EQ(0, pci_bind(edu, "noiommu-pci"));
	ASSERT_EQ(0, pci_unbind(edu));
	ASSERT_EQ(0, pci_bind(edu, "vfio-pci"));
	EXPECT_EQ(0, tainted());

	EXPECT_EQ(-EPERM, attach_without_privilege(edu));
	EXPECT_EQ(0, tainted());
	EXPECT_FALSE(kernel_log_has(WARNING));

	EXPECT_EQ(0, attach_once(edu));
	EXPECT_EQ(TAINT_USER, tainted());
	EXPECT_TRUE(kernel_log_has(WARNING));

	kernel_log_mark();
	EXPECT_EQ(0, attach_once(edu));
	EXPECT_EQ(TAINT_USER, tainted());
	EXPECT_FALSE(kernel_log_has(WARNING));
}

TEST_HARNESS_MAIN
