// SPDX-License-Identifier: GPL-2.0-only
/* Registers and commands as in the NVM Express Base Specification. */
#include <assert.h>
#include <errno.h>
#include <linux/pci_regs.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "memory.h"
#include "nvme.h"
#include "passthrough.h"
#include "sysfs.h"

#define REGISTER_CONFIGURATION 0x14
#define REGISTER_STATUS 0x1c
#define REGISTER_ADMIN_ATTRIBUTES 0x24
#define REGISTER_ADMIN_COMMANDS 0x28
#define REGISTER_ADMIN_COMPLETIONS 0x30
#define REGISTER_DOORBELLS 0x1000
#define ENABLE (6 << 16 | 4 << 20 | 1)

#define OP_CREATE_COMMANDS 0x01
#define OP_CREATE_COMPLETIONS 0x05
#define OP_GET_FEATURES 0x0a
#define FEATURE_QUEUES 0x07
/* An I/O command that always completes; its effect does not matter. */
#define OP_FLUSH 0x00
#define CONTIGUOUS 1
#define INTERRUPTS 2
#define ENTRIES 16

struct nvme_command {
	__u8 opcode;
	__u8 flags;
	__u16 id;
	__u32 namespace;
	__u64 reserved[2];
	__u64 data;
	__u64 data_2;
	__u32 words[6];
};

struct nvme_completion {
	__u32 result;
	__u32 reserved;
	__u16 head;
	__u16 queue;
	__u16 id;
	__u16 status;
};

static_assert(sizeof(struct nvme_command) == 64, "command");
static_assert(sizeof(struct nvme_completion) == 16, "completion");

static void write32(struct nvme *nvme, size_t at, __u32 value)
{
	*(volatile __u32 *)(nvme->registers + at) = value;
}

static __u32 read32(struct nvme *nvme, size_t at)
{
	return *(volatile __u32 *)(nvme->registers + at);
}

static void write64(struct nvme *nvme, size_t at, __u64 value)
{
	write32(nvme, at, value);
	write32(nvme, at + 4, value >> 32);
}

int nvme_open(struct nvme *nvme, const char *address)
{
	int ret;

	ret = vfio_open(&nvme->vfio, address);
	if (ret)
		return ret;
	nvme->registers = vfio_start(&nvme->vfio, 0, &nvme->registers_size);
	if (nvme->registers != MAP_FAILED)
		return 0;
	ret = -errno;
	vfio_close(&nvme->vfio);
	return ret;
}

void nvme_close(struct nvme *nvme)
{
	munmap((void *)nvme->registers, nvme->registers_size);
	vfio_close(&nvme->vfio);
}

/* Allocates a page for DMA. */
static int page(struct nvme *nvme, void **memory)
{
	*memory = memory_pages(PAGE);
	if (*memory == MAP_FAILED)
		return -ENOMEM;
	memset(*memory, 0, PAGE);
	return vfio_map(&nvme->vfio, *memory, PAGE, memory_phys(*memory));
}

static bool done(const struct nvme_queue *queue, unsigned int slot)
{
	/* The phase bit of an entry flips with each round of the queue. */
	return (queue->completions[slot].status & 1) ==
	       !(queue->next / ENTRIES & 1);
}

/* The caller judges the status. */
static int submit(struct nvme *nvme, struct nvme_queue *queue,
		  const struct nvme_command *command, __u16 *status)
{
	unsigned int slot = queue->next % ENTRIES;
	size_t bell = REGISTER_DOORBELLS + queue->id * 8;

	queue->commands[slot] = *command;
	queue->commands[slot].id = queue->next;
	__sync_synchronize();
	write32(nvme, bell, (slot + 1) % ENTRIES);
	if (!wait_until(done(queue, slot)))
		return -ETIMEDOUT;
	if (queue->completions[slot].id != (__u16)queue->next ||
	    queue->completions[slot].queue != queue->id)
		return -EIO;
	*status = queue->completions[slot].status >> 1;
	queue->next++;
	write32(nvme, bell + 4, (slot + 1) % ENTRIES);
	return 0;
}

static int admin(struct nvme *nvme, const struct nvme_command *command)
{
	__u16 status;
	int ret = submit(nvme, &nvme->queues[0], command, &status);

	return ret ?: status ? -EIO : 0;
}

static int create_queue(struct nvme *nvme, unsigned int id)
{
	struct nvme_queue *queue = &nvme->queues[id];
	struct nvme_command command = {
		.opcode = OP_CREATE_COMPLETIONS,
		.data = memory_phys((void *)queue->completions),
		.words = { (ENTRIES - 1) << 16 | id,
			   id << 16 | INTERRUPTS | CONTIGUOUS },
	};
	int ret = admin(nvme, &command);

	if (ret)
		return ret;
	command.opcode = OP_CREATE_COMMANDS;
	command.data = memory_phys(queue->commands);
	command.words[1] = id << 16 | CONTIGUOUS;
	return admin(nvme, &command);
}

static int enable(struct nvme *nvme)
{
	write32(nvme, REGISTER_ADMIN_ATTRIBUTES,
		(ENTRIES - 1) << 16 | (ENTRIES - 1));
	write64(nvme, REGISTER_ADMIN_COMMANDS,
		memory_phys(nvme->queues[0].commands));
	write64(nvme, REGISTER_ADMIN_COMPLETIONS,
		memory_phys((void *)nvme->queues[0].completions));
	write32(nvme, REGISTER_CONFIGURATION, ENABLE);
	return wait_until(read32(nvme, REGISTER_STATUS) & 1) ? 0 : -ETIMEDOUT;
}

int nvme_start(struct nvme *nvme)
{
	struct nvme_queue *queue;
	void *memory;
	int i, ret;

	write32(nvme, REGISTER_CONFIGURATION, 0);
	if (!wait_until(!(read32(nvme, REGISTER_STATUS) & 1)))
		return -ETIMEDOUT;
	for (i = 0; i < NVME_QUEUES; i++) {
		queue = &nvme->queues[i];
		*queue = (struct nvme_queue){ .id = i };
		ret = page(nvme, &memory);
		if (ret)
			return ret;
		queue->commands = memory;
		ret = page(nvme, &memory);
		if (ret)
			return ret;
		queue->completions = memory;
	}
	ret = enable(nvme);
	for (i = 1; !ret && i < NVME_QUEUES; i++)
		ret = create_queue(nvme, i);
	return ret;
}

int nvme_ping(struct nvme *nvme, unsigned int queue)
{
	const struct nvme_command io = { .opcode = OP_FLUSH, .namespace = 1 };
	const struct nvme_command features = {
		.opcode = OP_GET_FEATURES,
		.words = { FEATURE_QUEUES },
	};
	__u16 status;

	if (!queue)
		return admin(nvme, &features);
	/* An error for lack of a namespace is a completion, too. */
	return submit(nvme, &nvme->queues[queue], &io, &status);
}

volatile __u32 *nvme_vector_control(struct nvme *nvme, unsigned int vector)
{
	const unsigned int config = VFIO_PCI_CONFIG_REGION_INDEX;
	__u8 at = 0, id = 0;
	__u32 table;

	if (region_read(&nvme->vfio, config, PCI_CAPABILITY_LIST, &at, 1))
		return NULL;
	while (at && !region_read(&nvme->vfio, config, at, &id, 1) &&
	       id != PCI_CAP_ID_MSIX)
		if (region_read(&nvme->vfio, config, at + 1, &at, 1))
			return NULL;
	if (id != PCI_CAP_ID_MSIX ||
	    region_read(&nvme->vfio, config, at + PCI_MSIX_TABLE, &table, 4) ||
	    table & PCI_MSIX_TABLE_BIR)
		return NULL;
	return (volatile __u32 *)(nvme->registers + table +
				  vector * PCI_MSIX_ENTRY_SIZE +
				  PCI_MSIX_ENTRY_VECTOR_CTRL);
}
