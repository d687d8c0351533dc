// SPDX-License-Identifier: GPL-2.0-only
/*
 * Debian's dpdk-testpmd, without an option for addresses, and without a list of devices: with
 * Debian's libraries, and with a patched librte_eal in the place of Debian's.
 *
 * Guest: Debian's DPDK and its ports, after a function with a native driver; the library.
 */
#include "client.h"
#include "forwarding.h"
#include "memory.h"
#include "patched_eal.h"

#define ALL_DEVICES ""

FIXTURE(testpmd)
{
	struct wire wires[2];
	struct testpmd pmd;
	long pinned;
};

FIXTURE_SETUP(testpmd)
{
	memset(&self->pmd, 0, sizeof(self->pmd));
	self->pinned = memory_pinned();
}

FIXTURE_TEARDOWN(testpmd)
{
	testpmd_kill(&self->pmd);
	EXPECT_EQ(self->pinned, memory_pinned_soon(self->pinned));
	EXPECT_TRUE(client_release(self->wires));
}

TEST_F(testpmd, forwards)
{
	ASSERT_TRUE(client_ports("", self->wires));
	ASSERT_TRUE(testpmd_start(&self->pmd, ALL_CAPABILITIES, ALL_DEVICES, RINGS));
	EXPECT_TRUE(testpmd_said(&self->pmd, "Selected IOVA mode 'PA'"));
	expect_forwarding(_metadata, &self->pmd, self->wires);
	EXPECT_LT(self->pinned, memory_pinned());
	EXPECT_EQ(0, testpmd_quit(&self->pmd));
}

/* Without the hint, DPDK does not select the mode. */
TEST_F(testpmd, has_no_ports_without_the_hint)
{
	ASSERT_TRUE(client_ports("pa_hint=0", self->wires));
	ASSERT_TRUE(testpmd_start(&self->pmd, ALL_CAPABILITIES, ALL_DEVICES, RINGS));
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

/* It needs neither the hint nor /proc/self/pagemap. */
FIXTURE_SETUP(patched_eal)
{
	memset(&self->pmd, 0, sizeof(self->pmd));
	self->pinned = memory_pinned();
	ASSERT_TRUE(client_patch_eal(""));
	ASSERT_TRUE(client_ports("pa_hint=0", self->wires));
	ASSERT_TRUE(testpmd_start(&self->pmd, CLIENT_UNPRIVILEGED, ALL_DEVICES, RINGS));
}

FIXTURE_TEARDOWN(patched_eal)
{
	testpmd_kill(&self->pmd);
	EXPECT_EQ(self->pinned, memory_pinned_soon(self->pinned));
	EXPECT_TRUE(client_release(self->wires));
	EXPECT_TRUE(client_restore_eal(""));
}

TEST_F(patched_eal, forwards)
{
	expect_patched_eal(_metadata, &self->pmd);
	expect_forwarding(_metadata, &self->pmd, self->wires);
	EXPECT_EQ(0, testpmd_quit(&self->pmd));
}

TEST_F(patched_eal, pins_huge_pages_and_maps_nothing)
{
	expect_huge_pins(_metadata, &self->pmd, memory_pinned() - self->pinned);
	EXPECT_EQ(0, testpmd_quit(&self->pmd));
}

TEST_HARNESS_MAIN
