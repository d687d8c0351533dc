// SPDX-License-Identifier: GPL-2.0-only
/*
 * On a host with an IOMMU the module refuses to load, and changes nothing.
 *
 * Guest with an IOMMU, and edu behind it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "edu.h"
#include "kselftest_harness.h"
#include "memory.h"
#include "sysfs.h"

/* Lists everything visible of the host's IOMMU. */
#define LIST_IOMMUS \
	"{ ls -d /sys/class/iommu/*; " \
	"ls -d /sys/kernel/iommu_groups/*/devices/*; " \
	"cat /sys/kernel/iommu_groups/*/type; " \
	"ls -l /sys/bus/pci/devices/*/driver; } >/tmp/%s 2>/dev/null || true"

FIXTURE(refusal)
{
	char edu[PCI_ADDRESS_SIZE];
};

FIXTURE_SETUP(refusal)
{
	/* The driver of the virtio-iommu may be a module. */
	run("modprobe -q -a virtio_pci virtio-iommu");
	run("modprobe vfio-pci");
	ASSERT_EQ(0, pci_find(EDU_VENDOR, EDU_DEVICE, 0, self->edu));
}

FIXTURE_TEARDOWN(refusal)
{
}

/* Drivers that wait for the IOMMU bind some time after it. */
static bool is_settled(void)
{
	run(LIST_IOMMUS, "before");
	sleep(slowness());
	run(LIST_IOMMUS, "later");
	return !run("cmp -s /tmp/before /tmp/later");
}

TEST_F(refusal, load_is_refused)
{
	ASSERT_TRUE(wait_until(is_settled()));
	kernel_log_mark();
	EXPECT_EQ(0, run("(modprobe noiommu || true) |& grep 'Device or resource busy'"));
	EXPECT_TRUE(kernel_log_has("noiommu: refused: this host has an IOMMU"));
	EXPECT_FALSE(provider_loaded());
	EXPECT_NE(0, access(PROVIDER, F_OK));
	run(LIST_IOMMUS, "after");
	EXPECT_EQ(0, run("cmp /tmp/before /tmp/after"));
}

/* The host's IOMMU still translates: it maps any IOVA, and DMA uses it. */
TEST_F(refusal, the_other_one_works)
{
	unsigned char *memory = memory_pages(PAGE);
	const __u64 iova = 16 << 20;
	struct edu edu;

	if (pci_group(self->edu) < 0)
		SKIP(return, "this kernel has no driver for the guest's IOMMU");
	ASSERT_NE(MAP_FAILED, (void *)memory);
	EXPECT_NE(0, run("modprobe noiommu"));
	ASSERT_EQ(0, pci_bind(self->edu, "vfio-pci"));
	ASSERT_EQ(0, edu_open(&edu));
	ASSERT_NE(iova, memory_phys(memory));
	ASSERT_EQ(0, vfio_map(&edu.vfio, memory, PAGE, iova));
	memset(memory, 0x5a, EDU_BUFFER_SIZE);
	edu_dma_in(&edu, iova, EDU_BUFFER_SIZE);
	edu_dma_out(&edu, iova + EDU_BUFFER_SIZE, EDU_BUFFER_SIZE);
	EXPECT_EQ(0, memcmp(memory, memory + EDU_BUFFER_SIZE, EDU_BUFFER_SIZE));
	edu_close(&edu);
	ASSERT_EQ(0, pci_unbind(self->edu));
}

TEST_HARNESS_MAIN
