// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that is mapped but cannot be translated or pinned: both calls fail with the same
 * errno, which tells the reason. Also, what a pin for reading does not change.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "baseline.h"
#include "kselftest_harness.h"
#include "mappings.h"
#include "memory.h"
#include "noiommu.h"
#include "pinned.h"
#include "sysfs.h"

#define WRITE NOIOMMU_ACCESS_WRITE
#define HUGE_PAGES 4

FIXTURE(reasons)
{
	int fd;
	long pinned;
	long locked;
};

FIXTURE_SETUP(reasons)
{
	OPEN_NOIOMMU();
	REMEMBER_PINS();
}

FIXTURE_TEARDOWN(reasons)
{
	CLOSE_NOIOMMU();
}

static int translate(int fd, const void *va, size_t length, __u32 flags)
{
	struct noiommu_extent extents[64];
	__u32 nr = ARRAY_SIZE(extents);

	return noiommu_translate_range(fd, va, length, flags, extents, &nr);
}

#define EXPECT_NEITHER(error, va, length, flags)			\
do {									\
	EXPECT_EQ(-(error), translate(self->fd, va, length, flags));	\
	EXPECT_REFUSED(error, va, length, flags);			\
} while (0)

TEST_F(reasons, secret)
{
	int secret = syscall(SYS_memfd_secret, 0);
	char *memory, *plain = memory_pages(PAGE);

	ASSERT_LE(0, secret);
	ASSERT_EQ(0, ftruncate(secret, 2 * PAGE));
	memory = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
		      secret, 0);
	ASSERT_NE(MAP_FAILED, (void *)memory);
	EXPECT_NEITHER(EOPNOTSUPP, memory, PAGE, 0);
	memory[0] = 1;
	memory[PAGE] = 1;
	EXPECT_NEITHER(EOPNOTSUPP, memory, PAGE, 0);
	EXPECT_NEITHER(EOPNOTSUPP, memory, PAGE, WRITE);
	EXPECT_NEITHER(EOPNOTSUPP, memory + PAGE - 1, 2, WRITE);
	/* The mlock flag of the pages may be late, or gone: TRANSLATE must not rely on it. */
	munlock(memory, 2 * PAGE);
	EXPECT_NEITHER(EOPNOTSUPP, memory, 2 * PAGE, 0);
	EXPECT_EQ(0, translate(self->fd, plain, PAGE, 0));
}

TEST_F(reasons, no_huge_page_left)
{
	char *memory, all[16];

	ASSERT_EQ(0, file_read("/proc/sys/vm/nr_hugepages", all, sizeof(all)));
	ASSERT_EQ(0, file_write("/proc/sys/vm/nr_hugepages", "4"));
	memory = mmap(NULL, 2 * HUGE_PAGES * HUGE_2M, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_NORESERVE,
		      -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)memory);
	EXPECT_NEITHER(ENOMEM, memory, 2 * HUGE_PAGES * HUGE_2M, WRITE);
	EXPECT_NEITHER(ENOMEM, memory, 2 * HUGE_PAGES * HUGE_2M, 0);
	/* That is the only reason: existing pages can be translated. */
	EXPECT_EQ(0, translate(self->fd, memory, HUGE_PAGES * HUGE_2M, WRITE));
	munmap(memory, 2 * HUGE_PAGES * HUGE_2M);
	ASSERT_EQ(0, file_write("/proc/sys/vm/nr_hugepages", all));
}

TEST_F(reasons, end_of_a_huge_file)
{
	int memfd = memfd_create("2M", MFD_HUGETLB | MFD_HUGE_2MB);
	char *memory;

	ASSERT_LE(0, memfd);
	memory = mmap(NULL, 2 * HUGE_2M, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_NORESERVE, memfd, 0);
	ASSERT_NE(MAP_FAILED, (void *)memory);
	/* Mapping the file has extended it. */
	ASSERT_EQ(0, ftruncate(memfd, HUGE_2M));
	EXPECT_NEITHER(EFAULT, memory, 2 * HUGE_2M, 0);
	ASSERT_EQ(0, mprotect(memory, HUGE_2M, PROT_READ));
	EXPECT_NEITHER(EFAULT, memory, HUGE_2M, WRITE);
}

static void take_bus_error(int signal)
{
	(void)signal;
}

TEST_F(reasons, broken_page)
{
	char *memory = memory_pages(3 * PAGE);

	ASSERT_NE(MAP_FAILED, memory);
	/* Some kernels report it by SIGBUS, which kills a process that ignores it. */
	signal(SIGBUS, take_bus_error);
	ASSERT_EQ(0, madvise(memory + PAGE, PAGE, MADV_HWPOISON));
	EXPECT_NEITHER(EHWPOISON, memory, 3 * PAGE, 0);
	EXPECT_NEITHER(EHWPOISON, memory + PAGE, 1, WRITE);
	EXPECT_EQ(0, translate(self->fd, memory, PAGE, WRITE));
}

/* Returns the number of pages written since; 0 if the kernel does not track writes. */
static int soft_dirty(const char *memory, int pages)
{
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC), dirty = 0;
	__u64 entry;

	while (pages--) {
		if (pread(fd, &entry, sizeof(entry),
			  ((unsigned long)memory / PAGE + pages) *
			  sizeof(entry)) == sizeof(entry))
			dirty += entry >> 55 & 1;
	}
	close(fd);
	return dirty;
}

TEST_F(reasons, reading_dirties_no_file)
{
	char *memory = mapping_create(MAPPING_MEMFD, 256 * PAGE, NULL);
	__u32 id;

	ASSERT_NE(MAP_FAILED, memory);
	mapping_touch(memory, 256 * PAGE);
	ASSERT_EQ(0, file_write("/proc/self/clear_refs", "4"));
	ASSERT_EQ(0, pin(self->fd, memory, 256 * PAGE, 0, &id));
	EXPECT_EQ(0, soft_dirty(memory, 256));
	EXPECT_EQ(0, translate(self->fd, memory, PAGE, 0));
	EXPECT_EQ(0, soft_dirty(memory, 256));
}

TEST_HARNESS_MAIN
