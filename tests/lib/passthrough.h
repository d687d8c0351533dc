/* SPDX-License-Identifier: GPL-2.0-only */
/* A function under stock vfio-pci or noiommu-pci, and its regions through VFIO. */
#ifndef TESTS_PASSTHROUGH_H
#define TESTS_PASSTHROUGH_H

#include <linux/types.h>
#include <linux/vfio.h>
#include <stdbool.h>
#include <stddef.h>

#include "vfio.h"

#define SHM_VENDOR 0x1af4
#define SHM_DEVICE 0x1110
#define NIC_VENDOR 0x8086
#define NIC_DEVICE 0x10d3

/* Runs a fixture's tests with each driver: variants vfio_pci and noiommu_pci. */
#define BOTH_DRIVERS(fixture)						\
	FIXTURE_VARIANT(fixture)					\
	{								\
		const char *driver;					\
		/* Do addresses of BARs come from the page table? */	\
		bool faults;						\
	};								\
	FIXTURE_VARIANT_ADD(fixture, vfio_pci)				\
	{								\
		.driver = "vfio-pci",					\
		.faults = true,						\
	};								\
	FIXTURE_VARIANT_ADD(fixture, noiommu_pci)			\
	{								\
		.driver = "noiommu-pci",				\
	}

/* Loads both drivers and the provider; 0 or a status. */
int passthrough_load(void);
/* Unbinds the function from its driver and binds it to this one; 0 or -errno. */
int passthrough_bind(const char *address, const char *driver);

/* The address and the size of a BAR, from sysfs; 0 without such a BAR. */
__u64 bar_start(const char *address, int bar);
size_t bar_length(const char *address, int bar);

int passthrough_reset(struct vfio *vfio);
/* Signals the eventfd when the kernel asks for the device back. */
int passthrough_hear_requests(struct vfio *vfio, int eventfd);

/* Reads 32 bits; false on a bus error. */
bool can_read(const void *va, __u32 *value);
/*
 * Does a read cause no page fault? pagemap leaves out device memory, so no other check
 * exists. The read makes the page present.
 */
bool was_present(const void *va);

/* Does TRANSLATE return the whole range as one piece of a BAR? */
bool translates_to_bar(int fd, const void *va, size_t length, __u32 flags,
		       __u64 phys);
/* Returns the error of TRANSLATE. */
int translate_error(int fd, const void *va, size_t length, __u32 flags);

#endif
