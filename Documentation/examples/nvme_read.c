// SPDX-License-Identifier: GPL-2.0-only
/*
 * Read a block of an NVMe disk, from userspace, with pointers as bus addresses.
 *
 * usage: nvme_read PCI-ADDRESS BLOCK
 *
 * The controller is bound to vfio-pci or noiommu-pci. All its memory is one allocation of
 * NOIOMMU_ALLOC, mapped at the virtual address that equals the physical one. So the program
 * translates nothing. Registers and commands: see the NVM Express specification.
 */
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

#define PAGE 4096
#define ENTRIES 8
/* Commands of 64 bytes, completions of 16, pages of 4096. */
#define ENABLE (6 << 16 | 4 << 20 | 1)

enum { READY = 1, FAILED = 2, CREATE_SUBMISSIONS = 1, READ = 2, CREATE_COMPLETIONS = 5 };

struct command {
	__u32 opcode_id;
	__u32 namespace;
	__u64 unused[2];
	void *data[2];
	__u32 words[6];
};

struct completion {
	__u32 unused[3];
	__u16 id;
	__u16 status;
};

/* Everything that the controller reads and writes. */
static struct memory {
	struct command commands[2][PAGE / sizeof(struct command)];
	volatile struct completion completions[2][PAGE / sizeof(struct completion)];
	unsigned char data[PAGE];
} *memory;

static int container, device;
static unsigned int next[2];
static volatile __u32 *registers;

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static struct vfio_region_info region(unsigned int index)
{
	struct vfio_region_info info = { .argsz = sizeof(info), .index = index };

	if (ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &info))
		fail("VFIO_DEVICE_GET_REGION_INFO");
	return info;
}

static void open_device(const char *address)
{
	const __u16 on = PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
	char path[128], link[128] = "";
	struct vfio_region_info bar;
	int group;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/iommu_group", address);
	if (readlink(path, link, sizeof(link) - 1) < 0)
		fail(path);
	snprintf(path, sizeof(path), "/dev/vfio%s", strrchr(link, '/'));
	group = open(path, O_RDWR);
	container = open("/dev/vfio/vfio", O_RDWR);
	if (ioctl(group, VFIO_GROUP_SET_CONTAINER, &container) ||
	    ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		fail(path);
	device = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, address);
	if (device < 0 ||
	    pwrite(device, &on, sizeof(on),
		   region(VFIO_PCI_CONFIG_REGION_INDEX).offset + PCI_COMMAND) != sizeof(on))
		fail(address);
	bar = region(VFIO_PCI_BAR0_REGION_INDEX);
	registers = mmap(NULL, bar.size, PROT_READ | PROT_WRITE, MAP_SHARED, device, bar.offset);
	if (registers == MAP_FAILED)
		fail("mmap of BAR 0");
}

/* From here on, a pointer into the memory is its bus address. */
static void allocate(void)
{
	struct noiommu_alloc alloc = {
		.size = sizeof(alloc),
		.length = sizeof(*memory),
		.node = -1,
	};
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.size = sizeof(*memory),
	};
	int noiommu = open("/dev/noiommu", O_RDWR);

	if (ioctl(noiommu, NOIOMMU_ALLOC, &alloc))
		fail("NOIOMMU_ALLOC");
	memory = mmap((void *)(uintptr_t)alloc.phys, alloc.length, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_FIXED_NOREPLACE, alloc.fd, 0);
	if (memory == MAP_FAILED)
		fail("mmap at the physical address");
	map.vaddr = (uintptr_t)memory;
	map.iova = (uintptr_t)memory;
	if (ioctl(container, VFIO_IOMMU_MAP_DMA, &map))
		fail("VFIO_IOMMU_MAP_DMA");
}

static void write_pointer(unsigned int at, volatile void *pointer)
{
	registers[at / 4] = (uintptr_t)pointer;
	registers[at / 4 + 1] = (uintptr_t)pointer >> 32;
}

static void wait_ready(__u32 ready)
{
	__u32 status;

	do {
		usleep(1000);
		status = registers[0x1c / 4];
	} while ((status & READY) != ready && !(status & FAILED));
	if (status & FAILED)
		fail("the controller");
}

static void start(void)
{
	registers[0x14 / 4] = 0;
	wait_ready(0);
	registers[0x24 / 4] = (ENTRIES - 1) << 16 | (ENTRIES - 1);
	write_pointer(0x28, memory->commands[0]);
	write_pointer(0x30, memory->completions[0]);
	registers[0x14 / 4] = ENABLE;
	wait_ready(READY);
}

/* Submits a command to a queue, and waits until the controller has completed it. */
static void run(unsigned int queue, struct command command)
{
	unsigned int stride = 1U << (registers[1] & 15);
	volatile __u32 *bell = registers + 0x1000 / 4 + 2 * queue * stride;
	unsigned int slot = next[queue]++ % ENTRIES;
	volatile struct completion *done = &memory->completions[queue][slot];

	memory->commands[queue][slot] = command;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	bell[0] = (slot + 1) % ENTRIES;
	/* No queue wraps around here, so the phase bit of a new entry is 1. */
	while (!(done->status & 1))
		usleep(100);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	bell[stride] = (slot + 1) % ENTRIES;
	if (done->status >> 1) {
		fprintf(stderr, "command %u failed: %#x\n", command.opcode_id, done->status >> 1);
		exit(1);
	}
}

int main(int argc, char **argv)
{
	const __u32 size = (ENTRIES - 1) << 16 | 1;
	struct command completions = { .opcode_id = CREATE_COMPLETIONS, .words = { size, 1 } };
	struct command submissions = { .opcode_id = CREATE_SUBMISSIONS,
				       .words = { size, 1 << 16 | 1 } };
	struct command read = { .opcode_id = READ, .namespace = 1 };

	if (argc != 3) {
		fprintf(stderr, "usage: nvme_read PCI-ADDRESS BLOCK\n");
		return 2;
	}
	open_device(argv[1]);
	allocate();
	start();
	completions.data[0] = (void *)memory->completions[1];
	submissions.data[0] = memory->commands[1];
	run(0, completions);
	run(0, submissions);
	read.data[0] = memory->data;
	read.words[0] = atoi(argv[2]);
	run(1, read);
	printf("block %s at %p: %.64s\n", argv[2], (void *)memory->data, (char *)memory->data);
	return 0;
}
