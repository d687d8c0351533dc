// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "extents.h"
#include "memory.h"
#include "noiommu.h"
#include "translation.h"

/* Marks memory that the kernel must not write. */
#define CANARY 0x5a5a5a5a5a5a5a5aULL

static size_t sum(const struct noiommu_extent *extents, __u32 nr)
{
	size_t length = 0;

	while (nr--)
		length += extents++->length;
	return length;
}

/* Does the rest of the range agree with the extents so far? */
static bool is_consistent(const struct translation *translation,
			  const struct noiommu_translate *call, __u32 room,
			  size_t before)
{
	const struct noiommu_extent *new = translation->extents +
					   translation->nr;
	size_t got = call->va - (uintptr_t)translation->va - before;

	if (call->nr_extents <= room &&
	    call->va + call->length ==
	    (uintptr_t)translation->va + translation->length &&
	    sum(new, call->nr_extents) == got &&
	    new[room].phys == CANARY &&
	    (translation->error || call->nr_extents == room || !call->length))
		return true;
	printf("# %u of %u extents, %#llx and %#llx bytes left of %p and %#zx, error %d\n",
	       call->nr_extents, room, call->va, call->length, translation->va,
	       translation->length, translation->error);
	return false;
}

static bool go_on(struct translation *translation, int fd, __u32 flags,
		  __u32 room)
{
	struct noiommu_translate call = {
		.size = sizeof(call),
		.flags = flags,
		.va = (uintptr_t)translation->va + translation->done,
		.length = translation->length - translation->done,
		.extents = (uintptr_t)(translation->extents + translation->nr),
		.nr_extents = room,
	};
	size_t before = translation->done;

	translation->extents[translation->nr + room].phys = CANARY;
	translation->error = noiommu_ioctl(fd, NOIOMMU_TRANSLATE, &call);
	translation->calls++;
	if (!is_consistent(translation, &call, room, before))
		return false;
	translation->nr += call.nr_extents;
	translation->done = translation->length - call.length;
	return true;
}

bool translation_get(struct translation *translation, int fd, const void *va,
		     size_t length, __u32 flags, __u32 room)
{
	size_t most = length / PAGE + 2;

	if (!room)
		room = most;
	*translation = (struct translation){ .va = va, .length = length };
	/* One extent behind each call's array, which the kernel must not write. */
	translation->extents = calloc(most + room + 1,
				      sizeof(*translation->extents));
	if (!translation->extents)
		return false;
	do {
		if (translation->nr > most ||
		    !go_on(translation, fd, flags, room))
			return false;
	} while (!translation->error && translation->done < length);
	return true;
}

void translation_free(struct translation *translation)
{
	free(translation->extents);
	translation->extents = NULL;
}

bool translation_same(const struct translation *one,
		      const struct translation *other)
{
	return one->done == other->done && one->error == other->error &&
	       one->nr == other->nr &&
	       !memcmp(one->extents, other->extents,
		       one->nr * sizeof(*one->extents));
}

bool translation_is_pagemap(const struct translation *translation)
{
	if (!translation->done)
		return !translation->nr;
	return extents_are_pagemap(translation->extents, translation->nr,
				   translation->va, translation->done);
}

bool translates(int fd, const void *va, size_t length, __u32 flags)
{
	struct translation translation;
	bool good;

	good = translation_get(&translation, fd, va, length, flags, 0) &&
	       !translation.error && translation.calls == 1 &&
	       translation_is_pagemap(&translation);
	if (!good)
		printf("# %p, %#zx bytes: error %d after %#zx\n", va, length,
		       translation.error, translation.done);
	translation_free(&translation);
	return good;
}

__u64 translate_one(int fd, const void *va, __u32 flags, __u32 *extent_flags)
{
	struct noiommu_extent extent = { 0 };
	__u32 nr = 1;

	if (noiommu_translate_range(fd, va, 1, flags, &extent, &nr))
		return 0;
	if (extent_flags)
		*extent_flags = extent.flags;
	return extent.phys;
}
