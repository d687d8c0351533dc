/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Definitions of linux/iommufd.h and linux/vfio.h from 6.6 on, for the older headers of
 * distributions. The names differ, so that they do not clash with newer headers.
 */
#ifndef TESTS_IOMMUFD_ABI_H
#define TESTS_IOMMUFD_ABI_H

#include <linux/ioctl.h>
#include <linux/types.h>
#include <linux/vfio.h>

struct abi_destroy {
	__u32 size;
	__u32 id;
};

#define ABI_DESTROY _IO(';', 0x80)

struct abi_ioas_alloc {
	__u32 size;
	__u32 flags;
	__u32 out_ioas_id;
};

#define ABI_IOAS_ALLOC _IO(';', 0x81)

#define ABI_FIXED_IOVA (1 << 0)
#define ABI_WRITEABLE (1 << 1)
#define ABI_READABLE (1 << 2)

struct abi_ioas_copy {
	__u32 size;
	__u32 flags;
	__u32 dst_ioas_id;
	__u32 src_ioas_id;
	__aligned_u64 length;
	__aligned_u64 dst_iova;
	__aligned_u64 src_iova;
};

#define ABI_IOAS_COPY _IO(';', 0x83)

struct abi_ioas_iova_ranges {
	__u32 size;
	__u32 ioas_id;
	__u32 num_iovas;
	__u32 reserved;
	__aligned_u64 allowed_iovas;
	__aligned_u64 out_iova_alignment;
};

#define ABI_IOAS_IOVA_RANGES _IO(';', 0x84)

struct abi_ioas_map {
	__u32 size;
	__u32 flags;
	__u32 ioas_id;
	__u32 reserved;
	__aligned_u64 user_va;
	__aligned_u64 length;
	__aligned_u64 iova;
};

#define ABI_IOAS_MAP _IO(';', 0x85)

struct abi_ioas_unmap {
	__u32 size;
	__u32 ioas_id;
	__aligned_u64 iova;
	__aligned_u64 length;
};

#define ABI_IOAS_UNMAP _IO(';', 0x86)

struct abi_hwpt_alloc {
	__u32 size;
	__u32 flags;
	__u32 dev_id;
	__u32 pt_id;
	__u32 out_hwpt_id;
	__u32 reserved;
	__u32 data_type;
	__u32 data_len;
	__aligned_u64 data_uptr;
};

#define ABI_HWPT_ALLOC _IO(';', 0x89)

/* 6.14 */
struct abi_ioas_map_file {
	__u32 size;
	__u32 flags;
	__u32 ioas_id;
	__s32 fd;
	__aligned_u64 start;
	__aligned_u64 length;
	__aligned_u64 iova;
};

#define ABI_IOAS_MAP_FILE _IO(';', 0x8f)

struct abi_bind {
	__u32 argsz;
	__u32 flags;
	__s32 iommufd;
	__u32 out_devid;
};

#define ABI_BIND _IO(VFIO_TYPE, VFIO_BASE + 18)

struct abi_attach {
	__u32 argsz;
	__u32 flags;
	__u32 pt_id;
};

#define ABI_ATTACH _IO(VFIO_TYPE, VFIO_BASE + 19)

struct abi_detach {
	__u32 argsz;
	__u32 flags;
};

#define ABI_DETACH _IO(VFIO_TYPE, VFIO_BASE + 20)

/* 6.19: VFIO_DEVICE_FEATURE with a struct vfio_device_feature_dma_buf of one range. */
struct abi_feature_dma_buf {
	__u32 argsz;
	__u32 flags;
	__u32 region_index;
	__u32 open_flags;
	__u32 dma_buf_flags;
	__u32 nr_ranges;
	__u64 offset;
	__u64 length;
};

#define ABI_FEATURE_DMA_BUF 11

#endif
