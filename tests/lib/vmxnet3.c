// SPDX-License-Identifier: GPL-2.0-only
/* Registers and structures as in the kernel's vmxnet3_defs.h. */
#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "memory.h"
#include "passthrough.h"
#include "sysfs.h"
#include "vmxnet3.h"

#define PACKETS 0
#define DEVICE 1

/* BAR 0 */
#define REGISTER_MASK 0x0
#define REGISTER_SENT 0x600
/* BAR 1 */
#define REGISTER_REVISION 0x0
#define REGISTER_UPT 0x8
#define REGISTER_SHARED_LOW 0x10
#define REGISTER_SHARED_HIGH 0x18
#define REGISTER_COMMAND 0x20
#define REGISTER_EVENTS 0x40
#define REGISTER_ALIGN 8

#define COMMAND_ACTIVATE 0xcafe0000
#define COMMAND_RESET 0xcafe0002
#define MAGIC 3133079265u
#define BITS_64 2
#define TYPE_LINUX (1 << 2)
#define ENTRIES 32
#define PACKET_SIZE 64
/* Flags: generation, end of packet, completion requested. */
#define SEND_GENERATION (1 << 14)
#define SEND_END (1 << 12)
#define SEND_COMPLETE (1 << 13)
#define DONE_GENERATION (1u << 31)

/* Offsets in the only page. */
#define SHARED 0
#define QUEUES 1024
#define SEND_RING 1536
#define SEND_DONE 2048
#define RECEIVE_RING 2560
#define RECEIVE_DONE 3072
#define BUFFER 3584

struct shared {
	__u32 magic;
	__u32 size;
	__u32 version;
	__u32 system;
	__u32 revisions;
	__u32 upt_versions;
	__u64 features;
	__u64 data;
	__u64 queues;
	__u32 data_length;
	__u32 queues_length;
	__u32 mtu;
	__u16 max_pieces;
	__u8 nr_send;
	__u8 nr_receive;
	__u32 reserved[4];
	__u8 auto_mask;
	__u8 nr_vectors;
	__u8 event_vector;
	__u8 moderation[25];
	__u32 control;
	__u32 reserved_2[2];
	__u32 mode;
	__u16 filters_length;
	__u16 pad;
	__u64 filters;
	__u32 vlans[128];
	__u32 variable[3][4];
	__u32 events;
	__u32 reserved_3[5];
};

struct send_queue {
	__u64 control[2];
	__u64 ring;
	__u64 data_ring;
	__u64 done;
	__u64 data;
	__u64 reserved;
	__u32 entries;
	__u32 data_entries;
	__u32 done_entries;
	__u32 data_length;
	__u8 vector;
	__u8 pad[7];
	__u64 status;
	__u64 statistics[10];
	__u8 pad_2[88];
};

struct receive_queue {
	__u64 control[2];
	__u64 ring[2];
	__u64 done;
	__u64 data;
	__u64 data_ring;
	__u32 entries[2];
	__u32 done_entries;
	__u32 data_length;
	__u8 vector;
	__u8 pad[7];
	__u64 status;
	__u64 statistics[10];
	__u8 pad_2[88];
};

struct packet {
	__u64 address;
	__u32 words[2];
};

static_assert(offsetof(struct shared, auto_mask) == 80, "shared");
static_assert(offsetof(struct shared, events) == 696, "shared");
static_assert(sizeof(struct shared) <= QUEUES, "shared");
static_assert(sizeof(struct send_queue) == 256, "send queue");
static_assert(sizeof(struct receive_queue) == 256, "receive queue");

static void write32(struct vmxnet3 *nic, int bar, size_t at, __u32 value)
{
	*(volatile __u32 *)(nic->bar[bar] + at) = value;
}

static __u32 read32(struct vmxnet3 *nic, int bar, size_t at)
{
	return *(volatile __u32 *)(nic->bar[bar] + at);
}

int vmxnet3_open(struct vmxnet3 *nic, const char *address)
{
	int i, ret;

	*nic = (struct vmxnet3){};
	ret = vfio_open(&nic->vfio, address);
	if (ret)
		return ret;
	for (i = 0; !ret && i < 2; i++) {
		nic->bar[i] = vfio_map_region(&nic->vfio, i, &nic->bar_size[i]);
		if (nic->bar[i] == MAP_FAILED)
			ret = -errno;
	}
	ret = ret ?: vfio_set_bus_master(&nic->vfio);
	if (ret)
		vfio_close(&nic->vfio);
	return ret;
}

void vmxnet3_close(struct vmxnet3 *nic)
{
	int i;

	for (i = 0; i < 2; i++)
		munmap((void *)nic->bar[i], nic->bar_size[i]);
	vfio_close(&nic->vfio);
}

static void make_queues(struct vmxnet3 *nic)
{
	struct send_queue *out = (void *)(nic->memory + QUEUES);
	struct receive_queue *in = (void *)(out + 1);

	out->ring = nic->phys + SEND_RING;
	out->done = nic->phys + SEND_DONE;
	out->entries = ENTRIES;
	out->done_entries = ENTRIES;
	out->vector = VMXNET3_SENT;
	in->ring[0] = nic->phys + RECEIVE_RING;
	in->done = nic->phys + RECEIVE_DONE;
	in->entries[0] = ENTRIES;
	in->done_entries = ENTRIES;
	in->vector = VMXNET3_CAME;
}

static void make_shared(struct vmxnet3 *nic)
{
	struct shared *shared = (void *)(nic->memory + SHARED);

	*shared = (struct shared){
		.magic = MAGIC,
		.size = sizeof(*shared),
		.version = 1,
		.system = BITS_64 | TYPE_LINUX,
		.revisions = 1,
		.upt_versions = 1,
		.queues = nic->phys + QUEUES,
		.queues_length = sizeof(struct send_queue) +
				 sizeof(struct receive_queue),
		.mtu = 1500,
		.max_pieces = 1,
		.nr_send = 1,
		.nr_receive = 1,
		.nr_vectors = VMXNET3_VECTORS,
		.event_vector = VMXNET3_EVENT,
	};
}

int vmxnet3_start(struct vmxnet3 *nic)
{
	int i, ret;

	nic->memory = memory_pages(PAGE);
	if (nic->memory == MAP_FAILED)
		return -ENOMEM;
	memset(nic->memory, 0, PAGE);
	nic->phys = memory_phys(nic->memory);
	ret = vfio_map(&nic->vfio, nic->memory, PAGE, nic->phys);
	if (ret)
		return ret;
	make_queues(nic);
	make_shared(nic);
	write32(nic, DEVICE, REGISTER_COMMAND, COMMAND_RESET);
	write32(nic, DEVICE, REGISTER_REVISION, 1);
	write32(nic, DEVICE, REGISTER_UPT, 1);
	/* The device takes the address when the high half is written. */
	write32(nic, DEVICE, REGISTER_SHARED_LOW, nic->phys);
	write32(nic, DEVICE, REGISTER_SHARED_HIGH, nic->phys >> 32);
	write32(nic, DEVICE, REGISTER_COMMAND, COMMAND_ACTIVATE);
	if (read32(nic, DEVICE, REGISTER_COMMAND))
		return -EIO;
	for (i = 0; i < VMXNET3_VECTORS; i++)
		vmxnet3_mask(nic, i, false);
	return 0;
}

int vmxnet3_send(struct vmxnet3 *nic)
{
	unsigned int slot = nic->sent % ENTRIES;
	bool odd = nic->sent / ENTRIES & 1;
	struct packet *packet = (void *)(nic->memory + SEND_RING);
	volatile __u32 *done = (void *)(nic->memory + SEND_DONE);

	/* The generation bit flips with each round of a ring. */
	packet[slot].address = nic->phys + BUFFER;
	packet[slot].words[1] = SEND_END | SEND_COMPLETE;
	__sync_synchronize();
	packet[slot].words[0] = PACKET_SIZE | (odd ? 0 : SEND_GENERATION);
	__sync_synchronize();
	write32(nic, PACKETS, REGISTER_SENT, (slot + 1) % ENTRIES);
	nic->sent++;
	done += slot * 4 + 3;
	return wait_until(!(*done & DONE_GENERATION) == odd) ? 0 : -ETIMEDOUT;
}

void vmxnet3_mask(struct vmxnet3 *nic, unsigned int vector, bool masked)
{
	write32(nic, PACKETS, REGISTER_MASK + vector * REGISTER_ALIGN, masked);
}

__u32 vmxnet3_events(struct vmxnet3 *nic)
{
	struct shared *shared = (void *)(nic->memory + SHARED);
	__u32 events = *(volatile __u32 *)&shared->events;

	write32(nic, DEVICE, REGISTER_EVENTS, events);
	return events;
}
