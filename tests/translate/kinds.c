// SPDX-License-Identifier: GPL-2.0-only
/*
 * NOIOMMU_TRANSLATE of every kind of memory that programs use, compared with
 * /proc/self/pagemap page by page.
 */
#include <errno.h>
#include <fcntl.h>
#include <hugetlbfs.h>
#include <linux/memfd.h>
#include <linux/mman.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "mappings.h"
#include "memory.h"
#include "noiommu.h"
#include "sysfs.h"
#include "translation.h"

#define WRITE NOIOMMU_ACCESS_WRITE
#define LENGTH (3 * HUGE_2M)
#define HUGE_1G (1UL << 30)

FIXTURE(kinds)
{
	int fd;
	char *memory;
};

FIXTURE_VARIANT(kinds)
{
	enum mapping mapping;
};

FIXTURE_VARIANT_ADD(kinds, small) { .mapping = MAPPING_SMALL };
FIXTURE_VARIANT_ADD(kinds, thp) { .mapping = MAPPING_THP };
FIXTURE_VARIANT_ADD(kinds, shared) { .mapping = MAPPING_SHARED };
FIXTURE_VARIANT_ADD(kinds, memfd) { .mapping = MAPPING_MEMFD };
FIXTURE_VARIANT_ADD(kinds, private_file) { .mapping = MAPPING_PRIVATE_FILE };
FIXTURE_VARIANT_ADD(kinds, hugetlb) { .mapping = MAPPING_HUGETLB };
FIXTURE_VARIANT_ADD(kinds, hugetlb_shared)
{
	.mapping = MAPPING_HUGETLB_SHARED,
};

FIXTURE_SETUP(kinds)
{
	run("modprobe noiommu");
	self->fd = noiommu_open_device();
	ASSERT_LE(0, self->fd);
	self->memory = mapping_create(variant->mapping, LENGTH, NULL);
	ASSERT_NE(MAP_FAILED, (void *)self->memory);
}

FIXTURE_TEARDOWN(kinds)
{
	close(self->fd);
}

TEST_F(kinds, touched)
{
	mapping_touch(self->memory, LENGTH);
	if (variant->mapping == MAPPING_THP)
		ASSERT_EQ((long)LENGTH / 1024, mapping_thp());
	EXPECT_TRUE(translates(self->fd, self->memory, LENGTH, 0));
	EXPECT_TRUE(translates(self->fd, self->memory, LENGTH, WRITE));
}

TEST_F(kinds, never_touched)
{
	EXPECT_TRUE(translates(self->fd, self->memory, LENGTH, 0));
	/* Pages that are only read are often shared; a write needs another page. */
	EXPECT_TRUE(translates(self->fd, self->memory, LENGTH, WRITE));
	EXPECT_TRUE(translates(self->fd, self->memory, LENGTH, 0));
	EXPECT_EQ(0, self->memory[LENGTH / 2]);
}

TEST_F(kinds, never_touched_to_be_written)
{
	EXPECT_TRUE(translates(self->fd, self->memory, LENGTH, WRITE));
	EXPECT_EQ(0, self->memory[LENGTH / 2]);
}

TEST_F(kinds, touched_here_and_there)
{
	size_t i;

	for (i = 0; i < LENGTH; i += 37 * PAGE)
		mapping_touch(self->memory + i, 5 * PAGE);
	EXPECT_TRUE(translates(self->fd, self->memory, LENGTH, 0));
	EXPECT_TRUE(translates(self->fd, self->memory, LENGTH, WRITE));
}

TEST_F(kinds, some_bytes)
{
	static const struct { size_t at, length; } pieces[] = {
		{ 0, 1 }, { PAGE - 1, 1 }, { PAGE - 1, 2 }, { 8, 2 * PAGE },
		{ 5 * PAGE + 123, 7 * PAGE + 1000 }, { HUGE_2M - 1, 2 },
		{ HUGE_2M - PAGE, PAGE }, { HUGE_2M - 1, HUGE_2M + 2 },
		{ HUGE_2M / 2 + 3, HUGE_2M }, { LENGTH - 1, 1 },
		{ 1, LENGTH - 2 },
	};
	int i;

	mapping_touch(self->memory, LENGTH);
	for (i = 0; i < ARRAY_SIZE(pieces); i++)
		EXPECT_TRUE(translates(self->fd, self->memory + pieces[i].at,
				       pieces[i].length, i % 2 ? WRITE : 0));
}

FIXTURE(more)
{
	int fd;
};

FIXTURE_SETUP(more)
{
	run("modprobe noiommu");
	self->fd = noiommu_open_device();
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(more)
{
	close(self->fd);
}

TEST_F(more, stack_heap_data_and_text)
{
	static char data[3 * PAGE] = "data", bss[3 * PAGE];
	char *heap = malloc(1000);
	int stack = 1;

	ASSERT_NE(NULL, (void *)heap);
	EXPECT_TRUE(translates(self->fd, &stack, sizeof(stack), 0));
	EXPECT_TRUE(translates(self->fd, &stack, sizeof(stack), WRITE));
	EXPECT_TRUE(translates(self->fd, heap, 1000, 0));
	EXPECT_TRUE(translates(self->fd, data, sizeof(data), 0));
	EXPECT_TRUE(translates(self->fd, data, sizeof(data), WRITE));
	EXPECT_TRUE(translates(self->fd, bss, sizeof(bss), WRITE));
	EXPECT_TRUE(translates(self->fd, (void *)translates, 100, 0));
	EXPECT_EQ(0, translate_one(self->fd, (void *)translates, WRITE, NULL));
	free(heap);
}

TEST_F(more, a_huge_page_of_1_gib)
{
	char *memory = mmap(NULL, HUGE_1G, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB |
			    MAP_HUGE_1GB, -1, 0);
	struct noiommu_extent extent;
	__u32 nr = 1;

	ASSERT_NE(MAP_FAILED, (void *)memory);
	ASSERT_EQ(0, noiommu_translate_range(self->fd, memory, HUGE_1G, WRITE,
					     &extent, &nr));
	EXPECT_EQ(1, nr);
	EXPECT_EQ(HUGE_1G, extent.length);
	EXPECT_EQ(memory_phys(memory), extent.phys);
	EXPECT_EQ(memory_phys(memory + HUGE_1G - PAGE),
		  extent.phys + HUGE_1G - PAGE);
	EXPECT_TRUE(translates(self->fd, memory + HUGE_1G / 2 - 5, HUGE_2M, 0));
	EXPECT_TRUE(translates(self->fd, memory + HUGE_1G - PAGE, PAGE, WRITE));
}

TEST_F(more, shared_huge_page_of_1_gib)
{
	int memfd = memfd_create("1G", MFD_HUGETLB | MFD_HUGE_1GB);
	struct noiommu_extent extent;
	char *memory;
	__u32 nr = 1;

	ASSERT_LE(0, memfd);
	ASSERT_EQ(0, ftruncate(memfd, HUGE_1G));
	memory = mmap(NULL, HUGE_1G, PROT_READ | PROT_WRITE, MAP_SHARED, memfd,
		      0);
	ASSERT_NE(MAP_FAILED, (void *)memory);
	/* From 3 MiB on, across the borders of page tables. */
	ASSERT_EQ(0, noiommu_translate_range(self->fd, memory + 3 * HUGE_2M / 2,
					     HUGE_1G / 2, 0, &extent, &nr));
	EXPECT_EQ(1, nr);
	EXPECT_EQ(HUGE_1G / 2, extent.length);
	EXPECT_EQ(memory_phys(memory) + 3 * HUGE_2M / 2, extent.phys);
}

TEST_F(more, memfd_of_huge_pages)
{
	int memfd = memfd_create("2M", MFD_HUGETLB | MFD_HUGE_2MB);
	char *memory, *again;

	ASSERT_LE(0, memfd);
	ASSERT_EQ(0, ftruncate(memfd, LENGTH));
	memory = mmap(NULL, LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED, memfd,
		      0);
	again = mmap(NULL, LENGTH, PROT_READ, MAP_SHARED, memfd, 0);
	ASSERT_NE(MAP_FAILED, (void *)memory);
	ASSERT_NE(MAP_FAILED, (void *)again);
	EXPECT_TRUE(translates(self->fd, memory, LENGTH, WRITE));
	EXPECT_TRUE(translates(self->fd, again, LENGTH, 0));
	EXPECT_EQ(translate_one(self->fd, memory, 0, NULL),
		  translate_one(self->fd, again, 0, NULL));
}

TEST_F(more, hugepage_region_of_libhugetlbfs)
{
	char *memory, *pages;

	/* Make the pool as an administrator would. */
	ASSERT_EQ(0, run("./hugeadm --pool-pages-min 2MB:32"));
	ASSERT_EQ(0, run("./hugeadm --pool-list"));
	memory = get_hugepage_region(LENGTH + 1000, GHR_STRICT);
	ASSERT_NE(NULL, (void *)memory);
	EXPECT_TRUE(translates(self->fd, memory, LENGTH + 1000, 0));
	EXPECT_TRUE(translates(self->fd, memory, LENGTH + 1000, WRITE));
	EXPECT_EQ(0, memory_phys(memory) % HUGE_2M);
	pages = get_huge_pages(LENGTH, GHP_DEFAULT);
	ASSERT_NE(NULL, (void *)pages);
	EXPECT_TRUE(translates(self->fd, pages, LENGTH, WRITE));
	EXPECT_EQ(0, memory_phys(pages) % HUGE_2M);
	free_hugepage_region(memory);
	free_huge_pages(pages);
}

static char *map_file(const char *path, int flags, bool create)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | (create ? O_CREAT : 0), 0600);
	char *memory;

	if (fd < 0)
		return MAP_FAILED;
	if (create && ftruncate(fd, LENGTH)) {
		close(fd);
		return MAP_FAILED;
	}
	memory = mmap(NULL, LENGTH, PROT_READ | PROT_WRITE, flags, fd, 0);
	close(fd);
	return memory;
}

#define EXPECT_FILE_TRANSLATES(path, create)				\
do {									\
	char *__shared = map_file(path, MAP_SHARED, create);		\
	char *__private = map_file(path, MAP_PRIVATE, create);		\
	__u64 __phys;							\
									\
	ASSERT_NE(MAP_FAILED, (void *)__shared);			\
	ASSERT_NE(MAP_FAILED, (void *)__private);			\
	EXPECT_TRUE(translates(self->fd, __shared, LENGTH, 0));		\
	EXPECT_TRUE(translates(self->fd, __shared, LENGTH, WRITE));	\
	EXPECT_TRUE(translates(self->fd, __private, LENGTH, 0));	\
	__phys = translate_one(self->fd, __shared, 0, NULL);		\
	EXPECT_EQ(__phys, translate_one(self->fd, __private, 0, NULL));	\
	EXPECT_TRUE(translates(self->fd, __private, LENGTH, WRITE));	\
	EXPECT_EQ(__phys, translate_one(self->fd, __shared, 0, NULL));	\
	EXPECT_NE(__phys, translate_one(self->fd, __private, 0, NULL));	\
	EXPECT_TRUE(translates(self->fd, __private, LENGTH, 0));	\
} while (0)

TEST_F(more, file_of_tmpfs)
{
	EXPECT_FILE_TRANSLATES("/dev/shm/translated", true);
}

TEST_F(more, file_of_ramfs)
{
	ASSERT_EQ(0, run("mkdir -p /mnt/ramfs && mount -t ramfs none /mnt/ramfs"));
	EXPECT_FILE_TRANSLATES("/mnt/ramfs/translated", true);
}

/* Its pages are in the page cache and track dirtying. */
TEST_F(more, file_of_a_block_device)
{
	ASSERT_EQ(0, run("modprobe brd rd_nr=1 rd_size=16384"));
	ASSERT_TRUE(wait_until(!access("/dev/ram0", F_OK)));
	EXPECT_FILE_TRANSLATES("/dev/ram0", false);
}

TEST_F(more, beyond_the_end_of_a_file)
{
	int memfd = memfd_create("short", MFD_CLOEXEC);
	struct translation translation;
	char *memory;

	ASSERT_LE(0, memfd);
	ASSERT_EQ(0, ftruncate(memfd, PAGE + 1));
	memory = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, memfd,
		      0);
	ASSERT_NE(MAP_FAILED, (void *)memory);
	ASSERT_TRUE(translation_get(&translation, self->fd, memory, 4 * PAGE, 0,
				    0));
	EXPECT_EQ(-EFAULT, translation.error);
	EXPECT_EQ(2 * PAGE, translation.done);
	EXPECT_TRUE(translation_is_pagemap(&translation));
	translation_free(&translation);
}

TEST_HARNESS_MAIN
