// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory whose pages a handler provides on demand, through userfaultfd in all of its modes.
 * The calls wait for the handler, and a signal ends the wait. A kernel with CONFIG_DEBUG_VM
 * reports faults that cannot wait.
 */
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "baseline.h"
#include "child.h"
#include "kselftest_harness.h"
#include "memory.h"
#include "noiommu.h"
#include "pinned.h"
#include "sysfs.h"
#include "translation.h"
#include "userfault.h"

#define WRITE NOIOMMU_ACCESS_WRITE
#define PAGES 20

FIXTURE(userfault)
{
	int fd;
	struct userfault memory;
	long pinned;
	long locked;
};

FIXTURE_VARIANT(userfault)
{
	unsigned long mode;
	__u32 flags;
	/* A write-protected page can be read without a fault. */
	int faults;
};

FIXTURE_VARIANT_ADD(userfault, missing_read)
{
	.mode = UFFDIO_REGISTER_MODE_MISSING, .faults = PAGES,
};

FIXTURE_VARIANT_ADD(userfault, missing_write)
{
	.mode = UFFDIO_REGISTER_MODE_MISSING, .flags = WRITE, .faults = PAGES,
};

FIXTURE_VARIANT_ADD(userfault, minor_read)
{
	.mode = UFFDIO_REGISTER_MODE_MINOR, .faults = PAGES,
};

FIXTURE_VARIANT_ADD(userfault, minor_write)
{
	.mode = UFFDIO_REGISTER_MODE_MINOR, .flags = WRITE, .faults = PAGES,
};

FIXTURE_VARIANT_ADD(userfault, protected_read)
{
	.mode = UFFDIO_REGISTER_MODE_WP, .faults = 0,
};

FIXTURE_VARIANT_ADD(userfault, protected_write)
{
	.mode = UFFDIO_REGISTER_MODE_WP, .flags = WRITE, .faults = PAGES,
};

FIXTURE_SETUP(userfault)
{
	OPEN_NOIOMMU();
	ASSERT_EQ(0, userfault_create(&self->memory, variant->mode,
				      PAGES * PAGE));
	REMEMBER_PINS();
}

FIXTURE_TEARDOWN(userfault)
{
	CLOSE_NOIOMMU();
	userfault_destroy(&self->memory);
}

TEST_F(userfault, translate)
{
	ASSERT_EQ(0, userfault_serve(&self->memory));
	EXPECT_TRUE(translates(self->fd, self->memory.memory, PAGES * PAGE,
			       variant->flags));
	EXPECT_EQ(variant->faults, self->memory.served);
	EXPECT_EQ(USERFAULT_BYTE, self->memory.memory[3 * PAGE]);
}

TEST_F(userfault, pin)
{
	__u32 id;

	ASSERT_EQ(0, userfault_serve(&self->memory));
	ASSERT_EQ(0, pin(self->fd, self->memory.memory, PAGES * PAGE,
			 variant->flags, &id));
	EXPECT_PINS(PAGES, PAGES);
	EXPECT_EQ(variant->faults, self->memory.served);
	EXPECT_EQ(USERFAULT_BYTE, self->memory.memory[3 * PAGE]);
	ASSERT_EQ(0, noiommu_unpin_id(self->fd, id));
}

/* No handler answers: the child must wait, and must die when it is killed. */
#define EXPECT_WAITS_AND_DIES(call)					\
do {									\
	int __channel[2];						\
	pid_t __pid;							\
									\
	ASSERT_EQ(0, child_channel(__channel));				\
	__pid = child_fork(__channel);					\
	if (!__pid) {							\
		userfault_create(&self->memory, variant->mode,		\
				 PAGES * PAGE);				\
		child_say(__channel[1], 1);				\
		call;							\
		_exit(1);						\
	}								\
	ASSERT_EQ(1, child_hear(__channel[0]));				\
	usleep(300000);							\
	EXPECT_EQ(0, waitpid(__pid, NULL, WNOHANG));			\
	EXPECT_EQ(128 + SIGKILL, child_kill(__pid));			\
	EXPECT_PINS(0, 0);						\
} while (0)

TEST_F(userfault, nobody_answers)
{
	__u32 id;

	if (!variant->faults)
		return;
	EXPECT_WAITS_AND_DIES(translate_one(self->fd, self->memory.memory,
					    variant->flags, NULL));
	EXPECT_WAITS_AND_DIES(pin(self->fd, self->memory.memory, PAGE,
				  variant->flags, &id));
}

TEST_HARNESS_MAIN
