// SPDX-License-Identifier: GPL-2.0-only
/*
 * Debian's testpmd on an architecture for which no hint selects physical addresses: with the
 * option that does, without, and with a patched librte_eal in the place of Debian's, which needs
 * none. Such a DPDK does not know noiommu-pci.
 *
 * Guest: Debian's testpmd, and its ports; the library.
 */
#include "client.h"
#include "forwarding.h"
#include "memory.h"
#include "passthrough.h"
#include "patched_eal.h"
#include "sysfs.h"

FIXTURE(iova_pa)
{
	struct wire wires[2];
	struct testpmd pmd;
	long pinned;
};

static bool ports_ready(struct wire wires[2])
{
	return !passthrough_load() && ports_bind("vfio-pci") && !wires_open(wires);
}

FIXTURE_SETUP(iova_pa)
{
	ASSERT_TRUE(ports_ready(self->wires));
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

FIXTURE(patched_eal)
{
	struct wire wires[2];
	struct testpmd pmd;
	long pinned;
};

FIXTURE_SETUP(patched_eal)
{
	ASSERT_TRUE(ports_ready(self->wires));
	ASSERT_TRUE(client_patch_eal(""));
	self->pinned = memory_pinned();
}

FIXTURE_TEARDOWN(patched_eal)
{
	testpmd_kill(&self->pmd);
	EXPECT_EQ(self->pinned, memory_pinned_soon(self->pinned));
	EXPECT_TRUE(client_restore_eal(""));
	wires_close(self->wires);
}

TEST_F(patched_eal, forwards)
{
	ASSERT_TRUE(testpmd_start(&self->pmd, CLIENT_UNPRIVILEGED, "", RINGS));
	expect_patched_eal(_metadata, &self->pmd);
	expect_forwarding(_metadata, &self->pmd, self->wires);
	expect_huge_pins(_metadata, &self->pmd, memory_pinned() - self->pinned);
	EXPECT_EQ(0, testpmd_quit(&self->pmd));
}

TEST_HARNESS_MAIN
