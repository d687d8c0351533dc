/* SPDX-License-Identifier: GPL-2.0-only */
/* Commands for ioctls of /dev/noiommu: sensible, nearly sensible, and blind. */
#ifndef TESTS_TORTURE_COMMANDS_H
#define TESTS_TORTURE_COMMANDS_H

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "arch.h"
#include "arena.h"
#include "memory.h"
#include "noiommu.h"
#include "torture.h"

/* A descriptor with this many pins is replaced. */
#define MAX_PINS 24
#define STILL 64
/* Elements that an array of a call has at most, and those behind it, which stay unchanged. */
#define ROOM 64
#define GUARD 16
#define MAX_ERRNO 134
/* Most bytes of a command. */
#define FRAME (2 * PAGE)

/* Nobody owns a function here, so DMABUF never succeeds. */
enum { INFO, TRANSLATE, PIN, UNPIN, LIST, ALLOC, FREE, DMABUF, UNKNOWN, KINDS };

static const struct kind {
	const char *name;
	unsigned long number;
	size_t size;
	/* Documented in linux/noiommu.h. */
	int errors[8];
} kinds[KINDS] = {
	[INFO] = {
		"INFO", NOIOMMU_INFO, sizeof(struct noiommu_info),
		{ EOPNOTSUPP, EINVAL, E2BIG, EFAULT },
	},
	[TRANSLATE] = {
		"TRANSLATE", NOIOMMU_TRANSLATE, sizeof(struct noiommu_translate),
		{ EOPNOTSUPP, EINVAL, E2BIG, EFAULT, ENOMEM, ERANGE },
	},
	[PIN] = {
		"PIN", NOIOMMU_PIN, sizeof(struct noiommu_pin),
		{ EOPNOTSUPP, EINVAL, E2BIG, EFAULT, ENOMEM, ERANGE, ENOSPC },
	},
	[UNPIN] = {
		"UNPIN", NOIOMMU_UNPIN, sizeof(struct noiommu_unpin),
		{ EOPNOTSUPP, EINVAL, E2BIG, EFAULT, ENOENT },
	},
	[LIST] = {
		"LIST_PINS", NOIOMMU_LIST_PINS, sizeof(struct noiommu_list_pins),
		{ EOPNOTSUPP, EINVAL, E2BIG, EFAULT, ENOSPC },
	},
	[ALLOC] = {
		"ALLOC", NOIOMMU_ALLOC, sizeof(struct noiommu_alloc),
		{ EOPNOTSUPP, EINVAL, E2BIG, EFAULT, ENOMEM, ERANGE },
	},
	[FREE] = {
		"FREE", NOIOMMU_FREE, sizeof(struct noiommu_free),
		{ EOPNOTSUPP, EINVAL, E2BIG, EFAULT, EBADF },
	},
	[DMABUF] = {
		"PIN_DMABUF", NOIOMMU_PIN_DMABUF, sizeof(struct noiommu_pin_dmabuf),
		{ EOPNOTSUPP, EINVAL, E2BIG, EFAULT, EBADF, EACCES, ENODEV },
	},
	[UNKNOWN] = { "unknown", 0, sizeof(struct noiommu_pin), { ENOTTY } },
};

union command {
	__u32 size;
	struct noiommu_info info;
	struct noiommu_translate translate;
	struct noiommu_pin pin;
	struct noiommu_unpin unpin;
	struct noiommu_list_pins list;
	struct noiommu_alloc alloc;
	struct noiommu_free free;
	struct noiommu_pin_dmabuf dmabuf;
	unsigned char bytes[FRAME];
};

/* What one thread passes to the kernel. */
struct caller {
	struct torture *torture;
	struct dice dice;
	/* FRAME bytes, surrounded by pages that nobody may access; and the end of another page. */
	unsigned char *frame;
	unsigned char *edge;
	struct noiommu_extent extents[ROOM + GUARD];
	struct noiommu_pin_info infos[ROOM + GUARD];
	/* Memory of this process for most ranges, and memory that a pin keeps. */
	char *memory;
	size_t length;
	char *still;
	int kind;
	/* Memory of NOIOMMU_ALLOC, and a place to map what the caller itself allocates. */
	int dmabuf;
	char *place;
	/* One ALLOC in this number is called: with sanitizers its search may take seconds. */
	int alloc_one_in;
	/* The command before the call, its bytes, and its place during the call. */
	union command before;
	size_t room;
	union command *command;
};

static inline __u64 strange_value(struct dice *dice)
{
	static const __u64 values[] = {
		0, 1, PAGE - 1, PAGE, 1ULL << 31, 0xffffffff, 1ULL << 32, 1ULL << 46, 1ULL << 63, ~0ULL,
		~0ULL - PAGE + 1, USER_END, USER_END - 1, USER_END - PAGE, NOT_CANONICAL,
		KERNEL_ADDRESS,
	};

	return dice_below(dice, 4) ? dice_choose(dice, values) : dice_throw(dice);
}

static inline __u32 some_flags(struct dice *dice)
{
	return dice_below(dice, 16) ? dice_below(dice, 2) : 1U << dice_below(dice, 32);
}

static inline __u64 some_limit(struct dice *dice)
{
	if (dice_below(dice, 4))
		return 0;
	return dice_below(dice, 4) ? (1ULL << (20 + dice_below(dice, 20))) - 1 :
				     strange_value(dice);
}

static inline void some_range(struct caller *caller, __u64 *va, __u64 *length)
{
	struct dice *dice = &caller->dice;
	bool still = !dice_below(dice, 8);
	size_t room = still ? STILL * PAGE : caller->length, start = dice_below(dice, room);

	*va = (uintptr_t)(still ? caller->still : caller->memory) + start;
	*length = 1 + dice_below(dice, dice_below(dice, 32) ? 40 * PAGE : ARENA_PIECE);
	if (*length > room - start)
		*length = room - start;
	if (!dice_below(dice, 32))
		*va = strange_value(dice);
	if (!dice_below(dice, 32))
		*length = strange_value(dice);
}

/* Chooses an array, or a pointer that the kernel must refuse. */
static inline void some_array(struct caller *caller, void *array, size_t element, __u64 *at, __u32 *nr)
{
	struct dice *dice = &caller->dice;

	*at = (uintptr_t)array;
	*nr = 1 + dice_below(dice, ROOM);
	switch (dice_below(dice, 32)) {
	case 0:
		*at = strange_value(dice);
		break;
	case 1:
		/* The part behind the page cannot be written. */
		*nr = ROOM;
		*at = (uintptr_t)caller->edge - dice_below(dice, ROOM) * element;
		break;
	case 2 ... 4:
		*at = *nr = 0;
		break;
	case 5:
		*nr = 0;
	}
}

static inline __u32 some_size(struct dice *dice, size_t known)
{
	switch (dice_below(dice, 32)) {
	case 0:
		return dice_below(dice, 64);
	case 1:
		return known + dice_below(dice, 64);
	case 2:
		return dice_throw(dice);
	case 3:
		return PAGE + dice_below(dice, 3) - 1;
	default:
		return known;
	}
}

/* Returns 0, a power of two between a page and 2 MiB, or something else. */
static inline __u64 some_power(struct dice *dice)
{
	if (dice_below(dice, 2))
		return 0;
	return dice_below(dice, 16) ? PAGE << dice_below(dice, 10) : strange_value(dice);
}

static inline void some_alloc(struct dice *dice, struct noiommu_alloc *alloc)
{
	alloc->length = dice_below(dice, 16) ? (1 + dice_below(dice, 64)) * PAGE :
					       strange_value(dice);
	alloc->alignment = some_power(dice);
	alloc->boundary = some_power(dice);
	alloc->limit = some_limit(dice);
	alloc->node = dice_below(dice, 4) ? -1 : (int)dice_below(dice, 3);
	alloc->flags = dice_below(dice, 16) ? 0 : 1U << dice_below(dice, 32);
}

/* The members that are no pointers and no sizes of arrays. */
static inline void make_values(struct caller *caller, union command *command)
{
	struct dice *dice = &caller->dice;

	switch (caller->kind) {
	case TRANSLATE:
	case PIN:
		/* The first members of both are at the same places. */
		some_range(caller, &command->pin.va, &command->pin.length);
		command->pin.limit = some_limit(dice);
		command->pin.flags = some_flags(dice);
		break;
	case UNPIN:
		command->unpin.id = dice_below(dice, 16) ? 1 + dice_below(dice, MAX_PINS) :
							   strange_value(dice);
		break;
	case ALLOC:
		some_alloc(dice, &command->alloc);
		break;
	case FREE:
		/* Descriptors of /dev/noiommu, of the console, of memory, and those of nobody. */
		command->free.fd = dice_below(dice, 16) ? dice_below(dice, 64) :
							  strange_value(dice);
		break;
	case DMABUF:
		command->dmabuf.fd = dice_below(dice, 4) ? caller->dmabuf :
							   (int)dice_below(dice, 64);
		command->dmabuf.flags = some_flags(dice);
		command->dmabuf.devfn = dice_below(dice, 64);
		command->dmabuf.limit = some_limit(dice);
		break;
	case UNKNOWN:
		for (int i = 4; i < kinds[UNKNOWN].size; i++)
			command->bytes[i] = dice_throw(dice) >> 8;
	}
	/* Any bit. */
	if (!dice_below(dice, 16))
		command->bytes[dice_below(dice, kinds[caller->kind].size)] ^=
			1 << dice_below(dice, 8);
}

static inline void make_arrays(struct caller *caller, union command *command)
{
	switch (caller->kind) {
	case TRANSLATE:
	case PIN:
		some_array(caller, caller->extents, sizeof(caller->extents[0]),
			   &command->pin.extents, &command->pin.nr_extents);
		break;
	case DMABUF:
		some_array(caller, caller->extents, sizeof(caller->extents[0]),
			   &command->dmabuf.extents, &command->dmabuf.nr_extents);
		break;
	case LIST:
		some_array(caller, caller->infos, sizeof(caller->infos[0]), &command->list.pins,
			   &command->list.nr_pins);
		some_array(caller, caller->extents, sizeof(caller->extents[0]),
			   &command->list.extents, &command->list.nr_extents);
	}
}

/* Chooses the kind, and makes caller->before, of caller->room bytes. */
static inline void make_command(struct caller *caller)
{
	static const int often[] = {
		INFO, TRANSLATE, TRANSLATE, TRANSLATE, TRANSLATE, PIN, PIN, PIN, PIN, PIN, PIN,
		UNPIN, UNPIN, UNPIN, LIST, LIST, LIST, LIST, ALLOC, FREE, DMABUF, UNKNOWN,
	};
	union command *command = &caller->before;
	struct dice *dice = &caller->dice;
	size_t size;

	caller->kind = dice_choose(dice, often);
	if (caller->kind == ALLOC && dice_below(dice, caller->alloc_one_in))
		caller->kind = LIST;
	size = kinds[caller->kind].size;
	/* Seldom longer than the kernel needs, or with a page behind it that it may not read. */
	caller->room = dice_below(dice, 16) ? size + dice_below(dice, 2) * 8 : FRAME;
	memset(command, 0, caller->room);
	command->size = some_size(dice, size);
	make_values(caller, command);
	if (!dice_below(dice, 32))
		command->bytes[caller->room - 1] = 1;
	make_arrays(caller, command);
}

/* Returns the ioctl's number, or one that no ioctl has. */
static inline unsigned long choose_number(struct caller *caller)
{
	unsigned long number = NOIOMMU_INFO + dice_below(&caller->dice, 5);

	if (caller->kind != UNKNOWN)
		return kinds[caller->kind].number;
	if (dice_below(&caller->dice, 2))
		return number ^ 1UL << (3 + dice_below(&caller->dice, 29));
	return NOIOMMU_PIN_DMABUF + 1 +
	       dice_below(&caller->dice, 0xff - _IOC_NR(NOIOMMU_PIN_DMABUF));
}

#endif
