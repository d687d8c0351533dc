// SPDX-License-Identifier: GPL-2.0-only
/*
 * BARs that are revoked while two processes have them mapped: the same tests for stock
 * vfio-pci and for noiommu-pci.
 *
 * Guest: two e1000e, the second with the id "plug" in root port rp0, and QEMU's monitor.
 */
#include <errno.h>
#include <linux/pci_regs.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "interrupts.h"
#include "kselftest_harness.h"
#include "memory.h"
#include "noiommu.h"
#include "passthrough.h"
#include "holder.h"
#include "sysfs.h"
#include "vfio.h"

#define READ_WRITE (PROT_READ | PROT_WRITE)
#define WRITE NOIOMMU_ACCESS_WRITE
/* Long enough for a mistake to happen. */
#define WHILE_US 300000

/* A function that two processes have mapped. */
struct nic {
	char address[PCI_ADDRESS_SIZE];
	struct vfio vfio;
	int requests;
	struct holder holder;
	struct holder_bar place;
	char *bar;
	/* Descriptor of /dev/noiommu. */
	int fd;
};

FIXTURE(revocation)
{
	struct nic nic;
};

BOTH_DRIVERS(revocation);

/* Opens the nth NIC, and maps its BAR 0 here and in the holder. */
static bool map_both(struct nic *nic, unsigned int nth, const char *driver)
{
	if (pci_find(NIC_VENDOR, NIC_DEVICE, nth, nic->address))
		return false;
	nic->place.phys = bar_start(nic->address, 0);
	nic->place.length = bar_length(nic->address, 0);
	/* Start the holder first, so that it inherits nothing. */
	if (!holder_start(&nic->holder, &nic->place) ||
	    passthrough_bind(nic->address, driver) ||
	    vfio_open(&nic->vfio, nic->address) ||
	    vfio_set_memory(&nic->vfio, true) ||
	    passthrough_hear_requests(&nic->vfio, nic->requests))
		return false;
	nic->bar = region_map(&nic->vfio, 0, 0, nic->place.length, READ_WRITE);
	return nic->bar != MAP_FAILED &&
	       holder_maps(&nic->holder, nic->vfio.device);
}

FIXTURE_SETUP(revocation)
{
	ASSERT_EQ(0, passthrough_load());
	self->nic.vfio = (struct vfio){ -1, -1, -1 };
	self->nic.fd = noiommu_open_device();
	ASSERT_LE(0, self->nic.fd);
	self->nic.requests = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	ASSERT_LE(0, self->nic.requests);
}

FIXTURE_TEARDOWN(revocation)
{
	holder_end(&self->nic.holder);
	vfio_close(&self->nic.vfio);
	close(self->nic.requests);
	close(self->nic.fd);
}

static bool translates_here(struct nic *nic)
{
	return translates_to_bar(nic->fd, nic->bar, nic->place.length,
				 WRITE, nic->place.phys);
}

/* The BAR works in both processes. */
#define EXPECT_USABLE()							\
do {									\
	__u32 __value;							\
									\
	EXPECT_TRUE(translates_here(&self->nic));			\
	EXPECT_TRUE(holder_translates(&self->nic.holder));		\
	EXPECT_TRUE(can_read(self->nic.bar, &__value));			\
	EXPECT_NE(~0U, __value);					\
	EXPECT_TRUE(holder_can_read(&self->nic.holder));		\
} while (0)

/* Neither process can access the BAR or get its address. */
#define EXPECT_REVOKED()						\
do {									\
	__u32 __value;							\
									\
	EXPECT_EQ(-EFAULT, translate_error(self->nic.fd, self->nic.bar,	\
					   PAGE, 0));			\
	EXPECT_TRUE(holder_translates_not(&self->nic.holder));		\
	EXPECT_FALSE(can_read(self->nic.bar, &__value));		\
	EXPECT_FALSE(holder_can_read(&self->nic.holder));		\
} while (0)

TEST_F(revocation, memory_off)
{
	__u32 value;
	int i;

	ASSERT_TRUE(map_both(&self->nic, 0, variant->driver));
	EXPECT_USABLE();
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, vfio_set_memory(&self->nic.vfio, false));
		EXPECT_REVOKED();
		EXPECT_EQ(-EIO, region_read(&self->nic.vfio, 0, 0, &value,
					    sizeof(value)));
		ASSERT_EQ(0, vfio_set_memory(&self->nic.vfio, true));
		EXPECT_USABLE();
	}
}

TEST_F(revocation, memory_off_before_the_first_touch)
{
	ASSERT_TRUE(map_both(&self->nic, 0, variant->driver));
	ASSERT_EQ(0, vfio_set_memory(&self->nic.vfio, false));
	EXPECT_REVOKED();
	ASSERT_EQ(0, vfio_set_memory(&self->nic.vfio, true));
	EXPECT_USABLE();
}

TEST_F(revocation, mapped_while_memory_is_off)
{
	char *bar;

	ASSERT_TRUE(map_both(&self->nic, 0, variant->driver));
	ASSERT_EQ(0, vfio_set_memory(&self->nic.vfio, false));
	bar = region_map(&self->nic.vfio, 0, PAGE, PAGE, READ_WRITE);
	ASSERT_NE(MAP_FAILED, (void *)bar);
	EXPECT_EQ(-EFAULT, translate_error(self->nic.fd, bar, PAGE, 0));
	ASSERT_EQ(0, vfio_set_memory(&self->nic.vfio, true));
	EXPECT_TRUE(translates_to_bar(self->nic.fd, bar, PAGE, 0,
				      self->nic.place.phys + PAGE));
}

TEST_F(revocation, reset)
{
	ASSERT_TRUE(map_both(&self->nic, 0, variant->driver));
	EXPECT_USABLE();
	EXPECT_TRUE(was_present(self->nic.bar));
	EXPECT_TRUE(holder_was_present(&self->nic.holder));
	ASSERT_EQ(0, passthrough_reset(&self->nic.vfio));
	EXPECT_FALSE(was_present(self->nic.bar));
	EXPECT_FALSE(holder_was_present(&self->nic.holder));
	EXPECT_USABLE();
}

TEST_F(revocation, address_after_reset)
{
	ASSERT_TRUE(map_both(&self->nic, 0, variant->driver));
	EXPECT_USABLE();
	ASSERT_EQ(0, passthrough_reset(&self->nic.vfio));
	EXPECT_TRUE(translates_here(&self->nic));
	EXPECT_TRUE(holder_translates(&self->nic.holder));
	EXPECT_EQ(variant->faults, was_present(self->nic.bar));
	EXPECT_EQ(variant->faults, holder_was_present(&self->nic.holder));
}

static int low_power(struct vfio *vfio, __u32 feature)
{
	struct vfio_device_feature set = {
		.argsz = sizeof(set),
		.flags = VFIO_DEVICE_FEATURE_SET | feature,
	};

	return ioctl(vfio->device, VFIO_DEVICE_FEATURE, &set) ? -errno : 0;
}

TEST_F(revocation, low_power)
{
	ASSERT_TRUE(map_both(&self->nic, 0, variant->driver));
	EXPECT_USABLE();
	ASSERT_EQ(0, low_power(&self->nic.vfio,
			       VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY));
	EXPECT_REVOKED();
	ASSERT_EQ(0, low_power(&self->nic.vfio,
			       VFIO_DEVICE_FEATURE_LOW_POWER_EXIT));
	EXPECT_USABLE();
}

/*
 * A mapping inherited by fork() is revoked like any other. The parent must not have touched
 * it: up to 6.9, vfio-pci-core does not know of page-table entries that fork() copies.
 */
TEST_F(revocation, inherited)
{
	int channel[2];
	__u32 value;
	pid_t pid;

	ASSERT_TRUE(map_both(&self->nic, 0, variant->driver));
	ASSERT_EQ(0, child_channel(channel));
	pid = child_fork(channel);
	if (!pid) {
		child_say(channel[1], translates_here(&self->nic) &&
			  can_read(self->nic.bar, &value) ? 2 : 1);
		child_hear(channel[1]);
		_exit(can_read(self->nic.bar, &value) ||
		      translate_error(self->nic.fd, self->nic.bar, PAGE, 0) != -EFAULT);
	}
	EXPECT_EQ(2, child_hear(channel[0]));
	EXPECT_USABLE();
	ASSERT_EQ(0, vfio_set_memory(&self->nic.vfio, false));
	child_say(channel[0], 1);
	EXPECT_EQ(0, child_ended(pid));
	EXPECT_REVOKED();
	ASSERT_EQ(0, vfio_set_memory(&self->nic.vfio, true));
	EXPECT_USABLE();
}

/*
 * If the root port does not forward the bus number, the function disappears like a card that
 * is unplugged.
 */
TEST_F(revocation, device_that_is_gone)
{
	char port[PCI_ADDRESS_SIZE], path[128];
	__u8 none = 0, bus;
	FILE *config;

	ASSERT_TRUE(map_both(&self->nic, 1, variant->driver));
	EXPECT_USABLE();
	ASSERT_EQ(0, pci_find(0x1b36, 0x000c, 0, port));
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/config", port);
	config = fopen(path, "r+e");
	ASSERT_NE(NULL, (void *)config);
	setbuf(config, NULL);
	ASSERT_EQ(1, pread(fileno(config), &bus, 1, PCI_SECONDARY_BUS));
	ASSERT_EQ(1, pwrite(fileno(config), &none, 1, PCI_SECONDARY_BUS));
	EXPECT_EQ(variant->faults ? 0 : -EFAULT,
		  translate_error(self->nic.fd, self->nic.bar, PAGE, 0));
	EXPECT_EQ(!variant->faults, holder_translates_not(&self->nic.holder));
	ASSERT_EQ(1, pwrite(fileno(config), &bus, 1, PCI_SECONDARY_BUS));
	EXPECT_USABLE();
	fclose(config);
}

/* Nothing happens until first this process and then the holder have let go. */
#define EXPECT_WAITS_FOR_BOTH(waiting)					\
do {									\
	usleep(WHILE_US);						\
	EXPECT_TRUE(waiting);						\
	EXPECT_USABLE();						\
	vfio_close(&self->nic.vfio);					\
	usleep(WHILE_US);						\
	EXPECT_TRUE(waiting);						\
	EXPECT_USABLE();						\
	ASSERT_EQ(0, munmap(self->nic.bar, self->nic.place.length));	\
	usleep(WHILE_US);						\
	EXPECT_TRUE(waiting);						\
	EXPECT_TRUE(holder_translates(&self->nic.holder));		\
	EXPECT_TRUE(holder_can_read(&self->nic.holder));		\
	EXPECT_TRUE(holder_unmaps(&self->nic.holder));			\
} while (0)

TEST_F(revocation, unbind)
{
	pid_t pid;

	ASSERT_TRUE(map_both(&self->nic, 0, variant->driver));
	EXPECT_USABLE();
	pid = fork();
	if (!pid) {
		/* Inherited mappings and descriptors must not hold the device. */
		munmap(self->nic.bar, self->nic.place.length);
		vfio_close(&self->nic.vfio);
		_exit(pci_unbind(self->nic.address) ? 1 : 0);
	}
	EXPECT_TRUE(event_comes(self->nic.requests));
	EXPECT_WAITS_FOR_BOTH(!waitpid(pid, NULL, WNOHANG));
	EXPECT_EQ(0, child_ended(pid));
	EXPECT_FALSE(pci_has_driver(self->nic.address, variant->driver));
	EXPECT_LE(0, pci_group(self->nic.address));

	holder_end(&self->nic.holder);
	ASSERT_TRUE(map_both(&self->nic, 0, variant->driver));
	EXPECT_USABLE();
}

TEST_F(revocation, unplug)
{
	char again[PCI_ADDRESS_SIZE];

	ASSERT_TRUE(map_both(&self->nic, 1, variant->driver));
	EXPECT_USABLE();
	ASSERT_EQ(0, run("qemu-monitor 'device_del plug'"));
	EXPECT_TRUE(event_comes(self->nic.requests));
	EXPECT_WAITS_FOR_BOTH(pci_exists(self->nic.address));
	EXPECT_TRUE(wait_until(!pci_exists(self->nic.address)));

	holder_end(&self->nic.holder);
	/* Without ACPI, QEMU's device goes with the power of the slot, after the function. */
	ASSERT_TRUE(wait_until(run("qemu-monitor 'info qtree' | grep -q 'id \"plug\"'")));
	ASSERT_EQ(0, run("qemu-monitor 'device_add e1000e,id=plug,bus=rp0'"));
	ASSERT_TRUE(wait_until(!pci_find(NIC_VENDOR, NIC_DEVICE, 1, again)));
	ASSERT_TRUE(wait_until(pci_group(again) >= 0));
	ASSERT_TRUE(map_both(&self->nic, 1, variant->driver));
	EXPECT_USABLE();
}

TEST_HARNESS_MAIN
