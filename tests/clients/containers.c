// SPDX-License-Identifier: GPL-2.0-only
/*
 * Debian's DPDK in containers of Debian's Podman and bubblewrap, with the device files,
 * capabilities and limits of Documentation/containers.rst.
 *
 * Guest: the disk with both, the ports, noiommuctl. A container sees the guest's files.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "forwarding.h"
#include "memory.h"
#include "sysfs.h"

/* The guest's root, for programs on the disk. */
#define FILES "/guest"
/* A container has pipes, so stdio would buffer the prompt. */
#define COMMAND "stdbuf -oL " TESTPMD PORTS TESTPMD_PROMPTS RINGS

/* The guest has no systemd. */
#define PODMAN								\
	CLIENT "podman --cgroup-manager=cgroupfs --events-backend=none --storage-driver=vfs" \
	" run --rm -i --network=none --cap-drop=ALL"
#define HUGE_PAGES " --volume /dev/hugepages:/dev/hugepages"
#define MEMLOCK(bytes) " --ulimit memlock=" #bytes ":" #bytes
#define BY_GROUP							\
	" --device /dev/vfio/vfio --device /dev/vfio/%1$d --device /dev/vfio/%2$d"
#define BY_NAME								\
	" --device noiommu/function=" PORT_0 " --device noiommu/function=" PORT_1
#define ROOTFS " --rootfs " FILES " "

#define BWRAP								\
	CLIENT "bwrap --ro-bind " FILES " / --ro-bind /sys /sys --proc /proc --dev /dev"	\
	" --tmpfs /run --unshare-pid --unshare-net --dev-bind /dev/vfio/vfio /dev/vfio/vfio"	\
	" --dev-bind /dev/vfio/%1$d /dev/vfio/%1$d --dev-bind /dev/vfio/%2$d /dev/vfio/%2$d" \
	" --bind /dev/hugepages /dev/hugepages --cap-drop ALL "

#define CAPABILITIES							\
	"--cap-add CAP_SYS_RAWIO --cap-add CAP_SYS_ADMIN --cap-add CAP_IPC_LOCK "

FIXTURE(containers)
{
	struct wire wires[2];
	struct testpmd pmd;
	long pinned;
};

static bool host_is_ready(void)
{
	if (!access(CLIENT_ROOT, F_OK))
		return true;
	/* Before the disk, which gets a copy of the mounts. */
	return !run("mount -t cgroup2 cgroup2 /sys/fs/cgroup") && client_disk() &&
	       !run("mount --bind / " CLIENT_ROOT FILES);
}

FIXTURE_SETUP(containers)
{
	memset(&self->pmd, 0, sizeof(self->pmd));
	ASSERT_TRUE(host_is_ready());
	ASSERT_TRUE(client_ports("", self->wires));
	self->pinned = memory_pinned();
}

FIXTURE_TEARDOWN(containers)
{
	/* The container would outlive Podman. */
	if (self->pmd.program.pid > 0)
		run("killall -9 dpdk-testpmd");
	testpmd_kill(&self->pmd);
	EXPECT_EQ(self->pinned, memory_pinned_soon(self->pinned));
	EXPECT_TRUE(client_release(self->wires));
}

/* Starts testpmd; the command has places for the groups of both ports. */
static bool start(struct testpmd *pmd, const char *command)
{
	char text[1024];

	snprintf(text, sizeof(text), command, pci_group(PORT_0), pci_group(PORT_1));
	return testpmd_run(pmd, ALL_CAPABILITIES, text);
}

static void expect_no_port(struct __test_metadata *_metadata, struct testpmd *pmd,
			   const char *message)
{
	EXPECT_TRUE(testpmd_said(pmd, message));
	EXPECT_EQ(0, testpmd_ports(pmd));
	EXPECT_EQ(0, testpmd_quit(pmd));
}

TEST_F(containers, podman)
{
	ASSERT_TRUE(start(&self->pmd, "exec " PODMAN " --cap-add=SYS_RAWIO --cap-add=SYS_ADMIN"
			  MEMLOCK(268435456) BY_GROUP HUGE_PAGES ROOTFS COMMAND));
	EXPECT_TRUE(testpmd_said(&self->pmd, "Selected IOVA mode 'PA'"));
	expect_forwarding(_metadata, &self->pmd, self->wires);
	EXPECT_LT(self->pinned, memory_pinned());
	EXPECT_EQ(0, testpmd_quit(&self->pmd));
}

/* noiommuctl's specification names the device files. */
TEST_F(containers, podman_by_name)
{
	ASSERT_EQ(0, run("./noiommuctl cdi " PORT_0 " >" CLIENT_ROOT "/etc/cdi/0.json"));
	ASSERT_EQ(0, run("./noiommuctl cdi " PORT_1 " >" CLIENT_ROOT "/etc/cdi/1.json"));
	EXPECT_EQ(0, run(PODMAN BY_NAME ROOTFS "test -c /dev/noiommu"));
	ASSERT_TRUE(start(&self->pmd, "exec " PODMAN " --cap-add=SYS_RAWIO --cap-add=SYS_ADMIN"
			  MEMLOCK(268435456) BY_NAME HUGE_PAGES ROOTFS COMMAND));
	expect_forwarding(_metadata, &self->pmd, self->wires);
	EXPECT_EQ(0, testpmd_quit(&self->pmd));
}

TEST_F(containers, podman_without_rawio)
{
	ASSERT_TRUE(start(&self->pmd, "exec " PODMAN " --cap-add=SYS_ADMIN"
			  MEMLOCK(268435456) BY_GROUP HUGE_PAGES ROOTFS COMMAND));
	expect_no_port(_metadata, &self->pmd, "Operation not permitted");
}

TEST_F(containers, podman_without_memlock)
{
	ASSERT_TRUE(start(&self->pmd, "exec " PODMAN " --cap-add=SYS_RAWIO --cap-add=SYS_ADMIN"
			  MEMLOCK(65536) BY_GROUP HUGE_PAGES ROOTFS COMMAND));
	expect_no_port(_metadata, &self->pmd, "error 12 (Cannot allocate memory)");
}

TEST_F(containers, bubblewrap)
{
	ASSERT_TRUE(start(&self->pmd, "exec " BWRAP CAPABILITIES COMMAND));
	expect_forwarding(_metadata, &self->pmd, self->wires);
	EXPECT_EQ(0, testpmd_quit(&self->pmd));
}

TEST_HARNESS_MAIN
