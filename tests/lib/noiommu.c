// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>

#include "noiommu.h"

int noiommu_open_device(void)
{
	int fd = open(NOIOMMU_PATH, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int noiommu_ioctl(int fd, unsigned long number, void *argument)
{
	return ioctl(fd, number, argument) ? -errno : 0;
}

int noiommu_translate_range(int fd, const void *va, size_t length, __u32 flags,
			    struct noiommu_extent *extents, __u32 *nr)
{
	struct noiommu_translate translate = {
		.size = sizeof(translate),
		.flags = flags,
		.va = (uintptr_t)va,
		.length = length,
		.extents = (uintptr_t)extents,
		.nr_extents = *nr,
	};
	int ret = noiommu_ioctl(fd, NOIOMMU_TRANSLATE, &translate);

	*nr = translate.nr_extents;
	return ret;
}

int noiommu_pin_range(int fd, const void *va, size_t length, __u32 flags,
		      struct noiommu_extent *extents, __u32 *nr, __u32 *id)
{
	struct noiommu_pin pin = {
		.size = sizeof(pin),
		.flags = flags,
		.va = (uintptr_t)va,
		.length = length,
		.extents = (uintptr_t)extents,
		.nr_extents = *nr,
	};
	int ret = noiommu_ioctl(fd, NOIOMMU_PIN, &pin);

	*nr = pin.nr_extents;
	*id = pin.id;
	return ret;
}

int noiommu_unpin_id(int fd, __u32 id)
{
	struct noiommu_unpin unpin = { .size = sizeof(unpin), .id = id };

	return noiommu_ioctl(fd, NOIOMMU_UNPIN, &unpin);
}

int noiommu_list(int fd, struct noiommu_pin_info *pins, __u32 *nr_pins,
		 struct noiommu_extent *extents, __u32 *nr_extents)
{
	struct noiommu_list_pins list = {
		.size = sizeof(list),
		.pins = (uintptr_t)pins,
		.extents = (uintptr_t)extents,
		.nr_pins = *nr_pins,
		.nr_extents = *nr_extents,
	};
	int ret = noiommu_ioctl(fd, NOIOMMU_LIST_PINS, &list);

	*nr_pins = list.nr_pins;
	*nr_extents = list.nr_extents;
	return ret;
}

int noiommu_pin_flags(int fd)
{
	struct noiommu_pin_info info;
	__u32 pins = 1, extents = 0;
	int ret = noiommu_list(fd, &info, &pins, NULL, &extents);

	return ret ?: pins == 1 ? (int)info.flags : -ENOENT;
}

int noiommu_alloc_memory(int fd, struct noiommu_alloc *alloc)
{
	return noiommu_ioctl(fd, NOIOMMU_ALLOC, alloc) ?: alloc->fd;
}

struct noiommu_pin_dmabuf noiommu_dmabuf_for(const char *address, int dmabuf,
					     struct noiommu_extent *extents,
					     __u32 nr)
{
	struct noiommu_pin_dmabuf pin = {
		.size = sizeof(pin),
		.flags = NOIOMMU_ACCESS_WRITE,
		.fd = dmabuf,
		.nr_extents = nr,
		.extents = (uintptr_t)extents,
	};
	unsigned int bus, slot, function;

	if (sscanf(address, "%x:%x:%x.%x", &pin.domain, &bus, &slot, &function) != 4)
		return (struct noiommu_pin_dmabuf){ .size = 0 };
	pin.bus = bus;
	pin.devfn = slot << 3 | function;
	return pin;
}

int noiommu_free_memory(int fd, int memory)
{
	struct noiommu_free free = { .size = sizeof(free), .fd = memory };

	return noiommu_ioctl(fd, NOIOMMU_FREE, &free);
}
