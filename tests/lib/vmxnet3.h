/* SPDX-License-Identifier: GPL-2.0-only */
/* As little of a VMXNET3 device as it takes to have it raise MSI-X. */
#ifndef TESTS_VMXNET3_H
#define TESTS_VMXNET3_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "vfio.h"

#define VMXNET3_VENDOR 0x15ad
#define VMXNET3_DEVICE 0x07b0

/* Packets that were sent, those that came, and changes of the link. */
enum { VMXNET3_SENT, VMXNET3_CAME, VMXNET3_EVENT, VMXNET3_VECTORS };

struct vmxnet3 {
	struct vfio vfio;
	/* BAR 0 has what is for each packet, BAR 1 what is for the device. */
	volatile char *bar[2];
	size_t bar_size[2];
	char *memory;
	__u64 phys;
	unsigned int sent;
};

/* All return 0 or -errno. */
int vmxnet3_open(struct vmxnet3 *nic, const char *address);
void vmxnet3_close(struct vmxnet3 *nic);
/* Ready to send, no vector masked; VFIO has to have enabled MSI-X. */
int vmxnet3_start(struct vmxnet3 *nic);
/* One packet; returns when the device has taken it. */
int vmxnet3_send(struct vmxnet3 *nic);

void vmxnet3_mask(struct vmxnet3 *nic, unsigned int vector, bool masked);
/* Events that were not acknowledged yet, which this does. */
__u32 vmxnet3_events(struct vmxnet3 *nic);

#endif
