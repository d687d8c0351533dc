/* SPDX-License-Identifier: GPL-2.0-only */
/* VFIO without groups: /dev/iommu and a node for each device. */
#ifndef TESTS_IOMMUFD_H
#define TESTS_IOMMUFD_H

#include <linux/types.h>
#include <stddef.h>

#include "edu.h"
#include "sysfs.h"
#include "translation.h"
#include "vfio.h"

/* Flags of iommufd_hwpt(). */
#define HWPT_NEST_PARENT (1 << 0)
#define HWPT_DIRTY_TRACKING (1 << 1)
#define HWPT_FAULT_ID (1 << 2)
#define HWPT_PASID (1 << 3)

struct iommufd_range {
	__aligned_u64 start;
	__aligned_u64 last;
};

/* A descriptor or -errno. */
int iommufd_open(void);

/* All others return 0 or -errno. */
int iommufd_ioas(int fd, __u32 *ioas);
/* Allocates a page table for an IOAS. */
int iommufd_hwpt(int fd, __u32 device, __u32 ioas, __u32 flags, __u32 *hwpt);
int iommufd_destroy(int fd, __u32 id);

int iommufd_map(int fd, __u32 ioas, const void *memory, size_t length,
		__u64 iova);
/* Maps each piece of translated memory at its physical address. */
int iommufd_map_extents(int fd, __u32 ioas,
			const struct translation *translation);
/* The kernel chooses the IOVA. */
int iommufd_map_anywhere(int fd, __u32 ioas, const void *memory, size_t length,
			 __u64 *iova);
int iommufd_map_file(int fd, __u32 ioas, int file, size_t length, __u64 iova);
/* Maps memory of one IOAS at an IOVA of another IOAS. */
int iommufd_copy(int fd, __u32 from, __u64 iova, size_t length, __u32 to,
		 __u64 other);
/* Returns the number of unmapped bytes, or -errno. */
long iommufd_unmap(int fd, __u32 ioas, __u64 iova, size_t length);
/* The usable IOVAs. In: the size of the array. Out: the number of ranges. */
int iommufd_ranges(int fd, __u32 ioas, struct iommufd_range *ranges, __u32 *nr,
		   __u64 *alignment);

/* The node of a PCI function, as "/dev/vfio/devices/vfio0". */
int cdev_path(const char *address, char *path, size_t size);
/* Sets only the device of struct vfio. */
int cdev_open(struct vfio *vfio, const char *address);
/* Opens the device with this directory in sysfs. */
int cdev_open_at(struct vfio *vfio, const char *device);
int cdev_bind(struct vfio *vfio, int fd, __u32 *device);
/* In: an IOAS or a page table. Out: the page table. */
int cdev_attach(struct vfio *vfio, __u32 *table);
int cdev_detach(struct vfio *vfio);

/* edu, ready for DMA, and the address space that it is attached to. */
struct space {
	char address[PCI_ADDRESS_SIZE];
	struct edu edu;
	int fd;
	__u32 ioas;
	__u32 device;
	__u32 table;
};

/* Opens the nth edu with this driver; or does all but the last steps, attach and edu. */
int space_open(struct space *space, const char *driver, unsigned int nth);
int space_bind(struct space *space, const char *driver, unsigned int nth);
int space_attach(struct space *space);
/* Attaches to the address space of another. */
int space_join(struct space *space, const struct space *other,
	       const char *driver, unsigned int nth);
void space_close(struct space *space);

#endif
