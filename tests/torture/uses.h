/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the processes of lifecycle do with a function while they have it, and what must hold
 * then: the user is its only owner, and nobody ends its claim.
 */
#ifndef TESTS_TORTURE_USES_H
#define TESTS_TORTURE_USES_H

#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "edu.h"
#include "iommufd.h"
#include "memory.h"
#include "noiommu.h"
#include "passthrough.h"
#include "sysfs.h"
#include "torture.h"

#define PAGES 4
/* tests/modules/native.c: a driver that leaves no DMA to users, and takes any function. */
#define NATIVE "native"
/* One edu is always there, another one is plugged. */
#define EDUS 2

struct shared {
	bool stop;
	/* Uses that are left to do, of those who count. */
	long left;
	long failures;
	/* Users of each edu. */
	int users[EDUS];
	/* How often somebody has begun to end all claims, and the last time that it succeeded. */
	long begun;
	long ended;
};

/* All workers have it. */
static struct shared *shared;

static void complain(const char *what, int ret)
{
	printf("# %s: %d\n", what, ret);
	fflush(stdout);
	__atomic_fetch_add(&shared->failures, 1, __ATOMIC_RELAXED);
}

struct use {
	char address[PCI_ADDRESS_SIZE];
	unsigned int nth;
	/* Attempts to end all claims before it. */
	long begun;
};

static int choose_edu(unsigned int nth, char *address)
{
	return pci_find(EDU_VENDOR, EDU_DEVICE, nth, address);
}

/*
 * Whoever has the function is its owner, and the only one. It writes nothing in sysfs: an
 * unbind that waits for it may have the locks.
 */
static void begin_use(struct use *use, unsigned int nth)
{
	long owner;
	int users;

	use->nth = nth;
	use->begun = __atomic_load_n(&shared->begun, __ATOMIC_SEQ_CST);
	users = __atomic_add_fetch(&shared->users[nth], 1, __ATOMIC_SEQ_CST);
	if (users != 1)
		complain("users of a function", users);
	owner = pci_owner(use->address);
	if (owner != getpid())
		complain("owner of a function in use", owner);
}

/* No native driver has got it, and no claim could be ended. */
static void end_use(struct use *use)
{
	if (pci_has_driver(use->address, NATIVE))
		complain("native driver of a function in use", 0);
	if (!pci_is_claimed(use->address) ||
	    __atomic_load_n(&shared->ended, __ATOMIC_SEQ_CST) > use->begun)
		complain("end of the claim of a function in use", 0);
	__atomic_sub_fetch(&shared->users[use->nth], 1, __ATOMIC_SEQ_CST);
}

static void swap(int *a, int *b)
{
	int a_was = *a;

	*a = *b;
	*b = a_was;
}

static void shuffle(struct dice *dice, int *fds, int count)
{
	for (; count > 1; count--)
		swap(&fds[dice_below(dice, count)], &fds[count - 1]);
}

static int position(const int *fds, int fd)
{
	int i = 0;

	while (fds[i] != fd)
		i++;
	return i;
}

/*
 * Once its device is closed, an unbind takes a group from its container, and the kernel does not
 * expect that while the container is closed. So the container is not closed between these two.
 */
static void spare_the_kernel(int *fds, const struct vfio *vfio)
{
	int container = position(fds, vfio->container), device = position(fds, vfio->device);

	if (device < container && container < position(fds, vfio->group))
		swap(&fds[container], &fds[device]);
}

static void close_all(const int *fds, int count)
{
	int i;

	for (i = 0; i < count; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

/* Memory that a pin keeps can be mapped at its physical address until the device is closed. */
static void map_pinned(struct dice *dice, struct vfio *vfio, int node)
{
	char *memory = memory_pages(PAGES * PAGE);
	__u32 nr = 0, id;
	__u64 phys;
	int ret;

	if (memory == MAP_FAILED ||
	    noiommu_pin_range(node, memory, PAGES * PAGE, NOIOMMU_ACCESS_WRITE, NULL, &nr, &id))
		return;
	phys = memory_phys(memory);
	ret = vfio_map(vfio, memory, PAGE, phys);
	if (ret)
		complain("map of pinned memory", ret);
	if (dice_below(dice, 2))
		noiommu_unpin_id(node, id);
	if (!ret && dice_below(dice, 2))
		ret = vfio_unmap(vfio, phys, PAGE);
	if (ret)
		complain("unmap", ret);
	munmap(memory, PAGES * PAGE);
}

static int use_group(struct dice *dice)
{
	unsigned int nth = !dice_below(dice, 4);
	struct vfio vfio;
	int ret, fds[4];
	struct use use;

	ret = choose_edu(nth, use.address) ?: vfio_open(&vfio, use.address);
	if (ret)
		return ret;
	begin_use(&use, nth);
	fds[3] = noiommu_open_device();
	if (fds[3] >= 0)
		map_pinned(dice, &vfio, fds[3]);
	if (!dice_below(dice, 4))
		passthrough_reset(&vfio);
	if (!dice_below(dice, 4))
		vfio_set_bus_master(&vfio);
	fds[0] = vfio.container;
	fds[1] = vfio.group;
	fds[2] = vfio.device;
	end_use(&use);
	shuffle(dice, fds, 4);
	spare_the_kernel(fds, &vfio);
	close_all(fds, 4);
	return 0;
}

static int use_node(struct dice *dice)
{
	char *memory = memory_pages(PAGES * PAGE);
	int fds[3] = { -1, -1, -1 }, ret;
	unsigned int nth = !dice_below(dice, 4);
	struct vfio vfio = { -1, -1, -1 };
	__u32 ioas, device, nr = 0, id;
	struct use use;

	ret = choose_edu(nth, use.address) ?: cdev_open(&vfio, use.address);
	fds[0] = vfio.device;
	fds[1] = iommufd_open();
	fds[2] = noiommu_open_device();
	if (!ret)
		ret = iommufd_ioas(fds[1], &ioas) ?: cdev_bind(&vfio, fds[1], &device) ?:
		      cdev_attach(&vfio, &ioas);
	if (!ret)
		begin_use(&use, nth);
	if (!ret && fds[2] >= 0 &&
	    !noiommu_pin_range(fds[2], memory, PAGES * PAGE, 1, NULL, &nr, &id)) {
		/* cdev_attach() has put the page table there. */
		iommufd_map(fds[1], ioas, memory, PAGE, memory_phys(memory));
		if (dice_below(dice, 2))
			cdev_detach(&vfio);
	}
	if (!ret)
		end_use(&use);
	shuffle(dice, fds, 3);
	close_all(fds, 3);
	munmap(memory, PAGES * PAGE);
	return ret;
}

#endif
