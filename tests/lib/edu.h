/* SPDX-License-Identifier: GPL-2.0-only */
/* QEMU's edu device: a DMA engine with a buffer of its own. */
#ifndef TESTS_EDU_H
#define TESTS_EDU_H

#include <linux/types.h>
#include <stdbool.h>
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

/* Binds the nth edu to the driver, unless it is bound already; 0 or -errno. */
int edu_bind_nth(unsigned int nth, const char *driver, char *address);
/* Binds the first. */
int edu_bind(const char *driver);
/* Opens it over VFIO, ready for DMA; 0 or -errno. */
int edu_open(struct edu *edu);
void edu_close(struct edu *edu);
/* Copy between the bus address and the device's buffer; wait for the end. */
void edu_dma_in(struct edu *edu, __u64 bus_address, size_t length);
void edu_dma_out(struct edu *edu, __u64 bus_address, size_t length);
/* Copies EDU_BUFFER_SIZE bytes through the device. Are both places the same then? */
bool edu_copies(struct edu *edu, __u64 source, __u64 destination,
		const void *from, const void *to);
/* Raises the interrupt; INTx stays asserted until it is acknowledged. */
void edu_raise(struct edu *edu);
void edu_acknowledge(struct edu *edu);

#endif
