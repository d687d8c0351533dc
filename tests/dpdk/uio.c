// SPDX-License-Identifier: GPL-2.0-only
/*
 * With uio_pci_generic, DPDK works as before, with addresses from /proc/self/pagemap: with
 * and without our modules in the kernel.
 *
 * Guest: DPDK, patched or not, and its ports.
 */
#include <unistd.h>

#include "forwarding.h"
#include "sysfs.h"

FIXTURE(uio)
{
	struct wire wires[2];
	struct testpmd pmd;
};

FIXTURE_SETUP(uio)
{
	ASSERT_EQ(0, run("modprobe uio_pci_generic"));
	ASSERT_FALSE(provider_loaded());
	ASSERT_TRUE(ports_bind("uio_pci_generic"));
	ASSERT_EQ(0, wires_open(self->wires));
}

FIXTURE_TEARDOWN(uio)
{
	testpmd_kill(&self->pmd);
	wires_close(self->wires);
}

/* With addresses that are those of pagemap. */
static void expect_pa_forwarding(struct __test_metadata *_metadata,
				 struct testpmd *pmd, struct wire wires[2])
{
	unsigned int wrong;

	ASSERT_TRUE(testpmd_start(pmd, ALL_CAPABILITIES, PORTS, RINGS));
	EXPECT_TRUE(testpmd_said(pmd, "Selected IOVA mode 'PA'"));
	EXPECT_LT(0, testpmd_memory(pmd, &wrong));
	EXPECT_EQ(0, wrong);
	expect_forwarding(_metadata, pmd, wires);
	EXPECT_EQ(0, testpmd_quit(pmd));
}

TEST_F(uio, forwards)
{
	expect_pa_forwarding(_metadata, &self->pmd, self->wires);
}

TEST_F(uio, needs_pagemap)
{
	ASSERT_TRUE(testpmd_start(&self->pmd,
				  ALL_CAPABILITIES & ~CAPABILITY(CAP_SYS_ADMIN),
				  PORTS, RINGS));
	EXPECT_TRUE(testpmd_said(&self->pmd,
				 "Physical addresses are unavailable"));
	EXPECT_EQ(0, testpmd_ports(&self->pmd));
	EXPECT_EQ(0, testpmd_quit(&self->pmd));
}

/* With VFIO loaded but bound to no port, and with our IOMMU groups. */
TEST_F(uio, forwards_beside_noiommu)
{
	ASSERT_EQ(0, run("modprobe -a noiommu vfio-pci"));
	ASSERT_EQ(0, pci_unbind(PORT_0));
	ASSERT_EQ(0, pci_unbind(PORT_1));
	ASSERT_TRUE(pci_is_claimed(PORT_0));
	ASSERT_TRUE(ports_bind("uio_pci_generic"));
	expect_pa_forwarding(_metadata, &self->pmd, self->wires);
	EXPECT_EQ(0, provider_unload());
	EXPECT_EQ(0, run("modprobe -r vfio-pci"));
}

TEST_HARNESS_MAIN
