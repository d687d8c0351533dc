/* SPDX-License-Identifier: GPL-2.0-only */
/* Calls of /dev/noiommu at random, for memory that stays while functions are in use. */
#ifndef TESTS_TORTURE_HELD_CALLS_H
#define TESTS_TORTURE_HELD_CALLS_H

#include <stdint.h>
#include <unistd.h>

#include "sysfs.h"
#include "vfio_calls.h"

#define PIECES 8
/* More than a block of the page allocator. */
#define BIG (6UL << 20)

/* The descriptor ends before the pin. */
static inline int call_pin(struct vfio_caller *caller)
{
	int fd = noiommu_open_device(), ret;
	__u64 va, length, iova;
	__u32 nr = 0, id;

	if (fd < 0)
		return fd;
	some_map(caller, &va, &length, &iova);
	ret = noiommu_pin_range(fd, (void *)(uintptr_t)va, length, dice_below(&caller->dice, 2),
				NULL, &nr, &id);
	close(fd);
	return ret;
}

/* Returns a descriptor or -errno. */
static inline int some_memory(struct vfio_caller *caller)
{
	struct dice *dice = &caller->dice;
	struct noiommu_alloc alloc = noiommu_alloc_anywhere(PAGE << dice_below(dice, 4));

	if (!dice_below(dice, 16))
		alloc.length = BIG;
	if (!dice_below(dice, 4))
		alloc.limit = UINT32_MAX >> dice_below(dice, 4);
	return noiommu_alloc_memory(caller->torture->noiommu, &alloc);
}

static inline int call_alloc(struct vfio_caller *caller)
{
	int memory = some_memory(caller);

	if (memory < 0)
		return memory;
	close(memory);
	return 0;
}

static inline int call_owner(struct vfio_caller *caller)
{
	return pci_owner(dice_choose(&caller->dice, caller->torture->address));
}

static inline void list_pins(struct dice *dice, int fd)
{
	struct noiommu_extent extents[PIECES];
	struct noiommu_pin_info info;
	__u32 nr_pins = 1, nr_extents = dice_below(dice, PIECES);

	noiommu_list(fd, &info, &nr_pins, extents, &nr_extents);
}

/* While it is pinned, the test's exporter may take its memory back. */
static inline int call_pin_dmabuf(struct vfio_caller *caller)
{
	struct vfio_torture *torture = caller->torture;
	int fd = noiommu_open_device(), memory, ret;
	struct noiommu_extent extents[PIECES];
	struct noiommu_pin_dmabuf pin;
	struct dice *dice = &caller->dice;

	if (fd < 0)
		return fd;
	memory = dice_below(dice, 2) ? dup(torture->exported) : some_memory(caller);
	pin = noiommu_dmabuf_for(dice_choose(dice, torture->address), memory, extents,
				 dice_below(dice, PIECES));
	pin.flags = dice_below(dice, 2);
	pin.devfn = rarely(dice, pin.devfn);
	if (!dice_below(dice, 8))
		pin.limit = dice_throw(dice) >> 34;
	ret = memory < 0 ? memory : noiommu_ioctl(fd, NOIOMMU_PIN_DMABUF, &pin);
	if (memory >= 0)
		close(memory);
	if (!dice_below(dice, 4))
		file_write("/sys/module/exporter/parameters/revoke", "1");
	list_pins(dice, fd);
	if (!ret && dice_below(dice, 2))
		noiommu_unpin_id(fd, pin.id);
	close(fd);
	return ret;
}

#endif
