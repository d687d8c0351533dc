// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/noiommu while memory runs out, or the caller's memory faults, at any point: opening it,
 * NOIOMMU_INFO and NOIOMMU_TRANSLATE.
 */
#include "subject.h"

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

static int translate(void *data)
{
	struct subject *subject = data;

	subject->nr = subject->pages;
	return noiommu_translate_range(subject->fd, subject->memory,
				       subject->pages * PAGE, subject->flags,
				       subject->extents, &subject->nr);
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

TEST_HARNESS_MAIN
