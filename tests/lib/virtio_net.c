// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <linux/pci_regs.h>
#include <linux/virtio_config.h>
#include <linux/virtio_net.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "memory.h"
#include "passthrough.h"
#include "sysfs.h"
#include "virtio_net.h"

/* The BAR of QEMU's modern devices. */
#define STRUCTURES_BAR 4
#define RECEIVE 0
#define TRANSMIT 1
#define ENTRIES 8
#define PACKET_SIZE 64
#define BUFFER 2048

static int find_structures(struct virtio_net *net)
{
	const unsigned int config = VFIO_PCI_CONFIG_REGION_INDEX;
	struct virtio_pci_notify_cap cap;
	__u8 at;

	if (region_read(&net->vfio, config, PCI_CAPABILITY_LIST, &at, 1))
		return -EIO;
	for (; at; at = cap.cap.cap_next) {
		if (region_read(&net->vfio, config, at, &cap, sizeof(cap)))
			return -EIO;
		if (cap.cap.cap_vndr != PCI_CAP_ID_VNDR ||
		    cap.cap.bar != STRUCTURES_BAR)
			continue;
		if (cap.cap.cfg_type == VIRTIO_PCI_CAP_COMMON_CFG)
			net->common = (void *)(net->bar + cap.cap.offset);
		if (cap.cap.cfg_type == VIRTIO_PCI_CAP_NOTIFY_CFG) {
			net->notify = (void *)(net->bar + cap.cap.offset);
			net->notify_multiplier = cap.notify_off_multiplier;
		}
	}
	return net->common && net->notify ? 0 : -ENODEV;
}

int virtio_net_open(struct virtio_net *net, const char *address)
{
	int ret;

	*net = (struct virtio_net){};
	ret = vfio_open(&net->vfio, address);
	if (ret)
		return ret;
	net->bar = vfio_start(&net->vfio, STRUCTURES_BAR, &net->bar_size);
	ret = net->bar == MAP_FAILED ? -errno : find_structures(net);
	if (ret)
		vfio_close(&net->vfio);
	return ret;
}

void virtio_net_close(struct virtio_net *net)
{
	munmap((void *)net->bar, net->bar_size);
	vfio_close(&net->vfio);
}

static int negotiate(struct virtio_net *net)
{
	const __u32 wanted[] = { 1u << VIRTIO_NET_F_STATUS,
				 1u << (VIRTIO_F_VERSION_1 - 32) };
	int i;

	net->common->device_status = 0;
	if (!wait_until(!net->common->device_status))
		return -ETIMEDOUT;
	net->common->device_status = VIRTIO_CONFIG_S_ACKNOWLEDGE;
	net->common->device_status |= VIRTIO_CONFIG_S_DRIVER;
	for (i = 0; i < 2; i++) {
		net->common->guest_feature_select = i;
		net->common->guest_feature = wanted[i];
	}
	net->common->device_status |= VIRTIO_CONFIG_S_FEATURES_OK;
	return net->common->device_status & VIRTIO_CONFIG_S_FEATURES_OK ?
	       0 : -EIO;
}

/* Makes a page for a queue, mapped for the device. */
static int make_ring(struct virtio_net *net, unsigned int entries, __u64 *phys)
{
	char *memory = memory_pages(PAGE);

	if (memory == MAP_FAILED)
		return -ENOMEM;
	memset(memory, 0, PAGE);
	*phys = memory_phys(memory);
	vring_init(&net->ring, entries, memory, 512);
	return vfio_map(&net->vfio, memory, PAGE, *phys);
}

static void enable_queue(struct virtio_net *net, unsigned int queue, __u64 phys,
			 unsigned int vector)
{
	char *memory = (char *)net->ring.desc;

	net->common->queue_select = queue;
	net->common->queue_size = net->ring.num;
	net->common->queue_msix_vector = vector;
	net->common->queue_desc_lo = phys;
	net->common->queue_desc_hi = phys >> 32;
	phys += (char *)net->ring.avail - memory;
	net->common->queue_avail_lo = phys;
	net->common->queue_avail_hi = phys >> 32;
	phys += (char *)net->ring.used - (char *)net->ring.avail;
	net->common->queue_used_lo = phys;
	net->common->queue_used_hi = phys >> 32;
	net->common->queue_enable = 1;
}

static int make_queue(struct virtio_net *net)
{
	__u64 phys;
	int ret;

	ret = make_ring(net, ENTRIES, &phys);
	if (ret)
		return ret;
	net->ring.desc[0].addr = phys + BUFFER;
	net->ring.desc[0].len = sizeof(struct virtio_net_hdr_v1) + PACKET_SIZE;
	enable_queue(net, TRANSMIT, phys, VIRTIO_NET_SENT);
	return net->common->queue_msix_vector == VIRTIO_NET_SENT ? 0 : -EIO;
}

int virtio_net_start(struct virtio_net *net)
{
	int ret = negotiate(net);

	if (ret)
		return ret;
	net->common->msix_config = VIRTIO_NET_CONFIG;
	if (net->common->msix_config != VIRTIO_NET_CONFIG)
		return -EIO;
	ret = make_queue(net);
	if (!ret)
		net->common->device_status |= VIRTIO_CONFIG_S_DRIVER_OK;
	return ret;
}

static void notify(struct virtio_net *net, unsigned int queue)
{
	size_t at;

	net->common->queue_select = queue;
	at = net->common->queue_notify_off * net->notify_multiplier;
	net->notify[at / sizeof(*net->notify)] = queue;
}

int virtio_net_send(struct virtio_net *net)
{
	volatile __u16 *used = &net->ring.used->idx;

	net->ring.avail->ring[net->ring.avail->idx % ENTRIES] = 0;
	__sync_synchronize();
	net->ring.avail->idx++;
	__sync_synchronize();
	notify(net, TRANSMIT);
	return wait_until(*used == net->ring.avail->idx) ? 0 : -ETIMEDOUT;
}

int virtio_net_listen(struct virtio_net *net, const __u64 *buffers,
		      unsigned int count)
{
	unsigned int i;
	__u64 phys;
	int ret = negotiate(net);

	ret = ret ?: make_ring(net, count, &phys);
	if (ret)
		return ret;
	for (i = 0; i < count; i++) {
		net->ring.desc[i].addr = buffers[i];
		net->ring.desc[i].len = BUFFER;
		net->ring.desc[i].flags = VRING_DESC_F_WRITE;
		net->ring.avail->ring[i] = i;
	}
	enable_queue(net, RECEIVE, phys, VIRTIO_MSI_NO_VECTOR);
	net->common->device_status |= VIRTIO_CONFIG_S_DRIVER_OK;
	return 0;
}

unsigned int virtio_net_refill(struct virtio_net *net)
{
	volatile __u16 *used = &net->ring.used->idx;
	__u16 received = *used;

	/* The device uses buffers in turn, so a returned one goes behind all others. */
	net->ring.avail->idx = received + net->ring.num;
	__sync_synchronize();
	notify(net, RECEIVE);
	return received;
}
