/* SPDX-License-Identifier: GPL-2.0-only */
/* /dev/noiommu and the memory that its ioctls work with. */
#ifndef SWEEP_SUBJECT_H
#define SWEEP_SUBJECT_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "extents.h"
#include "fault.h"
#include "kselftest_harness.h"
#include "memory.h"
#include "noiommu.h"
#include "sweep.h"
#include "sysfs.h"

#define WRITE NOIOMMU_ACCESS_WRITE
#define FEW 4
/* More pages than a page table maps, and more references than one allocation holds. */
#define MANY 1100

static __attribute__((constructor)) void required(void)
{
	fault_required();
}

/* The memory and descriptors of an operation. */
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

static inline int open_device(void *data)
{
	struct subject *subject = data;

	subject->fd = noiommu_open_device();
	return subject->fd < 0 ? subject->fd : 0;
}

/* Maps memory that is not present yet. */
static inline int map_nothing(void *data)
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

static inline int map_pages(void *data)
{
	struct subject *subject = data;

	subject->memory = memory_pages(subject->pages * PAGE);
	return subject->memory == MAP_FAILED ? -errno : 0;
}

static inline void unmap(void *data)
{
	struct subject *subject = data;

	munmap(subject->memory, subject->pages * PAGE);
}

static inline bool is_translated(void *data)
{
	struct subject *subject = data;

	return extents_are_pagemap(subject->extents, subject->nr,
				   subject->memory, subject->pages * PAGE);
}

#endif
