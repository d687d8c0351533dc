/* SPDX-License-Identifier: GPL-2.0-only */
/* Expectations of a started testpmd, for all tests. */
#ifndef TESTS_FORWARDING_H
#define TESTS_FORWARDING_H

#include "frames.h"
/* In angles, because the harness includes the next file of its name. */
#include <kselftest_harness.h>
#include "ports.h"
#include "testpmd.h"

#define FRAMES 256

static inline void expect_counted(struct __test_metadata *_metadata,
				  struct testpmd *pmd, unsigned int port)
{
	struct testpmd_stats stats;

	ASSERT_TRUE(testpmd_stats(pmd, port, &stats));
	EXPECT_EQ(FRAMES, stats.received);
	EXPECT_EQ(FRAMES, stats.sent);
	EXPECT_EQ(0, stats.lost);
}

/* Every byte arrives at the other side, in both directions, and nothing else does. */
static inline void expect_forwarding(struct __test_metadata *_metadata,
				     struct testpmd *pmd, struct wire wires[2])
{
	ASSERT_EQ(2, testpmd_ports(pmd));
	ASSERT_TRUE(testpmd_wait_links(pmd));
	ASSERT_TRUE(testpmd_command(pmd, "clear port stats all"));
	ASSERT_TRUE(testpmd_command(pmd, "start"));
	EXPECT_EQ(FRAMES, frames_pass(&wires[0], &wires[1], FRAMES, 1));
	EXPECT_EQ(FRAMES, frames_pass(&wires[1], &wires[0], FRAMES, 2));
	ASSERT_TRUE(testpmd_command(pmd, "stop"));
	expect_counted(_metadata, pmd, 0);
	expect_counted(_metadata, pmd, 1);
}

#endif
