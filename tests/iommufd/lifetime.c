// SPDX-License-Identifier: GPL-2.0-only
/*
 * The node of a device from its creation to its removal. Nothing is left, whatever is closed
 * or removed first.
 *
 * Guest: edu; two e1000e, the second with the id "plug" in root port rp0; QEMU's monitor.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "held.h"
#include "iommufd.h"
#include "interrupts.h"
#include "kselftest_harness.h"
#include "memory.h"
#include "noiommu.h"
#include "passthrough.h"
#include "sysfs.h"

#define HUGE_PAGES (HUGE_2M / PAGE)
/* Long enough for a mistake to happen. */
#define WHILE_US 300000

FIXTURE(cdev_lifetime)
{
	char address[PCI_ADDRESS_SIZE];
	char path[64];
	struct space space;
	struct held held;
	char *memory;
};

BOTH_DRIVERS(cdev_lifetime);

/* edu is bound to the driver, and nothing is open. */
FIXTURE_SETUP(cdev_lifetime)
{
	ASSERT_EQ(0, passthrough_load());
	ASSERT_EQ(0, edu_bind_nth(0, variant->driver, self->address));
	ASSERT_EQ(0, cdev_path(self->address, self->path, sizeof(self->path)));
	self->memory = memory_huge(HUGE_2M);
	ASSERT_NE(MAP_FAILED, (void *)self->memory);
	self->space = (struct space){ .fd = -1, .edu.vfio = { -1, -1, -1 } };
	self->held = held_now();
	ASSERT_EQ(0, self->held.mapped);
}

static int find_plug(char address[PCI_ADDRESS_SIZE])
{
	return pci_find(NIC_VENDOR, NIC_DEVICE, 1, address);
}

FIXTURE_TEARDOWN(cdev_lifetime)
{
	char nic[PCI_ADDRESS_SIZE];

	space_close(&self->space);
	EXPECT_HELD(0);
	if (!find_plug(nic))
		pci_unbind(nic);
}

/* Opens and maps everything that can be held. */
static int open_and_map(struct space *space, const char *driver,
			const char *memory)
{
	return space_open(space, driver, 0) ?:
	       iommufd_map(space->fd, space->ioas, memory, HUGE_2M,
			   memory_phys(memory));
}

/* --- The node ----------------------------------------------------------------- */

TEST_F(cdev_lifetime, node)
{
	struct stat stat;
	char again[64];

	ASSERT_EQ(0, lstat(self->path, &stat));
	EXPECT_TRUE(S_ISCHR(stat.st_mode));
	EXPECT_EQ(0, stat.st_mode & 0077);
	EXPECT_EQ(0, stat.st_uid);
	ASSERT_EQ(0, pci_unbind(self->address));
	EXPECT_EQ(-ENOENT, cdev_path(self->address, again, sizeof(again)));
	EXPECT_NE(0, access(self->path, F_OK));
	ASSERT_EQ(0, pci_bind(self->address, variant->driver));
	EXPECT_EQ(0, cdev_path(self->address, again, sizeof(again)));
	EXPECT_EQ(0, access(again, F_OK));
}

TEST_F(cdev_lifetime, nothing_before_bind)
{
	struct vfio *vfio = &self->space.edu.vfio;
	struct vfio_region_info info;
	__u32 table = 1, value;

	ASSERT_EQ(0, cdev_open(vfio, self->address));
	EXPECT_EQ(-EINVAL, region_info(vfio, 0, &info));
	EXPECT_EQ(-1, pread(vfio->device, &value, sizeof(value), 0));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ, MAP_SHARED,
				   vfio->device, 0));
	EXPECT_EQ(-EINVAL, cdev_attach(vfio, &table));
	EXPECT_EQ(-EBADF, cdev_bind(vfio, 1000, &table));
	EXPECT_EQ(-EINVAL, cdev_bind(vfio, -1, &table));
}

/* Pins of /dev/noiommu are held from bind on, which makes DMA possible. */
TEST_F(cdev_lifetime, pins_last_as_long)
{
	int fd = noiommu_open_device();
	__u32 nr = 0, id;

	ASSERT_EQ(0, space_bind(&self->space, variant->driver, 0));
	ASSERT_EQ(0, noiommu_pin_range(fd, self->memory, PAGE, 0, NULL, &nr,
				       &id));
	ASSERT_EQ(0, close(fd));
	usleep(WHILE_US);
	EXPECT_EQ(self->held.pinned + 1, memory_pinned());
	space_close(&self->space);
	EXPECT_TRUE(wait_until(memory_pinned() == self->held.pinned));
}

TEST_F(cdev_lifetime, bound_once)
{
	struct vfio second;
	__u32 device;

	ASSERT_EQ(0, space_bind(&self->space, variant->driver, 0));
	EXPECT_EQ(-EINVAL, cdev_bind(&self->space.edu.vfio, self->space.fd,
				     &device));
	ASSERT_EQ(0, cdev_open(&second, self->address));
	EXPECT_EQ(-EINVAL, cdev_bind(&second, self->space.fd, &device));
	vfio_close(&self->space.edu.vfio);
	EXPECT_EQ(0, cdev_bind(&second, self->space.fd, &device));
	vfio_close(&second);
}

TEST_F(cdev_lifetime, node_or_group)
{
	struct vfio *vfio = &self->space.edu.vfio, other;
	__u32 device;

	ASSERT_EQ(0, vfio_open(&other, self->address));
	self->space.fd = iommufd_open();
	ASSERT_EQ(0, cdev_open(vfio, self->address));
	EXPECT_EQ(-EBUSY, cdev_bind(vfio, self->space.fd, &device));
	vfio_close(&other);
	ASSERT_EQ(0, cdev_bind(vfio, self->space.fd, &device));
	EXPECT_EQ(-EBUSY, vfio_open(&other, self->address));
	vfio_close(vfio);
	EXPECT_EQ(0, vfio_open(&other, self->address));
	vfio_close(&other);
}

/* --- Who goes first -------------------------------------------------------------- */

TEST_F(cdev_lifetime, device_closed_first)
{
	ASSERT_EQ(0, open_and_map(&self->space, variant->driver, self->memory));
	EXPECT_HELD(HUGE_PAGES);
	munmap((void *)self->space.edu.registers,
	       self->space.edu.registers_size);
	self->space.edu.registers = NULL;
	vfio_close(&self->space.edu.vfio);
	EXPECT_HELD(0);
	/* The address space still exists, for the next device. */
	ASSERT_EQ(0, cdev_open(&self->space.edu.vfio, self->address));
	ASSERT_EQ(0, cdev_bind(&self->space.edu.vfio, self->space.fd,
			       &self->space.device));
	ASSERT_EQ(0, space_attach(&self->space));
	EXPECT_HELD(HUGE_PAGES);
}

TEST_F(cdev_lifetime, space_closed_first)
{
	ASSERT_EQ(0, open_and_map(&self->space, variant->driver, self->memory));
	close(self->space.fd);
	self->space.fd = -1;
	EXPECT_HELD(HUGE_PAGES);
	edu_dma_in(&self->space.edu, memory_phys(self->memory), PAGE / 2);
	/* A mapped BAR holds the device, as a descriptor does. */
	vfio_close(&self->space.edu.vfio);
	EXPECT_HELD(HUGE_PAGES);
}

TEST_F(cdev_lifetime, killed)
{
	int channel[2], i;
	pid_t pid;

	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, child_channel(channel));
		pid = child_fork(channel);
		if (!pid) {
			/* Pinning makes copies of inherited pages. */
			if (open_and_map(&self->space, variant->driver,
					 memory_huge(HUGE_2M)))
				_exit(1);
			child_say(channel[1], 1);
			pause();
		}
		close(channel[1]);
		ASSERT_EQ(1, child_hear(channel[0]));
		EXPECT_EQ(self->held.pinned + (long)HUGE_PAGES,
			  memory_pinned());
		EXPECT_EQ(0, kill(pid, SIGKILL));
		EXPECT_EQ(128 + SIGKILL, child_ended(pid));
		close(channel[0]);
		EXPECT_HELD(0);
	}
	EXPECT_EQ(0, open_and_map(&self->space, variant->driver, self->memory));
}

TEST_F(cdev_lifetime, driver_unbound)
{
	int requests = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pid_t pid;

	ASSERT_EQ(0, open_and_map(&self->space, variant->driver, self->memory));
	ASSERT_EQ(0, passthrough_hear_requests(&self->space.edu.vfio,
					       requests));
	pid = fork();
	if (!pid) {
		/* The inherited descriptors must not hold the device. */
		space_close(&self->space);
		_exit(pci_unbind(self->address) ? 1 : 0);
	}
	EXPECT_TRUE(event_comes(requests));
	usleep(WHILE_US);
	EXPECT_EQ(0, waitpid(pid, NULL, WNOHANG));
	EXPECT_HELD(HUGE_PAGES);
	space_close(&self->space);
	EXPECT_EQ(0, child_ended(pid));
	EXPECT_HELD(0);
	EXPECT_FALSE(pci_has_driver(self->address, variant->driver));
	EXPECT_LE(0, pci_group(self->address));
	EXPECT_NE(0, access(self->path, F_OK));
	close(requests);
	EXPECT_EQ(0, open_and_map(&self->space, variant->driver, self->memory));
}

TEST_F(cdev_lifetime, provider_disabled)
{
	ASSERT_EQ(0, open_and_map(&self->space, variant->driver, self->memory));
	EXPECT_EQ(-EBUSY, file_write(PROVIDER "/enable", "0"));
	EXPECT_NE(0, run("rmmod noiommu"));
	EXPECT_HELD(HUGE_PAGES);
	space_close(&self->space);
	ASSERT_EQ(0, pci_unbind(self->address));
	EXPECT_EQ(0, file_write(PROVIDER "/enable", "0"));
	EXPECT_EQ(-ENOENT, pci_group(self->address));
	ASSERT_EQ(0, file_write(PROVIDER "/enable", "1"));
	EXPECT_LE(0, pci_group(self->address));
	EXPECT_EQ(0, open_and_map(&self->space, variant->driver, self->memory));
	EXPECT_HELD(HUGE_PAGES);
}

/* --- The other device ------------------------------------------------------------ */

/* Opens e1000e, attaches it to the address space, and maps a whole huge page. */
static int attach_nic(struct vfio *nic, char address[PCI_ADDRESS_SIZE],
		      struct space *space, const char *driver,
		      const char *memory)
{
	__u32 device, table = space->ioas;

	return find_plug(address) ?:
	       passthrough_bind(address, driver) ?: cdev_open(nic, address) ?:
	       cdev_bind(nic, space->fd, &device) ?: cdev_attach(nic, &table) ?:
	       iommufd_map(space->fd, space->ioas, memory, HUGE_2M,
			   memory_phys(memory));
}

/* The IOMMU core detaches the domain during a reset, and attaches it again. */
TEST_F(cdev_lifetime, reset)
{
	char address[PCI_ADDRESS_SIZE];
	struct vfio nic;

	ASSERT_EQ(0, space_bind(&self->space, variant->driver, 0));
	ASSERT_EQ(0, attach_nic(&nic, address, &self->space, variant->driver,
				self->memory));
	ASSERT_EQ(0, passthrough_reset(&nic));
	EXPECT_HELD(HUGE_PAGES);
	EXPECT_EQ(-EINVAL, iommufd_map(self->space.fd, self->space.ioas,
				       self->memory, PAGE, 0));
	EXPECT_EQ(HUGE_2M, iommufd_unmap(self->space.fd, self->space.ioas,
					 memory_phys(self->memory), HUGE_2M));
	EXPECT_EQ(0, cdev_detach(&nic));
	EXPECT_EQ(0, passthrough_reset(&nic));
	vfio_close(&nic);
}

TEST_F(cdev_lifetime, unplugged)
{
	int requests = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	char address[PCI_ADDRESS_SIZE];
	struct vfio nic;

	ASSERT_EQ(0, space_bind(&self->space, variant->driver, 0));
	ASSERT_EQ(0, attach_nic(&nic, address, &self->space, variant->driver,
				self->memory));
	ASSERT_EQ(0, passthrough_hear_requests(&nic, requests));
	ASSERT_EQ(0, run("qemu-monitor 'device_del plug'"));
	EXPECT_TRUE(event_comes(requests));
	usleep(WHILE_US);
	EXPECT_TRUE(pci_exists(address));
	EXPECT_HELD(HUGE_PAGES);
	vfio_close(&nic);
	EXPECT_TRUE(wait_until(!pci_exists(address)));
	EXPECT_HELD(0);
	close(requests);

	ASSERT_EQ(0, run("qemu-monitor 'device_add e1000e,id=plug,bus=rp0'"));
	ASSERT_TRUE(wait_until(!find_plug(address)));
	ASSERT_TRUE(wait_until(pci_group(address) >= 0));
	space_close(&self->space);
	ASSERT_EQ(0, space_bind(&self->space, variant->driver, 0));
	EXPECT_EQ(0, attach_nic(&nic, address, &self->space, variant->driver,
				self->memory));
	vfio_close(&nic);
}

TEST_HARNESS_MAIN
