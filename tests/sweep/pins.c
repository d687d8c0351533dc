// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/noiommu while memory runs out, or the caller's memory faults, at any point: pins.
 */
#include "subject.h"

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
