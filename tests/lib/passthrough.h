/* SPDX-License-Identifier: GPL-2.0-only */
/* A function under stock vfio-pci or noiommu-pci, and what VFIO offers of it. */
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
	};								\
	FIXTURE_VARIANT_ADD(fixture, vfio_pci)				\
	{								\
		.driver = "vfio-pci",					\
	};								\
	FIXTURE_VARIANT_ADD(fixture, noiommu_pci)			\
	{								\
		.driver = "noiommu-pci",				\
	}

/* Loads both drivers and the provider; 0 or a status. */
int passthrough_load(void);
/* Takes it from whichever driver has it; 0 or -errno. */
int passthrough_bind(const char *address, const char *driver);

/* As sysfs has it: where a BAR is, and its bytes; 0 if there is none. */
__u64 bar_start(const char *address, int bar);
size_t bar_length(const char *address, int bar);

/* All return 0 or -errno. A short read or write is -EIO. */
int region_info(struct vfio *vfio, unsigned int index,
		struct vfio_region_info *info);
int region_read(struct vfio *vfio, unsigned int index, size_t at, void *data,
		size_t length);
int region_write(struct vfio *vfio, unsigned int index, size_t at,
		 const void *data, size_t length);
/* A part of a region; MAP_FAILED with errno set. */
void *region_map(struct vfio *vfio, unsigned int index, size_t at,
		 size_t length, int prot);

int passthrough_reset(struct vfio *vfio);
/* The eventfd is told when somebody wants the device back. */
int passthrough_hear_requests(struct vfio *vfio, int eventfd);

/* Reads 32 bits; false if that is a bus error. */
bool can_read(const void *va, __u32 *value);
/*
 * Does it read without a fault? The only way to tell: pagemap leaves out device
 * memory. Afterwards it is present in any case.
 */
bool was_present(const void *va);

/* Does TRANSLATE say that all of a range is one piece of a BAR? */
bool translates_to_bar(int fd, const void *va, size_t length, __u32 flags,
		       __u64 phys);
/* What TRANSLATE fails with. */
int translate_error(int fd, const void *va, size_t length, __u32 flags);

#endif
