// SPDX-License-Identifier: GPL-2.0-only
/*
 * NOIOMMU_LIST_PINS works for every process with the descriptor, also for pins of others, and
 * does not block pins and unpins meanwhile.
 */
#include <errno.h>
#include <linux/capability.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "baseline.h"
#include "child.h"
#include "extents.h"
#include "kselftest_harness.h"
#include "listed.h"
#include "memory.h"
#include "noiommu.h"
#include "pinned.h"
#include "privilege.h"
#include "sysfs.h"
#include "userfault.h"

FIXTURE(pin_list_others)
{
	int fd;
	struct list *told;	/* by NOIOMMU_PIN */
	struct list *listed;
	long pinned;
	long locked;
};

FIXTURE_SETUP(pin_list_others)
{
	OPEN_NOIOMMU();
	ALLOCATE_LISTS();
	REMEMBER_PINS();
}

FIXTURE_TEARDOWN(pin_list_others)
{
	CLOSE_NOIOMMU();
}

/* One that a child process fills, or reads, as well. */
static struct list *shared_list(void)
{
	return mmap(NULL, sizeof(struct list), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

/* --- Whose pins -------------------------------------------------------------- */

TEST_F(pin_list_others, not_what_was_released)
{
	struct noiommu_pin_info *pins = self->told->pins;
	__u32 extents[5];
	int i;

	ASSERT_EQ(0, pin_some(self->fd, self->told));
	for (i = 0; i < 5; i++)
		extents[i] = pins[i].nr_extents;
	ASSERT_EQ(0, noiommu_unpin_id(self->fd, pins[2].id));
	ASSERT_EQ(0, list_all(self->fd, self->listed));
	EXPECT_EQ(4, self->listed->nr_pins);
	EXPECT_EQ(self->told->nr_extents - extents[2], self->listed->nr_extents);
	EXPECT_EQ(0, memcmp(&pins[3], &self->listed->pins[2], 2 * sizeof(*pins)));
	EXPECT_EQ(0, memcmp(self->told->extents + extents[0] + extents[1] +
			    extents[2],
			    self->listed->extents + extents[0] + extents[1],
			    extents[3] * sizeof(struct noiommu_extent)));
	for (i = 0; i < 5; i++)
		noiommu_unpin_id(self->fd, pins[i].id);
	ASSERT_EQ(0, list_all(self->fd, self->listed));
	EXPECT_EQ(0, self->listed->nr_pins);
	EXPECT_EQ(0, self->listed->nr_extents);
}

TEST_F(pin_list_others, not_those_of_another_descriptor)
{
	int other = noiommu_open_device();

	ASSERT_LE(0, other);
	ASSERT_EQ(0, pin_some(self->fd, self->told));
	ASSERT_EQ(0, list_all(other, self->listed));
	EXPECT_EQ(0, self->listed->nr_pins);
	close(other);
}

/* A process without privileges receives the descriptor. */
static bool receives_and_lists(int channel, const struct list *told,
			       struct list *listed)
{
	int fd;

	privilege_only(CAP_CHOWN);
	if (noiommu_open_device() != -EPERM)
		return false;
	fd = child_receive(channel);
	return fd >= 0 && !list_all(fd, listed) && is_same(told, listed);
}

TEST_F(pin_list_others, by_a_receiver_without_rights)
{
	struct list *told;
	int channel[2];
	pid_t child;

	told = shared_list();
	ASSERT_NE(MAP_FAILED, (void *)told);
	ASSERT_EQ(0, child_channel(channel));
	child = child_fork(channel);
	if (!child) {
		close(self->fd);
		_exit(!receives_and_lists(channel[1], told, self->listed));
	}
	ASSERT_EQ(0, pin_some(self->fd, told));
	ASSERT_EQ(0, child_pass(channel[0], self->fd));
	EXPECT_EQ(0, child_ended(child));
	EXPECT_PINS(SOME_PINNED, SOME_PINNED);
}

/* The process that pinned has ended; its pins exist and can be released. */
TEST_F(pin_list_others, of_a_process_that_died)
{
	struct list *told;
	int channel[2], i;
	pid_t child;

	told = shared_list();
	ASSERT_NE(MAP_FAILED, (void *)told);
	ASSERT_EQ(0, child_channel(channel));
	child = child_fork(channel);
	if (!child) {
		child_say(channel[1], pin_some(self->fd, told) ? 2 : 1);
		pause();
	}
	EXPECT_EQ(1, child_hear(channel[0]));
	child_kill(child);
	EXPECT_EQ(self->pinned + SOME_PINNED, memory_pinned());
	ASSERT_EQ(0, list_all(self->fd, self->listed));
	EXPECT_TRUE(is_same(told, self->listed));
	for (i = 0; i < 5; i++)
		EXPECT_EQ(0, noiommu_unpin_id(self->fd, told->pins[i].id));
	EXPECT_EQ(self->pinned, memory_pinned());
}

/* --- Meanwhile --------------------------------------------------------------- */

/* Actions while the kernel waits to write the first extents. */
static struct meanwhile {
	int fd;
	__u32 release;
	const char *memory;
	long before;
	long after;
	int unpinned;
	int pinned;
	__u32 id;
} meanwhile;

static void act(struct userfault *userfault, void *address)
{
	(void)address;
	if (userfault->served)
		return;
	meanwhile.before = memory_pinned();
	meanwhile.unpinned = noiommu_unpin_id(meanwhile.fd, meanwhile.release);
	meanwhile.after = memory_pinned();
	meanwhile.pinned = pin(meanwhile.fd, meanwhile.memory, PAGE, WRITE,
			       &meanwhile.id);
}

#define LIST_INTO(userfault)						\
do {									\
	self->listed->nr_pins = MAX_PINS;				\
	self->listed->nr_extents = (userfault)->length /			\
				   sizeof(struct noiommu_extent);		\
	ASSERT_EQ(0, noiommu_list(self->fd, self->listed->pins,		\
				  &self->listed->nr_pins,		\
				  (void *)(userfault)->memory,		\
				  &self->listed->nr_extents));		\
} while (0)

/* The pin is released at once, and missing in the list. */
TEST_F(pin_list_others, while_what_it_tells_is_released)
{
	struct userfault array;
	struct noiommu_pin_info *pins = self->told->pins;

	ASSERT_EQ(0, userfault_create(&array, UFFDIO_REGISTER_MODE_MISSING,
				      4 * PAGE));
	ASSERT_EQ(0, userfault_serve(&array));
	array.before = act;
	ASSERT_EQ(0, pin_some(self->fd, self->told));
	meanwhile = (struct meanwhile){
		.fd = self->fd,
		.release = pins[0].id,
		.memory = memory_pages(PAGE),
	};
	LIST_INTO(&array);
	EXPECT_LT(0, array.served);
	EXPECT_EQ(0, meanwhile.unpinned);
	EXPECT_EQ(meanwhile.before - SOME, meanwhile.after);
	EXPECT_EQ(0, meanwhile.pinned);
	/* The new pin has the ID of the one that was being listed. */
	EXPECT_EQ(pins[0].id, meanwhile.id);
	EXPECT_EQ(4, self->listed->nr_pins);
	EXPECT_EQ(self->told->nr_extents - pins[0].nr_extents,
		  self->listed->nr_extents);
	EXPECT_EQ(0, memcmp(&pins[1], self->listed->pins, 4 * sizeof(*pins)));
	EXPECT_EQ(0, memcmp(self->told->extents + pins[0].nr_extents,
			    array.memory, self->listed->nr_extents *
					  sizeof(struct noiommu_extent)));
	userfault_destroy(&array);
}

struct busy {
	int fd;
	char *memory;
	size_t length;
	volatile bool stop;
	volatile long failures;
};

static void *pin_and_unpin(void *argument)
{
	struct busy *busy = argument;
	unsigned int seed = (unsigned long)&seed;
	size_t start, length;
	__u32 id[3];
	int i;

	while (!busy->stop) {
		for (i = 0; i < 3; i++) {
			start = rand_r(&seed) % busy->length;
			length = 1 + rand_r(&seed) % (busy->length - start);
			if (pin(busy->fd, busy->memory + start, length, WRITE,
				&id[i]))
				busy->failures++;
		}
		while (i--)
			if (noiommu_unpin_id(busy->fd, id[i]))
				busy->failures++;
		sched_yield();
	}
	return NULL;
}

/* Is each listed pin complete, and at the address of the memory? */
static bool are_whole(const struct list *listed)
{
	const struct noiommu_extent *extents = listed->extents;
	__u32 i;

	for (i = 0; i < listed->nr_pins; i++) {
		const struct noiommu_pin_info *info = &listed->pins[i];

		if (i && info->id <= info[-1].id)
			return false;
		if (!extents_are_pagemap(extents, info->nr_extents,
					 (void *)info->va, info->length))
			return false;
		extents += info->nr_extents;
	}
	return extents == listed->extents + listed->nr_extents;
}

#define THREADS 3
#define LISTINGS 300

TEST_F(pin_list_others, while_others_pin_and_unpin)
{
	struct busy busy = { .fd = self->fd, .length = 2 * SOME * PAGE };
	pthread_t threads[THREADS];
	long most = 0;
	int i;

	busy.memory = scattered(2 * SOME);
	ASSERT_NE(MAP_FAILED, (void *)busy.memory);
	/* These pins exist all the time, beside others that come and go. */
	ASSERT_EQ(0, pin_some(self->fd, self->told));
	for (i = 0; i < THREADS; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, pin_and_unpin,
					    &busy));
	for (i = 0; i < LISTINGS; i++) {
		ASSERT_EQ(0, list_all(self->fd, self->listed));
		EXPECT_TRUE(are_whole(self->listed));
		EXPECT_LE(5, self->listed->nr_pins);
		if (self->listed->nr_pins > most)
			most = self->listed->nr_pins;
		sched_yield();
	}
	busy.stop = true;
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	EXPECT_EQ(0, busy.failures);
	EXPECT_LT(5, most);
	EXPECT_LISTED();
}

TEST_HARNESS_MAIN
