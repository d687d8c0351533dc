// SPDX-License-Identifier: GPL-2.0-only
/*
 * A function is removed while a process has it and does not release it.
 *
 * Guest: edu.
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "child.h"
#include "edu.h"
#include "kselftest_harness.h"
#include "sysfs.h"
#include "vfio.h"

FIXTURE(removal)
{
	char edu[PCI_ADDRESS_SIZE];
	pid_t user;
};

/* Keeps the function until it is killed, and ignores requests for it. */
static pid_t start_user(const char *address)
{
	struct vfio vfio;
	int channel[2];
	pid_t child;

	if (child_channel(channel))
		return -1;
	child = child_fork(channel);
	if (!child) {
		if (vfio_open(&vfio, address))
			_exit(1);
		child_say(channel[1], 1);
		for (;;)
			pause();
	}
	return child_hear(channel[0]) == 1 ? child : -1;
}

FIXTURE_SETUP(removal)
{
	ASSERT_EQ(0, run("modprobe -a noiommu vfio-pci"));
	ASSERT_EQ(0, pci_find(EDU_VENDOR, EDU_DEVICE, 0, self->edu));
	ASSERT_EQ(0, pci_bind(self->edu, "vfio-pci"));
	self->user = start_user(self->edu);
	ASSERT_LT(0, self->user);
	kernel_log_mark();
	ASSERT_EQ(0, run("echo 1 >/sys/bus/pci/devices/%s/remove &", self->edu));
	ASSERT_TRUE(wait_until(kernel_log_has("blocked until released by user")));
}

/* The removal completes when the user has ended. */
FIXTURE_TEARDOWN(removal)
{
	child_kill(self->user);
	EXPECT_TRUE(wait_until(!pci_exists(self->edu)));
	EXPECT_EQ(0, file_write("/sys/bus/pci/rescan", "1"));
	EXPECT_TRUE(wait_until(pci_is_claimed(self->edu)));
}

TEST_F(removal, is_told_at_once)
{
	char expected[128];

	EXPECT_EQ(-EBUSY, file_write(PROVIDER "/enable", "0"));
	snprintf(expected, sizeof(expected),
		 "%s: noiommu: not released: being bound, unbound or reset",
		 self->edu);
	EXPECT_TRUE(kernel_log_has(expected));
	EXPECT_LE(1, provider_claimed());
	EXPECT_EQ(self->user, pci_owner(self->edu));
}

TEST_HARNESS_MAIN
