// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many pins, maps, functions, and places of a huge address space: one more costs about as
 * much as it did with a sixteenth of them. The guest counts instructions, so that a
 * nanosecond is one of them, and prints the costs as "# NAME: NUMBER COST ...".
 *
 * Guest: 256 edu, eight in each slot of bridges.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "edu.h"
#include "kselftest_harness.h"
#include "memory.h"
#include "noiommu.h"
#include "passthrough.h"
#include "pinned.h"
#include "sysfs.h"
#include "torture.h"

/* Costs are measured at 1/16, 1/8 ... of all. */
#define POINTS 5
#define SAMPLES 256
#define FUNCTIONS 256
#define WRITE NOIOMMU_ACCESS_WRITE
#define TIB (1UL << 40)
#define LIMIT_OF_MAPS "/sys/module/vfio_iommu_type1/parameters/dma_entry_limit"

struct objects {
	const char *name;
	size_t nr;
	/* 0 or -errno; for each object of the first nr. */
	int (*add)(struct objects *objects, size_t i);
	int (*drop)(struct objects *objects, size_t i);
	int fd;
	struct vfio vfio;
	char *memory;
	/* Object i has the page at stride * (i % places). */
	size_t stride;
	size_t places;
	__u64 *phys;
	__u32 *ids;
};

static __u64 now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000ULL + time.tv_nsec;
}

/* At 16 times the number, a tree with two children a node is less than twice as deep. */
static bool is_flat(const __u64 *cost, int point)
{
	return cost[point] * 2 <= cost[0] * 3;
}

static char *place(struct objects *objects, size_t i)
{
	return objects->memory + i % objects->places * objects->stride;
}

static int add_pin(struct objects *objects, size_t i)
{
	char *page = place(objects, i);

	*(volatile char *)page = 1;
	return pin(objects->fd, page, PAGE, WRITE, &objects->ids[i]);
}

static int drop_pin(struct objects *objects, size_t i)
{
	return noiommu_unpin_id(objects->fd, objects->ids[i]);
}

static int add_map(struct objects *objects, size_t i)
{
	return vfio_map(&objects->vfio, place(objects, i), PAGE, objects->phys[i]);
}

static int drop_map(struct objects *objects, size_t i)
{
	return vfio_unmap(&objects->vfio, objects->phys[i], PAGE);
}

/* Drops some objects and adds them again; 0 or -errno. */
static int sample(struct objects *objects, size_t nr, struct dice *dice, __u64 *add, __u64 *drop)
{
	int i, ret = 0;

	*add = 0;
	*drop = 0;
	for (i = 0; i < SAMPLES && !ret; i++) {
		size_t which = dice_below(dice, nr);
		__u64 start = now(), dropped;

		ret = objects->drop(objects, which);
		dropped = now();
		ret = ret ?: objects->add(objects, which);
		*add += (now() - dropped) / SAMPLES;
		*drop += (dropped - start) / SAMPLES;
	}
	return ret;
}

/* Adds all objects. Is one more as cheap as at first? Stops at the first that is not. */
static bool stays_cheap(struct objects *objects)
{
	struct dice dice = dice_make(objects->nr);
	__u64 add[POINTS], drop[POINTS];
	long slab = 0, more = 0;
	size_t have = 0, nr;
	int point, ret = 0;

	for (point = 0; point < POINTS; point++) {
		nr = objects->nr >> (POINTS - 1 - point);
		for (; !ret && have < nr; have++)
			ret = objects->add(objects, have);
		ret = ret ?: sample(objects, nr, &dice, &add[point], &drop[point]);
		if (ret) {
			printf("# %s: %d after %zu\n", objects->name, ret, have);
			return false;
		}
		printf("# %s: %zu add %llu drop %llu\n", objects->name, nr, add[point],
		       drop[point]);
		if (!is_flat(add, point) || !is_flat(drop, point))
			return false;
		file_field("/proc/meminfo", "Slab", point ? &more : &slab);
	}
	printf("# %s: %ld bytes of kernel memory for one\n", objects->name,
	       (more - slab) * 1024 / (long)(nr - (nr >> (POINTS - 1))));
	return true;
}

FIXTURE(scale)
{
	struct objects objects;
	char address[PCI_ADDRESS_SIZE];
	size_t length;
	long pinned;
};

FIXTURE_SETUP(scale)
{
	ASSERT_EQ(0, passthrough_load());
	ASSERT_EQ(0, edu_bind_nth(0, "vfio-pci", self->address));
	self->pinned = memory_pinned();
	self->objects = (struct objects){
		.fd = noiommu_open_device(),
		.vfio = { -1, -1, -1 },
		.add = add_pin,
		.drop = drop_pin,
		.stride = PAGE,
	};
	ASSERT_LE(0, self->objects.fd);
}

FIXTURE_TEARDOWN(scale)
{
	close(self->objects.fd);
	vfio_close(&self->objects.vfio);
	EXPECT_EQ(self->pinned, memory_pinned_soon(self->pinned));
	munmap(self->objects.memory, self->length);
	free(self->objects.ids);
	free(self->objects.phys);
	EXPECT_EQ(0, pci_unbind(self->address));
}

#define HAS_OBJECTS(object_name, count, memory_places)			\
do {									\
	struct objects *__o = &self->objects;				\
									\
	__o->name = (object_name);					\
	__o->nr = (count);						\
	__o->places = (memory_places);					\
	__o->ids = calloc(__o->nr, sizeof(*__o->ids));			\
	ASSERT_NE(NULL, __o->ids);					\
	self->length = __o->places * __o->stride;			\
	__o->memory = mmap(NULL, self->length, PROT_READ | PROT_WRITE,	\
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, \
			   -1, 0);					\
	ASSERT_NE(MAP_FAILED, __o->memory);				\
	madvise(__o->memory, self->length, MADV_NOHUGEPAGE);		\
} while (0)

/* Several pins of each page: only their number matters. */
TEST_F_TIMEOUT(scale, pins, TORTURE_SECONDS)
{
	__u64 start;

	HAS_OBJECTS("pins", torture_count(40000, 1000000), 1024);
	EXPECT_TRUE(stays_cheap(&self->objects));
	start = now();
	close(self->objects.fd);
	printf("# pins: close, for one: %llu\n", (now() - start) / self->objects.nr);
	self->objects.fd = -1;
}

/* A terabyte, of which a page in each piece exists. */
TEST_F_TIMEOUT(scale, address_space, TORTURE_SECONDS)
{
	size_t nr = torture_count(4096, 65536);

	self->objects.stride = TIB / nr / PAGE * PAGE;
	HAS_OBJECTS("pins in 1 TiB", nr, nr);
	EXPECT_TRUE(stays_cheap(&self->objects));
}

/* The parameter is read when a container gets its first group. */
TEST_F_TIMEOUT(scale, maps, TORTURE_SECONDS)
{
	struct objects *objects = &self->objects;

	HAS_OBJECTS("maps", torture_count(5000, 100000), objects->nr);
	mlock(objects->memory, self->length);
	objects->phys = calloc(objects->nr, sizeof(*objects->phys));
	ASSERT_NE(NULL, objects->phys);
	ASSERT_EQ(0, memory_phys_pages(objects->memory, objects->nr, objects->phys));
	ASSERT_EQ(0, file_write(LIMIT_OF_MAPS, "1000000"));
	ASSERT_EQ(0, vfio_open(&objects->vfio, self->address));
	objects->add = add_map;
	objects->drop = drop_map;
	EXPECT_TRUE(stays_cheap(objects));
}

/* Pins that a function keeps after their descriptor has gone. */
TEST_F_TIMEOUT(scale, held, TORTURE_SECONDS)
{
	size_t most = torture_count(10000, 200000), nr = most >> (POINTS - 1), i;
	__u64 cost[2], start;
	int big;

	HAS_OBJECTS("held", most, 1024);
	ASSERT_EQ(0, vfio_open(&self->objects.vfio, self->address));
	for (big = 0; big < 2; big++, nr = most) {
		for (i = 0; i < nr; i++)
			ASSERT_EQ(0, add_pin(&self->objects, i));
		start = now();
		close(self->objects.fd);
		cost[big] = (now() - start) / nr;
		printf("# held: %zu close %llu\n", nr, cost[big]);
		self->objects.fd = noiommu_open_device();
	}
	EXPECT_TRUE(is_flat(cost, 1));
}

/* --- Functions --------------------------------------------------------------- */

FIXTURE(functions)
{
	char addresses[FUNCTIONS][PCI_ADDRESS_SIZE];
	struct vfio vfio[FUNCTIONS];
};

FIXTURE_SETUP(functions)
{
	size_t i;

	EXPECT_EQ(0, run("modprobe -qra noiommu_pci vfio-pci"));
	EXPECT_EQ(0, provider_unload());
	for (i = 0; i < FUNCTIONS; i++) {
		self->vfio[i] = (struct vfio){ -1, -1, -1 };
		ASSERT_EQ(0, pci_find(EDU_VENDOR, EDU_DEVICE, i, self->addresses[i]));
	}
}

FIXTURE_TEARDOWN(functions)
{
	size_t i;

	for (i = 0; i < FUNCTIONS; i++)
		vfio_close(&self->vfio[i]);
	EXPECT_EQ(0, run("modprobe -qra vfio-pci"));
	EXPECT_EQ(0, provider_unload());
}

/* vfio-pci gets each function with its claim. No descriptor of a device: an open sleeps. */
TEST_F_TIMEOUT(functions, owned, TORTURE_SECONDS)
{
	__u64 cost[POINTS], start;
	size_t have = 0, nr;
	int point;

	ASSERT_EQ(0, run("modprobe vfio-pci ids=%x:%x && modprobe noiommu", EDU_VENDOR,
			 EDU_DEVICE));
	for (point = 0; point < POINTS; point++) {
		nr = FUNCTIONS >> (POINTS - 1 - point);
		start = now();
		cost[point] = nr - have;
		for (; have < nr; have++) {
			ASSERT_EQ(0, vfio_open_container(&self->vfio[have]));
			ASSERT_EQ(0, vfio_open_group(&self->vfio[have], self->addresses[have]));
			ASSERT_EQ(0, vfio_attach(&self->vfio[have]));
		}
		cost[point] = (now() - start) / cost[point];
		printf("# owned functions: %zu open %llu\n", nr, cost[point]);
		EXPECT_TRUE(is_flat(cost, point));
	}
}

static __u64 cost_of_claim(void)
{
	__u64 start;
	long nr;

	file_write(PROVIDER "/enable", "0");
	start = now();
	file_write(PROVIDER "/enable", "1");
	start = now() - start;
	nr = provider_claimed();
	printf("# claims: %ld claim %llu\n", nr, start / nr);
	return start / nr;
}

/*
 * For each claim, the kernel asks about each device again. So the cost of one grows with the
 * number of functions, but from a large part that does not.
 */
TEST_F_TIMEOUT(functions, claimed, TORTURE_SECONDS)
{
	size_t nr, i;
	__u64 most;

	ASSERT_EQ(0, run("modprobe noiommu"));
	most = cost_of_claim();
	for (nr = FUNCTIONS; nr > FUNCTIONS >> (POINTS - 1); nr /= 2) {
		for (i = nr / 2; i < nr; i++)
			ASSERT_EQ(0, pci_write(self->addresses[i], "remove", "1"));
		cost_of_claim();
	}
	EXPECT_GT(4 * cost_of_claim(), most);
	EXPECT_EQ(0, file_write("/sys/bus/pci/rescan", "1"));
	EXPECT_TRUE(wait_until(pci_is_claimed(self->addresses[FUNCTIONS - 1])));
}

TEST_HARNESS_MAIN
