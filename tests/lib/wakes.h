/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Expectations of DPDK's example l3fwd-power: a forwarder that sleeps until a packet comes,
 * woken by the MSI-X of a queue.
 */
#ifndef TESTS_WAKES_H
#define TESTS_WAKES_H

#include <kselftest_harness.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "frames.h"
#include "interrupts.h"
#include "ports.h"
#include "program.h"
#include "sysfs.h"

#define WAKING_FRAMES 20
#define FORWARDER_SECONDS 120
/* The forwarder's command line, with these options of EAL. */
#define FORWARDER(eal)							\
	"exec dpdk-l3fwd-power -l 0-1 --no-telemetry " eal		\
	" -- -p 3 -P --parse-ptype --interrupt-only"			\
	" --config='(0,0,1),(1,0,1)'"

static inline bool forwarder_start(struct program *forwarder,
				   __u64 capabilities, const char *command)
{
	return program_start(forwarder, capabilities, command) &&
	       program_says(forwarder, 0, "entering main interrupt loop",
			    FORWARDER_SECONDS);
}

/* Counts the forwarder's reports of a wakeup. */
static inline unsigned int wakes(struct program *forwarder, unsigned int port)
{
	const char *at = program_output(forwarder, 0);
	unsigned int count = 0;
	char line[64];

	snprintf(line, sizeof(line), "from rx interrupt on port %u ", port);
	while ((at = strstr(at, line))) {
		at += strlen(line);
		count++;
	}
	return count;
}

/* Sends a packet after a pause, in which the forwarder falls asleep. */
static inline void wake(struct __test_metadata *_metadata, struct wire *wire)
{
	int i;

	for (i = 0; i < WAKING_FRAMES; i++) {
		ASSERT_EQ(0, frame_send(wire));
		usleep(50000);
	}
}

/* Each port wakes the forwarder, which then ends normally. */
static inline void expect_wakes(struct __test_metadata *_metadata,
				struct program *forwarder, struct wire wires[2])
{
	static const char * const addresses[] = { PORT_0, PORT_1 };
	unsigned long before, after;
	unsigned int port, woken;

	for (port = 0; port < 2; port++) {
		before = irq_count(addresses[port]);
		ASSERT_EQ(0, wakes(forwarder, port));
		wake(_metadata, &wires[port]);
		EXPECT_TRUE(wait_until(wakes(forwarder, port)));
		woken = wakes(forwarder, port);
		after = irq_count(addresses[port]);
		printf("# port %u: %u wakes, %lu interrupts\n", port, woken,
		       after - before);
		EXPECT_LE(woken, after - before);
	}
	/* It stops its ports first. */
	kill(forwarder->pid, SIGINT);
	EXPECT_EQ(0, program_end(forwarder, FORWARDER_SECONDS));
}

#endif
