/* SPDX-License-Identifier: GPL-2.0-only */
/* As little of a virtio network device as it takes to raise MSI-X and to receive. */
#ifndef TESTS_VIRTIO_NET_H
#define TESTS_VIRTIO_NET_H

#include <linux/types.h>
#include <linux/virtio_pci.h>
#include <linux/virtio_ring.h>
#include <stddef.h>

#include "vfio.h"

#define VIRTIO_VENDOR 0x1af4
#define VIRTIO_NET_DEVICE 0x1041

/* Changes of the link, and packets that were sent. */
enum { VIRTIO_NET_CONFIG, VIRTIO_NET_SENT, VIRTIO_NET_VECTORS };

struct virtio_net {
	struct vfio vfio;
	/* The BAR that has all the structures. */
	volatile char *bar;
	size_t bar_size;
	volatile struct virtio_pci_common_cfg *common;
	volatile __u16 *notify;
	__u32 notify_multiplier;
	struct vring ring;
};

/* All return 0 or -errno. */
int virtio_net_open(struct virtio_net *net, const char *address);
void virtio_net_close(struct virtio_net *net);
/* Ready to send, with the two vectors; VFIO has to have enabled MSI-X. */
int virtio_net_start(struct virtio_net *net);
/* One packet; returns when the device has taken it. */
int virtio_net_send(struct virtio_net *net);

/*
 * Ready to receive, without interrupts: packets go to the buffers in turn, 2048 bytes
 * at each of these addresses. Of buffers there are at most 16, a power of two.
 */
int virtio_net_listen(struct virtio_net *net, const __u64 *buffers,
		      unsigned int count);
/* Gives all buffers to the device again; returns how many packets came so far. */
unsigned int virtio_net_refill(struct virtio_net *net);

#endif
