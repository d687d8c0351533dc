// SPDX-License-Identifier: GPL-2.0-only
/*
 * Everything that begins and ends, at random and at the same time: binds, claims, modules,
 * hot-plug, virtual functions, descriptors, maps, pins and resets. Whoever uses a function is
 * its only owner, and nobody ends its claim. In the end, what has begun has ended: sysfs and
 * the nodes are as before, and the modules can be unloaded.
 *
 * Guest: edu; a NIC; root port rp0 for another edu; nvme with a virtual function in rp1; native.ko.
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
#include "snapshot.h"
#include "sysfs.h"
#include "torture.h"
#include "uses.h"

#define FEW 40
#define MANY 2000
#define NVME_VENDOR 0x1b36
#define NVME_DEVICE 0x0010
#define OURS "noiommu_pci noiommu"

/* Returns 0 if it did what it wanted; others may have made that impossible. */
typedef int (*work)(struct dice *dice);

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
	static const char * const drivers[] = { "vfio-pci", "noiommu-pci", "vfio-pci", NATIVE };
	char address[PCI_ADDRESS_SIZE];

	usleep(dice_below(dice, 100000));
	if (pci_find(vendor, device, nth, address))
		return -ENODEV;
	switch (dice_below(dice, 5)) {
	case 0:
		return pci_unbind(address);
	case 1:
		/* Fails while another driver has it. */
		return pci_bind(address, dice_choose(dice, drivers));
	default:
		return passthrough_bind(address, dice_choose(dice, drivers));
	}
}

static int bind_edu(struct dice *dice)
{
	return bind_one(dice, EDU_VENDOR, EDU_DEVICE, 0);
}

static int bind_plugged(struct dice *dice)
{
	return bind_one(dice, EDU_VENDOR, EDU_DEVICE, 1);
}

/* Nobody uses it, so it can also be reset and removed. */
static int bind_nic(struct dice *dice)
{
	char address[PCI_ADDRESS_SIZE];
	int ret;

	if (dice_below(dice, 4))
		return bind_one(dice, NIC_VENDOR, NIC_DEVICE, 0);
	ret = pci_find(NIC_VENDOR, NIC_DEVICE, 0, address);
	if (ret)
		return ret;
	if (dice_below(dice, 2))
		return pci_write(address, "reset", "1");
	return pci_write(address, "remove", "1") ?: file_write("/sys/bus/pci/rescan", "1");
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

static int end_all_claims(void)
{
	long begun = __atomic_add_fetch(&shared->begun, 1, __ATOMIC_SEQ_CST);
	int ret = file_write(PROVIDER "/enable", "0");

	if (!ret)
		__atomic_store_n(&shared->ended, begun, __ATOMIC_SEQ_CST);
	return ret;
}

static int switch_claims(struct dice *dice)
{
	usleep(dice_below(dice, 100000));
	return dice_below(dice, 6) ? file_write(PROVIDER "/enable", "1") : end_all_claims();
}

static int load(struct dice *dice)
{
	usleep(dice_below(dice, 400000));
	if (dice_below(dice, 2))
		return system("modprobe -q noiommu-pci");
	end_all_claims();
	/* Functions that are bound keep noiommu_pci; then this fails. */
	return system("rmmod " OURS " 2>/dev/null");
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

static void end_uses(unsigned int vendor, unsigned int device)
{
	char address[PCI_ADDRESS_SIZE];

	if (!pci_find(vendor, device, 0, address))
		pci_unbind(address);
}

FIXTURE(lifecycle)
{
	struct snapshot before;
	long pinned;
};

FIXTURE_SETUP(lifecycle)
{
	/* The modules that these need stay loaded. */
	ASSERT_EQ(0, run("modprobe -a vfio-pci noiommu-pci"));
	ASSERT_EQ(0, file_write(PROVIDER "/enable", "0"));
	ASSERT_EQ(0, run("modprobe -r noiommu-pci noiommu vfio-pci vfio_iommu_type1"));
	ASSERT_EQ(0, snapshot_take(&self->before));
	self->pinned = memory_pinned();
	shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, shared);
	ASSERT_EQ(0, run("modprobe vfio-pci enable_sriov=1 && modprobe noiommu-pci"));
	ASSERT_EQ(0, run("insmod ./" NATIVE ".ko"));
}

/*
 * All claims end, also that of a function which a native driver has. Then nothing is mapped, pinned
 * or held.
 */
static void end_claims(struct __test_metadata *_metadata)
{
	char nic[PCI_ADDRESS_SIZE];

	end_uses(EDU_VENDOR, EDU_DEVICE);
	end_uses(NVME_VENDOR, NVME_DEVICE);
	EXPECT_EQ(0, run("modprobe noiommu-pci"));
	/* Removals may still be going on. */
	EXPECT_TRUE(wait_until(!file_write(PROVIDER "/enable", "1")));
	if (!pci_find(NIC_VENDOR, NIC_DEVICE, 0, nic))
		passthrough_bind(nic, NATIVE);
	EXPECT_LT(0, provider_claimed());
	EXPECT_TRUE(wait_until(!file_write(PROVIDER "/enable", "0")));
	EXPECT_EQ(0, provider_claimed());
	EXPECT_EQ(2, directory_entries("/sys/kernel/iommu_groups"));
	EXPECT_EQ(0, provider_mapped());
	EXPECT_EQ(0, node_bytes("pinned_bytes"));
	EXPECT_EQ(0, node_bytes("held_bytes"));
}

FIXTURE_TEARDOWN(lifecycle)
{
	char address[PCI_ADDRESS_SIZE];
	struct snapshot after;

	system("qemu-monitor 'device_del plug' >/dev/null 2>&1");
	EXPECT_TRUE(wait_until(pci_find(EDU_VENDOR, EDU_DEVICE, 1, address)));
	end_claims(_metadata);
	EXPECT_EQ(0, run("rmmod " OURS));
	end_uses(NIC_VENDOR, NIC_DEVICE);
	EXPECT_EQ(0, run("rmmod " NATIVE " && modprobe -r vfio-pci vfio_iommu_type1"));
	EXPECT_EQ(self->pinned, memory_pinned_soon(self->pinned));
	ASSERT_EQ(0, snapshot_take(&after));
	EXPECT_TRUE(snapshot_same(&self->before, &after));
	snapshot_free(&after);
	snapshot_free(&self->before);
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
