// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory is scarce, limited or reclaimed while pages are pinned: a call succeeds or fails with
 * ENOMEM, a pinned page never moves, and memory that is not pinned is translated rightly
 * wherever it has gone.
 */
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "baseline.h"
#include "child.h"
#include "kselftest_harness.h"
#include "mappings.h"
#include "memory.h"
#include "noiommu.h"
#include "pinned.h"
#include "privilege.h"
#include "sysfs.h"
#include "torture.h"

#define WRITE NOIOMMU_ACCESS_WRITE
#define FEW 200
#define MANY 10000
#define PAGES 1024
#define PINS 16
#define RAM_DISK "/dev/ram0"
#define CGROUP "/tmp/memory"

FIXTURE(pressure)
{
	int fd;
	long pinned;
	long locked;
};

FIXTURE_SETUP(pressure)
{
	OPEN_NOIOMMU();
	REMEMBER_PINS();
}

FIXTURE_TEARDOWN(pressure)
{
	CLOSE_NOIOMMU();
}

/* --- Limits ------------------------------------------------------------------ */

/* In a child: does a pin of each length succeed exactly up to the limit? */
static bool limit_is_exact(int fd, char *memory, size_t pages, size_t step, size_t limit)
{
	size_t nr;
	__u32 id;
	int ret;

	if (memory_limit_locked(limit) || privilege_drop(CAP_IPC_LOCK))
		return false;
	for (nr = step; nr <= pages; nr += step) {
		ret = pin(fd, memory, nr * PAGE, WRITE, &id);
		if (ret != (nr <= limit ? 0 : -ENOMEM) || (!ret && noiommu_unpin_id(fd, id))) {
			printf("# limit %zu, %zu pages: %d\n", limit, nr, ret);
			return false;
		}
	}
	return true;
}

#define EXPECT_EXACT(memory, pages, step, first, last)			\
do {									\
	char *__memory = (memory);					\
	size_t __limit;							\
	pid_t __pid;							\
									\
	ASSERT_NE(MAP_FAILED, __memory);				\
	for (__limit = first; __limit <= (last); __limit++) {		\
		__pid = fork();						\
		if (!__pid)						\
			_exit(!limit_is_exact(self->fd, __memory, pages, \
					      step, __limit));		\
		EXPECT_EQ(0, child_ended(__pid));			\
	}								\
} while (0)

TEST_F(pressure, locked_memory_in_small_pages)
{
	EXPECT_EXACT(memory_pages(12 * PAGE), 12, 1, 0, 13);
}

TEST_F(pressure, locked_memory_in_huge_pages)
{
	EXPECT_EXACT(memory_huge(2 * HUGE_2M), 1024, 512, 511, 513);
	EXPECT_EXACT(memory_huge(2 * HUGE_2M), 1024, 512, 1023, 1025);
}

/* Without its OOM killer, which would print a trace, a fault that exceeds the limit fails. */
static bool cgroup_create(void)
{
	return !mkdir(CGROUP "/limited", 0755) &&
	       !file_write(CGROUP "/limited/memory.oom_control", "1");
}

/* In a child: pins more and more untouched memory, until the limit is reached. */
static int pin_up_to_the_limit(int fd, size_t limit)
{
	char text[32], *memory = mapping_create(MAPPING_SMALL, PAGES * PAGE, NULL);
	int ret, i;
	__u32 id;

	snprintf(text, sizeof(text), "%zu", limit);
	if (memory == MAP_FAILED || file_write(CGROUP "/limited/memory.limit_in_bytes", text) ||
	    file_write(CGROUP "/limited/cgroup.procs", "0"))
		return 1;
	for (i = 0, ret = 0; i + 8 <= PAGES && !ret; i += 8)
		ret = pin(fd, memory + i * PAGE, 8 * PAGE, WRITE, &id);
	if (ret != -ENOMEM)
		printf("# limit %zu: %d after %d pages\n", limit, ret, i);
	return ret != -ENOMEM;
}

TEST_F(pressure, cgroup)
{
	size_t limit;
	pid_t pid;
	int fd;

	/* In version 2 the OOM killer cannot be turned off. */
	if (run("mkdir -p " CGROUP " && mount -t cgroup -o memory none " CGROUP))
		SKIP(return, "this kernel has no memory cgroups of version 1");
	ASSERT_TRUE(cgroup_create());
	for (limit = 64 * PAGE; limit < PAGES * PAGE; limit += 37 * PAGE) {
		fd = noiommu_open_device();
		pid = fork();
		if (!pid)
			_exit(pin_up_to_the_limit(fd, limit));
		EXPECT_EQ(0, child_ended(pid));
		close(fd);
		EXPECT_NO_PINS();
	}
	EXPECT_EQ(0, run("rmdir " CGROUP "/limited && umount " CGROUP));
}

/* --- Reclaim, migration, merging --------------------------------------------- */

struct kept {
	size_t first;
	size_t count;
	__u32 id;
	__u64 phys[64];
};

struct pressed {
	int fd;
	char *memory;
	struct dice dice;
	struct kept kept[PINS];
	long swapped;
	long done[8];
};

/* A swap space in memory. */
static bool swap_on(void)
{
	return !run("modprobe brd rd_nr=1 rd_size=16384") &&
	       !run("mkswap " RAM_DISK " && swapon " RAM_DISK);
}

static char content(size_t page)
{
	/* Neighbours have the same content, so that some pages are merged. */
	return 1 + page / 4 % 100;
}

static void fill(char *memory)
{
	size_t i;

	for (i = 0; i < PAGES; i++)
		memset(memory + i * PAGE, content(i), PAGE);
}

static bool keep(struct pressed *pressed, struct kept *kept)
{
	char *va;

	if (kept->count && noiommu_unpin_id(pressed->fd, kept->id))
		return false;
	kept->count = 1 + dice_below(&pressed->dice, ARRAY_SIZE(kept->phys));
	kept->first = dice_below(&pressed->dice, PAGES - kept->count);
	va = pressed->memory + kept->first * PAGE;
	/* For reading, too: a pin keeps a page of its own, never a merged one. */
	return !pin(pressed->fd, va, kept->count * PAGE, dice_below(&pressed->dice, 2),
		    &kept->id) &&
	       !memory_phys_pages(va, kept->count, kept->phys);
}

static void press(struct pressed *pressed)
{
	size_t count = 1 + dice_below(&pressed->dice, 128);
	size_t first = dice_below(&pressed->dice, PAGES - count);
	char *va = pressed->memory + first * PAGE;
	int what = dice_below(&pressed->dice, 8);

	/* These take long. */
	if (what >= 6 && dice_below(&pressed->dice, 8))
		what = 0;
	pressed->done[what]++;
	switch (what) {
	case 0 ... 2:
		madvise(va, count * PAGE, MADV_PAGEOUT);
		break;
	case 3:
		madvise(va, count * PAGE, MADV_MERGEABLE);
		break;
	case 4:
		madvise(va, count * PAGE, MADV_UNMERGEABLE);
		break;
	case 5:
		madvise(va, count * PAGE, MADV_COLD);
		break;
	case 6:
		file_write("/proc/sys/vm/compact_memory", "1");
		break;
	default:
		file_write("/proc/sys/vm/drop_caches", "1");
	}
}

/* A page that was swapped out or merged comes back with its content. */
static bool translates_rightly(struct pressed *pressed)
{
	size_t page = dice_below(&pressed->dice, PAGES);
	char *va = pressed->memory + page * PAGE;
	struct noiommu_extent extent;
	__u32 nr = 1;

	pressed->swapped += !memory_phys(va);
	return !noiommu_translate_range(pressed->fd, va, PAGE, dice_below(&pressed->dice, 2),
					&extent, &nr) &&
	       nr == 1 && va[0] == content(page) && va[PAGE - 1] == content(page);
}

static bool stays(struct pressed *pressed, const struct kept *kept)
{
	__u64 now[ARRAY_SIZE(kept->phys)];

	return !kept->count ||
	       (!memory_phys_pages(pressed->memory + kept->first * PAGE, kept->count, now) &&
		!memcmp(now, kept->phys, kept->count * sizeof(now[0])));
}

TEST_F_TIMEOUT(pressure, pinned_pages_never_move, TORTURE_SECONDS)
{
	struct pressed *pressed = calloc(1, sizeof(*pressed));
	long count = torture_count_here(FEW, MANY), i;
	int k;

	ASSERT_NE(NULL, pressed);
	pressed->fd = self->fd;
	pressed->dice = dice_make(1);
	pressed->memory = mapping_create(MAPPING_SMALL, PAGES * PAGE, NULL);
	ASSERT_NE(MAP_FAILED, pressed->memory);
	ASSERT_TRUE(swap_on());
	fill(pressed->memory);
	EXPECT_EQ(0, file_write("/sys/kernel/mm/ksm/sleep_millisecs", "1"));
	EXPECT_EQ(0, file_write("/sys/kernel/mm/ksm/run", "1"));
	for (i = 0; i < count; i++) {
		struct kept *kept = &pressed->kept[dice_below(&pressed->dice, PINS)];

		ASSERT_TRUE(keep(pressed, kept));
		press(pressed);
		ASSERT_TRUE(translates_rightly(pressed));
		for (k = 0; k < PINS; k++)
			ASSERT_TRUE(stays(pressed, &pressed->kept[k])) {
				TH_LOG("round %ld: a page of pin %d has moved", i, k);
			}
	}
	printf("# %ld rounds: %ld pages found swapped out, %ld compactions\n", count,
	       pressed->swapped, pressed->done[6]);
	EXPECT_LT(0, pressed->swapped);
	EXPECT_EQ(0, file_write("/sys/kernel/mm/ksm/run", "2"));
	EXPECT_EQ(0, file_write("/sys/kernel/mm/ksm/run", "0"));
	EXPECT_EQ(0, run("swapoff " RAM_DISK " && modprobe -r brd"));
}

TEST_HARNESS_MAIN
