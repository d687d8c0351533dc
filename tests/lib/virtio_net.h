/* SPDX-License-Identifier: GPL-2.0-only */
/* A minimal driver of a virtio network device, to raise MSI-X and to receive. */
#ifndef TESTS_VIRTIO_NET_H
#define TESTS_VIRTIO_NET_H

#include <linux/types.h>
#include <linux/virtio_pci.h>
#include <linux/virtio_ring.h>
#include <stddef.h>

#include "vfio.h"

#define VIRTIO_VENDOR 0x1af4
#define VIRTIO_NET_DEVICE 0x1041

/* Vectors: changes of the link, and sent packets. */
enum { VIRTIO_NET_CONFIG, VIRTIO_NET_SENT, VIRTIO_NET_VECTORS };

struct virtio_net {
	struct vfio vfio;
	/* The BAR with all structures. */
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
/* Starts sending with the two vectors; the caller has enabled MSI-X. */
int virtio_net_start(struct virtio_net *net);
/* Sends one packet; returns when the device has taken it. */
int virtio_net_send(struct virtio_net *net);

/*
 * Starts receiving, without interrupts: packets go to the buffers in turn, 2048 bytes at
 * each of these addresses. The number of buffers is a power of two, at most 16.
 */
int virtio_net_listen(struct virtio_net *net, const __u64 *buffers,
		      unsigned int count);
/* Returns all buffers to the device, and the number of packets so far to the caller. */
unsigned int virtio_net_refill(struct virtio_net *net);

#endif
