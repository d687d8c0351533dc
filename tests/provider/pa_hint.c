// SPDX-License-Identifier: GPL-2.0-only
/*
 * The hint that makes unmodified DPDK use physical addresses: each function that has a
 * driver links to a directory with a file in which DPDK finds no number.
 *
 * Guest: an NVMe controller, whose driver is a module, edu, and bridges; a module with a
 * second PCI domain.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "child.h"
#include "edu.h"
#include "kselftest_harness.h"
#include "nvme.h"
#include "sysfs.h"

#define FUNCTIONS "/sys/bus/pci/devices"
#define DISK "/dev/nvme0n1"
#define ROUNDS 40
/* The function of tests/modules/pci_domain.c; its native driver has the module's name. */
#define ELSEWHERE "0001:00:00.0"
#define NATIVE "pci_domain"

enum hint { NONE, NUMBER, TEXT };

/* Reads the file as DPDK does: pci_device_iommu_support_va(). */
static enum hint hint_of(const char *address)
{
	char path[PATH_MAX];
	unsigned long number;
	enum hint hint;
	FILE *file;

	snprintf(path, sizeof(path), FUNCTIONS "/%s/iommu/intel-iommu/cap", address);
	file = fopen(path, "r");
	if (!file)
		return NONE;
	hint = fscanf(file, "%lx", &number) == 1 ? NUMBER : TEXT;
	fclose(file);
	return hint;
}

static bool has_link(const char *address)
{
	char name[32];

	pci_link(address, "iommu", name, sizeof(name));
	return name[0];
}

/* Counts the functions that have a driver; -1 if one of them lacks this hint. */
static int count_drivers(enum hint hint)
{
	struct dirent *entry;
	DIR *dir = opendir(FUNCTIONS);
	char driver[32];
	int count = 0;

	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		pci_link(entry->d_name, "driver", driver, sizeof(driver));
		if (!driver[0])
			continue;
		if (hint_of(entry->d_name) != hint ||
		    (hint == NONE && has_link(entry->d_name) &&
		     !pci_is_claimed(entry->d_name))) {
			fprintf(stderr, "%s, with driver %s, has another hint\n",
				entry->d_name, driver);
			count = -1;
			break;
		}
		count++;
	}
	closedir(dir);
	return count;
}

FIXTURE(pa_hint)
{
	char disk[PCI_ADDRESS_SIZE];
	char edu[PCI_ADDRESS_SIZE];
	int drivers;
};

/* The disk has its native driver before the provider is loaded. */
FIXTURE_SETUP(pa_hint)
{
	ASSERT_EQ(0, pci_find(NVME_VENDOR, NVME_DEVICE, 0, self->disk));
	ASSERT_EQ(0, pci_find(EDU_VENDOR, EDU_DEVICE, 0, self->edu));
	run("modprobe -q -r nvme || true");
	ASSERT_EQ(0, run("modprobe -a nvme vfio-pci"));
	/* modprobe.d has loaded the provider with vfio-pci. */
	ASSERT_EQ(0, provider_unload());
	ASSERT_TRUE(wait_until(!access(DISK, F_OK)));
	ASSERT_TRUE(pci_has_driver(self->disk, "nvme"));
	self->drivers = count_drivers(NONE);
	/* The disk and a bridge. */
	ASSERT_LE(2, self->drivers);
}

FIXTURE_TEARDOWN(pa_hint)
{
	if (!pci_exists(self->disk))
		EXPECT_EQ(0, file_write("/sys/bus/pci/rescan", "1"));
	if (pci_exists(ELSEWHERE))
		EXPECT_EQ(0, run("rmmod " NATIVE));
	pci_unbind(self->edu);
	EXPECT_EQ(0, provider_unload());
	EXPECT_LE(0, count_drivers(NONE));
}

/* All DPDK on the host sees the hint, so it exists only while a user can get a function. */
TEST_F(pa_hint, is_there_while_vfio_has_a_function)
{
	ASSERT_EQ(0, run("modprobe noiommu"));
	EXPECT_EQ(self->drivers, count_drivers(NONE));
	EXPECT_NE(0, access(PROVIDER "/intel-iommu", F_OK));
	ASSERT_EQ(0, pci_bind(self->edu, "vfio-pci"));
	EXPECT_TRUE(pci_is_unclaimed(self->disk));
	EXPECT_EQ(self->drivers + 1, count_drivers(TEXT));
	ASSERT_EQ(-EBUSY, file_write(PROVIDER "/enable", "0"));
	EXPECT_EQ(self->drivers + 1, count_drivers(TEXT));
	ASSERT_EQ(0, pci_unbind(self->edu));
	EXPECT_EQ(self->drivers, count_drivers(NONE));
	EXPECT_NE(0, access(PROVIDER "/intel-iommu", F_OK));
}

/* The hint ends with the last of two functions, whichever was bound first. */
TEST_F(pa_hint, stays_for_the_second_function)
{
	ASSERT_EQ(0, run("modprobe noiommu"));
	ASSERT_EQ(0, pci_unbind(self->disk));
	ASSERT_EQ(0, pci_bind(self->disk, "vfio-pci"));
	ASSERT_EQ(0, pci_bind(self->edu, "vfio-pci"));
	EXPECT_EQ(self->drivers + 1, count_drivers(TEXT));
	ASSERT_EQ(0, pci_unbind(self->disk));
	EXPECT_EQ(self->drivers, count_drivers(TEXT));
	ASSERT_EQ(0, pci_write(self->edu, "remove", "1"));
	EXPECT_EQ(self->drivers - 1, count_drivers(NONE));
	ASSERT_EQ(0, file_write("/sys/bus/pci/rescan", "1"));
	EXPECT_TRUE(wait_until(pci_is_claimed(self->edu)));
}

/* While the hint exists, a native driver is bound and unbound, claimed or not. */
TEST_F(pa_hint, follows_native_drivers)
{
	ASSERT_EQ(0, run("modprobe noiommu"));
	ASSERT_EQ(0, pci_bind(self->edu, "vfio-pci"));
	ASSERT_EQ(0, pci_unbind(self->disk));
	EXPECT_TRUE(pci_is_claimed(self->disk));
	EXPECT_EQ(self->drivers, count_drivers(TEXT));
	ASSERT_EQ(0, pci_bind(self->disk, "nvme"));
	EXPECT_TRUE(pci_is_claimed(self->disk));
	EXPECT_EQ(self->drivers + 1, count_drivers(TEXT));
}

/* Functions that are never claimed have a link only while they have a driver. */
TEST_F(pa_hint, needs_no_claim)
{
	ASSERT_EQ(0, run("modprobe noiommu devices=%s", self->edu));
	ASSERT_EQ(0, pci_bind(self->edu, "vfio-pci"));
	EXPECT_EQ(self->drivers + 1, count_drivers(TEXT));
	ASSERT_EQ(0, pci_unbind(self->disk));
	EXPECT_FALSE(has_link(self->disk));
	EXPECT_EQ(self->drivers, count_drivers(TEXT));
	ASSERT_EQ(0, pci_bind(self->disk, "nvme"));
	EXPECT_EQ(self->drivers + 1, count_drivers(TEXT));
}

TEST_F(pa_hint, follows_a_function_that_is_plugged)
{
	ASSERT_EQ(0, run("modprobe noiommu"));
	ASSERT_EQ(0, pci_bind(self->edu, "vfio-pci"));
	ASSERT_EQ(0, pci_write(self->disk, "remove", "1"));
	EXPECT_EQ(self->drivers, count_drivers(TEXT));
	ASSERT_EQ(0, file_write("/sys/bus/pci/rescan", "1"));
	/* It has a driver as soon as the probe begins, and a disk before it has ended. */
	ASSERT_TRUE(wait_until(!access(DISK, F_OK)));
	ASSERT_TRUE(pci_has_driver(self->disk, "nvme"));
	EXPECT_TRUE(wait_until(count_drivers(TEXT) == self->drivers + 1));
	/* During the probe it is not released. */
	ASSERT_EQ(0, pci_unbind(self->edu));
	EXPECT_TRUE(wait_until(!file_write(PROVIDER "/enable", "0")));
}

TEST_F(pa_hint, can_be_switched_off)
{
	ASSERT_EQ(0, run("modprobe noiommu pa_hint=0"));
	ASSERT_EQ(0, pci_bind(self->edu, "vfio-pci"));
	EXPECT_EQ(NONE, hint_of(self->edu));
	EXPECT_FALSE(has_link(self->disk));
	EXPECT_NE(0, access(PROVIDER "/intel-iommu", F_OK));
}

/* The function that shows the hint and the user's function are in different domains. */
TEST_F(pa_hint, spans_domains)
{
	ASSERT_EQ(0, run("insmod " NATIVE ".ko"));
	ASSERT_TRUE(pci_has_driver(ELSEWHERE, NATIVE));
	ASSERT_EQ(0, run("modprobe noiommu"));
	EXPECT_TRUE(pci_is_unclaimed(ELSEWHERE));
	ASSERT_EQ(0, pci_bind(self->edu, "vfio-pci"));
	EXPECT_EQ(TEXT, hint_of(ELSEWHERE));
	EXPECT_EQ(self->drivers + 2, count_drivers(TEXT));
	ASSERT_EQ(0, pci_unbind(self->edu));
	EXPECT_EQ(self->drivers + 1, count_drivers(NONE));
	ASSERT_EQ(0, pci_unbind(ELSEWHERE));
	ASSERT_EQ(0, pci_bind(ELSEWHERE, "vfio-pci"));
	EXPECT_TRUE(pci_is_claimed(ELSEWHERE));
	EXPECT_EQ(TEXT, hint_of(self->disk));
	EXPECT_EQ(self->drivers + 1, count_drivers(TEXT));
	ASSERT_EQ(0, pci_unbind(ELSEWHERE));
	EXPECT_EQ(self->drivers, count_drivers(NONE));
}

/* A host bridge, with all below it, can be removed at any time. */
TEST_F(pa_hint, follows_a_domain_that_is_removed)
{
	ASSERT_EQ(0, run("modprobe noiommu"));
	ASSERT_EQ(0, pci_bind(self->edu, "vfio-pci"));
	ASSERT_EQ(0, run("insmod " NATIVE ".ko"));
	EXPECT_EQ(self->drivers + 2, count_drivers(TEXT));
	ASSERT_EQ(0, run("rmmod " NATIVE));
	EXPECT_EQ(self->drivers + 1, count_drivers(TEXT));
	ASSERT_EQ(0, run("insmod " NATIVE ".ko"));
	ASSERT_EQ(0, pci_unbind(ELSEWHERE));
	ASSERT_EQ(0, pci_bind(ELSEWHERE, "vfio-pci"));
	ASSERT_EQ(0, pci_unbind(self->edu));
	EXPECT_EQ(TEXT, hint_of(self->disk));
	ASSERT_EQ(0, run("rmmod " NATIVE));
	EXPECT_EQ(self->drivers, count_drivers(NONE));
}

/* Binds and unbinds the disk until a message ends it. */
static pid_t start_binding(const char *disk, int channel[2])
{
	pid_t child = child_fork(channel);
	int rounds = 0;

	if (child)
		return child;
	while (!child_has_news(channel[1])) {
		pci_unbind(disk);
		pci_bind(disk, "nvme");
		rounds++;
	}
	_exit(rounds ? 0 : 1);
}

TEST_F(pa_hint, is_right_after_races)
{
	int channel[2];
	pid_t child;
	int i;

	ASSERT_EQ(0, run("modprobe noiommu"));
	ASSERT_EQ(0, child_channel(channel));
	child = start_binding(self->disk, channel);
	ASSERT_LT(0, child);
	for (i = 0; i < ROUNDS; i++) {
		EXPECT_EQ(0, pci_bind(self->edu, "vfio-pci"));
		EXPECT_EQ(TEXT, hint_of(self->edu));
		EXPECT_EQ(0, pci_unbind(self->edu));
		/* Fails while the disk is being bound or unbound. */
		if (!file_write(PROVIDER "/enable", "0"))
			EXPECT_EQ(0, file_write(PROVIDER "/enable", "1"));
	}
	EXPECT_TRUE(child_say(channel[0], 1));
	EXPECT_EQ(0, child_ended(child));
	pci_unbind(self->disk);
	ASSERT_EQ(0, pci_bind(self->disk, "nvme"));
	EXPECT_EQ(self->drivers, count_drivers(NONE));
	ASSERT_EQ(0, pci_bind(self->edu, "vfio-pci"));
	EXPECT_EQ(self->drivers + 1, count_drivers(TEXT));
}

TEST_HARNESS_MAIN
