// SPDX-License-Identifier: GPL-2.0-only
/*
 * A page of 1 GiB: one pin, and one address from which all others follow.
 *
 * Guest: patched DPDK and its ports, one page of 1 GiB.
 */
#include "forwarding.h"
#include "memory.h"
#include "passthrough.h"
#include "sysfs.h"

#define DIRECTORY "/tmp/pages-1g"
#define KIB_1G (1L << 20)

TEST(memory_1g)
{
	long pinned = memory_pinned();
	struct testpmd pmd = {};
	struct wire wires[2];
	unsigned int wrong;

	ASSERT_EQ(0, run("mkdir " DIRECTORY));
	ASSERT_EQ(0, run("mount -t hugetlbfs -o pagesize=1G none " DIRECTORY));
	ASSERT_EQ(0, passthrough_load());
	ASSERT_TRUE(ports_bind("noiommu-pci"));
	ASSERT_EQ(0, wires_open(wires));
	ASSERT_TRUE(testpmd_start(&pmd, UNPRIVILEGED,
				  PORTS " --huge-dir " DIRECTORY, RINGS));
	EXPECT_EQ(1, testpmd_memory(&pmd, &wrong));
	EXPECT_EQ(0, wrong);
	EXPECT_EQ(pinned + 1, memory_pinned());
	EXPECT_LE(KIB_1G, program_status(&pmd.program, "VmPin", 10));
	expect_forwarding(_metadata, &pmd, wires);
	EXPECT_EQ(0, testpmd_quit(&pmd));
	EXPECT_EQ(pinned, memory_pinned_soon(pinned));
	wires_close(wires);
}

TEST_HARNESS_MAIN
