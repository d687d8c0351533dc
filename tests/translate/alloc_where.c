// SPDX-License-Identifier: GPL-2.0-only
/*
 * NOIOMMU_ALLOC: which memory it finds. Guest: two NUMA nodes.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "allocated.h"
#include "kselftest_harness.h"

#define KIB 1024UL
#define MIB (1UL << 20)

FIXTURE(alloc_where)
{
	int fd;
	long pinned;
	long locked;
};

FIXTURE_SETUP(alloc_where)
{
	OPEN_NOIOMMU();
	REMEMBER_PINS();
}

FIXTURE_TEARDOWN(alloc_where)
{
	EXPECT_ALLOCATED(0);
	CLOSE_NOIOMMU();
}

/* Allocates, checks all that the request asks for, and frees. Returns 0, -errno, or 1. */
static int try(int fd, const struct noiommu_alloc *request)
{
	struct noiommu_alloc alloc = *request;
	__u64 last, alignment = request->alignment ?: PAGE;
	int memory = noiommu_alloc_memory(fd, &alloc);
	bool good;
	char *va;

	if (memory < 0)
		return memory;
	va = map_memory(memory, alloc.length);
	last = alloc.phys + alloc.length - 1;
	good = va != MAP_FAILED &&
	       is_contiguous(fd, va, alloc.length, alloc.phys) &&
	       is_zero(va, alloc.length) && alloc.phys % alignment == 0 &&
	       (!alloc.limit || last <= alloc.limit) &&
	       (!alloc.boundary ||
		alloc.phys / alloc.boundary == last / alloc.boundary);
	if (!good)
		printf("# %llx bytes at %llx\n", alloc.length, alloc.phys);
	/* The next user must not see this. */
	memset(va, 0x5a, alloc.length);
	munmap(va, alloc.length);
	close(memory);
	return !good;
}

static const size_t lengths[] = {
	PAGE, 3 * PAGE, 64 * KIB, 260 * KIB, 2 * MIB, 2 * MIB + PAGE, 5 * MIB,
	16 * MIB, 48 * MIB, 256 * MIB,
};

TEST_F(alloc_where, any_length)
{
	struct noiommu_alloc alloc;
	int i;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		alloc = noiommu_alloc_anywhere(lengths[i]);
		EXPECT_EQ(0, try(self->fd, &alloc)) {
			TH_LOG("length %zx", lengths[i]);
		}
	}
}

TEST_F(alloc_where, below_a_limit)
{
	static const struct {
		unsigned int bits;
		size_t length;
	} cases[] = {
		{ 24, PAGE }, { 24, 64 * KIB }, { 24, 3 * PAGE },
		{ 26, MIB }, { 28, PAGE }, { 28, 2 * MIB }, { 28, 6 * MIB },
		{ 32, PAGE }, { 32, 64 * MIB }, { 40, 64 * MIB },
		{ 63, PAGE },
	};
	struct noiommu_alloc alloc;
	int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		alloc = noiommu_alloc_anywhere(cases[i].length);
		alloc.limit = (1ULL << cases[i].bits) - 1;
		EXPECT_EQ(0, try(self->fd, &alloc)) {
			TH_LOG("%zx below %u bits", cases[i].length,
			       cases[i].bits);
		}
	}
}

/* A limit in the middle of a page excludes that page. */
TEST_F(alloc_where, below_an_odd_limit)
{
	struct noiommu_alloc alloc = noiommu_alloc_anywhere(PAGE);
	__u64 limit;

	for (limit = 0x8000000; limit < 0x8000000 + 3 * PAGE; limit += 0x700) {
		alloc.limit = limit;
		EXPECT_EQ(0, try(self->fd, &alloc));
	}
}

TEST_F(alloc_where, aligned)
{
	struct noiommu_alloc alloc;
	__u64 alignment;

	for (alignment = PAGE; alignment <= 64 * MIB; alignment *= 4) {
		alloc = noiommu_alloc_anywhere(3 * PAGE);
		alloc.alignment = alignment;
		EXPECT_EQ(0, try(self->fd, &alloc)) {
			TH_LOG("aligned to %llx", alignment);
		}
	}
}

TEST_F(alloc_where, within_a_boundary)
{
	struct noiommu_alloc alloc;
	int i;

	for (i = 0; i < ARRAY_SIZE(lengths) - 1; i++) {
		alloc = noiommu_alloc_anywhere(lengths[i]);
		for (alloc.boundary = PAGE; alloc.boundary < lengths[i];
		     alloc.boundary *= 2)
			;
		EXPECT_EQ(0, try(self->fd, &alloc));
		alloc.alignment = 8 * PAGE;
		alloc.limit = (1ULL << 32) - 1;
		EXPECT_EQ(0, try(self->fd, &alloc));
	}
}

/* Which node has this page? move_pages() without nodes returns it. */
static int node_of(void *va)
{
	int status = -1;

	syscall(SYS_move_pages, 0, 1, &va, NULL, &status, 0);
	return status;
}

TEST_F(alloc_where, on_a_node)
{
	static const size_t sizes[] = { PAGE, MIB, 40 * MIB };
	struct noiommu_alloc alloc;
	int node, i, memory;
	char *va;

	for (node = 0; node < 2; node++) {
		for (i = 0; i < ARRAY_SIZE(sizes); i++) {
			alloc = noiommu_alloc_anywhere(sizes[i]);
			alloc.node = node;
			memory = noiommu_alloc_memory(self->fd, &alloc);
			ASSERT_LE(0, memory);
			va = map_memory(memory, sizes[i]);
			ASSERT_NE(MAP_FAILED, va);
			EXPECT_EQ(node, node_of(va));
			EXPECT_EQ(node, node_of(va + sizes[i] - PAGE));
			munmap(va, sizes[i]);
			close(memory);
		}
	}
}

/* More than the nearest node has left comes from the other one. */
TEST_F(alloc_where, on_another_node_if_necessary)
{
	struct noiommu_alloc alloc = noiommu_alloc_anywhere(32 * MIB);
	bool seen[2] = { false, false };
	int memory[24], i, node;
	char *va;

	for (i = 0; i < ARRAY_SIZE(memory) && !(seen[0] && seen[1]); i++) {
		memory[i] = noiommu_alloc_memory(self->fd, &alloc);
		ASSERT_LE(0, memory[i]);
		va = map_memory(memory[i], alloc.length);
		ASSERT_NE(MAP_FAILED, va);
		node = node_of(va);
		ASSERT_EQ(node, node & 1);
		seen[node] = true;
		munmap(va, alloc.length);
	}
	EXPECT_TRUE(seen[0] && seen[1]);
	while (i--)
		close(memory[i]);
}

/* Requests that are not possible; a length of 0 stands for a page. */
static const struct {
	int error;
	struct noiommu_alloc alloc;
} refusals[] = {
	{ EINVAL, { .length = PAGE + 1 } },
	{ EINVAL, { .length = -PAGE } },
	{ EINVAL, { .alignment = 3 * PAGE } },
	{ EINVAL, { .alignment = PAGE / 2 } },
	{ EINVAL, { .alignment = 1ULL << 63 } },
	{ EINVAL, { .boundary = 3 * PAGE } },
	{ EINVAL, { .boundary = PAGE / 2 } },
	{ EINVAL, { .length = 4 * PAGE, .boundary = 2 * PAGE } },
	{ EINVAL, { .node = -2 } },
	{ EINVAL, { .node = 2 } },
	{ EINVAL, { .node = 0x7fffffff } },
	{ ERANGE, { .limit = PAGE - 2 } },
	{ ERANGE, { .length = 1UL << 32, .limit = (1UL << 32) - 2 } },
	{ ENOMEM, { .length = 1UL << 40 } },
	{ ENOMEM, { .length = 1UL << 62 } },
	{ ENOMEM, { .alignment = 1UL << 62 } },
	{ ENOMEM, { .limit = PAGE - 1 } },
};

TEST_F(alloc_where, refused)
{
	struct noiommu_alloc alloc, before;
	int i;

	for (i = 0; i < ARRAY_SIZE(refusals); i++) {
		alloc = refusals[i].alloc;
		alloc.size = sizeof(alloc);
		alloc.length = alloc.length ?: PAGE;
		before = alloc;
		EXPECT_EQ(-refusals[i].error,
			  noiommu_ioctl(self->fd, NOIOMMU_ALLOC, &alloc)) {
			TH_LOG("refusal %d", i);
		}
		EXPECT_EQ(0, memcmp(&before, &alloc, sizeof(alloc)));
		EXPECT_ALLOCATED(0);
		EXPECT_NO_PINS();
	}
	alloc = noiommu_alloc_anywhere(0);
	EXPECT_EQ(-EINVAL, noiommu_alloc_memory(self->fd, &alloc));
}

/* Memory of others moves away, and keeps its content. */
TEST_F(alloc_where, among_used_memory)
{
	size_t used = 400 * MIB, at;
	struct noiommu_alloc alloc = noiommu_alloc_anywhere(24 * MIB);
	char *memory = mmap(NULL, used, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_EQ(0, madvise(memory, used, MADV_NOHUGEPAGE));
	for (at = 0; at < used; at += PAGE)
		*(size_t *)(memory + at) = at;
	/* Only every second page stays. */
	for (at = 0; at < used; at += 2 * PAGE)
		madvise(memory + at, PAGE, MADV_DONTNEED);
	EXPECT_EQ(0, try(self->fd, &alloc));
	alloc = noiommu_alloc_anywhere(24 * MIB);
	alloc.limit = (1ULL << 29) - 1;
	EXPECT_EQ(0, try(self->fd, &alloc));
	for (at = PAGE; at < used; at += 2 * PAGE)
		ASSERT_EQ(at, *(size_t *)(memory + at));
}

TEST_HARNESS_MAIN
