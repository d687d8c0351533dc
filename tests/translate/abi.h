/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All ioctls of /dev/noiommu, for tests of their common rules. A refusal leaves no pin, no
 * locked memory, and an unchanged structure.
 */
#ifndef TRANSLATE_ABI_H
#define TRANSLATE_ABI_H

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "abi32.h"
#include "kselftest_harness.h"
#include "memory.h"
#include "noiommu.h"
#include "sysfs.h"

#define NONE SIZE_MAX

/*
 * Each command succeeds unchanged, even with the structure of its first version, or has the
 * same error: there is no function here that a dma-buf could be pinned for.
 */
static const struct command {
	const char *name;
	unsigned long number;
	size_t size;
	size_t first_size;
	__u32 flags;
	size_t reserved;
	bool answers;
	int result;
} commands[] = {
	{ "INFO", NOIOMMU_INFO, sizeof(struct noiommu_info),
	  sizeof(struct noiommu_info), 0, NONE, true },
	{ "TRANSLATE", NOIOMMU_TRANSLATE, sizeof(struct noiommu_translate),
	  offsetof(struct noiommu_translate, limit), NOIOMMU_ACCESS_WRITE,
	  offsetof(struct noiommu_translate, reserved), true },
	{ "PIN", NOIOMMU_PIN, sizeof(struct noiommu_pin),
	  offsetof(struct noiommu_pin, limit), NOIOMMU_ACCESS_WRITE, NONE,
	  true },
	{ "UNPIN", NOIOMMU_UNPIN, sizeof(struct noiommu_unpin),
	  sizeof(struct noiommu_unpin), 0,
	  offsetof(struct noiommu_unpin, reserved), false },
	{ "LIST_PINS", NOIOMMU_LIST_PINS, sizeof(struct noiommu_list_pins),
	  sizeof(struct noiommu_list_pins), 0, NONE, true },
	{ "ALLOC", NOIOMMU_ALLOC, sizeof(struct noiommu_alloc),
	  sizeof(struct noiommu_alloc), 0, NONE, true },
	{ "FREE", NOIOMMU_FREE, sizeof(struct noiommu_free),
	  sizeof(struct noiommu_free), 0,
	  offsetof(struct noiommu_free, reserved), false },
	{ "PIN_DMABUF", NOIOMMU_PIN_DMABUF, sizeof(struct noiommu_pin_dmabuf),
	  sizeof(struct noiommu_pin_dmabuf), NOIOMMU_ACCESS_WRITE,
	  offsetof(struct noiommu_pin_dmabuf, reserved2), false, -ENODEV },
};

#define for_each_command(command) \
	for ((command) = commands; \
	     (command) < commands + ARRAY_SIZE(commands); (command)++)

union argument {
	__u32 size;
	struct noiommu_info info;
	struct noiommu_translate translate;
	struct noiommu_pin pin;
	struct noiommu_unpin unpin;
	struct noiommu_list_pins list_pins;
	struct noiommu_alloc alloc;
	struct noiommu_free free;
	struct noiommu_pin_dmabuf pin_dmabuf;
	unsigned char bytes[2 * PAGE];
};

struct session {
	int fd;
	char *memory;
	union argument argument;
	struct noiommu_extent extents[4];
	struct noiommu_pin_info pins[4];
	__u32 pin;
	int allocated;
};

FIXTURE(abi)
{
	struct session s;
	long pinned;
	long locked;
};

FIXTURE_SETUP(abi)
{
	__u32 nr = 0;

	run("modprobe noiommu");
	self->s.fd = noiommu_open_device();
	ASSERT_LE(0, self->s.fd);
	self->s.memory = memory_pages(2 * PAGE);
	ASSERT_NE(MAP_FAILED, (void *)self->s.memory);
	ASSERT_EQ(0, noiommu_pin_range(self->s.fd, self->s.memory, PAGE, 0, NULL,
				       &nr, &self->s.pin));
	self->s.argument.alloc = noiommu_alloc_anywhere(PAGE);
	self->s.allocated = noiommu_alloc_memory(self->s.fd,
						 &self->s.argument.alloc);
	ASSERT_LE(0, self->s.allocated);
	self->pinned = memory_pinned();
	self->locked = memory_accounted();
}

FIXTURE_TEARDOWN(abi)
{
	close(self->s.allocated);
	close(self->s.fd);
	EXPECT_EQ(self->pinned - 1, memory_pinned());
	EXPECT_EQ(self->locked - 2 * (long)PAGE / 1024, memory_accounted());
}

/* Fills in arguments with which the call succeeds. */
static inline void prepare(struct session *s, const struct command *command)
{
	union argument *argument = &s->argument;

	memset(argument, 0, sizeof(*argument));
	argument->size = command->size;
	if (command->number == NOIOMMU_TRANSLATE) {
		argument->translate.va = (uintptr_t)s->memory;
		argument->translate.length = PAGE;
		argument->translate.extents = (uintptr_t)s->extents;
		argument->translate.nr_extents = 1;
	} else if (command->number == NOIOMMU_PIN) {
		argument->pin.va = (uintptr_t)s->memory;
		argument->pin.length = PAGE;
		argument->pin.extents = (uintptr_t)s->extents;
		argument->pin.nr_extents = 1;
	} else if (command->number == NOIOMMU_UNPIN) {
		argument->unpin.id = s->pin;
	} else if (command->number == NOIOMMU_LIST_PINS) {
		argument->list_pins.pins = (uintptr_t)s->pins;
		argument->list_pins.extents = (uintptr_t)s->extents;
		argument->list_pins.nr_pins = 1;
		argument->list_pins.nr_extents = 1;
	} else if (command->number == NOIOMMU_ALLOC) {
		argument->alloc.length = PAGE;
	} else if (command->number == NOIOMMU_FREE) {
		argument->free.fd = s->allocated;
	} else if (command->number == NOIOMMU_PIN_DMABUF) {
		argument->pin_dmabuf.fd = s->allocated;
	}
}

/* Undoes a success, so that there is one pin again. */
static inline int undo(struct session *s, const struct command *command)
{
	__u32 nr = 0;

	if (command->number == NOIOMMU_PIN)
		return noiommu_unpin_id(s->fd, s->argument.pin.id);
	if (command->number == NOIOMMU_ALLOC)
		return close(s->argument.alloc.fd);
	if (command->number == NOIOMMU_UNPIN)
		return noiommu_pin_range(s->fd, s->memory, PAGE, 0, NULL,
					 &nr, &s->pin);
	return 0;
}

#define EXPECT_NOTHING_LEFT()						\
do {									\
	EXPECT_EQ(self->pinned, memory_pinned());			\
	EXPECT_EQ(self->locked, memory_accounted());			\
} while (0)

#define EXPECT_DONE(command)						\
do {									\
	EXPECT_EQ((command)->result,					\
		  noiommu_ioctl(self->s.fd, (command)->number,		\
				&self->s.argument)) {			\
		TH_LOG("%s", (command)->name);				\
	}								\
	EXPECT_EQ(0, undo(&self->s, command));				\
	EXPECT_NOTHING_LEFT();						\
} while (0)

#define EXPECT_REFUSED_AT(error, command, pointer)			\
do {									\
	EXPECT_EQ(-(error), noiommu_ioctl(self->s.fd, (command)->number,	\
					  (void *)(pointer))) {		\
		TH_LOG("%s", (command)->name);				\
	}								\
	EXPECT_NOTHING_LEFT();						\
} while (0)

#define EXPECT_REFUSED(error, command)					\
do {									\
	union argument __before = self->s.argument;			\
									\
	EXPECT_REFUSED_AT(error, command, &self->s.argument);		\
	EXPECT_EQ(0, memcmp(&__before, &self->s.argument,			\
			    sizeof(__before))) {			\
		TH_LOG("%s changed its structure", (command)->name);	\
	}								\
} while (0)

#endif
