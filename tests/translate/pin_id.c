// SPDX-License-Identifier: GPL-2.0-only
/*
 * A pin's ID is valid once the kernel has returned it, and not before: another thread that
 * guesses the ID of the same descriptor harms neither the owner nor the kernel.
 *
 * The owner's structure ends in a page that is protected by userfaultfd, so that the other
 * thread acts while the kernel writes the ID.
 */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "baseline.h"
#include "kselftest_harness.h"
#include "memory.h"
#include "noiommu.h"
#include "pinned.h"
#include "sysfs.h"
#include "userfault.h"

#define WRITE NOIOMMU_ACCESS_WRITE
#define GUESSES 10

/* The action of the other thread, and its result. */
static struct other {
	int fd;
	char *memory;
	bool spoil;
	int unpinned;
	int pinned;
	__u32 id;
} other;

static void act(struct userfault *userfault, void *address)
{
	__u32 id;

	(void)userfault;
	for (id = 0; id < GUESSES; id++)
		other.unpinned += !noiommu_unpin_id(other.fd, id);
	other.pinned = pin(other.fd, other.memory, PAGE, WRITE, &other.id);
	if (other.spoil)
		mprotect(address, PAGE, PROT_READ);
}

FIXTURE(pin_id)
{
	int fd;
	struct userfault structure;
	struct noiommu_pin *pin;
	long pinned;
	long locked;
};

FIXTURE_SETUP(pin_id)
{
	struct noiommu_pin pin = { .size = sizeof(pin), .length = PAGE };

	OPEN_NOIOMMU();
	ASSERT_EQ(0, userfault_create(&self->structure, UFFDIO_REGISTER_MODE_WP,
				      2 * PAGE));
	self->pin = (void *)(self->structure.memory + PAGE -
			     offsetof(struct noiommu_pin, id));
	other = (struct other){
		.fd = self->fd,
		.memory = memory_pages(2 * PAGE),
	};
	ASSERT_NE(MAP_FAILED, other.memory);
	pin.va = (unsigned long)other.memory + PAGE;
	ASSERT_EQ(0, userfault_serve(&self->structure));
	memcpy(self->pin, &pin, offsetof(struct noiommu_pin, id));
	self->structure.before = act;
	REMEMBER_PINS();
}

FIXTURE_TEARDOWN(pin_id)
{
	close(self->fd);
	userfault_destroy(&self->structure);
	EXPECT_NO_PINS();
}

TEST_F(pin_id, guessed)
{
	EXPECT_EQ(0, noiommu_ioctl(self->fd, NOIOMMU_PIN, self->pin));
	EXPECT_EQ(0, other.unpinned);
	EXPECT_EQ(0, other.pinned);
	EXPECT_NE(other.id, self->pin->id);
	EXPECT_PINS(2, 2);
	EXPECT_EQ(0, noiommu_unpin_id(self->fd, self->pin->id));
	EXPECT_EQ(0, noiommu_unpin_id(self->fd, other.id));
}

TEST_F(pin_id, guessed_and_never_told)
{
	other.spoil = true;
	EXPECT_EQ(-EFAULT, noiommu_ioctl(self->fd, NOIOMMU_PIN, self->pin));
	EXPECT_EQ(0, other.unpinned);
	EXPECT_EQ(0, other.pinned);
	EXPECT_PINS(1, 1);
	EXPECT_EQ(0, noiommu_unpin_id(self->fd, other.id));
}

TEST_HARNESS_MAIN
