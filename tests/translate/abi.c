// SPDX-License-Identifier: GPL-2.0-only
/*
 * The contract of all ioctls of /dev/noiommu: structures of any size; wrong flags, pointers
 * and ranges. A refusal leaves nothing behind: no pin, no locked memory, and an unchanged
 * structure.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "abi32.h"
#include "kselftest_harness.h"
#include "memory.h"
#include "noiommu.h"
#include "sysfs.h"

#define KERNEL_ADDRESS 0xffff888000000000ULL
#define NOT_CANONICAL 0x0000900000000000ULL
#define USER_END 0x00007ffffffff000ULL
#define NONE SIZE_MAX

/* Each command succeeds unchanged, even with the structure of its first version. */
static const struct command {
	const char *name;
	unsigned long number;
	size_t size;
	size_t first_size;
	__u32 flags;
	size_t reserved;
	bool answers;
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
	unsigned char bytes[2 * PAGE];
};

struct session {
	int fd;
	char *memory;
	union argument argument;
	struct noiommu_extent extents[4];
	struct noiommu_pin_info pins[4];
	__u32 pin;
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
	self->pinned = memory_pinned();
	self->locked = memory_accounted();
}

FIXTURE_TEARDOWN(abi)
{
	close(self->s.fd);
	EXPECT_EQ(self->pinned - 1, memory_pinned());
	EXPECT_EQ(self->locked - (long)PAGE / 1024, memory_accounted());
}

/* Fills in arguments with which the call succeeds. */
static void prepare(struct session *s, const struct command *command)
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
	}
}

/* Undoes a success, so that there is one pin again. */
static int undo(struct session *s, const struct command *command)
{
	__u32 nr = 0;

	if (command->number == NOIOMMU_PIN)
		return noiommu_unpin_id(s->fd, s->argument.pin.id);
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
	EXPECT_EQ(0, noiommu_ioctl(self->s.fd, (command)->number,		\
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

TEST_F(abi, too_short)
{
	const struct command *command;
	__u32 size;

	for_each_command(command) {
		for (size = 0; size < command->first_size; size++) {
			prepare(&self->s, command);
			self->s.argument.size = size;
			EXPECT_REFUSED(EINVAL, command);
		}
	}
}

TEST_F(abi, exact_size)
{
	const struct command *command;

	for_each_command(command) {
		prepare(&self->s, command);
		EXPECT_DONE(command);
	}
}

TEST_F(abi, first_version)
{
	const struct command *command;

	for_each_command(command) {
		prepare(&self->s, command);
		self->s.argument.size = command->first_size;
		EXPECT_DONE(command);
	}
}

static const size_t tails[] = { 1, 4, 8, 100, 1000 };

TEST_F(abi, longer_with_zeros)
{
	const struct command *command;
	int i;

	for_each_command(command) {
		for (i = 0; i < ARRAY_SIZE(tails); i++) {
			prepare(&self->s, command);
			self->s.argument.size += tails[i];
			/* Bytes beyond the passed size may have any value. */
			self->s.argument.bytes[self->s.argument.size] = 0xa5;
			EXPECT_DONE(command);
		}
	}
}

TEST_F(abi, longer_with_garbage)
{
	const struct command *command;
	int i;

	for_each_command(command) {
		for (i = 0; i < ARRAY_SIZE(tails); i++) {
			prepare(&self->s, command);
			self->s.argument.size += tails[i];
			self->s.argument.bytes[self->s.argument.size - 1] = 1;
			EXPECT_REFUSED(E2BIG, command);
		}
	}
}

/* No structure is longer than a page, and the kernel does not read further to check. */
TEST_F(abi, longer_than_a_page)
{
	const struct command *command;

	for_each_command(command) {
		prepare(&self->s, command);
		self->s.argument.size = PAGE;
		EXPECT_DONE(command);
		prepare(&self->s, command);
		self->s.argument.size = PAGE + 1;
		EXPECT_REFUSED(E2BIG, command);
		self->s.argument.size = UINT32_MAX;
		EXPECT_REFUSED(E2BIG, command);
	}
}

TEST_F(abi, longer_than_what_is_mapped)
{
	const struct command *command;
	char *page;

	page = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)page);
	ASSERT_EQ(0, munmap(page + PAGE, PAGE));
	for_each_command(command) {
		union argument *argument = (void *)(page + PAGE - command->size);

		prepare(&self->s, command);
		memcpy(argument, &self->s.argument, command->size);
		argument->size = PAGE;
		EXPECT_REFUSED_AT(EFAULT, command, argument);
	}
}

TEST_F(abi, unknown_flags)
{
	const struct command *command;
	int bit;

	for_each_command(command) {
		for (bit = 0; bit < 32; bit++) {
			if (command->flags & 1U << bit)
				continue;
			prepare(&self->s, command);
			/* The flags are at the same offset in all structures. */
			self->s.argument.info.flags = 1U << bit;
			EXPECT_REFUSED(EOPNOTSUPP, command);
		}
	}
}

TEST_F(abi, reserved_members)
{
	const struct command *command;

	for_each_command(command) {
		if (command->reserved == NONE)
			continue;
		prepare(&self->s, command);
		self->s.argument.bytes[command->reserved + 3] = 0x80;
		EXPECT_REFUSED(EINVAL, command);
	}
}

/* The ID is an output: the kernel ignores it on input. */
TEST_F(abi, pin_with_a_structure_that_was_used_before)
{
	const struct command *pin = &commands[2];

	prepare(&self->s, pin);
	EXPECT_DONE(pin);
	EXPECT_DONE(pin);
	self->s.argument.pin.id = UINT32_MAX;
	EXPECT_DONE(pin);
}

TEST_F(abi, unknown_numbers)
{
	struct command unknown = { .name = "an unknown number" };
	const struct command *command;
	unsigned int nr;

	for (nr = ARRAY_SIZE(commands); nr < 256; nr++) {
		prepare(&self->s, &commands[0]);
		unknown.number = _IO(NOIOMMU_TYPE, nr);
		EXPECT_REFUSED(ENOTTY, &unknown);
	}
	for_each_command(command) {
		nr = _IOC_NR(command->number);
		prepare(&self->s, command);
		unknown.number = _IO(NOIOMMU_TYPE + 1, nr);
		EXPECT_REFUSED(ENOTTY, &unknown);
		unknown.number = _IO(0xff, nr);
		EXPECT_REFUSED(ENOTTY, &unknown);
		unknown.number = _IOC(_IOC_READ | _IOC_WRITE, NOIOMMU_TYPE, nr,
				      command->size);
		EXPECT_REFUSED(ENOTTY, &unknown);
	}
}

/* Places the structure so that its last bytes are on the next page. */
static void *straddling(struct session *s, const struct command *command,
			size_t bytes)
{
	char *pages = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *at = pages + PAGE - command->size + bytes;

	if (pages == MAP_FAILED)
		return MAP_FAILED;
	memcpy(at, &s->argument, command->size);
	return at;
}

TEST_F(abi, pointer_to_nothing)
{
	static const uintptr_t nowhere[] = {
		0, 1, 4096, NOT_CANONICAL, USER_END, KERNEL_ADDRESS, -4096UL,
		-1UL,
	};
	const struct command *command;
	int i;

	for_each_command(command) {
		for (i = 0; i < ARRAY_SIZE(nowhere); i++)
			EXPECT_REFUSED_AT(EFAULT, command, nowhere[i]);
	}
}

TEST_F(abi, pointer_into_an_unmapped_page)
{
	const struct command *command;
	size_t bytes;
	char *at;

	for_each_command(command) {
		for (bytes = 4; bytes <= command->size; bytes += 4) {
			prepare(&self->s, command);
			at = straddling(&self->s, command, bytes);
			ASSERT_NE(MAP_FAILED, (void *)at);
			ASSERT_EQ(0, munmap(at + command->size - bytes, PAGE));
			EXPECT_REFUSED_AT(EFAULT, command, at);
			EXPECT_EQ(0, memcmp(at, &self->s.argument,
					    command->size - bytes));
		}
	}
}

TEST_F(abi, pointer_to_read_only_memory)
{
	const struct command *command;
	char *at;

	for_each_command(command) {
		prepare(&self->s, command);
		at = straddling(&self->s, command, 0);
		ASSERT_NE(MAP_FAILED, (void *)at);
		ASSERT_EQ(0, mprotect(at + command->size - PAGE, PAGE,
				      PROT_READ));
		if (command->answers) {
			EXPECT_REFUSED_AT(EFAULT, command, at);
			EXPECT_EQ(0, memcmp(at, &self->s.argument,
					    command->size));
			continue;
		}
		EXPECT_EQ(0, noiommu_ioctl(self->s.fd, command->number, at));
		EXPECT_EQ(0, undo(&self->s, command));
	}
}

/* An attempt to release a reserved ID does not make it available. */
TEST_F(abi, ids_that_are_never_given_out)
{
	__u32 nr = 0, ids[4];
	int i;

	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		EXPECT_EQ(-ENOENT, noiommu_unpin_id(self->s.fd, 0));
		EXPECT_EQ(-ENOENT, noiommu_unpin_id(self->s.fd, UINT32_MAX));
		ASSERT_EQ(0, noiommu_pin_range(self->s.fd, self->s.memory,
					       PAGE, 0, NULL, &nr, &ids[i]));
		EXPECT_NE(0, ids[i]);
		nr = 0;
	}
	while (i--) {
		EXPECT_EQ(0, noiommu_unpin_id(self->s.fd, ids[i]));
		EXPECT_EQ(-ENOENT, noiommu_unpin_id(self->s.fd, ids[i]));
	}
}

TEST_HARNESS_MAIN
