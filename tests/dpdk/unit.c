// SPDX-License-Identifier: GPL-2.0-only
/*
 * DPDK's own unit tests of the code that the patches change, without the capability that
 * reading /proc/self/pagemap needs.
 *
 * Guest: patched DPDK.
 */
#include "kselftest_harness.h"
#include "passthrough.h"
#include "ports.h"
#include "program.h"

#define SECONDS 200

FIXTURE(unit)
{
};

FIXTURE_VARIANT(unit)
{
	const char *test;
	const char *options;
};

FIXTURE_VARIANT_ADD(unit, memory)
{
	.test = "memory",
	.options = "",
};

FIXTURE_VARIANT_ADD(unit, memory_physical)
{
	.test = "memory",
	.options = "--iova-mode=pa",
};

FIXTURE_VARIANT_ADD(unit, memory_legacy)
{
	.test = "memory",
	.options = "--iova-mode=pa --legacy-mem",
};

FIXTURE_VARIANT_ADD(unit, memory_in_memory)
{
	.test = "memory",
	.options = "--iova-mode=pa --in-memory",
};

FIXTURE_VARIANT_ADD(unit, mempool)
{
	.test = "mempool",
	.options = "--iova-mode=pa",
};

FIXTURE_VARIANT_ADD(unit, malloc)
{
	.test = "malloc",
	.options = "--iova-mode=pa",
};

FIXTURE_VARIANT_ADD(unit, external_memory)
{
	.test = "external_mem",
	.options = "--iova-mode=pa",
};

FIXTURE_SETUP(unit)
{
	ASSERT_EQ(0, passthrough_load());
}

FIXTURE_TEARDOWN(unit)
{
}

TEST_F(unit, passes)
{
	struct program test;
	char command[256];

	snprintf(command, sizeof(command),
		 "DPDK_TEST=%s_autotest exec dpdk-test -l 0-1 --no-pci --no-telemetry %s",
		 variant->test, variant->options);
	ASSERT_TRUE(program_start(&test, UNPRIVILEGED, command));
	EXPECT_TRUE(program_says(&test, 0, "Test OK", SECONDS));
	/* The unit test also passes if it has nothing to do. */
	EXPECT_FALSE(program_says(&test, 0, "unsupported", 0));
	EXPECT_TRUE(program_says(&test, 0, "Selected IOVA mode 'PA'", 0));
	EXPECT_EQ(0, program_end(&test, SECONDS));
}

TEST_HARNESS_MAIN
