// SPDX-License-Identifier: GPL-2.0-only
/*
 * Measures MSI-X with 1 to 32 vectors, each with an eventfd of its own: what it costs to set them
 * up, and the way from the first of as many interrupts until the waiting thread has read all
 * events. The device is QEMU's rocker, which raises the vector that is written to a register.
 *
 * The arguments select the ways, because they need different guests: ours in one with noiommu; vtd
 * in one with an IOMMU; mode in one with VFIO's no-IOMMU mode, and without noiommu.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench.h"
#include "interrupts.h"
#include "passthrough.h"
#include "sysfs.h"
#include "vfio.h"

#define ROCKER_VENDOR 0x1b36
#define ROCKER_DEVICE 0x0006
#define ROCKER_RAISE (0x20 / 4)
#define MAX_VECTORS 32
#define ROUNDS 101

static struct vfio vfio = { -1, -1, -1 };
static volatile __u32 *registers;
static size_t registers_size;
static int events[MAX_VECTORS], epoll;
/* How many events the waiting thread has read, and when it read the last. */
static volatile unsigned int seen;
static volatile uint64_t woken;

/* --- Ways ---------------------------------------------------------------- */

static void open_group(const char *address)
{
	must(vfio_open(&vfio, address), "container");
}

static void open_without(const char *address)
{
	char path[64];

	must(vfio_open_container(&vfio), "container");
	snprintf(path, sizeof(path), "/dev/vfio/noiommu-%d",
		 pci_group(address));
	vfio.group = open(path, O_RDWR | O_CLOEXEC);
	if (vfio.group < 0)
		fail(path);
	must(vfio_join(&vfio, &vfio), "group");
	if (ioctl(vfio.container, VFIO_SET_IOMMU, VFIO_NOIOMMU_IOMMU))
		fail("VFIO_SET_IOMMU");
	must(vfio_open_device(&vfio, address), "device");
}

static const struct way {
	const char *key;
	const char *name;
	const char *driver;
	void (*open)(const char *address);
} ways[] = {
	{ "ours", "vfio-pci", "vfio-pci", open_group },
	{ "ours", "noiommu-pci", "noiommu-pci", open_group },
	{ "vtd", "vfio-pci on VT-d", "vfio-pci", open_group },
	{ "mode", "VFIO's no-IOMMU mode", "vfio-pci", open_without },
};

#define WAYS (sizeof(ways) / sizeof(*ways))

static void open_way(const struct way *way)
{
	char address[PCI_ADDRESS_SIZE];

	must(pci_find(ROCKER_VENDOR, ROCKER_DEVICE, 0, address), "rocker");
	must(passthrough_bind(address, way->driver), way->driver);
	way->open(address);
	registers = vfio_start(&vfio, VFIO_PCI_BAR0_REGION_INDEX,
			       &registers_size);
	if (registers == MAP_FAILED)
		fail("BAR 0");
}

static void close_way(void)
{
	munmap((void *)registers, registers_size);
	vfio_close(&vfio);
}

/* --- Measuring ----------------------------------------------------------- */

/* The memory stands for the vectors: its length is their number. */
static void set_up(const struct memory *memory)
{
	must(irq_route(&vfio, MSIX, 0, memory->length, events),
	     "VFIO_DEVICE_SET_IRQS");
}

static void disable(const struct memory *memory)
{
	(void)memory;
	must(irq_disable(&vfio, MSIX), "VFIO_DEVICE_SET_IRQS");
}

static void *wait_for_all(void *argument)
{
	unsigned int left = *(unsigned int *)argument * ROUNDS;
	struct epoll_event event;
	__u64 count;

	while (left--) {
		if (epoll_wait(epoll, &event, 1, 10000) != 1)
			fail("no interrupt");
		if (read(event.data.fd, &count, sizeof(count)) != sizeof(count))
			fail("read");
		woken = now();
		seen++;
	}
	return NULL;
}

static uint64_t raise_all(unsigned int vectors)
{
	uint64_t times[ROUNDS], start;
	unsigned int i, vector;
	pthread_t thread;

	start_urgent(&thread, wait_for_all, &vectors);
	for (i = 0; i < ROUNDS; i++) {
		/* The thread waits when this one runs again. */
		usleep(1000);
		seen = 0;
		start = now();
		for (vector = 0; vector < vectors; vector++)
			registers[ROCKER_RAISE] = vector;
		while (seen < vectors)
			usleep(1000);
		times[i] = woken - start;
	}
	pthread_join(thread, NULL);
	return median_of(times, ROUNDS);
}

static void measure_way(const struct way *way)
{
	static const struct method method = { "", nothing, set_up, disable };
	struct memory vectors = { .length = 1 };

	for (; vectors.length <= MAX_VECTORS; vectors.length *= 2) {
		record("vectors", way->name, "MSI-X", vectors.length,
		       cost(&method, &vectors));
		set_up(&vectors);
		record("interrupts", way->name, "MSI-X", vectors.length,
		       raise_all(vectors.length));
		disable(&vectors);
	}
}

static void open_events(void)
{
	struct epoll_event event = { .events = EPOLLIN };
	unsigned int i;

	epoll = epoll_create1(EPOLL_CLOEXEC);
	if (epoll < 0)
		fail("epoll");
	for (i = 0; i < MAX_VECTORS; i++) {
		events[i] = event_create();
		event.data.fd = events[i];
		if (epoll_ctl(epoll, EPOLL_CTL_ADD, events[i], &event))
			fail("eventfd");
	}
}

int main(int argc, char **argv)
{
	unsigned int i;

	open_events();
	for (i = 0; i < WAYS; i++) {
		if (argc < 2 || strcmp(ways[i].key, argv[1]))
			continue;
		open_way(&ways[i]);
		measure_way(&ways[i]);
		close_way();
	}
	return 0;
}
