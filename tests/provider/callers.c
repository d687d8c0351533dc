// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every kind of caller tries every way to DMA or physical addresses. The table of
 * Documentation/security.rst lists the results.
 *
 * Guest: four edus. Lockdown cannot be lifted, so it comes last.
 */
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "edu.h"
#include "iommufd.h"
#include "kselftest_harness.h"
#include "memory.h"
#include "noiommu.h"
#include "passthrough.h"
#include "pinned.h"
#include "privilege.h"
#include "sysfs.h"

#define LOCKDOWN "/sys/kernel/security/lockdown"
#define NOBODY 65534

static int as_root(void)
{
	return 0;
}

static int as_root_without_rawio(void)
{
	return privilege_drop(CAP_SYS_RAWIO);
}

/* A user with no privilege but the permissions of the nodes. */
static int as_user(void)
{
	return setgroups(0, NULL) || setgid(NOBODY) || setuid(NOBODY) ?
	       -errno : 0;
}

static int as_user_with_rawio(void)
{
	if (prctl(PR_SET_KEEPCAPS, 1))
		return -errno;
	return as_user() ?: privilege_only(CAP_SYS_RAWIO);
}

/* All capabilities, but only inside a user namespace of its own. */
static int as_namespace_root(void)
{
	int ret = as_user();

	/* Otherwise /proc/self belongs to root. */
	if (!ret && (prctl(PR_SET_DUMPABLE, 1) || unshare(CLONE_NEWUSER)))
		ret = -errno;
	return ret ?: file_write("/proc/self/uid_map", "0 65534 1");
}

static const char * const drivers[] = { "vfio-pci", "noiommu-pci" };

/* What a caller starts with: two functions bound to one driver. */
struct device {
	char free[PCI_ADDRESS_SIZE];
	/* Opened with every privilege, before the caller drops its own. */
	char address[PCI_ADDRESS_SIZE];
	struct vfio received;
};

FIXTURE(callers)
{
	struct device devices[2];
	int fd;
	char *memory;
	__u64 phys;
};

FIXTURE_VARIANT(callers)
{
	int (*become)(void);
	/* The result of attempts to get DMA or addresses. */
	int error;
};

FIXTURE_VARIANT_ADD(callers, root)
{
	.become = as_root,
};

FIXTURE_VARIANT_ADD(callers, root_without_rawio)
{
	.become = as_root_without_rawio,
	.error = -EPERM,
};

FIXTURE_VARIANT_ADD(callers, user_with_rawio)
{
	.become = as_user_with_rawio,
};

FIXTURE_VARIANT_ADD(callers, user)
{
	.become = as_user,
	.error = -EPERM,
};

FIXTURE_VARIANT_ADD(callers, namespace_root)
{
	.become = as_namespace_root,
	.error = -EPERM,
};

/* Opens the nth pair of edus, bound to the nth driver; 0 or -errno. */
static int device_open(struct device *device, unsigned int nth)
{
	const char *driver = drivers[nth];
	int ret = passthrough_load();

	ret = ret ?: pci_find(EDU_VENDOR, EDU_DEVICE, 2 * nth, device->free);
	ret = ret ?: pci_find(EDU_VENDOR, EDU_DEVICE, 2 * nth + 1,
			      device->address);
	ret = ret ?: passthrough_bind(device->free, driver);
	ret = ret ?: passthrough_bind(device->address, driver);
	/* As if an administrator had given away the nodes. */
	run("chmod -fR a+rwX /dev/noiommu /dev/vfio /dev/iommu");
	return ret ?: vfio_open(&device->received, device->address);
}

FIXTURE_SETUP(callers)
{
	int i;

	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, device_open(&self->devices[i], i));
	self->fd = noiommu_open_device();
	ASSERT_LE(0, self->fd);
	self->memory = memory_pages(PAGE);
	self->phys = memory_phys(self->memory);
	ASSERT_NE(0, self->phys);
}

FIXTURE_TEARDOWN(callers)
{
	int i;

	close(self->fd);
	for (i = 0; i < 2; i++)
		vfio_close(&self->devices[i].received);
}

static int open_noiommu(void)
{
	int fd = noiommu_open_device();

	return fd < 0 ? fd : close(fd);
}

/* Goes from the node of the group to a BAR. */
static int open_group(const char *address)
{
	struct vfio vfio = { -1, -1, -1 };
	int ret = vfio_open(&vfio, address);
	size_t length;
	void *bar;

	if (!ret) {
		bar = vfio_map_region(&vfio, 0, &length);
		ret = bar == MAP_FAILED ? -errno : munmap(bar, length);
	}
	vfio_close(&vfio);
	return ret;
}

/* Goes from the node of the device to a BAR, if the kernel has such nodes. */
static int open_cdev(const char *address)
{
	struct vfio vfio = { -1, -1, -1 };
	int fd = iommufd_open(), ret;
	__u32 device;

	ret = cdev_open(&vfio, address) ?: cdev_bind(&vfio, fd, &device);
	vfio_close(&vfio);
	close(fd);
	return ret;
}

/* Gets another descriptor of an open device. */
static int open_again(const struct device *device)
{
	struct vfio vfio = device->received;
	int ret = vfio_open_device(&vfio, device->address);

	if (!ret)
		close(vfio.device);
	return ret;
}

static int use_noiommu(int fd, const char *memory)
{
	struct noiommu_extent extent;
	__u32 nr = 1, id;
	int ret;

	ret = noiommu_translate_range(fd, memory, PAGE, 0, &extent, &nr);
	return ret ?: pin(fd, memory, PAGE, 0, &id) ?: noiommu_unpin_id(fd, id);
}

/* Uses configuration space, a BAR, and a mapping for DMA. */
static int use_device(struct vfio *vfio, char *memory, __u64 phys)
{
	int ret = vfio_set_bus_master(vfio);
	size_t length;
	void *bar;

	if (ret)
		return ret;
	bar = vfio_map_region(vfio, 0, &length);
	if (bar == MAP_FAILED)
		return -errno;
	munmap(bar, length);
	return vfio_map(vfio, memory, PAGE, phys) ?: vfio_unmap(vfio, phys, PAGE);
}

TEST_F(callers, new_descriptors)
{
	int i;

	ASSERT_EQ(0, variant->become());
	EXPECT_EQ(variant->error, open_noiommu());
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(variant->error, open_group(self->devices[i].free));
		if (!access("/dev/iommu", F_OK))
			EXPECT_EQ(variant->error,
				  open_cdev(self->devices[i].free));
	}
}

/* Stock vfio-pci gives the device of an open group to every caller. */
TEST_F(callers, one_more_descriptor)
{
	ASSERT_EQ(0, variant->become());
	EXPECT_EQ(0, open_again(&self->devices[0]));
	EXPECT_EQ(variant->error, open_again(&self->devices[1]));
}

/* A descriptor carries its rights to every process that has it. */
TEST_F(callers, received_descriptors)
{
	int i;

	ASSERT_EQ(0, variant->become());
	EXPECT_EQ(0, use_noiommu(self->fd, self->memory));
	for (i = 0; i < 2; i++)
		EXPECT_EQ(0, use_device(&self->devices[i].received,
					self->memory, self->phys));
}

/* Tests of a later fixture run after those of earlier ones. */
FIXTURE(levels)
{
};

FIXTURE_SETUP(levels)
{
}

FIXTURE_TEARDOWN(levels)
{
}

TEST_F(levels, locked_down)
{
	static const char * const levels[] = { "integrity", "confidentiality" };
	char *memory = memory_pages(PAGE);
	__u64 phys = memory_phys(memory);
	struct device devices[2];
	int fd, i;

	if (access(LOCKDOWN, F_OK))
		SKIP(return, "this kernel has no lockdown");
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, device_open(&devices[i], i));
	fd = noiommu_open_device();
	ASSERT_LE(0, fd);
	for (i = 0; i < 4; i++) {
		struct device *device = &devices[i % 2];

		if (i % 2 == 0)
			ASSERT_EQ(0, file_write(LOCKDOWN, levels[i / 2]));
		EXPECT_EQ(-EPERM, open_noiommu());
		EXPECT_EQ(-EPERM, open_group(device->free));
		if (!access("/dev/iommu", F_OK))
			EXPECT_EQ(-EPERM, open_cdev(device->free));
		EXPECT_EQ(i % 2 ? -EPERM : 0, open_again(device));
		EXPECT_EQ(0, use_noiommu(fd, memory));
		EXPECT_EQ(0, use_device(&device->received, memory, phys));
	}
}

TEST_HARNESS_MAIN
