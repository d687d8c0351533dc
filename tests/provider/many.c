// SPDX-License-Identifier: GPL-2.0-only
/*
 * More claims than lockdep allows locks in one thread.
 *
 * Guest: 60 functions of pci-testdev, which has no driver in the kernel, and edu.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "edu.h"
#include "kselftest_harness.h"
#include "sysfs.h"

#define TEST_VENDOR 0x1b36
#define TEST_DEVICE 0x0005
#define FUNCTIONS 60

FIXTURE(many)
{
	char edu[PCI_ADDRESS_SIZE];
	char last[PCI_ADDRESS_SIZE];
};

FIXTURE_SETUP(many)
{
	ASSERT_EQ(0, run("modprobe -a pci-stub vfio-pci"));
	ASSERT_EQ(0, pci_find(EDU_VENDOR, EDU_DEVICE, 0, self->edu));
	ASSERT_EQ(0, pci_find(TEST_VENDOR, TEST_DEVICE, FUNCTIONS - 1,
			      self->last));
	ASSERT_EQ(0, run("modprobe noiommu"));
	ASSERT_EQ(0, file_write(PROVIDER "/enable", "1"));
	ASSERT_LE(FUNCTIONS + 1, provider_claimed());
	kernel_log_mark();
}

FIXTURE_TEARDOWN(many)
{
	pci_unbind(self->edu);
	pci_unbind(self->last);
	EXPECT_EQ(0, provider_unload());
}

TEST_F(many, released_and_claimed_again)
{
	long before = provider_claimed();

	ASSERT_EQ(0, file_write(PROVIDER "/enable", "0"));
	EXPECT_EQ(0, provider_claimed());
	EXPECT_TRUE(pci_is_unclaimed(self->last));
	EXPECT_FALSE(kernel_log_has("MAX_LOCK_DEPTH"));
	ASSERT_EQ(0, file_write(PROVIDER "/enable", "1"));
	EXPECT_EQ(before, provider_claimed());
}

/* Claims that were ready for release are intact: native drivers and VFIO bind. */
TEST_F(many, one_is_busy)
{
	static const char * const drivers[] = { "vfio-pci", "pci-stub" };
	long before = provider_claimed();
	char expected[128];
	size_t i;

	for (i = 0; i < sizeof(drivers) / sizeof(*drivers); i++) {
		ASSERT_EQ(0, pci_bind(self->last, drivers[i]));
		EXPECT_EQ(-EBUSY, file_write(PROVIDER "/enable", "0"));
		snprintf(expected, sizeof(expected),
			 "%s: noiommu: not released: in use by driver %s",
			 self->last, drivers[i]);
		EXPECT_TRUE(kernel_log_has(expected));
		EXPECT_EQ(before, provider_claimed());
		EXPECT_EQ(0, pci_bind(self->edu, "vfio-pci"));
		EXPECT_EQ(0, pci_unbind(self->edu));
		EXPECT_EQ(0, pci_unbind(self->last));
	}
}

/* Binds and unbinds until it is killed, with or without a group. */
static pid_t start_binding(const char *address, const char *driver)
{
	pid_t child = fork();

	if (child)
		return child;
	for (;;) {
		pci_bind(address, driver);
		pci_unbind(address);
	}
}

/* The IOMMU core would warn about wrong counts. */
TEST_F(many, while_drivers_come_and_go)
{
	pid_t stub, vfio;
	int i;

	stub = start_binding(self->edu, "pci-stub");
	vfio = start_binding(self->last, "vfio-pci");
	ASSERT_LT(0, stub);
	ASSERT_LT(0, vfio);
	for (i = 0; i < 8; i++) {
		file_write(PROVIDER "/enable", "0");
		EXPECT_EQ(0, file_write(PROVIDER "/enable", "1"));
	}
	kill(stub, SIGKILL);
	kill(vfio, SIGKILL);
	EXPECT_EQ(stub, waitpid(stub, NULL, 0));
	EXPECT_EQ(vfio, waitpid(vfio, NULL, 0));
	/* The processes may have been killed between two writes. */
	pci_write(self->edu, "driver_override", "\n");
	pci_write(self->last, "driver_override", "\n");
	pci_unbind(self->edu);
	pci_unbind(self->last);
	/* After a failed probe, a worker claims the function. */
	EXPECT_TRUE(wait_until(pci_is_claimed(self->edu)));
	EXPECT_TRUE(wait_until(pci_is_claimed(self->last)));
}

TEST_HARNESS_MAIN
