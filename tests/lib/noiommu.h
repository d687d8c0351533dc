/* SPDX-License-Identifier: GPL-2.0-only */
/* The ioctls of /dev/noiommu; they return -errno on failure. */
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
 * One call. In: the size of the array of extents. Out: the number of filled extents
 * (translate), or of extents of the range (pin).
 */
int noiommu_translate_range(int fd, const void *va, size_t length, __u32 flags,
			    struct noiommu_extent *extents, __u32 *nr);
int noiommu_pin_range(int fd, const void *va, size_t length, __u32 flags,
		      struct noiommu_extent *extents, __u32 *nr, __u32 *id);
int noiommu_unpin_id(int fd, __u32 id);
/* In: the sizes of the arrays. Out: the number of pins and extents. */
int noiommu_list(int fd, struct noiommu_pin_info *pins, __u32 *nr_pins,
		 struct noiommu_extent *extents, __u32 *nr_extents);

/* Flags of the only pin; -ENOENT if there are none or several. */
int noiommu_pin_flags(int fd);

/* Requests this length anywhere. */
static inline struct noiommu_alloc noiommu_alloc_anywhere(size_t length)
{
	return (struct noiommu_alloc){
		.size = sizeof(struct noiommu_alloc),
		.length = length,
		.node = -1,
	};
}

/* Requests a pin of a dma-buf for this function, and its extents. */
struct noiommu_pin_dmabuf noiommu_dmabuf_for(const char *address, int dmabuf,
					     struct noiommu_extent *extents,
					     __u32 nr);
/* Returns a descriptor of memory, or -errno. */
int noiommu_alloc_memory(int fd, struct noiommu_alloc *alloc);
int noiommu_free_memory(int fd, int memory);

#endif
