/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pins by several owners of a descriptor. Expectations of tests whose fixture remembers
 * pinned and locked.
 */
#ifndef TESTS_PIN_OWNER_H
#define TESTS_PIN_OWNER_H

#include <unistd.h>

#include "baseline.h"
#include "child.h"
#include "memory.h"
#include "noiommu.h"

#define WRITE NOIOMMU_ACCESS_WRITE
#define PAGES 10

/* Returns the ID, or 0. */
static inline __u32 pin(int fd, const void *va)
{
	__u32 nr = 0, id;

	if (noiommu_pin_range(fd, va, PAGES * PAGE, WRITE, NULL, &nr, &id))
		return 0;
	return id;
}

/* In a child: pins memory of its own on a descriptor of its own. */
static inline int open_and_pin(int channel)
{
	char *memory = memory_pages(PAGES * PAGE);
	int fd = noiommu_open_device();

	if (!child_say(channel, pin(fd, memory)))
		_exit(1);
	return fd;
}

#endif
