// SPDX-License-Identifier: GPL-2.0-only
/*
 * Virtual functions of a physical function that a user owns.
 *
 * Guest: nvme with one virtual function, in a root port.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "edu.h"
#include "kselftest_harness.h"
#include "passthrough.h"
#include "sysfs.h"
#include "vfio.h"

#define TOKEN " vf_token=14d63f20-8445-11ea-8900-1f9ce7d5650d"
#define OTHER_TOKEN " vf_token=24d63f20-8445-11ea-8900-1f9ce7d5650d"

#define NVME_VENDOR 0x1b36
#define NVME_DEVICE 0x0010

FIXTURE(sriov)
{
	char physical[PCI_ADDRESS_SIZE];
	char virtual[PCI_ADDRESS_SIZE];
	char edu[PCI_ADDRESS_SIZE];
};

BOTH_DRIVERS(sriov);

FIXTURE_SETUP(sriov)
{
	/* Both drivers enable SR-IOV only by this parameter. */
	run("modprobe noiommu-pci enable_sriov=1 && modprobe vfio-pci enable_sriov=1");
	ASSERT_EQ(0, pci_find(NVME_VENDOR, NVME_DEVICE, 0, self->physical));
	ASSERT_EQ(0, pci_bind(self->physical, variant->driver));
}

FIXTURE_TEARDOWN(sriov)
{
	pci_write(self->physical, "sriov_numvfs", "0");
	EXPECT_EQ(0, pci_unbind(self->physical));
}

TEST_F(sriov, virtual_function_follows_its_physical_one)
{
	int i;

	kernel_log_mark();
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, pci_write(self->physical, "sriov_numvfs", "1"));
		pci_link(self->physical, "virtfn0", self->virtual,
			 sizeof(self->virtual));
		EXPECT_TRUE(wait_until(pci_has_driver(self->virtual,
						      variant->driver)));
		EXPECT_LE(0, pci_group(self->virtual));
		EXPECT_NE(pci_group(self->physical), pci_group(self->virtual));
		ASSERT_EQ(0, pci_write(self->physical, "sriov_numvfs", "0"));
		EXPECT_FALSE(pci_exists(self->virtual));
	}
	EXPECT_FALSE(kernel_log_has("not claimed by noiommu"));
}

/* A virtual function unbound by hand stays unbound, whatever is claimed later. */
TEST_F(sriov, virtual_function_unbound_by_hand)
{
	ASSERT_EQ(0, pci_write(self->physical, "sriov_numvfs", "1"));
	pci_link(self->physical, "virtfn0", self->virtual,
		 sizeof(self->virtual));
	ASSERT_TRUE(wait_until(pci_has_driver(self->virtual, variant->driver)));
	ASSERT_EQ(0, pci_unbind(self->virtual));
	ASSERT_EQ(0, run("qemu-monitor 'device_add edu,id=plug,bus=rp0'"));
	ASSERT_TRUE(wait_until(!pci_find(EDU_VENDOR, EDU_DEVICE, 0, self->edu) &&
			       pci_is_claimed(self->edu)));
	/* Long enough for a mistake to happen. */
	usleep(300000);
	EXPECT_TRUE(pci_has_driver(self->virtual, ""));
	ASSERT_EQ(0, run("qemu-monitor 'device_del plug'"));
	ASSERT_TRUE(wait_until(!pci_exists(self->edu)));
}

static int open_with_token(struct vfio *vfio, const char *address,
			   const char *token)
{
	char name[96];
	int ret;

	snprintf(name, sizeof(name), "%s%s", address, token);
	ret = vfio_open_container(vfio) ?: vfio_open_group(vfio, address) ?:
	      vfio_attach(vfio) ?: vfio_open_device(vfio, name);
	if (ret)
		vfio_close(vfio);
	return ret;
}

TEST_F(sriov, token)
{
	struct vfio physical, virtual;
	int ret;

	ASSERT_EQ(0, open_with_token(&physical, self->physical, TOKEN));
	ASSERT_EQ(0, pci_write(self->physical, "sriov_numvfs", "1"));
	pci_link(self->physical, "virtfn0", self->virtual,
		 sizeof(self->virtual));
	ASSERT_TRUE(wait_until(pci_has_driver(self->virtual, variant->driver)));
	/* The link to the driver appears before the node, and that before the device. */
	ASSERT_TRUE(wait_until((ret = open_with_token(&virtual, self->virtual,
						      "")) != -ENOENT &&
			       ret != -ENODEV));
	EXPECT_EQ(-EACCES, ret);
	EXPECT_EQ(-EACCES, open_with_token(&virtual, self->virtual,
					   OTHER_TOKEN));
	ASSERT_EQ(0, open_with_token(&virtual, self->virtual, TOKEN));
	vfio_close(&virtual);
	/* Also after the physical function was closed. */
	vfio_close(&physical);
	ASSERT_EQ(0, open_with_token(&virtual, self->virtual, TOKEN));
	EXPECT_EQ(-EACCES, open_with_token(&physical, self->physical, ""));
	vfio_close(&virtual);
}

/*
 * Claims and SR-IOV both take the locks of the function and of the bus. The driver is unbound
 * only without virtual functions, because the kernel itself warns otherwise.
 */
TEST_F(sriov, while_claims_are_made)
{
	pid_t child = fork();
	int i;

	ASSERT_LE(0, child);
	while (!child)
		file_write(PROVIDER "/enable", "1");
	for (i = 0; i < 10; i++) {
		EXPECT_EQ(0, pci_write(self->physical, "sriov_numvfs", "1"));
		EXPECT_EQ(0, pci_write(self->physical, "sriov_numvfs", "0"));
		EXPECT_EQ(0, pci_unbind(self->physical));
		EXPECT_EQ(0, pci_bind(self->physical, variant->driver));
	}
	kill(child, SIGKILL);
	EXPECT_EQ(child, waitpid(child, NULL, 0));
}

TEST_F(sriov, only_when_told)
{
	const char *module = !strcmp(variant->driver, "vfio-pci") ?
			     "vfio_pci" : "noiommu_pci";
	char path[96];

	snprintf(path, sizeof(path), "/sys/module/%s/parameters/enable_sriov",
		 module);
	ASSERT_EQ(0, file_write(path, "N"));
	EXPECT_EQ(-ENOENT, pci_write(self->physical, "sriov_numvfs", "1"));
	ASSERT_EQ(0, file_write(path, "Y"));
	EXPECT_EQ(0, pci_write(self->physical, "sriov_numvfs", "1"));
}

TEST_HARNESS_MAIN
