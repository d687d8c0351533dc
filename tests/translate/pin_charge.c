// SPDX-License-Identifier: GPL-2.0-only
/*
 * RLIMIT_MEMLOCK is a limit, however a user divides pins among processes, descriptors and
 * pages: all memory that pins keep from others counts.
 */
#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "baseline.h"
#include "child.h"
#include "folios.h"
#include "kselftest_harness.h"
#include "mappings.h"
#include "memory.h"
#include "noiommu.h"
#include "pinned.h"
#include "privilege.h"
#include "sysfs.h"

#define WRITE NOIOMMU_ACCESS_WRITE
#define USER 1000
#define PAGES_2M (HUGE_2M / PAGE)

/* For a user with nothing charged yet. */
FIXTURE(pin_charge)
{
	int fd;
	long pinned;
	long locked;
};

FIXTURE_SETUP(pin_charge)
{
	OPEN_NOIOMMU();
	REMEMBER_PINS();
}

FIXTURE_TEARDOWN(pin_charge)
{
	CLOSE_NOIOMMU();
}

/* In a child: becomes the user, with this limit and no capability. */
static void become(size_t pages)
{
	if (memory_limit_locked(pages) || setresgid(USER, USER, USER) ||
	    setresuid(USER, USER, USER))
		_exit(100);
}

/* Runs a child that pins on an inherited descriptor and exits. */
static int pin_and_exit(int fd, size_t allowed, size_t pages)
{
	int channel[2], ret;
	char *memory;
	__u32 id;
	pid_t pid;

	if (child_channel(channel))
		return -1;
	pid = child_fork(channel);
	if (!pid) {
		become(allowed);
		memory = memory_pages(pages * PAGE);
		_exit(-pin(fd, memory, pages * PAGE, WRITE, &id));
	}
	ret = child_ended(pid);
	close(channel[0]);
	close(channel[1]);
	return -ret;
}

TEST_F(pin_charge, children_that_are_gone)
{
	EXPECT_EQ(0, pin_and_exit(self->fd, 256, 100));
	EXPECT_EQ(0, pin_and_exit(self->fd, 256, 100));
	EXPECT_EQ(-ENOMEM, pin_and_exit(self->fd, 256, 100));
	EXPECT_EQ(0, pin_and_exit(self->fd, 256, 56));
	EXPECT_EQ(-ENOMEM, pin_and_exit(self->fd, 256, 1));
	EXPECT_EQ(self->pinned + 256, memory_pinned());
	/* Closing the descriptor ends the charge. */
	close(self->fd);
	EXPECT_EQ(self->pinned, memory_pinned());
	self->fd = noiommu_open_device();
	EXPECT_EQ(0, pin_and_exit(self->fd, 256, 256));
}

TEST_F(pin_charge, descriptors)
{
	int other = noiommu_open_device();

	ASSERT_LE(0, other);
	EXPECT_EQ(0, pin_and_exit(self->fd, 100, 60));
	EXPECT_EQ(-ENOMEM, pin_and_exit(other, 100, 41));
	EXPECT_EQ(0, pin_and_exit(other, 100, 40));
	close(other);
	EXPECT_EQ(self->pinned + 60, memory_pinned());
}

/* Root may pin any amount, which does not reduce the user's limit. */
TEST_F(pin_charge, another_user)
{
	char *memory = memory_pages(200 * PAGE);
	__u32 id;

	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_EQ(0, memory_limit_locked(1));
	ASSERT_EQ(0, pin(self->fd, memory, 200 * PAGE, WRITE, &id));
	EXPECT_PINS(200, 200);
	EXPECT_EQ(0, pin_and_exit(self->fd, 1, 1));
}

/* Pins that root made with the capability do not count after it drops that. */
TEST_F(pin_charge, capability_given_up)
{
	char *memory = memory_pages(200 * PAGE);
	__u32 id, other;

	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_EQ(0, memory_limit_locked(50));
	ASSERT_EQ(0, pin(self->fd, memory, 200 * PAGE, WRITE, &id));
	ASSERT_EQ(0, privilege_drop(CAP_IPC_LOCK));
	EXPECT_EQ(-ENOMEM, pin(self->fd, memory, 51 * PAGE, WRITE, &other));
	EXPECT_PINS(200, 200);
	ASSERT_EQ(0, pin(self->fd, memory, 50 * PAGE, WRITE, &other));
	EXPECT_PINS(250, 250);
	/* Nothing is uncharged that was not charged. */
	ASSERT_EQ(0, noiommu_unpin_id(self->fd, id));
	EXPECT_EQ(-ENOMEM, pin(self->fd, memory, 1, WRITE, &id));
	ASSERT_EQ(0, noiommu_unpin_id(self->fd, other));
	ASSERT_EQ(0, pin(self->fd, memory, 50 * PAGE, WRITE, &other));
	EXPECT_PINS(50, 50);
}

static char *create_thp(int count)
{
	char *memory = mapping_create(MAPPING_THP, count * HUGE_2M, NULL);

	if (memory != MAP_FAILED)
		mapping_touch(memory, count * HUGE_2M);
	return memory;
}

TEST_F(pin_charge, a_page_of_a_huge_page)
{
	char *memory = create_thp(2);
	__u32 id;

	if (!memory_has_thp())
		SKIP(return, NO_THP);
	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_EQ(0, pin(self->fd, memory + 7 * PAGE, PAGE, WRITE, &id));
	munmap(memory, HUGE_2M);
	EXPECT_PINS(1, PAGES_2M);
	ASSERT_EQ(0, noiommu_unpin_id(self->fd, id));
	/* The limit is too low for even one page. */
	ASSERT_EQ(0, memory_limit_locked(PAGES_2M - 1));
	ASSERT_EQ(0, privilege_drop(CAP_IPC_LOCK));
	EXPECT_REFUSED(ENOMEM, memory + HUGE_2M, 1, WRITE);
	EXPECT_REFUSED(ENOMEM, memory + HUGE_2M, HUGE_2M, 0);
}

/* In some huge pages, every third small page belongs to another process, or is replaced. */
TEST_F(pin_charge, huge_pages_in_pieces)
{
	char *memory = create_thp(3);
	size_t i;
	__u32 id;

	if (!memory_has_thp())
		SKIP(return, NO_THP);
	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_EQ(0, madvise(memory, 3 * HUGE_2M, MADV_NOHUGEPAGE));
	for (i = 0; i < 3 * PAGES_2M; i += 3) {
		ASSERT_EQ(0, madvise(memory + i * PAGE, PAGE, MADV_DONTNEED));
		memory[i * PAGE] = 1;
	}
	ASSERT_EQ(3 * PAGES_2M + PAGES_2M,
		  folios_pages(memory, 3 * HUGE_2M));
	ASSERT_EQ(0, pin(self->fd, memory, 3 * HUGE_2M, WRITE, &id));
	EXPECT_PINS(3 * PAGES_2M, 4 * PAGES_2M);
}

/* Pages of two huge pages in turns: each huge page counts once. */
TEST_F(pin_charge, huge_pages_in_turns)
{
	char *memory = create_thp(2);
	char *turns = mapping_create(MAPPING_SMALL, 40 * PAGE, NULL);
	int i;
	__u32 id;

	if (!memory_has_thp())
		SKIP(return, NO_THP);
	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_NE(MAP_FAILED, turns);
	for (i = 0; i < 40; i++)
		ASSERT_EQ(turns + i * PAGE,
			  mremap(memory + i % 2 * HUGE_2M + i * PAGE, PAGE, PAGE,
				 MREMAP_MAYMOVE | MREMAP_FIXED,
				 turns + i * PAGE));
	ASSERT_EQ(0, pin(self->fd, turns, 40 * PAGE, WRITE, &id));
	EXPECT_PINS(40, 2 * PAGES_2M);
	ASSERT_EQ(0, noiommu_unpin_id(self->fd, id));
	ASSERT_EQ(0, memory_limit_locked(2 * PAGES_2M));
	ASSERT_EQ(0, privilege_drop(CAP_IPC_LOCK));
	ASSERT_EQ(0, pin(self->fd, turns, 40 * PAGE, WRITE, &id));
	EXPECT_PINS(40, 2 * PAGES_2M);
}

TEST_F(pin_charge, huge_pages_up_to_the_limit)
{
	char *memory = memory_huge(8 * HUGE_2M);
	__u32 id;

	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_EQ(0, memory_limit_locked(5 * PAGES_2M));
	ASSERT_EQ(0, privilege_drop(CAP_IPC_LOCK));
	EXPECT_REFUSED(ENOMEM, memory, 8 * HUGE_2M, WRITE);
	EXPECT_REFUSED(ENOMEM, memory + PAGE, 5 * HUGE_2M, WRITE);
	ASSERT_EQ(0, pin(self->fd, memory + PAGE, 4 * HUGE_2M, WRITE, &id));
	EXPECT_PINS(HUGE_2M_PINS == 1 ? 5 : 4 * PAGES_2M, 5 * PAGES_2M);
}

TEST_HARNESS_MAIN
