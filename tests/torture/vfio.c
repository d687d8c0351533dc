// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls of VFIO and iommufd that reach the modules, by many threads on shared descriptors,
 * while other threads change the memory that is mapped. Each result has an errno that the kernel
 * returns for such a call, memory is never mapped at an address of another page, and in the end
 * nothing is mapped, pinned or owned.
 *
 * Guest: three edus, exporter.ko.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>

#include "arena.h"
#include "baseline.h"
#include "edu.h"
#include "held_calls.h"
#include "iommufd.h"
#include "iommufd_calls.h"
#include "kselftest_harness.h"
#include "modules.h"
#include "passthrough.h"
#include "vfio_calls.h"

#define FEW 5000
#define MANY 1000000
#define THREADS 4
/* A kind of call that is made this often must succeed once. */
#define OFTEN 200
#define MAX_ERRNO 134

/* --- Descriptors ---------------------------------------------------------------- */

/* The number becomes that of the new descriptor; without one, of /dev/null. */
static int renew(struct vfio_torture *torture, int slot, int fd)
{
	int ret = fd < 0 ? fd : 0;

	if (dup3(fd < 0 ? torture->nothing : fd, slot, O_CLOEXEC) < 0)
		ret = -errno;
	if (fd >= 0)
		close(fd);
	return ret;
}

/* The anchor goes along. */
static int renew_container(struct vfio_caller *caller)
{
	struct vfio_torture *torture = caller->torture;
	struct vfio vfio;
	int ret;

	vfio_open_container(&vfio);
	pthread_rwlock_wrlock(&torture->lock);
	vfio_call(torture->anchor, VFIO_GROUP_UNSET_CONTAINER, NULL);
	ret = renew(torture, torture->container, vfio.container) ?:
	      vfio_call(torture->anchor, VFIO_GROUP_SET_CONTAINER, &torture->container);
	pthread_rwlock_unlock(&torture->lock);
	return ret;
}

/* A group that still has an open device cannot be opened again. */
static int renew_group(struct vfio_caller *caller)
{
	struct vfio_torture *torture = caller->torture;
	int i = group_function(caller), ret;
	struct vfio vfio = { -1, -1, -1 };

	if (dice_below(&caller->dice, 8))
		renew(torture, torture->device[i], -1);
	renew(torture, torture->group[i], -1);
	ret = vfio_open_group(&vfio, torture->address[i]);
	renew(torture, torture->group[i], vfio.group);
	return ret;
}

static int renew_device(struct vfio_caller *caller)
{
	struct vfio_torture *torture = caller->torture;
	int i = group_function(caller), ret;
	struct vfio vfio = { -1, torture->group[i], -1 };

	ret = dice_below(&caller->dice, 16) ? vfio_open_device(&vfio, torture->address[i]) :
					      vfio_open_device(&vfio, "another");
	if (!ret)
		renew(torture, torture->device[i], vfio.device);
	/* One in sixteen stays closed. */
	if (!dice_below(&caller->dice, 16))
		renew(torture, torture->device[i], -1);
	return ret;
}

static int renew_iommufd(struct vfio_caller *caller)
{
	return renew(caller->torture, caller->torture->iommufd, iommufd_open());
}

static int renew_node(struct vfio_caller *caller)
{
	struct vfio_torture *torture = caller->torture;
	int i = node_function(caller), ret;
	struct vfio vfio;

	renew(torture, torture->node[i], -1);
	ret = cdev_open(&vfio, torture->address[i]);
	renew(torture, torture->node[i], vfio.device);
	return ret;
}

/* --- Kinds of calls ------------------------------------------------------------- */

/* Kinds that need /dev/iommu follow those that do not. */
static const struct kind {
	const char *name;
	int (*call)(struct vfio_caller *caller);
	/* Out of all weights. */
	int weight;
	/* No function of the guest can do it. */
	bool never;
	/* Besides those of a wrong size, of /dev/null, and of a function without a driver. */
	int errors[8];
} kinds[] = {
	{ "open container", renew_container, 1, false, {} },
	{ "open group", renew_group, 4, false, { EBUSY } },
	{ "open device", renew_device, 30, false, { EBUSY } },
	{ "SET_IOMMU", call_set_iommu, 20, false, { EBUSY } },
	{ "IOMMU_GET_INFO", call_iommu_info, 10, false, {} },
	{ "MAP_DMA", call_map, 120, false, { EEXIST, EFAULT, ENOMEM } },
	{ "UNMAP_DMA", call_unmap, 60, false, {} },
	{ "GET_STATUS", call_status, 4, false, {} },
	{ "SET_CONTAINER", call_set_container, 30, false, { EBADF, EBADFD, EBUSY } },
	{ "UNSET_CONTAINER", call_unset_container, 4, false, { EBUSY } },
	{ "GET_INFO", call_info, 10, false, {} },
	{ "GET_REGION_INFO", call_region, 20, false, {} },
	{ "GET_IRQ_INFO", call_irq, 10, false, {} },
	{ "SET_IRQS", call_set_irqs, 40, false, { EBADF, EFAULT } },
	{ "FEATURE", call_feature, 40, false, { EFAULT, EBADF } },
	{ "RESET", call_reset, 4, true, {} },
	{ "config space", call_config, 40, false, { EFAULT } },
	{ "BAR", call_bar, 30, false, { EFAULT } },
	{ "PIN", call_pin, 20, false, { EFAULT, ENOMEM } },
	{ "ALLOC", call_alloc, 10, false, { ENOMEM } },
	{ "owner", call_owner, 4, false, {} },
	{ "PIN_DMABUF", call_pin_dmabuf, 30, false, { ENOSPC, ERANGE, ENOMEM } },
	{ "open iommufd", renew_iommufd, 1, false, {} },
	{ "open node", renew_node, 4, false, {} },
	{ "IOAS_ALLOC", call_ioas, 24, false, { EOPNOTSUPP, E2BIG } },
	{ "IOAS_MAP", call_ioas_map, 120, false,
	  { ENOENT, EOPNOTSUPP, E2BIG, EFAULT, EEXIST, EADDRINUSE } },
	{ "IOAS_UNMAP", call_ioas_unmap, 40, false, { ENOENT, E2BIG, EBUSY } },
	{ "IOAS_COPY", call_ioas_copy, 60, false,
	  { ENOENT, EOPNOTSUPP, E2BIG, EFAULT, EEXIST, EADDRINUSE } },
	{ "HWPT_ALLOC", call_hwpt, 40, false, { EFAULT, ENOENT, EOPNOTSUPP, E2BIG } },
	{ "DESTROY", call_destroy, 8, false, { ENOENT, E2BIG, EBUSY } },
	{ "BIND", call_bind, 24, false, { EBADF, EBADFD, EBUSY, E2BIG } },
	{ "ATTACH", call_attach, 32, false, { EFAULT, ENOENT, EBUSY } },
	{ "DETACH", call_detach, 8, false, {} },
};

#define KINDS ((int)ARRAY_SIZE(kinds))

static long results[KINDS][MAX_ERRNO];
static int used_kinds;

/* The first that needs /dev/iommu opens it. */
static int kinds_without_nodes(void)
{
	int kind = 0;

	while (kinds[kind].call != renew_iommufd)
		kind++;
	return kind;
}

static int choose_kind(struct dice *dice)
{
	int kind, all = 0, at;

	for (kind = 0; kind < used_kinds; kind++)
		all += kinds[kind].weight;
	at = dice_below(dice, all);
	for (kind = 0; at >= kinds[kind].weight; kind++)
		at -= kinds[kind].weight;
	return kind;
}

static bool is_known(int kind, int ret)
{
	const int *error = kinds[kind].errors;

	for (; *error; error++)
		if (ret == -*error)
			return true;
	return ret >= 0 || ret == -EINVAL || ret == -ENOTTY || ret == -ENODEV;
}

static void *call_at_random(void *argument)
{
	static unsigned int seed;
	struct vfio_caller caller = {
		.torture = argument,
		.dice = dice_make(__atomic_fetch_add(&seed, 1, __ATOMIC_RELAXED)),
	};
	struct vfio_torture *torture = argument;
	int kind, ret;

	while (!torture->failures &&
	       __atomic_sub_fetch(&torture->calls, 1, __ATOMIC_RELAXED) >= 0) {
		kind = choose_kind(&caller.dice);
		ret = kinds[kind].call(&caller);
		__atomic_fetch_add(&results[kind][ret < 0 ? -ret : 0], 1, __ATOMIC_RELAXED);
		if (is_known(kind, ret))
			continue;
		printf("# %s: unknown errno, result %d\n", kinds[kind].name, ret);
		__atomic_fetch_add(&torture->failures, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

static bool succeeds(int kind)
{
	long calls = 0;
	int error;

	for (error = 0; error < MAX_ERRNO; error++)
		calls += results[kind][error];
	return kinds[kind].never || results[kind][0] || calls < OFTEN;
}

static void print_results(void)
{
	int kind, error;

	for (kind = 0; kind < used_kinds; kind++) {
		printf("# %-16s 0: %ld", kinds[kind].name, results[kind][0]);
		for (error = 1; error < MAX_ERRNO; error++)
			if (results[kind][error])
				printf(", %s: %ld", strerrorname_np(error), results[kind][error]);
		printf("\n");
	}
}

/* --- The test ------------------------------------------------------------------- */

FIXTURE(vfio)
{
	struct vfio_torture torture;
	struct arena arena;
	char address[FUNCTIONS + 1][PCI_ADDRESS_SIZE];
	int fd;
	long pinned;
	long locked;
	long mapped;
};

static bool has_memory(struct vfio_torture *torture, int fd)
{
	__u32 nr = 0, id;

	torture->still = memory_pages(STILL * PAGE);
	return torture->still != MAP_FAILED &&
	       !noiommu_pin_range(fd, torture->still, STILL * PAGE, NOIOMMU_ACCESS_WRITE, NULL, &nr,
				  &id) &&
	       !memory_phys_pages(torture->still, STILL, torture->phys);
}

static void take_numbers(struct vfio_torture *torture)
{
	int i;

	pthread_rwlock_init(&torture->lock, NULL);
	torture->nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
	torture->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	torture->container = dup(torture->nothing);
	torture->iommufd = dup(torture->nothing);
	for (i = 0; i < FUNCTIONS; i++) {
		torture->group[i] = dup(torture->nothing);
		torture->device[i] = dup(torture->nothing);
		torture->node[i] = dup(torture->nothing);
	}
}

static void release_numbers(struct vfio_torture *torture)
{
	int i;

	for (i = 0; i < FUNCTIONS; i++) {
		close(torture->node[i]);
		close(torture->device[i]);
		close(torture->group[i]);
	}
	close(torture->iommufd);
	close(torture->exported);
	close(torture->anchor);
	close(torture->container);
	close(torture->event);
	close(torture->nothing);
}

/* One function has our driver, the others have the kernel's. */
FIXTURE_SETUP(vfio)
{
	static const char * const drivers[] = { "noiommu-pci", "vfio-pci", "vfio-pci" };
	struct vfio_torture *torture = &self->torture;
	struct vfio anchor;
	int i;

	ASSERT_EQ(0, passthrough_load());
	for (i = 0; i < ARRAY_SIZE(drivers); i++)
		ASSERT_EQ(0, edu_bind_nth(i, drivers[i], self->address[i]));
	for (i = 0; i < FUNCTIONS; i++)
		torture->address[i] = self->address[i];
	ASSERT_EQ(0, vfio_open_group(&anchor, self->address[FUNCTIONS]));
	torture->anchor = anchor.group;
	OPEN_NOIOMMU();
	torture->noiommu = self->fd;
	ASSERT_EQ(0, module_load("exporter", "pinnable=1"));
	torture->exported = module_value("exporter", "descriptor");
	REMEMBER_PINS();
	self->mapped = provider_mapped();
	ASSERT_TRUE(has_memory(torture, self->fd));
	ASSERT_EQ(0, arena_create(&self->arena));
	torture->changing = self->arena.memory;
	torture->length = self->arena.length;
	take_numbers(torture);
}

FIXTURE_TEARDOWN(vfio)
{
	int i;

	release_numbers(&self->torture);
	EXPECT_EQ(self->mapped, provider_mapped());
	close(self->fd);
	/* What was held is released in the background. */
	EXPECT_TRUE(wait_until(memory_accounted() == self->locked));
	EXPECT_NO_PINS();
	arena_destroy(&self->arena);
	EXPECT_TRUE(wait_until(module_unload("exporter") != -EAGAIN));
	for (i = 0; i <= FUNCTIONS; i++)
		EXPECT_EQ(0, pci_unbind(self->address[i]));
	EXPECT_EQ(0, file_write(PROVIDER "/enable", "0"));
	EXPECT_EQ(0, run("modprobe -r noiommu_pci vfio-pci"));
	EXPECT_EQ(0, provider_unload());
}

TEST_F_TIMEOUT(vfio, calls, TORTURE_SECONDS)
{
	bool nodes = !access("/dev/iommu", F_OK) && !access("/dev/vfio/devices", F_OK);
	struct vfio_torture *torture = &self->torture;
	struct vfio_caller first = { torture, dice_make(THREADS) };
	pthread_t threads[THREADS];
	__u64 now[STILL];
	int i;

	ASSERT_EQ(0, renew_container(&first));
	if (nodes)
		ASSERT_EQ(0, renew_iommufd(&first));
	used_kinds = nodes ? KINDS : kinds_without_nodes();
	torture->calls = torture_count_here(FEW, MANY);
	ASSERT_EQ(0, arena_start(&self->arena));
	for (i = 0; i < THREADS; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, call_at_random, torture));
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	arena_stop(&self->arena);
	print_results();
	EXPECT_EQ(0, torture->failures);
	ASSERT_EQ(0, memory_phys_pages(torture->still, STILL, now));
	EXPECT_EQ(0, memcmp(now, torture->phys, sizeof(now)));
	for (i = 0; i < used_kinds; i++) {
		EXPECT_TRUE(succeeds(i)) {
			TH_LOG("%s never succeeded", kinds[i].name);
		}
	}
}

TEST_HARNESS_MAIN
