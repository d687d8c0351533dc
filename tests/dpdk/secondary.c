// SPDX-License-Identifier: GPL-2.0-only
/*
 * A secondary process of DPDK, which shares memory and ports with the primary.
 *
 * Guest: patched DPDK and its ports.
 */
#include <signal.h>
#include <unistd.h>

#include "forwarding.h"
#include "memory.h"
#include "passthrough.h"

#define SECONDS 120
#define DPDK_TEST "exec dpdk-test -l 0-1 --no-telemetry " PORTS

FIXTURE(secondary)
{
	struct wire wires[2];
	struct testpmd primary;
	struct testpmd secondary;
	long pinned;
};

FIXTURE_SETUP(secondary)
{
	ASSERT_EQ(0, passthrough_load());
	ASSERT_TRUE(ports_bind("noiommu-pci"));
	ASSERT_EQ(0, wires_open(self->wires));
	self->pinned = memory_pinned();
	ASSERT_TRUE(testpmd_start(&self->primary, UNPRIVILEGED,
				  PORTS " --proc-type=primary", RINGS));
}

FIXTURE_TEARDOWN(secondary)
{
	testpmd_kill(&self->secondary);
	testpmd_kill(&self->primary);
	EXPECT_EQ(self->pinned, memory_pinned_soon(self->pinned));
	wires_close(self->wires);
}

/* The processes wait 5 s for each other's answers, which is short on a slow guest. */
static bool start_secondary(struct testpmd *pmd)
{
	int tries = 5 * slowness();

	while (tries-- > 0)
		if (testpmd_start(pmd, UNPRIVILEGED,
				  PORTS " --proc-type=secondary", RINGS))
			return true;
	return false;
}

TEST_F(secondary, same_addresses)
{
	unsigned int count, wrong;

	ASSERT_TRUE(start_secondary(&self->secondary));
	count = testpmd_memory(&self->primary, &wrong);
	EXPECT_LT(0, count);
	EXPECT_EQ(0, wrong);
	EXPECT_EQ(count, testpmd_memory(&self->secondary, &wrong));
	EXPECT_EQ(0, wrong);
}

TEST_F(secondary, forwards)
{
	ASSERT_TRUE(start_secondary(&self->secondary));
	expect_forwarding(_metadata, &self->secondary, self->wires);
	EXPECT_EQ(0, testpmd_quit(&self->secondary));
	/* The primary has lost nothing. */
	expect_forwarding(_metadata, &self->primary, self->wires);
	EXPECT_EQ(0, testpmd_quit(&self->primary));
}

/* Memory stays in place while any process has a device that may write to it. */
TEST_F(secondary, survives)
{
	long before;

	ASSERT_TRUE(start_secondary(&self->secondary));
	before = memory_pinned();
	EXPECT_LT(self->pinned, before);
	EXPECT_EQ(128 + SIGKILL, testpmd_kill(&self->primary));
	EXPECT_EQ(before, memory_pinned());
	EXPECT_EQ(128 + SIGKILL, testpmd_kill(&self->secondary));
}

/*
 * The primary's devices may use memory that the secondary allocates, so the primary pins it,
 * too. Both processes must be the same program, so both run the one that can allocate.
 */
TEST(allocates)
{
	long nothing, pinned, locked, now, most = 0;
	struct program primary, test;

	ASSERT_EQ(0, passthrough_load());
	ASSERT_TRUE(ports_bind("noiommu-pci"));
	nothing = memory_pinned();
	ASSERT_TRUE(program_start(&primary, UNPRIVILEGED,
				  DPDK_TEST " --proc-type=primary"));
	EXPECT_TRUE(program_says(&primary, 0, "RTE>>", SECONDS));
	pinned = memory_pinned();
	locked = program_status(&primary, "VmPin", 10);
	ASSERT_TRUE(program_start(&test, UNPRIVILEGED,
				  "DPDK_TEST=malloc_autotest " DPDK_TEST
				  " --proc-type=secondary"));
	while (!program_has_ended(&test)) {
		now = program_status(&primary, "VmPin", 10);
		most = now > most ? now : most;
		usleep(10000);
	}
	EXPECT_EQ(0, program_end(&test, SECONDS));
	EXPECT_LT(locked, most);
	/* The pins were released. */
	EXPECT_EQ(locked, program_status(&primary, "VmPin", 10));
	EXPECT_EQ(pinned, memory_pinned());
	program_kill(&primary);
	EXPECT_EQ(nothing, memory_pinned_soon(nothing));
}

TEST_HARNESS_MAIN
