// SPDX-License-Identifier: GPL-2.0-only
/*
 * DPDK without options for addresses, and without the capability that reading
 * /proc/self/pagemap needs.
 *
 * Guest: patched DPDK and its ports.
 */
#include <signal.h>
#include <unistd.h>

#include "forwarding.h"
#include "memory.h"
#include "passthrough.h"
#include "sysfs.h"

FIXTURE(forward)
{
	struct wire wires[2];
	struct testpmd pmd;
	long pinned;
};

BOTH_DRIVERS(forward);

FIXTURE_SETUP(forward)
{
	ASSERT_EQ(0, passthrough_load());
	ASSERT_TRUE(ports_devbind(variant->driver));
	ASSERT_EQ(0, wires_open(self->wires));
	self->pinned = memory_pinned();
	ASSERT_TRUE(testpmd_start(&self->pmd, UNPRIVILEGED, PORTS, RINGS));
}

FIXTURE_TEARDOWN(forward)
{
	testpmd_kill(&self->pmd);
	EXPECT_EQ(self->pinned, memory_pinned_soon(self->pinned));
	wires_close(self->wires);
}

TEST_F(forward, every_byte)
{
	expect_forwarding(_metadata, &self->pmd, self->wires);
	EXPECT_EQ(0, testpmd_quit(&self->pmd));
}

TEST_F(forward, without_pagemap_and_hint)
{
	EXPECT_EQ(UNPRIVILEGED, program_status(&self->pmd.program, "CapEff", 16));
	EXPECT_EQ(UNPRIVILEGED, program_status(&self->pmd.program, "CapBnd", 16));
	EXPECT_TRUE(testpmd_said(&self->pmd, "Selected IOVA mode 'PA'"));
	/* Only DPDK without our patches needs the hint, and it reports the file as an error. */
	EXPECT_EQ(0, access(PROVIDER "/intel-iommu/cap", R_OK));
	EXPECT_FALSE(testpmd_said(&self->pmd, "intel-iommu"));
	/* Memory is pinned by NOIOMMU_PIN, and not by a map of each page. */
	EXPECT_LT(self->pinned, memory_pinned());
	EXPECT_EQ(0, provider_mapped());
	EXPECT_EQ(0, testpmd_quit(&self->pmd));
}

TEST_F(forward, killed)
{
	ASSERT_TRUE(testpmd_command(&self->pmd, "start"));
	EXPECT_LT(self->pinned, memory_pinned());
	EXPECT_EQ(128 + SIGKILL, testpmd_kill(&self->pmd));
	EXPECT_EQ(0, provider_mapped());
}

TEST_HARNESS_MAIN
