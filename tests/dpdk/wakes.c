// SPDX-License-Identifier: GPL-2.0-only
/*
 * A forwarder that sleeps until a packet comes, with noiommu-pci and few capabilities.
 *
 * Guest: patched DPDK and its ports.
 */
#include "kselftest_harness.h"
#include "memory.h"
#include "passthrough.h"
#include "wakes.h"

FIXTURE(wakes)
{
	struct wire wires[2];
	struct program forwarder;
	long pinned;
};

FIXTURE_SETUP(wakes)
{
	ASSERT_EQ(0, passthrough_load());
	ASSERT_TRUE(ports_bind("noiommu-pci"));
	ASSERT_EQ(0, wires_open(self->wires));
	self->pinned = memory_pinned();
	ASSERT_TRUE(forwarder_start(&self->forwarder, UNPRIVILEGED, FORWARDER(PORTS)));
}

FIXTURE_TEARDOWN(wakes)
{
	program_kill(&self->forwarder);
	EXPECT_EQ(self->pinned, memory_pinned_soon(self->pinned));
	wires_close(self->wires);
}

TEST_F(wakes, of_each_port)
{
	EXPECT_LT(self->pinned, memory_pinned());
	expect_wakes(_metadata, &self->forwarder, self->wires);
}

TEST_HARNESS_MAIN
