// SPDX-License-Identifier: GPL-2.0-only
/*
 * The contract of all ioctls of /dev/noiommu: structures of any size, flags, numbers and IDs.
 */
#include <errno.h>
#include <stdint.h>
#include <sys/ioctl.h>

#include "abi.h"

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
