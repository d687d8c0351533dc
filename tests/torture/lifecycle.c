// SPDX-License-Identifier: GPL-2.0-only
/*
 * Everything that begins and ends, at random and at the same time: binds, claims, modules,
 * hot-plug, virtual functions, descriptors, maps, pins and resets. In the end, what has begun
 * has ended, and the modules can be unloaded.
 *
 * Guest: edu; a NIC; root port rp0 for another edu; nvme with a virtual function in rp1.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
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

#define FEW 80
#define MANY 20000
#define PAGES 4
#define NVME_VENDOR 0x1b36
#define NVME_DEVICE 0x0010

struct shared {
	bool stop;
	/* Uses that are left to do, of those who count. */
	long left;
	long failures;
};

/* All workers have it. */
static struct shared *shared;

/* Returns 0 if it did what it wanted; others may have made that impossible. */
typedef int (*work)(struct dice *dice);

static void complain(const char *what, int ret)
{
	printf("# %s: %d\n", what, ret);
	fflush(stdout);
	__atomic_fetch_add(&shared->failures, 1, __ATOMIC_RELAXED);
}

/* --- Uses of a function ------------------------------------------------------ */

static int choose_edu(struct dice *dice, char *address)
{
	return pci_find(EDU_VENDOR, EDU_DEVICE, !dice_below(dice, 4), address);
}

static void close_in_any_order(struct dice *dice, int *fds, int count)
{
	while (count) {
		int i = dice_below(dice, count);

		if (fds[i] >= 0)
			close(fds[i]);
		fds[i] = fds[--count];
	}
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
	char address[PCI_ADDRESS_SIZE];
	struct vfio vfio;
	int ret, fds[4];

	ret = choose_edu(dice, address) ?: vfio_open(&vfio, address);
	if (ret)
		return ret;
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
	close_in_any_order(dice, fds, 4);
	return 0;
}

static int use_node(struct dice *dice)
{
	char *memory = memory_pages(PAGES * PAGE), address[PCI_ADDRESS_SIZE];
	int fds[3] = { -1, -1, -1 }, ret;
	struct vfio vfio = { -1, -1, -1 };
	__u32 ioas, device, nr = 0, id;

	ret = choose_edu(dice, address) ?: cdev_open(&vfio, address);
	fds[0] = vfio.device;
	fds[1] = iommufd_open();
	fds[2] = noiommu_open_device();
	if (!ret)
		ret = iommufd_ioas(fds[1], &ioas) ?: cdev_bind(&vfio, fds[1], &device) ?:
		      cdev_attach(&vfio, &ioas);
	if (!ret && fds[2] >= 0 &&
	    !noiommu_pin_range(fds[2], memory, PAGES * PAGE, 1, NULL, &nr, &id)) {
		/* cdev_attach() has put the page table there. */
		iommufd_map(fds[1], ioas, memory, PAGE, memory_phys(memory));
		if (dice_below(dice, 2))
			cdev_detach(&vfio);
	}
	close_in_any_order(dice, fds, 3);
	munmap(memory, PAGES * PAGE);
	return ret;
}

static int use(struct dice *dice)
{
	int ret;

	/* Without a function to use, the others need time. */
	ret = !access("/dev/iommu", F_OK) && dice_below(dice, 2) ? use_node(dice) :
								    use_group(dice);
	if (ret)
		usleep(20000);
	else if (__atomic_sub_fetch(&shared->left, 1, __ATOMIC_RELAXED) <= 0)
		shared->stop = true;
	return ret;
}

static int pin(struct dice *dice)
{
	char *memory = memory_pages(40 * PAGE);
	struct noiommu_extent extents[40];
	int node = noiommu_open_device();
	__u32 nr = 40, id;
	int ret = node < 0 ? node : 0;

	if (!ret)
		ret = noiommu_translate_range(node, memory, 40 * PAGE, 0, extents, &nr) ?:
		      noiommu_pin_range(node, memory, 40 * PAGE, 1, extents, &nr, &id);
	if (node >= 0 && ret)
		complain("pin", ret);
	close(node);
	munmap(memory, 40 * PAGE);
	usleep(dice_below(dice, 10000));
	return ret;
}

/* --- What begins and ends the functions -------------------------------------- */

static int bind_one(struct dice *dice, unsigned int vendor, unsigned int device, unsigned int nth)
{
	static const char * const drivers[] = { "vfio-pci", "noiommu-pci" };
	char address[PCI_ADDRESS_SIZE];

	usleep(dice_below(dice, 100000));
	return pci_find(vendor, device, nth, address) ?:
	       dice_below(dice, 4) ? passthrough_bind(address, dice_choose(dice, drivers)) :
				     pci_unbind(address);
}

static int bind_edu(struct dice *dice)
{
	return bind_one(dice, EDU_VENDOR, EDU_DEVICE, 0);
}

static int bind_plugged(struct dice *dice)
{
	return bind_one(dice, EDU_VENDOR, EDU_DEVICE, 1);
}

static int bind_nic(struct dice *dice)
{
	return bind_one(dice, NIC_VENDOR, NIC_DEVICE, 0);
}

static int plug(struct dice *dice)
{
	usleep(dice_below(dice, 500000));
	return system(dice_below(dice, 2) ?
		      "qemu-monitor 'device_add edu,id=plug,bus=rp0' >/dev/null 2>&1" :
		      "qemu-monitor 'device_del plug' >/dev/null 2>&1");
}

/*
 * A physical function is unbound only without virtual ones, or the kernel itself warns. So it
 * has the driver that load() does not unload.
 */
static int make_virtual(struct dice *dice)
{
	char address[PCI_ADDRESS_SIZE];
	int ret;

	usleep(dice_below(dice, 200000));
	ret = pci_find(NVME_VENDOR, NVME_DEVICE, 0, address) ?:
	      passthrough_bind(address, "vfio-pci") ?:
	      pci_write(address, "sriov_numvfs", "1");
	usleep(dice_below(dice, 50000));
	pci_write(address, "sriov_numvfs", "0");
	if (dice_below(dice, 2))
		pci_unbind(address);
	return ret;
}

static int switch_claims(struct dice *dice)
{
	usleep(dice_below(dice, 100000));
	return file_write(PROVIDER "/enable", dice_below(dice, 6) ? "1" : "0");
}

static int load(struct dice *dice)
{
	usleep(dice_below(dice, 400000));
	if (dice_below(dice, 2))
		return system("modprobe -q noiommu-pci");
	file_write(PROVIDER "/enable", "0");
	/* Functions that are bound keep noiommu_pci; then this fails. */
	return system("rmmod noiommu_pci noiommu 2>/dev/null");
}

/* --- All at once ------------------------------------------------------------- */

static const struct worker {
	const char *name;
	work run;
} workers[] = {
	{ "use", use }, { "use", use }, { "pin", pin }, { "bind edu", bind_edu },
	{ "bind the plugged edu", bind_plugged }, { "bind the NIC", bind_nic }, { "plug", plug },
	{ "virtual function", make_virtual }, { "enable", switch_claims }, { "load", load },
};

static void repeat(const struct worker *worker, unsigned int seed)
{
	struct dice dice = dice_make(seed);
	long done = 0, failed = 0;

	while (!shared->stop && !shared->failures) {
		if (worker->run(&dice))
			failed++;
		else
			done++;
	}
	printf("# %s: %ld done, %ld impossible\n", worker->name, done, failed);
	fflush(stdout);
}

static void unbind_all(unsigned int vendor, unsigned int device, unsigned int nth)
{
	char address[PCI_ADDRESS_SIZE];

	if (!pci_find(vendor, device, nth, address))
		pci_unbind(address);
}

FIXTURE(lifecycle)
{
	long pinned;
	long groups;
};

FIXTURE_SETUP(lifecycle)
{
	self->groups = directory_entries("/sys/kernel/iommu_groups");
	self->pinned = memory_pinned();
	shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, shared);
	ASSERT_EQ(0, run("modprobe vfio-pci enable_sriov=1 && modprobe noiommu-pci"));
}

FIXTURE_TEARDOWN(lifecycle)
{
	char address[PCI_ADDRESS_SIZE];

	system("qemu-monitor 'device_del plug' >/dev/null 2>&1");
	EXPECT_TRUE(wait_until(pci_find(EDU_VENDOR, EDU_DEVICE, 1, address)));
	unbind_all(EDU_VENDOR, EDU_DEVICE, 0);
	unbind_all(NIC_VENDOR, NIC_DEVICE, 0);
	unbind_all(NVME_VENDOR, NVME_DEVICE, 0);
	/* Removals may still be going on. */
	EXPECT_TRUE(wait_until(!provider_loaded() || !file_write(PROVIDER "/enable", "0")));
	EXPECT_EQ(0, run("modprobe -r noiommu_pci vfio-pci"));
	EXPECT_EQ(0, provider_unload());
	EXPECT_FALSE(provider_loaded());
	EXPECT_EQ(self->groups, directory_entries("/sys/kernel/iommu_groups"));
	EXPECT_EQ(self->pinned, memory_pinned_soon(self->pinned));
}

TEST_F_TIMEOUT(lifecycle, all_at_once, TORTURE_SECONDS)
{
	pid_t children[ARRAY_SIZE(workers)];
	int channel[2], i;

	shared->left = torture_count_here(FEW, MANY);
	for (i = 0; i < ARRAY_SIZE(workers); i++) {
		ASSERT_EQ(0, child_channel(channel));
		children[i] = child_fork(channel);
		if (!children[i]) {
			repeat(&workers[i], i);
			_exit(0);
		}
	}
	for (i = 0; i < ARRAY_SIZE(workers); i++)
		EXPECT_EQ(0, child_ended(children[i]));
	EXPECT_EQ(0, shared->failures);
	EXPECT_GE(0, shared->left);
}

TEST_HARNESS_MAIN
