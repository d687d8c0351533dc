// SPDX-License-Identifier: GPL-2.0-only
/*
 * Look up physical addresses, map memory at these IOVAs, and let a device use it.
 *
 * usage: translate_edu PCI-ADDRESS [ADDRESS-BITS]
 *
 * The device is QEMU's edu, bound to vfio-pci. It copies a buffer out of memory and back
 * to another place, at the physical addresses that /dev/noiommu returns. Its addresses
 * have 28 bits, unless QEMU's dma_mask option changes that.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/noiommu.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>

#define BUFFER_SIZE (64 << 10)
#define MAX_EXTENTS (BUFFER_SIZE / 4096)
#define COPY_SIZE 2048
#define EDU_BUFFER 0x40000
#define EDU_ADDRESS_BITS 28
/* How many buffers to try until the device can reach one. */
#define MAX_BUFFERS 1024

static int container, device, noiommu;
/* Last address that the device can reach. */
static __u64 limit;
static struct noiommu_extent extents[MAX_EXTENTS];

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

/* The same as for any device behind an IOMMU. */
static void open_device(const char *address)
{
	char path[128], link[128];
	ssize_t length;
	int group;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/iommu_group",
		 address);
	length = readlink(path, link, sizeof(link) - 1);
	if (length < 0)
		fail(path);
	link[length] = '\0';
	snprintf(path, sizeof(path), "/dev/vfio/%s", strrchr(link, '/') + 1);

	container = open("/dev/vfio/vfio", O_RDWR);
	group = open(path, O_RDWR);
	if (container < 0 || group < 0)
		fail(path);
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

static void enable_dma(void)
{
	off_t at = region(VFIO_PCI_CONFIG_REGION_INDEX).offset + PCI_COMMAND;
	__u16 command;

	if (pread(device, &command, sizeof(command), at) != sizeof(command))
		fail("PCI_COMMAND");
	command |= PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
	if (pwrite(device, &command, sizeof(command), at) != sizeof(command))
		fail("PCI_COMMAND");
}

/*
 * One call is enough, because the array has room for the most extents possible. Returns
 * the number of extents, or 0 if the device cannot reach the whole buffer: its DMA would
 * write elsewhere, and nothing would report it.
 */
static unsigned int translate(void *buffer)
{
	struct noiommu_translate translate = {
		.size = sizeof(translate),
		.flags = NOIOMMU_ACCESS_WRITE,
		.va = (uintptr_t)buffer,
		.length = BUFFER_SIZE,
		.extents = (uintptr_t)extents,
		.nr_extents = MAX_EXTENTS,
		.limit = limit,
	};

	if (!ioctl(noiommu, NOIOMMU_TRANSLATE, &translate))
		return translate.nr_extents;
	if (errno != ERANGE)
		fail("NOIOMMU_TRANSLATE");
	return 0;
}

static void unmap(const struct noiommu_extent *extent)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap),
		.iova = extent->phys,
		.size = extent->length,
	};

	if (ioctl(container, VFIO_IOMMU_UNMAP_DMA, &unmap))
		fail("VFIO_IOMMU_UNMAP_DMA");
}

/* Maps each extent at its physical address. Returns 0, or -1 if an extent has moved. */
static int map(char *buffer, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; buffer += extents[i++].length) {
		struct vfio_iommu_type1_dma_map map = {
			.argsz = sizeof(map),
			.flags = VFIO_DMA_MAP_FLAG_READ |
				 VFIO_DMA_MAP_FLAG_WRITE,
			.vaddr = (uintptr_t)buffer,
			.iova = extents[i].phys,
			.size = extents[i].length,
		};

		if (!ioctl(container, VFIO_IOMMU_MAP_DMA, &map))
			continue;
		if (errno != EINVAL)
			fail("VFIO_IOMMU_MAP_DMA");
		while (i--)
			unmap(&extents[i]);
		return -1;
	}
	return 0;
}

/* Keeps buffers that the device cannot reach, or mmap() would return them again. */
static char *find_buffer(void)
{
	char *buffer;
	int i;

	for (i = 0; i < MAX_BUFFERS; i++) {
		buffer = mmap(NULL, BUFFER_SIZE, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (buffer == MAP_FAILED)
			fail("mmap");
		if (translate(buffer))
			return buffer;
	}
	fprintf(stderr, "no memory up to %#llx, where the device can reach\n",
		(unsigned long long)limit);
	exit(3);
}

/* Tries again if pages move between the two steps. Once mapped, they are pinned. */
static unsigned int translate_and_map(char **buffer)
{
	unsigned int count;

	do {
		*buffer = find_buffer();
		count = translate(*buffer);
	} while (!count || map(*buffer, count));
	return count;
}

static void copy(volatile __u64 *edu, __u64 from, __u64 to,
		 __u64 direction)
{
	edu[0x80 / 8] = from;
	edu[0x88 / 8] = to;
	edu[0x90 / 8] = COPY_SIZE;
	edu[0x98 / 8] = 1 | direction;
	while (edu[0x98 / 8] & 1)
		usleep(1000);
}

int main(int argc, char **argv)
{
	struct vfio_region_info bar;
	unsigned int count, last;
	volatile __u64 *edu;
	char *buffer, *target;

	if (argc != 2 && argc != 3) {
		fprintf(stderr, "usage: translate_edu PCI-ADDRESS [ADDRESS-BITS]\n");
		return 2;
	}
	limit = (1ULL << (argc == 3 ? atoi(argv[2]) : EDU_ADDRESS_BITS)) - 1;
	noiommu = open("/dev/noiommu", O_RDWR);
	if (noiommu < 0)
		fail("/dev/noiommu");
	open_device(argv[1]);
	enable_dma();
	bar = region(VFIO_PCI_BAR0_REGION_INDEX);
	edu = mmap(NULL, bar.size, PROT_READ | PROT_WRITE, MAP_SHARED, device,
		   bar.offset);
	if (edu == MAP_FAILED)
		fail("mmap");

	count = translate_and_map(&buffer);
	printf("%d bytes are in %u extents\n", BUFFER_SIZE, count);

	/* From the start of the buffer to its last page, through the device. */
	last = count - 1;
	target = buffer + BUFFER_SIZE - 4096;
	memset(buffer, 0x5a, COPY_SIZE);
	copy(edu, extents[0].phys, EDU_BUFFER, 0);
	copy(edu, EDU_BUFFER, extents[last].phys + extents[last].length - 4096,
	     2);
	if (memcmp(buffer, target, COPY_SIZE)) {
		fprintf(stderr, "the device wrote something else, or elsewhere\n");
		return 1;
	}
	printf("the device copied %d bytes\n", COPY_SIZE);
	while (count--)
		unmap(&extents[count]);
	return 0;
}
