// SPDX-License-Identifier: GPL-2.0-only
/*
 * Nothing of ours works under lockdown. A single test, because lockdown cannot be lifted.
 */
#include <errno.h>
#include <unistd.h>

#include "edu.h"
#include "kselftest_harness.h"
#include "memory.h"
#include "noiommu.h"
#include "sysfs.h"
#include "translation.h"
#include "vfio.h"

#define LOCKDOWN "/sys/kernel/security/lockdown"

/* Uses an open descriptor; 0 or -errno. */
static int translate(int fd)
{
	struct noiommu_extent extent;
	char *memory = memory_pages(PAGE);
	__u32 nr = 1;

	return noiommu_translate_range(fd, memory, PAGE, 0, &extent, &nr);
}

TEST(nothing_but_what_is_open_already)
{
	char edu[PCI_ADDRESS_SIZE];
	struct vfio vfio;
	int fd;

	if (access(LOCKDOWN, F_OK))
		SKIP(return, "this kernel has no lockdown");
	ASSERT_EQ(0, run("modprobe -a noiommu vfio-pci"));
	ASSERT_EQ(0, pci_find(EDU_VENDOR, EDU_DEVICE, 0, edu));
	ASSERT_EQ(0, pci_bind(edu, "vfio-pci"));
	fd = noiommu_open_device();
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, vfio_open_container(&vfio));
	ASSERT_EQ(0, vfio_open_group(&vfio, edu));

	ASSERT_EQ(0, file_write(LOCKDOWN, "integrity"));
	EXPECT_EQ(-EPERM, noiommu_open_device());
	EXPECT_EQ(0, translate(fd));
	EXPECT_EQ(-EPERM, vfio_attach(&vfio));
	EXPECT_GT(0, vfio_open_device(&vfio, edu));

	vfio_close(&vfio);
	close(fd);
	ASSERT_EQ(0, pci_unbind(edu));
	ASSERT_EQ(0, file_write(PROVIDER "/enable", "0"));
	EXPECT_EQ(-EPERM, file_write(PROVIDER "/enable", "1"));
	EXPECT_TRUE(kernel_log_has("noiommu: refused: the kernel is locked down"));
	EXPECT_EQ(-ENOENT, pci_group(edu));
}

TEST_HARNESS_MAIN
