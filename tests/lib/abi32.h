/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The report of a 32-bit program about its calls, and the layouts that it shares with
 * a 64-bit one.
 */
#ifndef TESTS_ABI32_H
#define TESTS_ABI32_H

/* Without a C library, static_assert is only a keyword of the compiler. */
#ifndef static_assert
#include <assert.h>
#endif
#include <linux/noiommu.h>
#include <linux/types.h>

/* Descriptors of the device, of the pipe for the report, and of that for exit. */
#define ABI32_DEVICE 10
#define ABI32_REPORT 11
#define ABI32_EXIT 12

struct abi32_report {
	__s32 info_error;
	__s32 translate_error;
	__s32 pin_error;
	__s32 unpin_error;
	__s32 list_error;
	__s32 alloc_error;
	__s32 free_error;
	__s32 pin_dmabuf_error;
	/* For the first byte above the address space of a 32-bit program. */
	__s32 above_error;
	__u32 va;
	struct noiommu_info info;
	struct noiommu_translate translate;
	struct noiommu_pin pin;
	struct noiommu_extent translated;
	struct noiommu_extent pinned;
	struct noiommu_list_pins list;
	struct noiommu_pin_info listed_pin;
	struct noiommu_extent listed;
	struct noiommu_alloc alloc;
	struct noiommu_pin_dmabuf pin_dmabuf;
};

#define ABI_AT(_struct, _member, _offset)				\
	static_assert(__builtin_offsetof(struct _struct, _member) ==	\
		      (_offset), #_struct "." #_member)
#define ABI_SIZE(_struct, _size)					\
	static_assert(sizeof(struct _struct) == (_size), #_struct)

ABI_AT(noiommu_info, size, 0);
ABI_AT(noiommu_info, flags, 4);
ABI_AT(noiommu_info, abi, 8);
ABI_AT(noiommu_info, claimed, 12);
ABI_AT(noiommu_info, features, 16);
ABI_SIZE(noiommu_info, 24);

ABI_AT(noiommu_extent, phys, 0);
ABI_AT(noiommu_extent, length, 8);
ABI_AT(noiommu_extent, flags, 16);
ABI_AT(noiommu_extent, reserved, 20);
ABI_SIZE(noiommu_extent, 24);

ABI_AT(noiommu_translate, size, 0);
ABI_AT(noiommu_translate, flags, 4);
ABI_AT(noiommu_translate, va, 8);
ABI_AT(noiommu_translate, length, 16);
ABI_AT(noiommu_translate, extents, 24);
ABI_AT(noiommu_translate, nr_extents, 32);
ABI_AT(noiommu_translate, reserved, 36);
ABI_AT(noiommu_translate, limit, 40);
ABI_SIZE(noiommu_translate, 48);

ABI_AT(noiommu_pin, size, 0);
ABI_AT(noiommu_pin, flags, 4);
ABI_AT(noiommu_pin, va, 8);
ABI_AT(noiommu_pin, length, 16);
ABI_AT(noiommu_pin, extents, 24);
ABI_AT(noiommu_pin, nr_extents, 32);
ABI_AT(noiommu_pin, id, 36);
ABI_AT(noiommu_pin, limit, 40);
ABI_SIZE(noiommu_pin, 48);

ABI_AT(noiommu_unpin, size, 0);
ABI_AT(noiommu_unpin, flags, 4);
ABI_AT(noiommu_unpin, id, 8);
ABI_AT(noiommu_unpin, reserved, 12);
ABI_SIZE(noiommu_unpin, 16);

ABI_AT(noiommu_pin_info, va, 0);
ABI_AT(noiommu_pin_info, length, 8);
ABI_AT(noiommu_pin_info, id, 16);
ABI_AT(noiommu_pin_info, flags, 20);
ABI_AT(noiommu_pin_info, nr_extents, 24);
ABI_AT(noiommu_pin_info, reserved, 28);
ABI_SIZE(noiommu_pin_info, 32);

ABI_AT(noiommu_list_pins, size, 0);
ABI_AT(noiommu_list_pins, flags, 4);
ABI_AT(noiommu_list_pins, pins, 8);
ABI_AT(noiommu_list_pins, extents, 16);
ABI_AT(noiommu_list_pins, nr_pins, 24);
ABI_AT(noiommu_list_pins, nr_extents, 28);
ABI_SIZE(noiommu_list_pins, 32);

ABI_AT(noiommu_alloc, size, 0);
ABI_AT(noiommu_alloc, flags, 4);
ABI_AT(noiommu_alloc, length, 8);
ABI_AT(noiommu_alloc, alignment, 16);
ABI_AT(noiommu_alloc, boundary, 24);
ABI_AT(noiommu_alloc, limit, 32);
ABI_AT(noiommu_alloc, node, 40);
ABI_AT(noiommu_alloc, fd, 44);
ABI_AT(noiommu_alloc, phys, 48);
ABI_SIZE(noiommu_alloc, 56);

ABI_AT(noiommu_free, size, 0);
ABI_AT(noiommu_free, flags, 4);
ABI_AT(noiommu_free, fd, 8);
ABI_AT(noiommu_free, reserved, 12);
ABI_SIZE(noiommu_free, 16);

ABI_AT(noiommu_pin_dmabuf, size, 0);
ABI_AT(noiommu_pin_dmabuf, flags, 4);
ABI_AT(noiommu_pin_dmabuf, fd, 8);
ABI_AT(noiommu_pin_dmabuf, domain, 12);
ABI_AT(noiommu_pin_dmabuf, bus, 16);
ABI_AT(noiommu_pin_dmabuf, devfn, 17);
ABI_AT(noiommu_pin_dmabuf, reserved, 18);
ABI_AT(noiommu_pin_dmabuf, nr_extents, 20);
ABI_AT(noiommu_pin_dmabuf, extents, 24);
ABI_AT(noiommu_pin_dmabuf, length, 32);
ABI_AT(noiommu_pin_dmabuf, id, 40);
ABI_AT(noiommu_pin_dmabuf, reserved2, 44);
ABI_AT(noiommu_pin_dmabuf, limit, 48);
ABI_SIZE(noiommu_pin_dmabuf, 56);

static_assert(NOIOMMU_INFO == 0xb900, "NOIOMMU_INFO");
static_assert(NOIOMMU_TRANSLATE == 0xb901, "NOIOMMU_TRANSLATE");
static_assert(NOIOMMU_PIN == 0xb902, "NOIOMMU_PIN");
static_assert(NOIOMMU_UNPIN == 0xb903, "NOIOMMU_UNPIN");
static_assert(NOIOMMU_LIST_PINS == 0xb904, "NOIOMMU_LIST_PINS");
static_assert(NOIOMMU_ALLOC == 0xb905, "NOIOMMU_ALLOC");
static_assert(NOIOMMU_FREE == 0xb906, "NOIOMMU_FREE");
static_assert(NOIOMMU_PIN_DMABUF == 0xb907, "NOIOMMU_PIN_DMABUF");

#endif
