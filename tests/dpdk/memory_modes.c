// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ways in which DPDK allocates memory, and testpmd its buffers. All memory is pinned at
 * the addresses that DPDK gives to the devices.
 *
 * Guest: patched DPDK and its ports, 128 huge pages.
 */
#include "forwarding.h"
#include "memory.h"
#include "passthrough.h"
#include "sysfs.h"

FIXTURE(memory_modes)
{
	struct wire wires[2];
	struct testpmd pmd;
	long pinned;
};

FIXTURE_VARIANT(memory_modes)
{
	const char *eal;
	const char *options;
	/* 4 KiB pages; listing them all would take minutes. */
	bool small_pages;
};

FIXTURE_VARIANT_ADD(memory_modes, huge_pages)
{
	.eal = PORTS,
	.options = RINGS,
};

FIXTURE_VARIANT_ADD(memory_modes, legacy)
{
	.eal = PORTS " --legacy-mem -m 64",
	.options = RINGS,
};

FIXTURE_VARIANT_ADD(memory_modes, no_huge)
{
	.eal = PORTS " --no-huge",
	.options = RINGS,
	.small_pages = true,
};

FIXTURE_VARIANT_ADD(memory_modes, in_memory)
{
	.eal = PORTS " --in-memory",
	.options = RINGS,
};

FIXTURE_VARIANT_ADD(memory_modes, single_file)
{
	.eal = PORTS " --single-file-segments",
	.options = RINGS,
};

FIXTURE_VARIANT_ADD(memory_modes, anonymous_buffers)
{
	.eal = PORTS,
	.options = RINGS " --mp-alloc=anon",
};

FIXTURE_VARIANT_ADD(memory_modes, external_buffers)
{
	.eal = PORTS,
	.options = RINGS " --mp-alloc=xmem",
	.small_pages = true,
};

FIXTURE_VARIANT_ADD(memory_modes, external_huge_buffers)
{
	.eal = PORTS,
	.options = RINGS " --mp-alloc=xmemhuge",
};

FIXTURE_SETUP(memory_modes)
{
	ASSERT_EQ(0, passthrough_load());
	ASSERT_TRUE(ports_bind("noiommu-pci"));
	ASSERT_EQ(0, wires_open(self->wires));
	self->pinned = memory_pinned();
	ASSERT_TRUE(testpmd_start(&self->pmd, UNPRIVILEGED, variant->eal,
				  variant->options));
}

FIXTURE_TEARDOWN(memory_modes)
{
	testpmd_kill(&self->pmd);
	EXPECT_EQ(self->pinned, memory_pinned_soon(self->pinned));
	wires_close(self->wires);
}

TEST_F(memory_modes, forward)
{
	unsigned int wrong;

	EXPECT_LT(self->pinned, memory_pinned());
	EXPECT_EQ(0, provider_mapped());
	if (!variant->small_pages) {
		EXPECT_LT(0, testpmd_memory(&self->pmd, &wrong));
		EXPECT_EQ(0, wrong);
	}
	expect_forwarding(_metadata, &self->pmd, self->wires);
	EXPECT_EQ(0, testpmd_quit(&self->pmd));
}

TEST_HARNESS_MAIN
