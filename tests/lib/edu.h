/* SPDX-License-Identifier: GPL-2.0-only */
/* QEMU's edu device: a DMA engine with a buffer of its own. */
#ifndef TESTS_EDU_H
#define TESTS_EDU_H

#include <linux/types.h>
#include <stddef.h>

#include "vfio.h"

#define EDU_VENDOR 0x1234
#define EDU_DEVICE 0x11e8
/* The device has 4096 bytes, but QEMU before 8.0 aborts on access to the last. */
#define EDU_BUFFER_SIZE 2048

struct edu {
	struct vfio vfio;
	volatile __u64 *registers;
	size_t registers_size;
};

/* Binds the first edu to the driver, unless it is bound already; 0 or -errno. */
int edu_bind(const char *driver);
/* Opens it over VFIO, ready for DMA; 0 or -errno. */
int edu_open(struct edu *edu);
void edu_close(struct edu *edu);
/* Copy between the bus address and the device's buffer; wait for the end. */
void edu_dma_in(struct edu *edu, __u64 bus_address, size_t length);
void edu_dma_out(struct edu *edu, __u64 bus_address, size_t length);
/* Raises the interrupt; INTx stays asserted until it is acknowledged. */
void edu_raise(struct edu *edu);
void edu_acknowledge(struct edu *edu);

#endif
