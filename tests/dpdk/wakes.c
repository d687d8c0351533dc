// SPDX-License-Identifier: GPL-2.0-only
/*
 * A forwarder that sleeps until a packet comes: DPDK's example l3fwd-power, woken by
 * the MSI-X of a queue.
 *
 * Guest: patched DPDK and its ports.
 */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "interrupts.h"
#include "kselftest_harness.h"
#include "memory.h"
#include "passthrough.h"
#include "ports.h"
#include "program.h"
#include "sysfs.h"

#define FRAMES 20
#define START_SECONDS 120
#define COMMAND "exec dpdk-l3fwd-power -l 0-1 --no-telemetry " PORTS		\
		" -- -p 3 -P --parse-ptype --interrupt-only"			\
		" --config='(0,0,1),(1,0,1)'"

static const char * const addresses[] = { PORT_0, PORT_1 };

FIXTURE(wakes)
{
	struct wire wires[2];
	struct program forwarder;
	long pinned;
};

FIXTURE_SETUP(wakes)
{
	ASSERT_EQ(0, passthrough_load());
	ASSERT_TRUE(ports_bind("noiommu-pci"));
	ASSERT_EQ(0, wires_open(self->wires));
	self->pinned = memory_pinned();
	ASSERT_TRUE(program_start(&self->forwarder, UNPRIVILEGED, COMMAND));
	EXPECT_TRUE(program_says(&self->forwarder, 0,
				 "entering main interrupt loop",
				 START_SECONDS));
}

FIXTURE_TEARDOWN(wakes)
{
	program_kill(&self->forwarder);
	EXPECT_EQ(self->pinned, memory_pinned_soon(self->pinned));
	wires_close(self->wires);
}

/* Counts the forwarder's reports of a wakeup. */
static unsigned int wakes(struct program *forwarder, unsigned int port)
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
static void wake(struct __test_metadata *_metadata, struct wire *wire)
{
	int i;

	for (i = 0; i < FRAMES; i++) {
		ASSERT_EQ(0, frame_send(wire));
		usleep(50000);
	}
}

TEST_F(wakes, of_each_port)
{
	unsigned long before, after;
	unsigned int port, woken;

	for (port = 0; port < 2; port++) {
		before = irq_count(addresses[port]);
		ASSERT_EQ(0, wakes(&self->forwarder, port));
		wake(_metadata, &self->wires[port]);
		EXPECT_TRUE(wait_until(wakes(&self->forwarder, port)));
		woken = wakes(&self->forwarder, port);
		after = irq_count(addresses[port]);
		printf("# port %u: %u wakes, %lu interrupts\n", port, woken,
		       after - before);
		EXPECT_LE(woken, after - before);
	}
	EXPECT_LT(self->pinned, memory_pinned());
	/* The forwarder stops its ports and ends normally. */
	kill(self->forwarder.pid, SIGINT);
	EXPECT_EQ(0, program_end(&self->forwarder, START_SECONDS));
}

TEST_HARNESS_MAIN
