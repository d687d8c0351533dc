// SPDX-License-Identifier: GPL-2.0-only
/*
 * The contract of all ioctls of /dev/noiommu: pointers to a structure that cannot be read, or
 * cannot be written.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "abi.h"
#include "arch.h"

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
		EXPECT_EQ(command->result,
			  noiommu_ioctl(self->s.fd, command->number, at));
		EXPECT_EQ(0, undo(&self->s, command));
	}
}

TEST_HARNESS_MAIN
