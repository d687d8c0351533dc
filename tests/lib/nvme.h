/* SPDX-License-Identifier: GPL-2.0-only */
/* As little of an NVMe controller as it takes to have it raise MSI-X. */
#ifndef TESTS_NVME_H
#define TESTS_NVME_H

#include <linux/types.h>
#include <stddef.h>

#include "vfio.h"

/* QEMU's. */
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
/* Enables it, makes the queues. */
int nvme_start(struct nvme *nvme);
/* One command of no effect: one completion, one interrupt of the queue's. */
int nvme_ping(struct nvme *nvme, unsigned int queue);

/* The control word of a vector in the MSI-X table, which is in BAR 0. */
volatile __u32 *nvme_vector_control(struct nvme *nvme, unsigned int vector);

#endif
