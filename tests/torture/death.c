// SPDX-License-Identifier: GPL-2.0-only
/*
 * The user of a device is killed while the device writes, with its descriptors numbered in
 * every order: the kernel closes them in that of their numbers. The next user can start,
 * nothing stays pinned, and a write that was on its way does not reach a freed page.
 *
 * Guest: edu.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "child.h"
#include "edu.h"
#include "iommufd.h"
#include "kselftest_harness.h"
#include "memory.h"
#include "noiommu.h"
#include "passthrough.h"
#include "sysfs.h"
#include "torture.h"

#define FEW 30
#define MANY 1000
#define PAGES 64
/* More than the pages that a user had. */
#define TAKEN (8UL << 20)
#define FILL 0x5a
/* edu writes 100 ms after the command. */
#define WRITES_US 110000
#define FORGETS_US 120000
/* Descriptors, and the numbers that they get. */
#define MOST 4
#define FIRST_NUMBER 100
/* Orders of four descriptors of a group, then of three of iommufd. */
#define GROUP_ORDERS 24
#define NODE_ORDERS 6

FIXTURE(death)
{
	char address[PCI_ADDRESS_SIZE];
	int channel[2];
	long pinned;
	long mapped;
	/* How often the memory of the parent had a page of the dead child. */
	long reused;
};

BOTH_DRIVERS(death);

FIXTURE_SETUP(death)
{
	ASSERT_EQ(0, passthrough_load());
	ASSERT_EQ(0, edu_bind_nth(0, variant->driver, self->address));
	ASSERT_EQ(0, child_channel(self->channel));
	/* Small pages, also in children, because each is freed on its own. */
	ASSERT_EQ(0, prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0));
	self->pinned = memory_pinned();
	self->mapped = provider_mapped();
}

FIXTURE_TEARDOWN(death)
{
	EXPECT_EQ(self->pinned, memory_pinned_soon(self->pinned));
	EXPECT_EQ(0, pci_unbind(self->address));
}

/* --- The user ----------------------------------------------------------------- */

static bool open_group(const char *address, struct vfio *vfio, int *fds)
{
	if (vfio_open(vfio, address))
		return false;
	fds[0] = vfio->container;
	fds[1] = vfio->group;
	fds[2] = vfio->device;
	fds[3] = noiommu_open_device();
	return fds[3] >= 0;
}

static bool open_node(const char *address, struct vfio *vfio, int *fds, __u32 *ioas)
{
	__u32 device, table;

	*vfio = (struct vfio){ -1, -1, -1 };
	fds[0] = iommufd_open();
	if (cdev_open(vfio, address) || iommufd_ioas(fds[0], ioas) ||
	    cdev_bind(vfio, fds[0], &device))
		return false;
	table = *ioas;
	fds[1] = vfio->device;
	fds[2] = noiommu_open_device();
	return !cdev_attach(vfio, &table) && fds[2] >= 0;
}

/* Gives the descriptors the numbers of the nth order, and closes the old numbers. */
static void renumber(int *fds, int count, int order)
{
	bool taken[MOST] = {};
	int i, place;

	for (i = 0; i < count; i++) {
		int skip = order % (count - i);

		order /= count - i;
		for (place = 0; taken[place] || skip--; place++)
			;
		taken[place] = true;
		dup2(fds[i], FIRST_NUMBER + place);
		close(fds[i]);
	}
}

/* A pin keeps the memory, or a map, or both. */
static bool keep(struct vfio *vfio, int node, int iommufd, __u32 ioas, void *memory,
		 struct dice *dice)
{
	int kind = dice_below(dice, 3), ret;
	__u32 nr = 0, id;
	__u64 phys;

	/* Without a pin the page may move meanwhile. */
	ret = noiommu_pin_range(node, memory, PAGES * PAGE, NOIOMMU_ACCESS_WRITE, NULL, &nr, &id);
	if (ret || !kind)
		return !ret;
	phys = memory_phys(memory);
	ret = iommufd < 0 ? vfio_map(vfio, memory, PAGE, phys) :
			    iommufd_map(iommufd, ioas, memory, PAGE, phys);
	if (!ret && kind == 1)
		ret = noiommu_unpin_id(node, id);
	return !ret;
}

/* Does not return if it works. */
static void be_a_user(const char *address, int order, struct dice *dice, int channel)
{
	bool group = order < GROUP_ORDERS;
	struct edu edu = {};
	int fds[MOST];
	__u32 ioas = 0;
	char *memory;
	__u64 phys;

	if (group ? !open_group(address, &edu.vfio, fds) :
		    !open_node(address, &edu.vfio, fds, &ioas))
		return;
	edu.registers = vfio_start(&edu.vfio, 0, &edu.registers_size);
	memory = memory_pages(PAGES * PAGE);
	if (edu.registers == MAP_FAILED || memory == MAP_FAILED ||
	    !keep(&edu.vfio, fds[group ? 3 : 2], group ? -1 : fds[0], ioas, memory, dice))
		return;
	phys = memory_phys(memory);
	munmap(memory, PAGES * PAGE);
	renumber(fds, group ? 4 : 3, group ? order : order - GROUP_ORDERS);
	child_say(channel, phys / PAGE);
	for (;;)
		edu_dma_out(&edu, phys, EDU_BUFFER_SIZE);
}

/* --- Its death ---------------------------------------------------------------- */

static bool has_page(const char *memory, __u32 pfn)
{
	static __u64 phys[TAKEN / PAGE];
	size_t i;

	if (memory_phys_pages(memory, TAKEN / PAGE, phys))
		return false;
	for (i = 0; i < TAKEN / PAGE; i++)
		if (phys[i] / PAGE == pfn)
			return true;
	return false;
}

static bool is_filled(const char *memory)
{
	return memory[0] == FILL && !memcmp(memory, memory + 1, TAKEN - 1);
}

/* Takes the pages that have become free, and keeps them for as long as edu may write. */
static bool stays_filled(__u32 pfn, long *reused)
{
	char *memory = mmap(NULL, TAKEN, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	bool filled;

	if (memory == MAP_FAILED)
		return false;
	memset(memory, FILL, TAKEN);
	*reused += has_page(memory, pfn);
	/* An earlier command is executed when the next owner enables bus mastering. */
	usleep(FORGETS_US);
	filled = is_filled(memory);
	munmap(memory, TAKEN);
	return filled;
}

#define ASSERT_DIES_WELL(order)						\
do {									\
	pid_t __pid = child_fork(self->channel);			\
	__u32 __pfn;							\
									\
	if (!__pid) {							\
		be_a_user(self->address, order, &dice, self->channel[1]); \
		_exit(1);						\
	}								\
	__pfn = child_hear(self->channel[0]);				\
	ASSERT_NE(0, __pfn) {						\
		TH_LOG("order %d: the user could not start", order);	\
	}								\
	usleep(dice_below(&dice, WRITES_US));				\
	ASSERT_EQ(128 + SIGKILL, child_kill(__pid));			\
	ASSERT_TRUE(stays_filled(__pfn, &self->reused)) {		\
		TH_LOG("order %d: edu wrote to freed memory", order);	\
	}								\
	ASSERT_EQ(self->pinned, memory_pinned_soon(self->pinned)) {	\
		TH_LOG("order %d: memory stays pinned", order);		\
	}								\
	ASSERT_EQ(self->mapped, provider_mapped());			\
} while (0)

TEST_F_TIMEOUT(death, in_mid_dma, TORTURE_SECONDS)
{
	bool nodes = !access("/dev/iommu", F_OK) && !access("/dev/vfio/devices", F_OK);
	int orders = GROUP_ORDERS + (nodes ? NODE_ORDERS : 0);
	long count = torture_count(FEW, MANY), i;
	struct dice dice = dice_make(1);

	for (i = 0; i < count; i++)
		ASSERT_DIES_WELL((int)(i % orders));
	printf("# killed %ld users in %d orders; %ld times their page was reused at once\n", count,
	       orders, self->reused);
	EXPECT_LT(0, self->reused);
}

TEST_HARNESS_MAIN
