/* SPDX-License-Identifier: GPL-2.0-only */
/* The ioctls of /dev/noiommu, with the errno as the result. */
#ifndef TESTS_NOIOMMU_H
#define TESTS_NOIOMMU_H

#include <linux/noiommu.h>
#include <linux/types.h>
#include <stddef.h>

#define NOIOMMU_PATH "/dev/noiommu"

/* A descriptor or -errno. */
int noiommu_open_device(void);

/* All others return 0 or -errno. */
int noiommu_ioctl(int fd, unsigned long number, void *argument);

/*
 * One call. In: how many extents the array has room for. Out: how many were
 * filled (translate), or how many the range has (pin).
 */
int noiommu_translate_range(int fd, const void *va, size_t length, __u32 flags,
			    struct noiommu_extent *extents, __u32 *nr);
int noiommu_pin_range(int fd, const void *va, size_t length, __u32 flags,
		      struct noiommu_extent *extents, __u32 *nr, __u32 *id);
int noiommu_unpin_id(int fd, __u32 id);
/* In: how many the arrays have room for. Out: how many there are. */
int noiommu_list(int fd, struct noiommu_pin_info *pins, __u32 *nr_pins,
		 struct noiommu_extent *extents, __u32 *nr_extents);

#endif
