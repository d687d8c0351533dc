/* SPDX-License-Identifier: GPL-2.0-only */
/* A minimal driver of an NVMe controller, to make it raise MSI-X. */
#ifndef TESTS_NVME_H
#define TESTS_NVME_H

#include <linux/types.h>
#include <stddef.h>

#include "vfio.h"

/* The vendor ID of QEMU's controller. */
#define NVME_VENDOR 0x1b36
#define NVME_DEVICE 0x0010
/* The admin queue and two for I/O; each has the vector of its number. */
#define NVME_QUEUES 3

struct nvme_queue {
	struct nvme_command *commands;
	volatile struct nvme_completion *completions;
	unsigned int next;
	__u16 id;
};

struct nvme {
	struct vfio vfio;
	volatile char *registers;
	size_t registers_size;
	struct nvme_queue queues[NVME_QUEUES];
};

/* All return 0 or -errno. */
int nvme_open(struct nvme *nvme, const char *address);
void nvme_close(struct nvme *nvme);
/* Enables the controller and creates the queues. */
int nvme_start(struct nvme *nvme);
/* Submits one command without effect: one completion, one interrupt of the queue. */
int nvme_ping(struct nvme *nvme, unsigned int queue);

/* Returns the control word of a vector in the MSI-X table in BAR 0. */
volatile __u32 *nvme_vector_control(struct nvme *nvme, unsigned int vector);

#endif
