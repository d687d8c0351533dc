// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fault.h"
#include "memory.h"
#include "sweep.h"
#include "sysfs.h"

/* Ends the loop even if an operation never succeeds. */
#define MAX_FAULTS 5000
#define MAX_ERRORS 8

/* --- What an operation could leave behind ------------------------------------------ */

struct thing {
	long (*get)(struct thing *thing);
	const char *path;
	const char *what;
	/* 0 if it is not open. */
	int fd;
};

static char content[1 << 16];

static bool read_again(int fd)
{
	size_t length = 0;
	ssize_t got;

	do {
		got = pread(fd, content + length, sizeof(content) - 1 - length,
			    length);
		length += got > 0 ? got : 0;
	} while (got > 0);
	content[length] = '\0';
	return !got;
}

/*
 * A file stays open, because with the kernel's sanitizers most of the time would go into opening
 * it. The open file of a module that has been unloaded cannot be read any more.
 */
static bool read_content(struct thing *thing)
{
	if (thing->fd && read_again(thing->fd))
		return true;
	if (thing->fd)
		close(thing->fd);
	thing->fd = open(thing->path, O_RDONLY | O_CLOEXEC);
	if (thing->fd > 0)
		return read_again(thing->fd);
	thing->fd = 0;
	return false;
}

static long pinned(struct thing *thing)
{
	(void)thing;
	return memory_pinned();
}

static long number(struct thing *thing)
{
	char *at;

	if (!read_content(thing))
		return -1;
	at = strstr(content, thing->what);
	return at ? strtol(at + strlen(thing->what), NULL, 0) : -1;
}

static long lines(struct thing *thing)
{
	char *line, *rest = content;
	long count = 0;

	if (!read_content(thing))
		return -1;
	while ((line = strsep(&rest, "\n")))
		count += !!strstr(line, thing->what);
	return count;
}

static long entries(struct thing *thing)
{
	return directory_entries(thing->path);
}

static long descriptors(struct thing *thing);

/* -1 stands for a missing file. */
static struct thing things[] = {
	{ pinned, "pages", "pinned" },
	{ number, "/proc/self/status", "VmPin:" },
	{ descriptors, "/proc/self/fd", "" },
	{ number, PROVIDER "/claimed", "" },
	{ number, PROVIDER "/mapped_bytes", "" },
	{ entries, PROVIDER "/devices", "" },
	{ entries, "/sys/kernel/iommu_groups", "" },
	{ entries, "/sys/bus/pci/devices", "" },
	{ entries, "/dev/vfio", "" },
	{ entries, "/dev/vfio/devices", "" },
	{ lines, "/proc/misc", "noiommu" },
	{ lines, "/proc/iomem", "vfio" },
	{ lines, "/proc/iomem", "noiommu" },
	{ lines, "/proc/interrupts", "vfio-" },
	{ lines, "/sys/kernel/debug/x86/pat_memtype_list", "write-combining" },
	{ number, "/sys/module/noiommu/refcnt", "" },
	{ number, "/sys/module/noiommu_pci/refcnt", "" },
	{ number, "/sys/module/vfio/refcnt", "" },
	{ number, "/sys/module/vfio_pci_core/refcnt", "" },
	{ number, "/sys/module/vfio_pci/refcnt", "" },
	{ number, "/sys/module/vfio_iommu_type1/refcnt", "" },
	{ number, "/sys/module/iommufd/refcnt", "" },
};

#define THINGS (sizeof(things) / sizeof(*things))

/* Without those above. */
static long descriptors(struct thing *thing)
{
	long count = entries(thing);
	size_t i;

	for (i = 0; i < THINGS; i++)
		count -= !!things[i].fd;
	return count;
}

struct state {
	long values[THINGS];
};

static void get_state(struct state *state)
{
	size_t i;

	for (i = 0; i < THINGS; i++)
		state->values[i] = things[i].get(&things[i]);
}

static bool unchanged(const struct state *before, const char *when)
{
	struct state now;
	bool same = true;
	size_t i;

	get_state(&now);
	for (i = 0; i < THINGS; i++) {
		if (now.values[i] == before->values[i])
			continue;
		printf("# %s: %s %s: %ld, before %ld\n", when, things[i].path,
		       things[i].what, now.values[i], before->values[i]);
		same = false;
	}
	return same;
}

/* --- What it has returned ---------------------------------------------------------- */

struct tally {
	enum fault_kind kind;
	unsigned int faults;
	unsigned int survived;
	int errors[MAX_ERRORS];
	unsigned int counts[MAX_ERRORS];
};

static void count(struct tally *tally, int ret)
{
	unsigned int i;

	tally->faults++;
	tally->survived += !ret;
	for (i = 0; ret && i < MAX_ERRORS; i++) {
		if (tally->counts[i] && tally->errors[i] != ret)
			continue;
		tally->errors[i] = ret;
		tally->counts[i]++;
		break;
	}
}

static void report(const struct tally *tally)
{
	unsigned int i;

	printf("# %u %s failed:", tally->faults,
	       tally->kind == FAULT_MEMORY ? "allocations" : "copies");
	for (i = 0; i < MAX_ERRORS && tally->counts[i]; i++)
		printf(" %u %s,", tally->counts[i],
		       strerrorname_np(-tally->errors[i]));
	printf(" %u without harm\n", tally->survived);
}

static bool expected(const struct sweep *sweep, enum fault_kind kind, int ret)
{
	unsigned int i;

	if (!sweep->cannot_fail &&
	    ret == (kind == FAULT_MEMORY ? -ENOMEM : -EFAULT))
		return true;
	for (i = 0; i < sizeof(sweep->errors) / sizeof(*sweep->errors); i++)
		if (sweep->errors[i] && ret == sweep->errors[i])
			return true;
	printf("# failed with %s\n", strerror(-ret));
	return false;
}

/* --- The sweep --------------------------------------------------------------------- */

/* *any: was there anything that could fail? */
static int run_with_fault(const struct sweep *sweep, void *subject,
			  unsigned int nth, bool *failed, bool *any)
{
	int ret;

	*any = true;
	if (!sweep->work) {
		fault_arm(nth);
		ret = sweep->run(subject);
		*failed = fault_disarm();
		return ret;
	}
	ret = fault_arm_work(sweep->work, nth);
	if (ret) {
		printf("# arming work: %s\n", strerror(-ret));
		return ret;
	}
	ret = sweep->run(subject);
	*failed = fault_disarm_work(any);
	return ret;
}

static bool completes(const struct sweep *sweep, void *subject, int ret,
		      const char *when)
{
	if (ret) {
		printf("# %s: %s\n", when, strerror(-ret));
		return false;
	}
	if (sweep->complete(subject))
		return true;
	printf("# %s: successful, but not complete\n", when);
	return false;
}

/*
 * Runs the operation with the nth failing, if there is one, and restores the state, which was
 * @before.
 */
static bool step(const struct sweep *sweep, void *subject, unsigned int nth,
		 const struct state *before, struct tally *tally, bool *failed)
{
	struct state prepared = *before;
	bool good, any;
	int ret;

	ret = sweep->prepare ? sweep->prepare(subject) : 0;
	if (ret) {
		printf("# preparing: %s\n", strerror(-ret));
		return false;
	}
	if (sweep->prepare)
		get_state(&prepared);
	ret = run_with_fault(sweep, subject, nth, failed, &any);
	if (*failed)
		count(tally, ret);
	if (ret == -EFAULT && sweep->answers_last && sweep->complete(subject))
		ret = 0;
	if (*failed && ret) {
		good = expected(sweep, tally->kind, ret) &&
		       unchanged(&prepared, "failed");
		ret = sweep->run(subject);
		good &= completes(sweep, subject, ret, "tried again");
	} else {
		good = completes(sweep, subject, ret,
				 *failed ? "with a fault" : "without a fault");
	}
	if (!any) {
		printf("# nothing that could fail\n");
		good = false;
	}
	if (sweep->undo && !ret)
		sweep->undo(subject);
	return good && unchanged(before, "undone");
}

/* Returns how many failed; -1 after a mistake. */
static int sweep_kind(const struct sweep *sweep, void *subject,
		      enum fault_kind kind)
{
	struct tally tally = { .kind = kind };
	struct state before;
	bool failed = true;
	unsigned int nth;

	if (fault_select(kind) || (sweep->below && fault_below(sweep->below)))
		return -1;
	/* Once, because reading it takes longer than the operation. */
	get_state(&before);
	for (nth = 1; failed && nth < MAX_FAULTS; nth++) {
		if (step(sweep, subject, nth, &before, &tally, &failed))
			continue;
		report(&tally);
		printf("# tried the last one again: its trace is on the console\n");
		fault_show();
		step(sweep, subject, nth, &before, &tally, &failed);
		return -1;
	}
	report(&tally);
	return failed ? -1 : tally.faults;
}

bool sweep(const struct sweep *sweep, void *subject)
{
	int memory, copies = 0;

	if (fault_spare(sweep->spare)) {
		printf("# this kernel has no function %s\n", sweep->spare);
		return false;
	}
	memory = sweep_kind(sweep, subject, FAULT_MEMORY);
	if (!sweep->work && !sweep->below)
		copies = sweep_kind(sweep, subject, FAULT_COPIES);
	if (memory < 0 || copies < 0)
		return false;
	if (memory || copies || sweep->cannot_fail)
		return true;
	printf("# nothing in the whole operation could fail\n");
	return false;
}
