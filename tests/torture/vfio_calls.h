/* SPDX-License-Identifier: GPL-2.0-only */
/* Calls of VFIO at random, on descriptors that several threads use. */
#ifndef TESTS_TORTURE_VFIO_CALLS_H
#define TESTS_TORTURE_VFIO_CALLS_H

#include <errno.h>
#include <linux/vfio.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "memory.h"
#include "noiommu.h"
#include "torture.h"

#define FUNCTIONS 2
#define STILL 64
#define IDS 4

/* Objects of an iommufd. */
enum object { IOAS, TABLE, DEVICE, OBJECTS };

/* What all threads use. Each number always belongs to an open descriptor. */
struct vfio_torture {
	/* A container and an iommufd; a group, its device, and a node for each function. */
	int container;
	int iommufd;
	int group[FUNCTIONS];
	int device[FUNCTIONS];
	int node[FUNCTIONS];
	int noiommu;
	/* A dma-buf of exporter.ko. */
	int exported;
	int nothing;
	int event;
	/*
	 * A group that is always in the container. When the last group leaves a container, the
	 * kernel frees what other calls of the container still use. The lock is for its moves.
	 */
	int anchor;
	pthread_rwlock_t lock;
	const char *address[FUNCTIONS];
	/* Memory that a pin keeps, and memory that is changed all the time. */
	char *still;
	__u64 phys[STILL];
	char *changing;
	size_t length;
	/* The last objects that an iommufd has returned. */
	__u32 ids[OBJECTS][IDS];
	long calls;
	long failures;
};

struct vfio_caller {
	struct vfio_torture *torture;
	struct dice dice;
};

static inline int vfio_call(int fd, unsigned long number, void *argument)
{
	int ret = ioctl(fd, number, argument);

	return ret < 0 ? -errno : ret;
}

/* Sometimes not the size of the structure. */
static inline __u32 some_argsz(struct dice *dice, size_t size)
{
	return dice_below(dice, 32) ? size : dice_below(dice, 2 * size);
}

static inline __u32 rarely(struct dice *dice, __u32 usual)
{
	return dice_below(dice, 32) ? usual : dice_throw(dice) >> 16;
}

/* A function whose group is open has no node to bind, so most groups are of one function. */
static inline int group_function(struct vfio_caller *caller)
{
	return !dice_below(&caller->dice, 8);
}

static inline int node_function(struct vfio_caller *caller)
{
	return !group_function(caller);
}

static inline int some_group(struct vfio_caller *caller)
{
	return caller->torture->group[group_function(caller)];
}

static inline int some_node(struct vfio_caller *caller)
{
	return caller->torture->node[node_function(caller)];
}

/* A device of a group, or a node. */
static inline int some_device(struct vfio_caller *caller)
{
	if (dice_below(&caller->dice, 4))
		return caller->torture->device[group_function(caller)];
	return some_node(caller);
}

/* Memory, and where to map it. Is it certain that the device cannot have it there? */
static inline bool some_map(struct vfio_caller *caller, __u64 *va, __u64 *length, __u64 *iova)
{
	struct vfio_torture *torture = caller->torture;
	struct dice *dice = &caller->dice;
	size_t page = dice_below(dice, STILL), pages = 1 + dice_below(dice, 4), i;

	if (!dice_below(dice, 4)) {
		page = dice_below(dice, torture->length / PAGE);
		*va = (uintptr_t)torture->changing + page * PAGE;
		*length = pages * PAGE;
		*iova = memory_phys((void *)(uintptr_t)*va);
		return false;
	}
	if (pages > STILL - page)
		pages = STILL - page;
	*va = (uintptr_t)torture->still + page * PAGE;
	*length = pages * PAGE;
	*iova = dice_below(dice, 4) ? torture->phys[page] : dice_choose(dice, torture->phys);
	for (i = 0; i < pages; i++)
		if (torture->phys[page + i] != *iova + i * PAGE)
			return true;
	return false;
}

/* --- Containers --------------------------------------------------------------- */

static inline int container_call(struct vfio_caller *caller, unsigned long number, void *argument)
{
	int ret;

	pthread_rwlock_rdlock(&caller->torture->lock);
	ret = vfio_call(caller->torture->container, number, argument);
	pthread_rwlock_unlock(&caller->torture->lock);
	return ret;
}

static inline int call_set_iommu(struct vfio_caller *caller)
{
	return container_call(caller, VFIO_SET_IOMMU,
			      (void *)(unsigned long)rarely(&caller->dice, VFIO_TYPE1v2_IOMMU));
}

static inline int call_iommu_info(struct vfio_caller *caller)
{
	char room[512] = {};
	struct vfio_iommu_type1_info *info = (void *)room;

	info->argsz = some_argsz(&caller->dice, sizeof(room) / 2);
	return container_call(caller, VFIO_IOMMU_GET_INFO, info);
}

static inline int call_map(struct vfio_caller *caller)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = some_argsz(&caller->dice, sizeof(map)),
		.flags = rarely(&caller->dice, VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE),
	};
	bool wrong = some_map(caller, &map.vaddr, &map.size, &map.iova);
	int ret = container_call(caller, VFIO_IOMMU_MAP_DMA, &map);

	if (!ret && wrong) {
		printf("# map of %llx at %llx: not refused\n", map.vaddr, map.iova);
		__atomic_fetch_add(&caller->torture->failures, 1, __ATOMIC_RELAXED);
	}
	return ret;
}

static inline int call_unmap(struct vfio_caller *caller)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = some_argsz(&caller->dice, sizeof(unmap)),
		.iova = dice_choose(&caller->dice, caller->torture->phys),
		.size = (1 + dice_below(&caller->dice, 4)) * PAGE,
	};

	if (!dice_below(&caller->dice, 16)) {
		unmap.flags = VFIO_DMA_UNMAP_FLAG_ALL;
		unmap.iova = 0;
		unmap.size = 0;
	}
	return container_call(caller, VFIO_IOMMU_UNMAP_DMA, &unmap);
}

/* --- Groups ------------------------------------------------------------------- */

static inline int call_status(struct vfio_caller *caller)
{
	struct vfio_group_status status = {
		.argsz = some_argsz(&caller->dice, sizeof(status)),
	};

	return vfio_call(some_group(caller), VFIO_GROUP_GET_STATUS, &status);
}

static inline int call_set_container(struct vfio_caller *caller)
{
	int fd = caller->torture->container;

	if (!dice_below(&caller->dice, 8))
		fd = dice_below(&caller->dice, 2) ? caller->torture->iommufd :
						    (int)dice_below(&caller->dice, 64);
	return vfio_call(some_group(caller), VFIO_GROUP_SET_CONTAINER, &fd);
}

static inline int call_unset_container(struct vfio_caller *caller)
{
	return vfio_call(some_group(caller), VFIO_GROUP_UNSET_CONTAINER, NULL);
}

/* --- Devices ------------------------------------------------------------------ */

static inline int call_info(struct vfio_caller *caller)
{
	struct vfio_device_info info = { .argsz = some_argsz(&caller->dice, sizeof(info)) };

	return vfio_call(some_device(caller), VFIO_DEVICE_GET_INFO, &info);
}

static inline int call_region(struct vfio_caller *caller)
{
	struct vfio_region_info info = {
		.argsz = some_argsz(&caller->dice, sizeof(info)),
		.index = rarely(&caller->dice, dice_below(&caller->dice, VFIO_PCI_NUM_REGIONS)),
	};

	return vfio_call(some_device(caller), VFIO_DEVICE_GET_REGION_INFO, &info);
}

static inline int call_irq(struct vfio_caller *caller)
{
	struct vfio_irq_info info = {
		.argsz = some_argsz(&caller->dice, sizeof(info)),
		.index = rarely(&caller->dice, dice_below(&caller->dice, VFIO_PCI_NUM_IRQS)),
	};

	return vfio_call(some_device(caller), VFIO_DEVICE_GET_IRQ_INFO, &info);
}

static inline int call_set_irqs(struct vfio_caller *caller)
{
	struct dice *dice = &caller->dice;
	bool event = dice_below(dice, 2);
	struct {
		struct vfio_irq_set set;
		int fd;
	} irqs = {
		.set = {
			.argsz = some_argsz(dice, sizeof(irqs)),
			.flags = rarely(dice, event ? VFIO_IRQ_SET_DATA_EVENTFD |
							      VFIO_IRQ_SET_ACTION_TRIGGER :
						      VFIO_IRQ_SET_DATA_NONE |
							      8U << dice_below(dice, 3)),
			.index = dice_below(dice, VFIO_PCI_NUM_IRQS),
			.start = rarely(dice, 0),
			.count = rarely(dice, event ? 1 : dice_below(dice, 2)),
		},
		.fd = rarely(dice, caller->torture->event),
	};

	return vfio_call(some_device(caller), VFIO_DEVICE_SET_IRQS, &irqs);
}

static inline int call_feature(struct vfio_caller *caller)
{
	struct dice *dice = &caller->dice;
	char room[128] = {};
	struct vfio_device_feature *feature = (void *)room;
	int ret, i;

	feature->argsz = some_argsz(dice, sizeof(room) / 2);
	feature->flags = rarely(dice, dice_below(dice, 16) | (1U + dice_below(dice, 7)) << 16);
	for (i = 0; i < 16; i++)
		feature->data[i] = dice_below(dice, 4) ? 0 : dice_throw(dice) >> 8;
	ret = vfio_call(some_device(caller), VFIO_DEVICE_FEATURE, feature);
	/* The descriptor of a buffer. */
	if (ret > 0)
		close(ret);
	return ret;
}

static inline int call_reset(struct vfio_caller *caller)
{
	return vfio_call(some_device(caller), VFIO_DEVICE_RESET, NULL);
}

/* Reads or writes bytes of the configuration space. */
static inline int call_config(struct vfio_caller *caller)
{
	struct dice *dice = &caller->dice;
	off_t at = ((__u64)VFIO_PCI_CONFIG_REGION_INDEX << 40) + dice_below(dice, 280);
	char bytes[8] = { dice_throw(dice) >> 8, dice_throw(dice) >> 8 };
	size_t count = 1 + dice_below(dice, sizeof(bytes));
	int fd = some_device(caller);
	ssize_t ret = dice_below(dice, 2) ? pread(fd, bytes, count, at) :
					    pwrite(fd, bytes, count, at);

	return ret < 0 ? -errno : 0;
}

/* Looks up a page of a BAR, which may have gone. */
static inline int call_bar(struct vfio_caller *caller)
{
	struct noiommu_extent extent;
	__u32 nr = 1;
	int ret;
	void *bar = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, some_device(caller),
			 (off_t)rarely(&caller->dice, VFIO_PCI_BAR0_REGION_INDEX) << 40);

	if (bar == MAP_FAILED)
		return -errno;
	ret = noiommu_translate_range(caller->torture->noiommu, bar, PAGE,
				      dice_below(&caller->dice, 2), &extent, &nr);
	munmap(bar, PAGE);
	return ret;
}

#endif
