// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that is allocated while the devices are open.
 *
 * Guest: patched DPDK and its ports.
 */
#include <string.h>

#include "forwarding.h"
#include "memory.h"
#include "passthrough.h"

/* 4 MiB when testpmd opens the devices; later, buffers of more than 2 KiB each. */
#define FEW "-m 4 " PORTS
#define MANY "--total-num-mbufs=16384 --rxd=512 --txd=512"
#define MANY_BYTES (16384 * 2048UL)

TEST(memory_grows)
{
	struct testpmd pmd = {};
	struct wire wires[2];
	unsigned int wrong;
	const char *said;
	long pinned;

	ASSERT_EQ(0, passthrough_load());
	ASSERT_TRUE(ports_bind("noiommu-pci"));
	ASSERT_EQ(0, wires_open(wires));
	pinned = memory_pinned();
	ASSERT_TRUE(testpmd_start(&pmd, UNPRIVILEGED, FEW, MANY));
	said = program_output(&pmd.program, 0);
	ASSERT_TRUE(strstr(said, "Memory is pinned"));
	EXPECT_TRUE(strstr(strstr(said, "Memory is pinned"),
			   "create a new mbuf pool"));
	EXPECT_LE(pinned + MANY_BYTES / HUGE_2M, memory_pinned());
	EXPECT_LE(MANY_BYTES / HUGE_2M, testpmd_memory(&pmd, &wrong));
	EXPECT_EQ(0, wrong);
	expect_forwarding(_metadata, &pmd, wires);
	EXPECT_EQ(0, testpmd_quit(&pmd));
	EXPECT_EQ(pinned, memory_pinned_soon(pinned));
	wires_close(wires);
}

TEST_HARNESS_MAIN
