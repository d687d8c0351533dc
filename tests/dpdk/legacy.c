// SPDX-License-Identifier: GPL-2.0-only
/*
 * DPDK as Debian ships it, and NICs without MSI-X: without an option, DPDK assumes MSI-X.
 *
 * Guest: Debian's DPDK, and its ports.
 */
#include "forwarding.h"
#include "passthrough.h"

FIXTURE(legacy)
{
	struct wire wires[2];
	struct testpmd pmd;
};

FIXTURE_SETUP(legacy)
{
	ASSERT_EQ(0, passthrough_load());
	ASSERT_TRUE(ports_devbind("vfio-pci"));
	ASSERT_EQ(0, wires_open(self->wires));
}

FIXTURE_TEARDOWN(legacy)
{
	testpmd_kill(&self->pmd);
	wires_close(self->wires);
}

TEST_F(legacy, forwards)
{
	ASSERT_TRUE(testpmd_start(&self->pmd, ALL_CAPABILITIES,
				  "--vfio-intr=legacy " PORTS,
				  RINGS));
	EXPECT_FALSE(testpmd_said(&self->pmd, "Error enabling"));
	expect_forwarding(_metadata, &self->pmd, self->wires);
	EXPECT_EQ(0, testpmd_quit(&self->pmd));
}

TEST_HARNESS_MAIN
