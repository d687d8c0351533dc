// SPDX-License-Identifier: GPL-2.0-only
/*
 * Debian's Suricata between two ports: a frame that enters at one leaves at the other. With
 * Debian's libraries, and with a patched librte_eal in the place of Debian's.
 *
 * Guest: four CPUs, as suricata.yaml assumes, the disk with Suricata, the ports, and the
 * library.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "client.h"
#include "kselftest_harness.h"
#include "memory.h"
#include "ports.h"
#include "sysfs.h"

#define FRAMES 256
#define RULES CLIENT_ROOT "/var/lib/suricata/rules"

/* The first two entries of suricata.yaml, as its guide configures an IPS. */
#define INTERFACE							\
	" --set dpdk.interfaces.%1$d.interface=%2$s"			\
	" --set dpdk.interfaces.%1$d.threads=1"				\
	" --set dpdk.interfaces.%1$d.mempool-size=8191"			\
	" --set dpdk.interfaces.%1$d.copy-mode=ips"			\
	" --set dpdk.interfaces.%1$d.copy-iface=%3$s"
#define COMMAND								\
	"exec " CLIENT "suricata -v -c /etc/suricata/suricata.yaml --dpdk" \
	" --set threading.set-cpu-affinity=yes"

FIXTURE(suricata)
{
	struct wire wires[2];
	struct program program;
	long pinned;
};

BOTH_EALS(suricata);

static bool start(struct program *program, __u64 capabilities)
{
	char first[512], second[512], command[1280];

	snprintf(first, sizeof(first), INTERFACE, 0, PORT_0, PORT_1);
	snprintf(second, sizeof(second), INTERFACE, 1, PORT_1, PORT_0);
	snprintf(command, sizeof(command), "%s%s%s", COMMAND, first, second);
	return program_start(program, capabilities, command) &&
	       program_says(program, 0, "Engine started", CLIENT_SECONDS);
}

FIXTURE_SETUP(suricata)
{
	memset(&self->program, 0, sizeof(self->program));
	ASSERT_TRUE(client_disk());
	/* Suricata needs the file with rules, but only warns if it has none. */
	ASSERT_EQ(0, run("mkdir -p " RULES "; touch " RULES "/suricata.rules"));
	ASSERT_TRUE(!variant->patched || client_patch_eal(CLIENT_ROOT));
	ASSERT_TRUE(client_ports(variant->parameters, self->wires));
	self->pinned = memory_pinned();
}

FIXTURE_TEARDOWN(suricata)
{
	program_kill(&self->program);
	EXPECT_EQ(self->pinned, memory_pinned_soon(self->pinned));
	EXPECT_TRUE(client_release(self->wires));
	EXPECT_TRUE(!variant->patched || client_restore_eal(CLIENT_ROOT));
}

TEST_F(suricata, passes_every_byte)
{
	ASSERT_TRUE(start(&self->program, variant->capabilities));
	EXPECT_EQ(FRAMES, frames_pass(&self->wires[0], &self->wires[1], FRAMES, 1));
	EXPECT_EQ(FRAMES, frames_pass(&self->wires[1], &self->wires[0], FRAMES, 2));
	EXPECT_LT(self->pinned, memory_pinned());
	/* Each map of VFIO has pins of its own. */
	EXPECT_EQ(variant->patched, !provider_mapped());
	/* Suricata stops its ports and ends normally. */
	kill(self->program.pid, SIGINT);
	EXPECT_EQ(0, program_end(&self->program, CLIENT_SECONDS));
}

TEST_HARNESS_MAIN
