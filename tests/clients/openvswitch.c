// SPDX-License-Identifier: GPL-2.0-only
/*
 * Debian's Open vSwitch, and a bridge of two DPDK ports: with Debian's libraries, and with a
 * patched librte_eal in the place of Debian's.
 *
 * Guest: the disk with Open vSwitch, the ports, and the library.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "kselftest_harness.h"
#include "memory.h"
#include "ports.h"
#include "sysfs.h"

#define FRAMES 256
#define DATABASE "/etc/openvswitch/conf.db"
#define SCHEMA "/usr/share/openvswitch/vswitch.ovsschema"
/* The daemon, without its statistics about itself. */
#define VSWITCHD CLIENT "ovs-vswitchd --pidfile -vcoverage:off -vpoll_loop:off -vtimeval:off"
#define SOCKET "/var/run/openvswitch/db.sock"

FIXTURE(openvswitch)
{
	struct wire wires[2];
	struct program database;
	struct program vswitchd;
	long pinned;
};

BOTH_EALS(openvswitch);

/* Runs OVS's tool, which waits until the switch has done its command; returns its status. */
static int configure(const char *format, ...)
{
	char command[256];
	va_list args;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	return run(CLIENT "ovs-vsctl --timeout=%d %s", CLIENT_SECONDS * slowness(), command);
}

static bool start_database(struct program *database)
{
	unlink(CLIENT_ROOT DATABASE);
	/* An installed system has it after a boot. */
	return !run("mkdir -p " CLIENT_ROOT "/run/openvswitch") &&
	       !run(CLIENT "ovsdb-tool create " DATABASE " " SCHEMA) &&
	       program_start(database, ALL_CAPABILITIES,
			     "exec " CLIENT "ovsdb-server --pidfile --remote=punix:" SOCKET) &&
	       program_says(database, 0, "ovsdb-server (Open vSwitch)", CLIENT_SECONDS) &&
	       !configure("--no-wait init") &&
	       !configure("--no-wait set Open_vSwitch . other_config:dpdk-init=true");
}

static int add_port(const char *name, const char *address)
{
	return configure("add-port br0 %s -- set Interface %s type=dpdk options:dpdk-devargs=%s",
			 name, name, address);
}

FIXTURE_SETUP(openvswitch)
{
	memset(&self->database, 0, sizeof(self->database));
	memset(&self->vswitchd, 0, sizeof(self->vswitchd));
	ASSERT_TRUE(client_disk());
	ASSERT_TRUE(!variant->patched || client_patch_eal(CLIENT_ROOT));
	ASSERT_TRUE(client_ports(variant->parameters, self->wires));
	self->pinned = memory_pinned();
}

FIXTURE_TEARDOWN(openvswitch)
{
	program_kill(&self->vswitchd);
	program_kill(&self->database);
	EXPECT_EQ(self->pinned, memory_pinned_soon(self->pinned));
	EXPECT_TRUE(client_release(self->wires));
	EXPECT_TRUE(!variant->patched || client_restore_eal(CLIENT_ROOT));
}

TEST_F(openvswitch, bridges_every_byte)
{
	ASSERT_TRUE(start_database(&self->database));
	ASSERT_TRUE(program_start(&self->vswitchd, variant->capabilities,
				  "exec " VSWITCHD));
	ASSERT_EQ(0, configure("wait-until Open_vSwitch . dpdk_initialized=true"));
	ASSERT_TRUE(program_says(&self->vswitchd, 0, "Selected IOVA mode 'PA'", 0));
	EXPECT_EQ(variant->patched, program_says(&self->vswitchd, 0, CLIENT_LOOKS_UP, 0));
	ASSERT_EQ(0, configure("add-br br0 -- set bridge br0 datapath_type=netdev"));
	ASSERT_EQ(0, add_port("p0", PORT_0));
	ASSERT_EQ(0, add_port("p1", PORT_1));
	ASSERT_EQ(0, configure("wait-until Interface p0 link_state=up"));
	ASSERT_EQ(0, configure("wait-until Interface p1 link_state=up"));
	EXPECT_EQ(FRAMES, frames_pass(&self->wires[0], &self->wires[1], FRAMES, 1));
	EXPECT_EQ(FRAMES, frames_pass(&self->wires[1], &self->wires[0], FRAMES, 2));
	EXPECT_LT(self->pinned, memory_pinned());
	/* Each map of VFIO has pins of its own. */
	EXPECT_EQ(variant->patched, !provider_mapped());
	EXPECT_EQ(0, run(CLIENT "ovs-appctl -t ovs-vswitchd exit"));
	EXPECT_EQ(0, program_end(&self->vswitchd, CLIENT_SECONDS));
}

TEST_HARNESS_MAIN
