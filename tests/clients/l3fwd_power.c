// SPDX-License-Identifier: GPL-2.0-only
/*
 * A forwarder that sleeps until a packet comes, with unmodified DPDK and without an option for
 * addresses or devices.
 *
 * Guest: unpatched DPDK and its ports, after a function with a native driver. Debian has no
 * package of this example.
 */
#include "client.h"
#include "kselftest_harness.h"
#include "memory.h"
#include "wakes.h"

FIXTURE(l3fwd_power)
{
	struct wire wires[2];
	struct program forwarder;
	long pinned;
};

FIXTURE_SETUP(l3fwd_power)
{
	ASSERT_TRUE(client_ports("", self->wires));
	self->pinned = memory_pinned();
	ASSERT_TRUE(forwarder_start(&self->forwarder, ALL_CAPABILITIES, FORWARDER("")));
}

FIXTURE_TEARDOWN(l3fwd_power)
{
	program_kill(&self->forwarder);
	EXPECT_EQ(self->pinned, memory_pinned_soon(self->pinned));
	EXPECT_TRUE(client_release(self->wires));
}

TEST_F(l3fwd_power, is_woken_by_each_port)
{
	EXPECT_LT(self->pinned, memory_pinned());
	expect_wakes(_metadata, &self->forwarder, self->wires);
}

TEST_HARNESS_MAIN
