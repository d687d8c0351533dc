// SPDX-License-Identifier: GPL-2.0-only
/*
 * Without /dev/noiommu, or the right to open it, DPDK falls back to pagemap, and reports it
 * if it has no right to read that either. So what other tests show is due to the node.
 *
 * Guest: patched DPDK and its ports.
 */
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "forwarding.h"
#include "noiommu.h"
#include "passthrough.h"
#include "sysfs.h"

FIXTURE(no_node)
{
	struct wire wires[2];
	struct testpmd pmd;
	struct stat node;
};

FIXTURE_SETUP(no_node)
{
	ASSERT_EQ(0, passthrough_load());
	ASSERT_TRUE(ports_bind("noiommu-pci"));
	ASSERT_EQ(0, wires_open(self->wires));
	ASSERT_EQ(0, stat(NOIOMMU_PATH, &self->node));
	ASSERT_EQ(0, unlink(NOIOMMU_PATH));
}

FIXTURE_TEARDOWN(no_node)
{
	testpmd_kill(&self->pmd);
	wires_close(self->wires);
	mknod(NOIOMMU_PATH, self->node.st_mode, self->node.st_rdev);
}

TEST_F(no_node, no_ports)
{
	ASSERT_TRUE(testpmd_start(&self->pmd, UNPRIVILEGED, PORTS, RINGS));
	EXPECT_TRUE(testpmd_said(&self->pmd,
				 "Physical addresses are unavailable"));
	EXPECT_TRUE(testpmd_said(&self->pmd,
				 "addresses, which this process may not look up"));
	EXPECT_EQ(0, testpmd_ports(&self->pmd));
	EXPECT_EQ(0, testpmd_quit(&self->pmd));
}

TEST_F(no_node, no_right)
{
	ASSERT_EQ(0, mknod(NOIOMMU_PATH, self->node.st_mode,
			   self->node.st_rdev));
	ASSERT_TRUE(testpmd_start(&self->pmd, CAPABILITY(CAP_IPC_LOCK), PORTS,
				  RINGS));
	EXPECT_TRUE(testpmd_said(&self->pmd,
				 "Cannot open /dev/noiommu: Operation not permitted"));
	EXPECT_EQ(0, testpmd_ports(&self->pmd));
	EXPECT_EQ(0, testpmd_quit(&self->pmd));
	ASSERT_EQ(0, unlink(NOIOMMU_PATH));
}

TEST_F(no_node, pagemap)
{
	ASSERT_TRUE(testpmd_start(&self->pmd, ALL_CAPABILITIES, PORTS, RINGS));
	expect_forwarding(_metadata, &self->pmd, self->wires);
	/* DPDK maps as for an IOMMU: each page, at its own address. */
	EXPECT_LT(0, provider_mapped());
	EXPECT_EQ(0, testpmd_quit(&self->pmd));
	EXPECT_EQ(0, provider_mapped());
}

TEST_HARNESS_MAIN
