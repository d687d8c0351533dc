// SPDX-License-Identifier: GPL-2.0-only
/*
 * A driver in userspace: it starts DMA, and waits for the interrupt at its end.
 *
 * usage: edu_driver PCI-ADDRESS [ADDRESS-BITS]
 *
 * The device is QEMU's edu, bound to noiommu-pci. It copies a message from memory into
 * its own buffer, and back to another place in memory. Its addresses have 28 bits, unless
 * QEMU's dma_mask option changes that. Start here for a driver of your own.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/noiommu.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>

#define PAGE 4096
#define MESSAGE_SIZE 2048
#define TIMEOUT_MS 10000

/* Indexes of edu's 32-bit and 64-bit registers, and its address of its own buffer. */
#define EDU_INTERRUPTS (0x24 / 4)
#define EDU_ACKNOWLEDGE (0x64 / 4)
#define EDU_DMA_SOURCE (0x80 / 8)
#define EDU_DMA_DESTINATION (0x88 / 8)
#define EDU_DMA_COUNT (0x90 / 8)
#define EDU_DMA_COMMAND (0x98 / 8)
#define EDU_DMA_START (1 << 0)
#define EDU_DMA_TO_DEVICE 0
#define EDU_DMA_TO_MEMORY (1 << 1)
#define EDU_DMA_INTERRUPT (1 << 2)
#define EDU_BUFFER 0x40000
#define EDU_ADDRESS_BITS 28
/* How many pages to try until the device can reach one. */
#define MAX_PAGES 16384

static int container, group, device, noiommu, interrupt;
static volatile __u64 *registers;
static size_t registers_size;
static char *memory;
/* Last address that the device can reach. */
static __u64 limit;

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

/* --- Open: the same for any VFIO device ---------------------------------- */

static int open_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		fail(path);
	return fd;
}

static int open_group(const char *address)
{
	char path[128], link[128] = "";

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/iommu_group",
		 address);
	if (readlink(path, link, sizeof(link) - 1) < 0)
		fail(path);
	snprintf(path, sizeof(path), "/dev/vfio%s", strrchr(link, '/'));
	return open_file(path);
}

static void open_device(const char *address)
{
	noiommu = open_file("/dev/noiommu");
	container = open_file("/dev/vfio/vfio");
	group = open_group(address);
	if (ioctl(group, VFIO_GROUP_SET_CONTAINER, &container))
		fail("VFIO_GROUP_SET_CONTAINER");
	if (ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		fail("VFIO_SET_IOMMU");
	device = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, address);
	if (device < 0)
		fail("VFIO_GROUP_GET_DEVICE_FD");
}

static struct vfio_region_info region(unsigned int index)
{
	struct vfio_region_info info = {
		.argsz = sizeof(info),
		.index = index,
	};

	if (ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &info))
		fail("VFIO_DEVICE_GET_REGION_INFO");
	return info;
}

static void map_registers(void)
{
	struct vfio_region_info bar = region(VFIO_PCI_BAR0_REGION_INDEX);

	registers_size = bar.size;
	registers = mmap(NULL, bar.size, PROT_READ | PROT_WRITE, MAP_SHARED,
			 device, bar.offset);
	if (registers == MAP_FAILED)
		fail("mmap of BAR 0");
}

/* VFIO opens the device with DMA off, and MSI needs DMA, too. */
static void enable_dma(void)
{
	const __u16 command = PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
	off_t at = region(VFIO_PCI_CONFIG_REGION_INDEX).offset + PCI_COMMAND;

	if (pwrite(device, &command, sizeof(command), at) != sizeof(command))
		fail("command register");
}

/* --- Memory that the device may use -------------------------------------- */

/* Returns 0 if the device cannot reach the page: its DMA would write elsewhere. */
static __u64 translate(void)
{
	struct noiommu_extent extent;
	struct noiommu_translate translate = {
		.size = sizeof(translate),
		.flags = NOIOMMU_ACCESS_WRITE,
		.va = (uintptr_t)memory,
		.length = PAGE,
		.extents = (uintptr_t)&extent,
		.nr_extents = 1,
		.limit = limit,
	};

	if (!ioctl(noiommu, NOIOMMU_TRANSLATE, &translate))
		return extent.phys;
	if (errno != ERANGE)
		fail("NOIOMMU_TRANSLATE");
	return 0;
}

/* Keeps pages that the device cannot reach, or mmap() would return them again. */
static __u64 find_memory(void)
{
	__u64 phys;
	int i;

	for (i = 0; i < MAX_PAGES; i++) {
		memory = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (memory == MAP_FAILED)
			fail("mmap of memory");
		phys = translate();
		if (phys)
			return phys;
	}
	fprintf(stderr, "no memory up to %#llx, where the device can reach\n",
		(unsigned long long)limit);
	exit(3);
}

/*
 * VFIO_IOMMU_MAP_DMA pins the page until it is unmapped or the container is closed. If
 * the page moves between the two calls, the second fails, and both are repeated.
 *
 * NOIOMMU_PIN is an alternative: one call for any number of extents, no limit on their
 * number, no VFIO_IOMMU_MAP_DMA. Use it if nothing else (a library, a framework, the
 * same program on hosts with an IOMMU) expects to map memory.
 */
static __u64 map_memory(void)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.size = PAGE,
	};

	for (;;) {
		map.iova = find_memory();
		map.vaddr = (uintptr_t)memory;
		if (!ioctl(container, VFIO_IOMMU_MAP_DMA, &map))
			return map.iova;
		if (errno != EINVAL)
			fail("VFIO_IOMMU_MAP_DMA");
	}
}

/* --- Interrupts ---------------------------------------------------------- */

/* For MSI-X, use its index, and one eventfd for each vector. */
static void enable_interrupt(void)
{
	char buffer[sizeof(struct vfio_irq_set) + sizeof(int)] = {};
	struct vfio_irq_set *set = (struct vfio_irq_set *)buffer;

	interrupt = eventfd(0, EFD_CLOEXEC);
	if (interrupt < 0)
		fail("eventfd");
	set->argsz = sizeof(buffer);
	set->flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER;
	set->index = VFIO_PCI_MSI_IRQ_INDEX;
	set->count = 1;
	memcpy(set->data, &interrupt, sizeof(int));
	if (ioctl(device, VFIO_DEVICE_SET_IRQS, set))
		fail("VFIO_DEVICE_SET_IRQS");
}

static void wait_for_interrupt(void)
{
	struct pollfd wait = { .fd = interrupt, .events = POLLIN };
	__u64 count;

	if (poll(&wait, 1, TIMEOUT_MS) != 1) {
		fprintf(stderr, "no interrupt after %d ms\n", TIMEOUT_MS);
		exit(1);
	}
	if (read(interrupt, &count, sizeof(count)) != sizeof(count))
		fail("eventfd");
}

/* --- The device ---------------------------------------------------------- */

/* Volatile accesses to the device stay in order; the fence orders those to memory. */
static void copy(__u64 from, __u64 to, __u64 direction)
{
	volatile __u32 *words = (volatile __u32 *)registers;

	registers[EDU_DMA_SOURCE] = from;
	registers[EDU_DMA_DESTINATION] = to;
	registers[EDU_DMA_COUNT] = MESSAGE_SIZE;
	__atomic_thread_fence(__ATOMIC_RELEASE);
	registers[EDU_DMA_COMMAND] =
		EDU_DMA_START | EDU_DMA_INTERRUPT | direction;
	wait_for_interrupt();
	words[EDU_ACKNOWLEDGE] = words[EDU_INTERRUPTS];
}

/*
 * Unmap the BAR first, because a mapping keeps the device open. A closed device does no
 * DMA, so its memory may be released after that. Exit would do the same.
 */
static void close_device(void)
{
	munmap((void *)registers, registers_size);
	close(device);
	close(group);
	close(container);
	close(interrupt);
	close(noiommu);
}

int main(int argc, char **argv)
{
	__u64 phys;

	if (argc != 2 && argc != 3) {
		fprintf(stderr, "usage: edu_driver PCI-ADDRESS [ADDRESS-BITS]\n");
		return 2;
	}
	limit = (1ULL << (argc == 3 ? atoi(argv[2]) : EDU_ADDRESS_BITS)) - 1;
	open_device(argv[1]);
	map_registers();
	phys = map_memory();
	enable_dma();
	enable_interrupt();

	memset(memory, 0x5a, MESSAGE_SIZE);
	copy(phys, EDU_BUFFER, EDU_DMA_TO_DEVICE);
	copy(EDU_BUFFER, phys + MESSAGE_SIZE, EDU_DMA_TO_MEMORY);
	if (memcmp(memory, memory + MESSAGE_SIZE, MESSAGE_SIZE)) {
		fprintf(stderr, "the device wrote something else, or elsewhere\n");
		return 1;
	}
	close_device();
	printf("the device copied %d bytes and said so\n", MESSAGE_SIZE);
	return 0;
}
