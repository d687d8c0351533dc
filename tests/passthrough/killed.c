// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device keeps writing while its owner is killed, again and again. In whatever order the
 * kernel closes descriptors, the device never writes to a freed page.
 *
 * The kernel fills free pages with a pattern, and reports an allocated page whose pattern has
 * changed. So each kill is followed by the allocation of many pages.
 *
 * Guest: page_poison=1; edu; a virtio NIC under VFIO, and at the other end of its
 * wire one of the kernel's, in this order.
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "child.h"
#include "edu.h"
#include "frames.h"
#include "kselftest_harness.h"
#include "memory.h"
#include "noiommu.h"
#include "passthrough.h"
#include "sysfs.h"
#include "virtio_net.h"

#define PINNED 1024
/* More than the pages that were pinned. */
#define TAKEN (4 * PINNED * PAGE)
#define BUFFERS 16
#define CORRUPTION "pagealloc: memory corruption"

/* The device of a test; only one process uses it. */
static struct edu edu;
static struct virtio_net net;

static int open_edu(const char *address)
{
	(void)address;
	return edu_open(&edu);
}

static void edu_writes(const __u64 *pages, int channel)
{
	child_say(channel, 1);
	for (;;)
		edu_dma_out(&edu, pages[0], EDU_BUFFER_SIZE);
}

static int open_nic(const char *address)
{
	return virtio_net_open(&net, address);
}

static void nic_writes(const __u64 *pages, int channel)
{
	if (virtio_net_listen(&net, pages, BUFFERS))
		return;
	while (!virtio_net_refill(&net))
		usleep(100);
	child_say(channel, 1);
	for (;;)
		virtio_net_refill(&net);
}

/* A device and its use. */
struct kind {
	unsigned int vendor;
	unsigned int device;
	int (*open)(const char *address);
	/* Sends 1 when the device is working, and does not return. */
	void (*writes)(const __u64 *pages, int channel);
	/* The kill comes within this time after that. */
	unsigned int within_us;
	/* After this time the device has forgotten earlier commands. */
	unsigned int forgets_us;
	/* How often the owner is killed. */
	int kills;
};

/* Few kills: torture/death kills owners of edu in all orders of descriptors. */
static const struct kind edu_kind = {
	.vendor = EDU_VENDOR,
	.device = EDU_DEVICE,
	.open = open_edu,
	.writes = edu_writes,
	.within_us = 110000,
	.forgets_us = 120000,
	.kills = 10,
};

/* If pins ended with their descriptor, three of a hundred kills would show it. */
static const struct kind nic_kind = {
	.vendor = VIRTIO_VENDOR,
	.device = VIRTIO_NET_DEVICE,
	.open = open_nic,
	.writes = nic_writes,
	.within_us = 5000,
	.kills = 50,
};

FIXTURE(killed)
{
	char address[PCI_ADDRESS_SIZE];
	pid_t sender;
	long pinned;
};

FIXTURE_VARIANT(killed)
{
	const char *driver;
	const struct kind *kind;
};

FIXTURE_VARIANT_ADD(killed, edu_vfio_pci)
{
	.driver = "vfio-pci",
	.kind = &edu_kind,
};

FIXTURE_VARIANT_ADD(killed, nic_noiommu_pci)
{
	.driver = "noiommu-pci",
	.kind = &nic_kind,
};

static void send_forever(void)
{
	char address[PCI_ADDRESS_SIZE];
	struct wire wire;

	if (run("modprobe -a virtio_pci virtio_net") ||
	    pci_find(VIRTIO_VENDOR, VIRTIO_NET_DEVICE, 1, address) ||
	    passthrough_bind(address, "virtio-pci") ||
	    !wait_until(!wire_open(&wire, address)))
		_exit(1);
	for (;;)
		frame_send(&wire);
}

FIXTURE_SETUP(killed)
{
	ASSERT_EQ(0, passthrough_load());
	ASSERT_EQ(0, pci_find(variant->kind->vendor, variant->kind->device, 0,
			      self->address));
	ASSERT_EQ(0, passthrough_bind(self->address, variant->driver));
	/* Small pages, because each is freed on its own. */
	run("echo never >/sys/kernel/mm/transparent_hugepage/enabled");
	self->sender = fork();
	if (!self->sender)
		send_forever();
	self->pinned = memory_pinned();
	kernel_log_mark();
}

FIXTURE_TEARDOWN(killed)
{
	EXPECT_EQ(128 + SIGKILL, child_kill(self->sender));
	EXPECT_TRUE(wait_until(memory_pinned() == self->pinned));
	EXPECT_FALSE(kernel_log_has(CORRUPTION));
}

static char *map_pages(size_t length)
{
	return mmap(NULL, length, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
}

/* Pins pages that nothing else holds, and makes the device write to the last ones. */
static void write_to_pins(int fd, void (*writes)(const __u64 *, int), int channel)
{
	char *memory = map_pages(PINNED * PAGE);
	__u64 pages[BUFFERS];
	__u32 nr = 0, id;
	int i;

	if (noiommu_pin_range(fd, memory, PINNED * PAGE, NOIOMMU_ACCESS_WRITE,
			      NULL, &nr, &id))
		return;
	for (i = 0; i < BUFFERS; i++)
		pages[i] = memory_phys(memory + (PINNED - 1 - i) * PAGE);
	munmap(memory, PINNED * PAGE);
	writes(pages, channel);
}

static void own_and_write(const struct kind *kind, const char *address,
			  bool noiommu_first, int channel)
{
	int fd = -1;

	if (noiommu_first)
		fd = noiommu_open_device();
	if (kind->open(address))
		return;
	if (!noiommu_first)
		fd = noiommu_open_device();
	write_to_pins(fd, kind->writes, channel);
}

static bool kill_while_it_writes(const struct kind *kind, const char *address,
				 bool noiommu_first, int channel[2])
{
	pid_t pid = child_fork(channel);
	bool wrote;

	if (!pid) {
		own_and_write(kind, address, noiommu_first, channel[1]);
		_exit(1);
	}
	wrote = child_hear(channel[0]) == 1;
	usleep(rand() % kind->within_us);
	/*
	 * edu cannot be reset: it executes an earlier command when the next owner enables
	 * bus mastering, unless it has forgotten the command by then.
	 */
	wrote = child_kill(pid) == 128 + SIGKILL && wrote;
	usleep(kind->forgets_us);
	munmap(map_pages(TAKEN), TAKEN);
	return wrote;
}

/* Returns how many kills went well. */
static int kill_often(const struct kind *kind, const char *address,
		      bool noiommu_first)
{
	int channel[2], i;

	if (child_channel(channel))
		return 0;
	for (i = 0; i < kind->kills; i++)
		if (!kill_while_it_writes(kind, address, noiommu_first, channel) ||
		    kernel_log_has(CORRUPTION))
			break;
	return i;
}

TEST_F_TIMEOUT(killed, noiommu_opened_first, 300)
{
	EXPECT_EQ(variant->kind->kills,
		  kill_often(variant->kind, self->address, true));
}

TEST_F_TIMEOUT(killed, noiommu_opened_last, 300)
{
	EXPECT_EQ(variant->kind->kills,
		  kill_often(variant->kind, self->address, false));
}

TEST_HARNESS_MAIN
