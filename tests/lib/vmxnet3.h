/* SPDX-License-Identifier: GPL-2.0-only */
/* A minimal driver of a VMXNET3 device, to make it raise MSI-X. */
#ifndef TESTS_VMXNET3_H
#define TESTS_VMXNET3_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "vfio.h"

#define VMXNET3_VENDOR 0x15ad
#define VMXNET3_DEVICE 0x07b0

/* Vectors: sent packets, received packets, and changes of the link. */
enum { VMXNET3_SENT, VMXNET3_CAME, VMXNET3_EVENT, VMXNET3_VECTORS };

struct vmxnet3 {
	struct vfio vfio;
	/* BAR 0 has the registers of queues, BAR 1 those of the device. */
	volatile char *bar[2];
	size_t bar_size[2];
	char *memory;
	__u64 phys;
	unsigned int sent;
};

/* All return 0 or -errno. */
int vmxnet3_open(struct vmxnet3 *nic, const char *address);
void vmxnet3_close(struct vmxnet3 *nic);
/* Starts sending with no vector masked; the caller has enabled MSI-X. */
int vmxnet3_start(struct vmxnet3 *nic);
/* Sends one packet; returns when the device has taken it. */
int vmxnet3_send(struct vmxnet3 *nic);

void vmxnet3_mask(struct vmxnet3 *nic, unsigned int vector, bool masked);
/* Returns and acknowledges the pending events. */
__u32 vmxnet3_events(struct vmxnet3 *nic);

#endif
