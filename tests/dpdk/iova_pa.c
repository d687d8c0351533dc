// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unpatched DPDK on an architecture for which no hint selects physical addresses: with the option
 * that does, and without. Such a DPDK does not know noiommu-pci.
 *
 * Guest: Debian's testpmd, and its ports.
 */
#include "forwarding.h"
#include "memory.h"
#include "passthrough.h"
#include "sysfs.h"

FIXTURE(iova_pa)
{
	struct wire wires[2];
	struct testpmd pmd;
	long pinned;
};

FIXTURE_SETUP(iova_pa)
{
	ASSERT_EQ(0, passthrough_load());
	ASSERT_EQ(0, run("modprobe virtio_net"));
	/* DPDK's own tool needs Python, which the guest has not. */
	ASSERT_EQ(0, passthrough_bind(PORT_0, "vfio-pci"));
	ASSERT_EQ(0, passthrough_bind(PORT_1, "vfio-pci"));
	ASSERT_EQ(0, wires_open(self->wires));
	self->pinned = memory_pinned();
}

FIXTURE_TEARDOWN(iova_pa)
{
	testpmd_kill(&self->pmd);
	EXPECT_EQ(self->pinned, memory_pinned_soon(self->pinned));
	EXPECT_EQ(0, provider_mapped());
	wires_close(self->wires);
}

TEST_F(iova_pa, forwards)
{
	ASSERT_TRUE(testpmd_start(&self->pmd, ALL_CAPABILITIES, "--iova-mode=pa " PORTS, RINGS));
	expect_forwarding(_metadata, &self->pmd, self->wires);
	EXPECT_LT(self->pinned, memory_pinned());
	EXPECT_LT(0, provider_mapped());
	EXPECT_EQ(0, testpmd_quit(&self->pmd));
}

/* Memory at virtual addresses is refused, so DPDK closes the ports. */
TEST_F(iova_pa, has_no_ports_without_the_option)
{
	ASSERT_TRUE(testpmd_start(&self->pmd, ALL_CAPABILITIES, PORTS, RINGS));
	EXPECT_TRUE(testpmd_said(&self->pmd, "Selected IOVA mode 'VA'"));
	EXPECT_EQ(0, testpmd_ports(&self->pmd));
	EXPECT_EQ(0, testpmd_quit(&self->pmd));
}

TEST_HARNESS_MAIN
