// SPDX-License-Identifier: GPL-2.0-only
/*
 * Measures the way from a device's interrupt to the waiting thread, over uio_pci_generic,
 * vfio-pci and noiommu-pci, with QEMU's edu at 0000:00:03.0.
 *
 * The device has one message-signalled interrupt; vectors.c measures more.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/pci_regs.h>
#include <linux/vfio.h>

#include "bench.h"

#define ADDRESS "0000:00:03.0"
#define DEVICE "/sys/bus/pci/devices/" ADDRESS "/"
#define BAR_SIZE (1 << 20)
#define EDU_INTERRUPTS (0x24 / 4)
#define EDU_RAISE (0x60 / 4)
#define EDU_ACKNOWLEDGE (0x64 / 4)
#define ROUNDS 101
#define UIO VFIO_PCI_NUM_IRQS

static int container, group, device, event, unmask, config;
static volatile __u32 *registers;
/* The time when the waiting thread woke. */
static volatile __u64 woken;
static volatile unsigned int rounds;

static int open_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		fail(path);
	return fd;
}

/* --- Ways ---------------------------------------------------------------- */

struct way {
	const char *name;
	const char *driver;
	unsigned int index;
};

static const struct way ways[] = {
	{ "INTx", "uio_pci_generic", UIO },
	{ "INTx", "vfio-pci", VFIO_PCI_INTX_IRQ_INDEX },
	{ "INTx", "noiommu-pci", VFIO_PCI_INTX_IRQ_INDEX },
	{ "MSI", "vfio-pci", VFIO_PCI_MSI_IRQ_INDEX },
	{ "MSI", "noiommu-pci", VFIO_PCI_MSI_IRQ_INDEX },
};

#define WAYS (sizeof(ways) / sizeof(*ways))

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		fail(path);
	close(fd);
}

static void bind_to(const char *driver)
{
	char path[128];

	if (!access(DEVICE "driver", F_OK))
		write_file(DEVICE "driver/unbind", ADDRESS);
	write_file(DEVICE "driver_override", driver);
	snprintf(path, sizeof(path), "/sys/bus/pci/drivers/%s/bind", driver);
	write_file(path, ADDRESS);
}

static void map_registers(int fd, off_t at)
{
	registers = mmap(NULL, BAR_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			 at);
	if (registers == MAP_FAILED)
		fail("BAR 0");
}

static void route(unsigned int index, unsigned int action, int fd)
{
	char buffer[sizeof(struct vfio_irq_set) + sizeof(fd)] = {};
	struct vfio_irq_set *set = (struct vfio_irq_set *)buffer;

	set->argsz = sizeof(buffer);
	set->flags = VFIO_IRQ_SET_DATA_EVENTFD | action;
	set->index = index;
	set->count = 1;
	memcpy(set->data, &fd, sizeof(fd));
	if (ioctl(device, VFIO_DEVICE_SET_IRQS, set))
		fail("VFIO_DEVICE_SET_IRQS");
}

/* A message-signalled interrupt is a DMA write. */
static void enable_dma(void)
{
	const __u16 command = PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
	struct vfio_region_info info = {
		.argsz = sizeof(info),
		.index = VFIO_PCI_CONFIG_REGION_INDEX,
	};

	if (ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &info) ||
	    pwrite(device, &command, sizeof(command),
		   info.offset + PCI_COMMAND) != sizeof(command))
		fail("command register");
}

static void open_vfio(unsigned int index)
{
	struct vfio_region_info bar = { .argsz = sizeof(bar) };
	char link[256] = "", path[64];

	if (readlink(DEVICE "iommu_group", link, sizeof(link) - 1) < 0)
		fail("iommu_group");
	snprintf(path, sizeof(path), "/dev/vfio%s", strrchr(link, '/'));
	container = open_file("/dev/vfio/vfio");
	group = open_file(path);
	if (ioctl(group, VFIO_GROUP_SET_CONTAINER, &container) ||
	    ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		fail("container");
	device = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, ADDRESS);
	if (device < 0 || ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &bar))
		fail("device");
	map_registers(device, bar.offset);
	enable_dma();
	event = eventfd(0, EFD_CLOEXEC);
	unmask = eventfd(0, EFD_CLOEXEC);
	route(index, VFIO_IRQ_SET_ACTION_TRIGGER, event);
	if (index == VFIO_PCI_INTX_IRQ_INDEX)
		route(index, VFIO_IRQ_SET_ACTION_UNMASK, unmask);
}

static void open_uio(void)
{
	int fd = open_file(DEVICE "resource0");

	map_registers(fd, 0);
	close(fd);
	config = open_file(DEVICE "config");
	event = open_file("/dev/uio0");
}

static void open_way(const struct way *way)
{
	container = -1;
	group = -1;
	device = -1;
	unmask = -1;
	config = -1;
	bind_to(way->driver);
	if (way->index == UIO)
		open_uio();
	else
		open_vfio(way->index);
	registers[EDU_ACKNOWLEDGE] = registers[EDU_INTERRUPTS];
}

static void close_way(void)
{
	const int all[] = { event, unmask, config, device, group, container };
	unsigned int i;

	munmap((void *)registers, BAR_SIZE);
	for (i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (all[i] >= 0)
			close(all[i]);
}

/* Enables the interrupt again, as the manual of each driver says. */
static void again(const struct way *way)
{
	const __u64 once = 1;
	__u8 command;

	registers[EDU_ACKNOWLEDGE] = registers[EDU_INTERRUPTS];
	if (way->index == VFIO_PCI_INTX_IRQ_INDEX &&
	    write(unmask, &once, sizeof(once)) != sizeof(once))
		fail("unmask");
	if (way->index != UIO)
		return;
	if (pread(config, &command, 1, PCI_COMMAND + 1) != 1)
		fail("config");
	command &= ~(PCI_COMMAND_INTX_DISABLE >> 8);
	if (pwrite(config, &command, 1, PCI_COMMAND + 1) != 1)
		fail("config");
}

/* --- Measuring ----------------------------------------------------------- */

static void *wait_for_all(void *argument)
{
	struct pollfd poll_for = { .fd = event, .events = POLLIN };
	const struct way *way = argument;
	__u64 count;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		if (poll(&poll_for, 1, 10000) != 1)
			fail("no interrupt");
		woken = now();
		if (read(event, &count, way->index == UIO ? 4 : 8) < 0)
			fail("read");
		again(way);
		rounds = i + 1;
	}
	return NULL;
}

static uint64_t median(const struct way *way)
{
	uint64_t times[ROUNDS], start;
	pthread_t thread;
	unsigned int i;

	rounds = 0;
	start_urgent(&thread, wait_for_all, way);
	for (i = 0; i < ROUNDS; i++) {
		/* The waiting thread has finished its work when this one runs again. */
		usleep(1000);
		start = now();
		registers[EDU_RAISE] = 1;
		while (rounds == i)
			usleep(1000);
		times[i] = woken - start;
	}
	pthread_join(thread, NULL);
	return median_of(times, ROUNDS);
}

int main(void)
{
	unsigned int i;

	for (i = 0; i < WAYS; i++) {
		open_way(&ways[i]);
		record("interrupts", ways[i].driver, ways[i].name, 1,
		       median(&ways[i]));
		close_way();
	}
	return 0;
}
