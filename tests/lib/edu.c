// SPDX-License-Identifier: GPL-2.0-only
/* Registers as in QEMU's docs/specs/edu.txt. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "edu.h"
#include "passthrough.h"
#include "sysfs.h"

#define EDU_DMA_SOURCE (0x80 / 8)
#define EDU_DMA_DESTINATION (0x88 / 8)
#define EDU_DMA_COUNT (0x90 / 8)
#define EDU_DMA_COMMAND (0x98 / 8)
#define EDU_DMA_START 1
#define EDU_DMA_FROM_DEVICE 2
#define EDU_BUFFER 0x40000
#define EDU_INTERRUPTS 0x24
#define EDU_RAISE 0x60
#define EDU_ACKNOWLEDGE 0x64

int edu_bind_nth(unsigned int nth, const char *driver, char *address)
{
	return pci_find(EDU_VENDOR, EDU_DEVICE, nth, address) ?:
	       passthrough_bind(address, driver);
}

int edu_bind(const char *driver)
{
	char address[PCI_ADDRESS_SIZE];

	return edu_bind_nth(0, driver, address);
}

int edu_open(struct edu *edu)
{
	char address[PCI_ADDRESS_SIZE];
	int ret;

	ret = pci_find(EDU_VENDOR, EDU_DEVICE, 0, address);
	if (!ret)
		ret = vfio_open(&edu->vfio, address);
	if (ret)
		return ret;
	edu->registers = vfio_start(&edu->vfio, 0, &edu->registers_size);
	if (edu->registers != MAP_FAILED)
		return 0;
	ret = -errno;
	vfio_close(&edu->vfio);
	return ret;
}

void edu_close(struct edu *edu)
{
	munmap((void *)edu->registers, edu->registers_size);
	/* Another close does nothing. */
	edu->registers_size = 0;
	vfio_close(&edu->vfio);
}

static void start(struct edu *edu, __u64 source, __u64 destination,
		  size_t length, __u64 direction)
{
	edu->registers[EDU_DMA_SOURCE] = source;
	edu->registers[EDU_DMA_DESTINATION] = destination;
	edu->registers[EDU_DMA_COUNT] = length;
	edu->registers[EDU_DMA_COMMAND] = EDU_DMA_START | direction;
}

static void wait_for_end(struct edu *edu)
{
	while (edu->registers[EDU_DMA_COMMAND] & EDU_DMA_START)
		usleep(1000);
}

void edu_dma_in(struct edu *edu, __u64 bus_address, size_t length)
{
	start(edu, bus_address, EDU_BUFFER, length, 0);
	wait_for_end(edu);
}

void edu_dma_out(struct edu *edu, __u64 bus_address, size_t length)
{
	start(edu, EDU_BUFFER, bus_address, length, EDU_DMA_FROM_DEVICE);
	wait_for_end(edu);
}

bool edu_copies(struct edu *edu, __u64 source, __u64 destination,
		const void *from, const void *to)
{
	edu_dma_in(edu, source, EDU_BUFFER_SIZE);
	edu_dma_out(edu, destination, EDU_BUFFER_SIZE);
	return !memcmp(from, to, EDU_BUFFER_SIZE);
}

static volatile __u32 *edu_register(struct edu *edu, size_t offset)
{
	return (volatile __u32 *)((volatile char *)edu->registers + offset);
}

void edu_raise(struct edu *edu)
{
	*edu_register(edu, EDU_RAISE) = 1;
}

void edu_acknowledge(struct edu *edu)
{
	*edu_register(edu, EDU_ACKNOWLEDGE) =
		*edu_register(edu, EDU_INTERRUPTS);
}
