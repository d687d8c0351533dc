// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory beyond DPDK's DMA mask: DPDK gives it no address and no pin, and prints why. A
 * command of dpdk-test narrows the mask, for the life of its process.
 *
 * Guest: patched DPDK and its ports.
 */
#include <unistd.h>

#include "kselftest_harness.h"
#include "memory.h"
#include "passthrough.h"
#include "ports.h"
#include "program.h"

#define SECONDS 200
/* The process has some memory at its start. */
#define DPDK_TEST "exec dpdk-test -l 0-1 --no-telemetry -m 16 "

FIXTURE(dma_mask)
{
	struct program test;
	struct program other;
	long pinned;
};

FIXTURE_SETUP(dma_mask)
{
	ASSERT_EQ(0, passthrough_load());
	ASSERT_TRUE(ports_bind("noiommu-pci"));
	self->pinned = memory_pinned();
}

FIXTURE_TEARDOWN(dma_mask)
{
	program_kill(&self->other);
	program_kill(&self->test);
	EXPECT_EQ(self->pinned, memory_pinned_soon(self->pinned));
}

static void expect_refusal(struct __test_metadata *_metadata,
			   struct program *test, const char *command)
{
	ASSERT_TRUE(program_start(test, UNPRIVILEGED, command));
	EXPECT_TRUE(program_says(test, 0, "Test OK", SECONDS));
	EXPECT_FALSE(program_says(test, 0, "unsupported", 0));
	EXPECT_TRUE(program_says(test, 0, "the DMA mask is 0xfffff\n", 0));
	EXPECT_TRUE(program_says(test, 0, "Cannot pin ", 0));
}

/* The memory of a process with ports is pinned, and no longer grows. */
TEST_F(dma_mask, growing)
{
	expect_refusal(_metadata, &self->test,
		       "DPDK_TEST=dma_mask_autotest " DPDK_TEST PORTS);
	EXPECT_TRUE(program_says(&self->test, 0, "is pinned for DMA", 0));
	EXPECT_EQ(0, program_end(&self->test, SECONDS));
}

/* A port that is attached later does not get existing memory. */
TEST_F(dma_mask, attached)
{
	expect_refusal(_metadata, &self->test,
		       "DPDK_TEST=dma_mask_autotest DPDK_TEST_DEVICE=" PORT_0
		       " " DPDK_TEST NO_PORTS);
	EXPECT_TRUE(program_says(&self->test, 0,
				 PORT_0 " DMA remapping failed", 0));
	EXPECT_FALSE(program_says(&self->test, 0, "is pinned for DMA", 0));
	EXPECT_EQ(0, program_end(&self->test, SECONDS));
}

/* All processes share the mask, however each of them gets addresses. */
TEST_F(dma_mask, secondary)
{
	ASSERT_TRUE(program_start(&self->test, UNPRIVILEGED,
				  DPDK_TEST "--no-pci --proc-type=primary"));
	ASSERT_TRUE(program_says(&self->test, 0, "RTE>>", SECONDS));
	dprintf(self->test.input, "dma_mask_autotest\n");
	ASSERT_TRUE(program_says(&self->test, 0, "Test OK", SECONDS));

	ASSERT_TRUE(program_start(&self->other, UNPRIVILEGED,
				  "DPDK_TEST=version_autotest " DPDK_TEST
				  "--no-pci --proc-type=secondary"));
	EXPECT_TRUE(program_says(&self->other, 0, "Test OK", SECONDS));
	EXPECT_TRUE(program_says(&self->other, 0, "Selected IOVA mode 'PA'", 0));
	EXPECT_EQ(0, program_end(&self->other, SECONDS));
}

TEST_HARNESS_MAIN
