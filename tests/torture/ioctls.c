// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls of every ioctl of /dev/noiommu, sensible, nearly sensible and blind, by many threads on
 * shared descriptors, while other threads change the memory. Each result has a documented
 * errno, nothing is written beyond an array, memory that is pinned stays where it is, and in
 * the end nothing is pinned.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "arena.h"
#include "baseline.h"
#include "commands.h"
#include "kselftest_harness.h"
#include "mappings.h"
#include "memory.h"
#include "noiommu.h"
#include "privilege.h"
#include "sysfs.h"
#include "torture.h"

#define FEW 50000
#define MANY 20000000
#define THREADS 4
#define SLOTS 3
#define PATTERN 0xa5
/* More than all extents of a descriptor need. */
#define COMMON (16UL << 20)
/* More than any memory of NOIOMMU_ALLOC. */
#define RESERVED (1UL << 30)
/* A command and an edge, each between pages that nobody may access. */
#define WINDOW (FRAME + 4 * PAGE)

struct torture {
	struct arena arena;
	/* Descriptors that all threads use; each number always belongs to one. */
	int slots[SLOTS];
	int dmabuf;
	unsigned int pins[SLOTS];
	/* The physical addresses of the memory that a pin keeps. */
	char *still;
	__u64 phys[STILL];
	/* Commands and an array that several threads change while the kernel reads them. */
	union command common[KINDS];
	char *common_array;
	long calls;
	long failures;
	long results[KINDS][MAX_ERRNO];
};

static void count(long *counter)
{
	__atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

static void complain(struct caller *caller, const char *what, int ret)
{
	const union command *command = &caller->before;

	printf("# %s: %s, result %d, size %u, va %llx, length %llx\n", kinds[caller->kind].name,
	       what, ret, command->size, command->pin.va, command->pin.length);
	count(&caller->torture->failures);
}

/* --- What a call must have done ---------------------------------------------- */

static bool is_documented(const struct caller *caller, int ret)
{
	const int *error = kinds[caller->kind].errors;

	for (; ret && *error; error++)
		if (ret == -*error)
			return true;
	return !ret;
}

static bool is_pattern(const void *from, const void *end)
{
	const unsigned char *at = from;

	while (at < (const unsigned char *)end)
		if (*at++ != PATTERN)
			return false;
	return true;
}

static bool points_to(__u64 at, const void *array)
{
	return at == (uintptr_t)array;
}

/* Only the elements that the call may use have changed; they get the pattern again. */
static void check_array(struct caller *caller, void *array, size_t element, __u64 at, __u32 nr,
			int ret)
{
	char *first = array;
	size_t used = points_to(at, array) && nr <= ROOM ? nr * element : 0;

	if (!is_pattern(first + used, first + (ROOM + GUARD) * element))
		complain(caller, "wrote beyond an array", ret);
	memset(first, PATTERN, used);
}

static bool is_still(const struct torture *torture, __u64 va, __u64 length)
{
	__u64 start = (uintptr_t)torture->still;

	return va >= start && va < start + STILL * PAGE && length <= start + STILL * PAGE - va;
}

/* Returns the bytes that the extents cover; ~0 if one is not where the pin keeps it. */
static __u64 covered(const struct caller *caller, __u64 va, bool still, __u32 nr)
{
	const struct torture *torture = caller->torture;
	const struct noiommu_extent *extent;
	__u64 bytes = 0, at, page;

	for (extent = caller->extents; extent < caller->extents + nr; extent++) {
		for (at = 0; still && at < extent->length; at += PAGE) {
			page = va + bytes + at - (uintptr_t)torture->still;
			if (torture->phys[page / PAGE] + page % PAGE != extent->phys + at)
				return ~0ULL;
		}
		bytes += extent->length;
	}
	return bytes;
}

static void check_translate(struct caller *caller, int ret)
{
	const struct noiommu_translate *in = &caller->before.translate;
	const struct noiommu_translate *out = &caller->command->translate;
	__u64 done = out->va - in->va;

	if (done != in->length - out->length)
		complain(caller, "va and length disagree", ret);
	if (ret == -EINVAL || ret == -EOPNOTSUPP || ret == -E2BIG || !done ||
	    !points_to(in->extents, caller->extents))
		return;
	if (out->nr_extents > in->nr_extents ||
	    covered(caller, in->va, is_still(caller->torture, in->va, in->length),
		    out->nr_extents) != done)
		complain(caller, "wrong extents", ret);
	if (!ret && out->length && out->nr_extents != in->nr_extents)
		complain(caller, "stopped early", ret);
}

static void check_pin(struct caller *caller, int ret)
{
	const struct noiommu_pin *in = &caller->before.pin, *out = &caller->command->pin;

	if (ret == -ENOSPC && out->nr_extents <= in->nr_extents)
		complain(caller, "the array is not too small", ret);
	if (ret)
		return;
	if (!out->id || out->va != in->va || out->length != in->length)
		complain(caller, "wrong answer", ret);
	if (points_to(in->extents, caller->extents) &&
	    covered(caller, in->va, is_still(caller->torture, in->va, in->length),
		    out->nr_extents) != in->length)
		complain(caller, "wrong extents", ret);
}

static void check_list(struct caller *caller, int ret)
{
	const struct noiommu_list_pins *in = &caller->before.list, *out = &caller->command->list;
	__u32 i;

	if (ret == -ENOSPC && out->nr_pins <= in->nr_pins && out->nr_extents <= in->nr_extents)
		complain(caller, "the arrays are not too small", ret);
	if (ret || !points_to(in->pins, caller->infos))
		return;
	for (i = 1; i < out->nr_pins; i++)
		if (caller->infos[i].id <= caller->infos[i - 1].id)
			complain(caller, "not sorted", ret);
}

/*
 * The memory keeps its content, also where it is unmapped and mapped again. It gets a place of the
 * caller alone, because others map at fixed addresses.
 */
static void use_memory(struct caller *caller, int fd, size_t length)
{
	volatile char *memory = mmap(caller->place, length, PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_FIXED, fd, 0);
	size_t at = dice_below(&caller->dice, length);

	if (memory == MAP_FAILED) {
		complain(caller, "cannot map the memory", -errno);
		return;
	}
	if (memory[at])
		complain(caller, "memory is not clear", 0);
	memory[at] = 1;
	madvise((void *)memory, length, MADV_DONTNEED);
	if (memory[at] != 1)
		complain(caller, "memory has lost its content", 0);
	if (mmap(caller->place, length, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 0) != MAP_FAILED)
		complain(caller, "a private mapping", 0);
	mapping_remove(caller->place, length);
}

/* The memory is what the call asked for. Its descriptor is no longer needed. */
static void check_alloc(struct caller *caller, int ret)
{
	const struct noiommu_alloc *in = &caller->before.alloc, *out = &caller->command->alloc;
	__u64 last = out->phys + in->length - 1;

	if (ret)
		return;
	if (out->phys % (in->alignment ?: PAGE) || (in->limit && last > in->limit) ||
	    (in->boundary && out->phys / in->boundary != last / in->boundary))
		complain(caller, "wrong memory", ret);
	use_memory(caller, out->fd, in->length);
	/* A number by chance is seldom a descriptor of such memory, so FREE gets this one too. */
	if (dice_below(&caller->dice, 2)) {
		if (noiommu_free_memory(caller->torture->slots[0], out->fd))
			complain(caller, "FREE refused its own memory", ret);
		count(&caller->torture->results[FREE][0]);
	}
	if (close(out->fd))
		complain(caller, "no descriptor", ret);
}

/* The members that a call does not write are as before. */
static void check_command(struct caller *caller, int ret)
{
	bool silent = caller->kind == UNPIN || caller->kind >= FREE;
	size_t from = silent ? 0 : kinds[caller->kind].size;

	if (memcmp(caller->command->bytes + from, caller->before.bytes + from, caller->room - from))
		complain(caller, "wrote outside of the structure", ret);
}

static void check(struct caller *caller, int ret)
{
	const union command *in = &caller->before;

	check_command(caller, ret);
	if (caller->kind == TRANSLATE)
		check_translate(caller, ret);
	if (caller->kind == PIN)
		check_pin(caller, ret);
	if (caller->kind == LIST)
		check_list(caller, ret);
	if (caller->kind == ALLOC)
		check_alloc(caller, ret);
	if (caller->kind == TRANSLATE || caller->kind == PIN)
		check_array(caller, caller->extents, sizeof(caller->extents[0]), in->pin.extents,
			    in->pin.nr_extents, ret);
	if (caller->kind != LIST)
		return;
	check_array(caller, caller->infos, sizeof(caller->infos[0]), in->list.pins,
		    in->list.nr_pins, ret);
	check_array(caller, caller->extents, sizeof(caller->extents[0]), in->list.extents,
		    in->list.nr_extents, ret);
}

/* --- Calls ------------------------------------------------------------------- */

/* The next user of this slot finds a descriptor without pins. Others may be using the old one. */
static void replace(struct torture *torture, int slot)
{
	int fd = noiommu_open_device();

	if (fd < 0 || dup3(fd, torture->slots[slot], O_CLOEXEC) < 0)
		count(&torture->failures);
	close(fd);
	torture->pins[slot] = 0;
}

/* Puts the command where other threads put theirs. Its arrays are the common one. */
static union command *share_command(struct caller *caller)
{
	struct torture *torture = caller->torture;
	union command *command = &torture->common[caller->kind];
	__u64 array = (uintptr_t)torture->common_array;

	if (caller->kind == TRANSLATE || caller->kind == PIN)
		caller->before.pin.extents = array;
	if (caller->kind == LIST) {
		caller->before.list.extents = array;
		caller->before.list.pins = array;
	}
	/* Writes to absent pages take longer, so more happens meanwhile. */
	madvise(torture->common_array, 16 * PAGE, MADV_DONTNEED);
	return memcpy(command, &caller->before, kinds[caller->kind].size);
}

static void show(struct caller *caller, int slot)
{
	char path[64];
	long pins;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", caller->torture->slots[slot]);
	if (file_field(path, "pins", &pins) || node_bytes("pinned_bytes") < 0 ||
	    node_bytes("held_bytes") < 0 || node_bytes("allocated_bytes") < 0)
		complain(caller, "no count in fdinfo or sysfs", 0);
}

static void call_once(struct caller *caller)
{
	struct torture *torture = caller->torture;
	int slot = dice_below(&caller->dice, SLOTS), ret;
	unsigned long number;
	bool shared;

	make_command(caller);
	number = choose_number(caller);
	/* Another thread would overwrite the descriptor that ALLOC returns. */
	shared = caller->kind != ALLOC && !dice_below(&caller->dice, 4);
	if (shared)
		caller->command = share_command(caller);
	else
		caller->command = memcpy(caller->frame + FRAME - caller->room, &caller->before,
					 caller->room);
	ret = noiommu_ioctl(torture->slots[slot], number, caller->command);
	count(&torture->results[caller->kind][-ret < MAX_ERRNO ? -ret : 0]);
	if (!is_documented(caller, ret))
		complain(caller, "errno is not documented", ret);
	if (!shared)
		check(caller, ret);
	if (caller->kind == PIN && !ret &&
	    __atomic_add_fetch(&torture->pins[slot], 1, __ATOMIC_RELAXED) >= MAX_PINS)
		replace(torture, slot);
	if (!dice_below(&caller->dice, 64))
		show(caller, slot);
}

static void *call_at_random(void *argument)
{
	struct torture *torture = argument;
	struct caller *caller = calloc(1, sizeof(*caller));
	char *frame = mmap(NULL, WINDOW, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	static unsigned int seed;

	caller->torture = torture;
	caller->dice = dice_make(__atomic_fetch_add(&seed, 1, __ATOMIC_RELAXED));
	caller->frame = (unsigned char *)frame + PAGE;
	mprotect(caller->frame, FRAME, PROT_READ | PROT_WRITE);
	caller->edge = caller->frame + FRAME + 2 * PAGE;
	mprotect(caller->edge - PAGE, PAGE, PROT_READ | PROT_WRITE);
	caller->memory = torture->arena.memory;
	caller->length = torture->arena.length;
	caller->still = torture->still;
	caller->dmabuf = torture->dmabuf;
	caller->place = mmap(NULL, RESERVED, PROT_NONE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	caller->alloc_one_in = torture_sanitized() ? 16 : 1;
	memset(caller->extents, PATTERN, sizeof(caller->extents));
	memset(caller->infos, PATTERN, sizeof(caller->infos));
	while (!torture->failures &&
	       __atomic_sub_fetch(&torture->calls, 1, __ATOMIC_RELAXED) >= 0)
		call_once(caller);
	munmap(caller->place, RESERVED);
	munmap(frame, WINDOW);
	free(caller);
	return NULL;
}

/*
 * A child has the descriptors, and other memory at the same addresses. Without the capability its
 * pins count against a limit.
 */
static void call_in_child(void *argument, struct dice *dice)
{
	struct torture *torture = argument;
	int fd = torture->slots[dice_below(dice, SLOTS)];
	__u32 nr = 0, none = 0, id;

	if (dice_below(dice, 2))
		privilege_drop(CAP_IPC_LOCK);
	if (!noiommu_pin_range(fd, torture->still + dice_below(dice, STILL - 4) * PAGE, 4 * PAGE,
			       dice_below(dice, 2), NULL, &nr, &id) && dice_below(dice, 2))
		noiommu_unpin_id(fd, id);
	noiommu_list(fd, NULL, &none, NULL, &nr);
}

static void print_results(const struct torture *torture)
{
	int kind, error;

	for (kind = 0; kind < KINDS; kind++) {
		printf("# %-9s 0: %ld", kinds[kind].name, torture->results[kind][0]);
		for (error = 1; error < MAX_ERRNO; error++)
			if (torture->results[kind][error])
				printf(", %s: %ld", strerrorname_np(error),
				       torture->results[kind][error]);
		printf("\n");
	}
	printf("# the memory changed %ld times\n", torture->arena.changes);
}

FIXTURE(ioctls)
{
	struct torture *torture;
	int fd;
	long pinned;
	long locked;
};

FIXTURE_SETUP(ioctls)
{
	struct torture *torture = calloc(1, sizeof(*torture));
	struct noiommu_alloc alloc;
	__u32 nr = 0, id;
	int i;

	OPEN_NOIOMMU();
	ASSERT_NE(NULL, torture);
	self->torture = torture;
	REMEMBER_PINS();
	ASSERT_EQ(0, arena_create(&torture->arena));
	torture->arena.in_child = call_in_child;
	torture->arena.argument = torture;
	torture->common_array = mmap(NULL, COMMON, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	ASSERT_NE(MAP_FAILED, torture->common_array);
	torture->still = memory_pages(STILL * PAGE);
	ASSERT_NE(MAP_FAILED, torture->still);
	ASSERT_EQ(0, noiommu_pin_range(self->fd, torture->still, STILL * PAGE,
				       NOIOMMU_ACCESS_WRITE, NULL, &nr, &id));
	ASSERT_EQ(0, memory_phys_pages(torture->still, STILL, torture->phys));
	alloc = noiommu_alloc_anywhere(PAGE);
	torture->dmabuf = noiommu_alloc_memory(self->fd, &alloc);
	ASSERT_LE(0, torture->dmabuf);
	for (i = 0; i < SLOTS; i++) {
		torture->slots[i] = noiommu_open_device();
		ASSERT_LE(0, torture->slots[i]);
	}
}

FIXTURE_TEARDOWN(ioctls)
{
	int i;

	for (i = 0; i < SLOTS; i++)
		close(self->torture->slots[i]);
	close(self->torture->dmabuf);
	CLOSE_NOIOMMU();
	arena_destroy(&self->torture->arena);
	EXPECT_EQ(0, provider_unload());
}

TEST_F_TIMEOUT(ioctls, of_the_node, TORTURE_SECONDS)
{
	struct torture *torture = self->torture;
	pthread_t threads[THREADS];
	__u64 now[STILL];
	int i;

	torture->calls = torture_count_here(FEW, MANY);
	ASSERT_EQ(0, arena_start(&torture->arena));
	for (i = 0; i < THREADS; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, call_at_random, torture));
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	arena_stop(&torture->arena);
	print_results(torture);
	EXPECT_EQ(0, torture->failures);
	ASSERT_EQ(0, memory_phys_pages(torture->still, STILL, now));
	EXPECT_EQ(0, memcmp(now, torture->phys, sizeof(now)));
	for (i = 0; i < DMABUF; i++)
		EXPECT_LT(0, torture->results[i][0]);
	EXPECT_LT(0, torture->results[DMABUF][ENODEV]);
}

TEST_HARNESS_MAIN
