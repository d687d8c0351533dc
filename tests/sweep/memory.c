// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/noiommu while memory runs out, or the caller's memory faults, at any point.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fault.h"
#include "kselftest_harness.h"
#include "memory.h"
#include "noiommu.h"
#include "sweep.h"
#include "sysfs.h"
#include "extents.h"

#define WRITE NOIOMMU_ACCESS_WRITE
#define FEW 4
/* More pages than a page table maps, and more references than one allocation holds. */
#define MANY 1100

static __attribute__((constructor)) void required(void)
{
	fault_required();
}

/* What an operation works with. */
struct subject {
	int fd;
	size_t pages;
	__u32 flags;
	char *memory;
	struct noiommu_extent *extents;
	__u32 nr;
	__u32 id;
	bool listed;
	long pinned;
};

FIXTURE(memory)
{
	struct subject subject;
};

FIXTURE_SETUP(memory)
{
	struct subject *subject = &self->subject;

	ASSERT_EQ(0, run("modprobe noiommu"));
	memset(subject, 0, sizeof(*subject));
	subject->fd = noiommu_open_device();
	ASSERT_LE(0, subject->fd);
	subject->pages = FEW;
	subject->flags = WRITE;
	subject->extents = calloc(MANY, sizeof(*subject->extents));
	ASSERT_NE(NULL, subject->extents);
	subject->pinned = memory_pinned();
}

FIXTURE_TEARDOWN(memory)
{
	close(self->subject.fd);
}

/* --- The descriptor ---------------------------------------------------------------- */

static int open_device(void *data)
{
	struct subject *subject = data;

	subject->fd = noiommu_open_device();
	return subject->fd < 0 ? subject->fd : 0;
}

static bool can_pin(void *data)
{
	struct subject *subject = data;
	__u32 nr = 0, id;

	return !noiommu_pin_range(subject->fd, subject->extents, 1, 0, NULL,
				  &nr, &id) &&
	       memory_pinned() == subject->pinned + 1 &&
	       !noiommu_unpin_id(subject->fd, id);
}

static void close_device(void *data)
{
	struct subject *subject = data;

	close(subject->fd);
}

TEST_F_TIMEOUT(memory, open, PATIENCE)
{
	static const struct sweep open = {
		.run = open_device,
		.complete = can_pin,
		.undo = close_device,
	};
	struct subject subject = self->subject;

	EXPECT_TRUE(sweep(&open, &subject));
}

static int ask_info(void *data)
{
	struct subject *subject = data;
	struct noiommu_info info = { .size = sizeof(info) };
	int ret = noiommu_ioctl(subject->fd, NOIOMMU_INFO, &info);

	subject->nr = info.abi;
	return ret;
}

static bool was_told(void *data)
{
	struct subject *subject = data;

	return subject->nr == NOIOMMU_ABI_VERSION;
}

TEST_F_TIMEOUT(memory, info, PATIENCE)
{
	static const struct sweep info = {
		.run = ask_info,
		.complete = was_told,
	};

	EXPECT_TRUE(sweep(&info, &self->subject));
}

/* --- Addresses --------------------------------------------------------------------- */

/* Maps memory that is not present yet. */
static int map_nothing(void *data)
{
	struct subject *subject = data;

	subject->memory = mmap(NULL, subject->pages * PAGE,
			       PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (subject->memory == MAP_FAILED)
		return -errno;
	madvise(subject->memory, subject->pages * PAGE, MADV_NOHUGEPAGE);
	return 0;
}

static int map_pages(void *data)
{
	struct subject *subject = data;

	subject->memory = memory_pages(subject->pages * PAGE);
	return subject->memory == MAP_FAILED ? -errno : 0;
}

static void unmap(void *data)
{
	struct subject *subject = data;

	munmap(subject->memory, subject->pages * PAGE);
}

static int translate(void *data)
{
	struct subject *subject = data;

	subject->nr = subject->pages;
	return noiommu_translate_range(subject->fd, subject->memory,
				       subject->pages * PAGE, subject->flags,
				       subject->extents, &subject->nr);
}

static bool is_translated(void *data)
{
	struct subject *subject = data;

	return extents_are_pagemap(subject->extents, subject->nr,
				   subject->memory, subject->pages * PAGE);
}

static const struct sweep translate_present = {
	.prepare = map_pages,
	.run = translate,
	.complete = is_translated,
	.undo = unmap,
};

static const struct sweep translate_absent = {
	.prepare = map_nothing,
	.run = translate,
	.complete = is_translated,
	.undo = unmap,
};

TEST_F_TIMEOUT(memory, translate, PATIENCE)
{
	EXPECT_TRUE(sweep(&translate_present, &self->subject));
}

TEST_F_TIMEOUT(memory, translate_what_is_not_there, PATIENCE)
{
	EXPECT_TRUE(sweep(&translate_absent, &self->subject));
}

/* Every attempt fails, not only the first. */
TEST_F_TIMEOUT(memory, translate_what_cannot_be_there, PATIENCE)
{
	struct subject *subject = &self->subject;

	ASSERT_EQ(0, map_nothing(subject));
	ASSERT_EQ(0, fault_cache("anon_vma_chain"));
	EXPECT_EQ(-ENOMEM, translate(subject));
	ASSERT_EQ(0, fault_no_cache());
	EXPECT_EQ(0, translate(subject));
	EXPECT_TRUE(is_translated(subject));
}

TEST_F_TIMEOUT(memory, translate_much, PATIENCE)
{
	self->subject.pages = MANY;
	EXPECT_TRUE(sweep(&translate_present, &self->subject));
}

/* --- Pins -------------------------------------------------------------------------- */

static int pin(void *data)
{
	struct subject *subject = data;

	subject->id = 0;
	subject->nr = subject->pages;
	return noiommu_pin_range(subject->fd, subject->memory,
				 subject->pages * PAGE, subject->flags,
				 subject->extents, &subject->nr, &subject->id);
}

static bool is_pinned(void *data)
{
	struct subject *subject = data;

	return subject->id && is_translated(subject) &&
	       memory_pinned() == subject->pinned + subject->pages;
}

static int unpin(void *data)
{
	struct subject *subject = data;

	return noiommu_unpin_id(subject->fd, subject->id);
}

static bool is_unpinned(void *data)
{
	struct subject *subject = data;

	return memory_pinned() == subject->pinned && unpin(data) == -ENOENT;
}

static void unpin_and_unmap(void *data)
{
	unpin(data);
	unmap(data);
}

static int map_and_pin(void *data)
{
	return map_pages(data) ?: pin(data);
}

static const struct sweep pin_present = {
	.prepare = map_pages,
	.run = pin,
	.complete = is_pinned,
	.undo = unpin_and_unmap,
};

static const struct sweep pin_absent = {
	.prepare = map_nothing,
	.run = pin,
	.complete = is_pinned,
	.undo = unpin_and_unmap,
};

TEST_F_TIMEOUT(memory, pin, PATIENCE)
{
	EXPECT_TRUE(sweep(&pin_present, &self->subject));
}

TEST_F_TIMEOUT(memory, pin_for_reading, PATIENCE)
{
	self->subject.flags = 0;
	EXPECT_TRUE(sweep(&pin_present, &self->subject));
}

TEST_F_TIMEOUT(memory, pin_what_is_not_there, PATIENCE)
{
	EXPECT_TRUE(sweep(&pin_absent, &self->subject));
}

TEST_F_TIMEOUT(memory, pin_much, PATIENCE)
{
	self->subject.pages = MANY;
	EXPECT_TRUE(sweep(&pin_present, &self->subject));
}

/* The XArray of pins needs a node for each 64 pins, and retries its allocation. */
TEST_F_TIMEOUT(memory, pin_without_an_id, PATIENCE)
{
	struct subject *subject = &self->subject;
	__u32 nr, id;
	int i;

	for (i = 0; i < 62; i++) {
		nr = 0;
		ASSERT_EQ(0, noiommu_pin_range(subject->fd, &nr, 1, WRITE, NULL,
					       &nr, &id));
	}
	subject->pinned = memory_pinned();
	ASSERT_EQ(0, map_pages(subject));
	ASSERT_EQ(0, fault_cache("radix_tree_node"));
	EXPECT_EQ(-ENOMEM, pin(subject));
	ASSERT_EQ(0, fault_no_cache());
	EXPECT_EQ(subject->pinned, memory_pinned());
	EXPECT_EQ(0, pin(subject));
	EXPECT_TRUE(is_pinned(subject));
}

TEST_F_TIMEOUT(memory, unpin, PATIENCE)
{
	static const struct sweep unpinning = {
		.prepare = map_and_pin,
		.run = unpin,
		.complete = is_unpinned,
		.undo = unmap,
	};

	EXPECT_TRUE(sweep(&unpinning, &self->subject));
}

static int list(void *data)
{
	struct subject *subject = data;
	struct noiommu_pin_info info = {};
	__u32 nr_pins = 1;
	int ret;

	memset(subject->extents, 0, subject->pages * sizeof(*subject->extents));
	subject->nr = subject->pages;
	ret = noiommu_list(subject->fd, &info, &nr_pins, subject->extents,
			   &subject->nr);
	subject->listed = nr_pins == 1 && info.id == subject->id;
	return ret;
}

static bool is_listed(void *data)
{
	struct subject *subject = data;

	return subject->listed && is_pinned(data);
}

TEST_F_TIMEOUT(memory, list_pins, PATIENCE)
{
	static const struct sweep listing = {
		.prepare = map_and_pin,
		.run = list,
		.complete = is_listed,
		.undo = unpin_and_unmap,
	};

	EXPECT_TRUE(sweep(&listing, &self->subject));
}

static int open_and_pin(void *data)
{
	return open_device(data) ?: map_and_pin(data);
}

/* Close cannot fail, so it must not need memory. */
static int close_pinned(void *data)
{
	struct subject *subject = data;

	return close(subject->fd) ? -errno : 0;
}

static bool all_is_unpinned(void *data)
{
	struct subject *subject = data;

	return memory_pinned() == subject->pinned;
}

TEST_F_TIMEOUT(memory, close, PATIENCE)
{
	static const struct sweep closing = {
		.prepare = open_and_pin,
		.run = close_pinned,
		.complete = all_is_unpinned,
		.undo = unmap,
		.cannot_fail = true,
	};
	struct subject subject = self->subject;

	EXPECT_TRUE(sweep(&closing, &subject));
}

TEST_HARNESS_MAIN
