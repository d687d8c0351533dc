// SPDX-License-Identifier: GPL-2.0-only
/*
 * The user of a device is killed while the device writes, with its descriptors numbered in
 * every order: the kernel closes them in that of their numbers. The next user can start,
 * nothing stays pinned, and a write that was on its way does not reach a freed page. If the
 * device stays open in another process, the pages stay until that process closes it.
 *
 * Guest: edu.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
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
#define MANY 200
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
	/* The device, where this process has it, too. */
	struct edu edu;
	int channel[2];
	long pinned;
	long mapped;
	/* How often the memory of the parent had a page of the dead child. */
	long reused;
	int orders;
};

BOTH_DRIVERS(death);

FIXTURE_SETUP(death)
{
	cpu_set_t one;

	ASSERT_EQ(0, passthrough_load());
	ASSERT_EQ(0, edu_bind_nth(0, variant->driver, self->address));
	ASSERT_EQ(0, child_channel(self->channel));
	self->edu.vfio = (struct vfio){ -1, -1, -1 };
	/* What a processor has freed last, it allocates first. */
	CPU_ZERO(&one);
	CPU_SET(0, &one);
	ASSERT_EQ(0, sched_setaffinity(0, sizeof(one), &one));
	/* Small pages, also in children, because each is freed on its own. */
	ASSERT_EQ(0, prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0));
	self->pinned = memory_pinned();
	self->mapped = provider_mapped();
	self->orders = GROUP_ORDERS;
	if (!access("/dev/iommu", F_OK) && !access("/dev/vfio/devices", F_OK))
		self->orders += NODE_ORDERS;
}

FIXTURE_TEARDOWN(death)
{
	edu_close(&self->edu);
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

/* Sends the device if another process shares it. Does not return if it works. */
static void be_a_user(const char *address, int order, struct dice *dice, int channel,
		      bool shares)
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
	if (shares && child_pass(channel, edu.vfio.device))
		return;
	renumber(fds, group ? 4 : 3, group ? order : order - GROUP_ORDERS);
	child_say(channel, phys / PAGE);
	for (;;)
		edu_dma_out(&edu, phys, EDU_BUFFER_SIZE);
}

/* Pins memory for the device of another process. Does not return if it works. */
static void be_a_helper(int channel)
{
	char *memory = memory_pages(PAGES * PAGE);
	int node = noiommu_open_device();
	__u32 nr = 0, id;
	__u64 phys;

	if (memory == MAP_FAILED ||
	    noiommu_pin_range(node, memory, PAGES * PAGE, NOIOMMU_ACCESS_WRITE, NULL, &nr, &id))
		return;
	phys = memory_phys(memory);
	munmap(memory, PAGES * PAGE);
	child_say(channel, phys / PAGE);
	pause();
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

/* Takes much memory, and makes the device write to a page that must not be part of it. */
static bool writes_to_nobody(struct edu *edu, __u32 pfn)
{
	char *memory = mmap(NULL, TAKEN, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	bool right;

	if (memory == MAP_FAILED)
		return false;
	memset(memory, FILL, TAKEN);
	/* The first command may be that of the dead user, which has not ended yet. */
	edu_dma_out(edu, pfn * PAGE, EDU_BUFFER_SIZE);
	edu_dma_out(edu, pfn * PAGE, EDU_BUFFER_SIZE);
	right = is_filled(memory) && !has_page(memory, pfn);
	munmap(memory, TAKEN);
	return right;
}

/* Receives the device of a user, and returns its page, or 0. */
static __u32 hear_page(int channel, int *device)
{
	*device = child_receive(channel);
	return *device < 0 ? 0 : child_hear(channel);
}

static pid_t start_user(const char *address, int order, struct dice *dice, int channel[2],
			bool shares)
{
	pid_t pid = child_fork(channel);

	if (!pid) {
		be_a_user(address, order, dice, channel[1], shares);
		child_say(channel[1], 0);
		_exit(1);
	}
	return pid;
}

#define ASSERT_NOTHING_LEFT(order)					\
do {									\
	ASSERT_EQ(self->pinned, memory_pinned_soon(self->pinned)) {	\
		TH_LOG("order %d: memory stays pinned", order);		\
	}								\
	ASSERT_EQ(self->mapped, provider_mapped());			\
} while (0)

#define ASSERT_DIES_WELL(order)						\
do {									\
	pid_t __pid = start_user(self->address, order, &dice,		\
				 self->channel, false);			\
	__u32 __pfn = child_hear(self->channel[0]);			\
									\
	ASSERT_NE(0, __pfn) {						\
		TH_LOG("order %d: the user could not start", order);	\
	}								\
	usleep(dice_below(&dice, WRITES_US));				\
	ASSERT_EQ(128 + SIGKILL, child_kill(__pid));			\
	ASSERT_TRUE(stays_filled(__pfn, &self->reused)) {		\
		TH_LOG("order %d: edu wrote to freed memory", order);	\
	}								\
	ASSERT_NOTHING_LEFT(order);					\
} while (0)

TEST_F_TIMEOUT(death, in_mid_dma, TORTURE_SECONDS)
{
	long count = torture_count(FEW, MANY), i;
	struct dice dice = dice_make(1);

	for (i = 0; i < count; i++)
		ASSERT_DIES_WELL((int)(i % self->orders));
	printf("# killed %ld users in %d orders; %ld times their page was reused at once\n", count,
	       self->orders, self->reused);
	EXPECT_LT(0, self->reused);
}

/* The device of a dead user writes until this process closes it, too. */
#define ASSERT_DEVICE_WRITES_ON(order)					\
do {									\
	pid_t __pid = start_user(self->address, order, &dice,		\
				 self->channel, true);			\
	__u32 __pfn = hear_page(self->channel[0],			\
				&self->edu.vfio.device);		\
									\
	ASSERT_NE(0, __pfn) {						\
		TH_LOG("order %d: the user could not start", order);	\
	}								\
	self->edu.registers = vfio_map_region(&self->edu.vfio, 0,	\
					      &self->edu.registers_size); \
	ASSERT_NE(MAP_FAILED, (void *)self->edu.registers);		\
	usleep(dice_below(&dice, WRITES_US));				\
	ASSERT_EQ(128 + SIGKILL, child_kill(__pid));			\
	ASSERT_TRUE(writes_to_nobody(&self->edu, __pfn)) {		\
		TH_LOG("order %d: edu wrote to freed memory", order);	\
	}								\
	edu_close(&self->edu);						\
	ASSERT_NOTHING_LEFT(order);					\
} while (0)

TEST_F_TIMEOUT(death, of_one_of_two_who_have_the_device, TORTURE_SECONDS)
{
	long count = torture_count(FEW / 2, MANY), i;
	struct dice dice = dice_make(2);

	/* In steps, so that the short form has orders of both kinds of descriptors. */
	for (i = 0; i < count; i++)
		ASSERT_DEVICE_WRITES_ON((int)(i * 7 % self->orders));
}

/* Every device may write to the memory of a process that never had one. */
TEST_F_TIMEOUT(death, of_a_helper_without_the_device, TORTURE_SECONDS)
{
	__u32 pfn;
	pid_t pid;

	ASSERT_EQ(0, edu_open(&self->edu));
	pid = child_fork(self->channel);
	if (!pid) {
		edu_close(&self->edu);
		be_a_helper(self->channel[1]);
		child_say(self->channel[1], 0);
		_exit(1);
	}
	pfn = child_hear(self->channel[0]);
	ASSERT_NE(0, pfn);
	ASSERT_EQ(128 + SIGKILL, child_kill(pid));
	EXPECT_TRUE(writes_to_nobody(&self->edu, pfn));
	edu_close(&self->edu);
	ASSERT_NOTHING_LEFT(0);
}

TEST_HARNESS_MAIN
