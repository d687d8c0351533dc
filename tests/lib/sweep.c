// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fault.h"
#include "memory.h"
#include "sweep.h"
#include "sysfs.h"

/* Ends the loop even if an operation never succeeds. */
#define MAX_FAULTS 5000
#define MAX_ERRORS 8

/* --- What an operation could leave behind ------------------------------------------ */

static long pinned(const char *path, const char *what)
{
	(void)path;
	(void)what;
	return memory_pinned();
}

static long field(const char *path, const char *what)
{
	long value = -1;

	file_field(path, what, &value);
	return value;
}

static long number(const char *path, const char *what)
{
	long value = -1;

	(void)what;
	file_read_long(path, &value);
	return value;
}

static long entries(const char *path, const char *what)
{
	DIR *directory = opendir(path);
	long count = 0;

	(void)what;
	if (!directory)
		return -1;
	while (readdir(directory))
		count++;
	closedir(directory);
	return count;
}

static long lines(const char *path, const char *what)
{
	FILE *file = fopen(path, "re");
	char line[1024];
	long count = 0;

	if (!file)
		return -1;
	while (fgets(line, sizeof(line), file))
		count += !!strstr(line, what);
	fclose(file);
	return count;
}

/* -1 stands for a missing file. */
static const struct {
	long (*get)(const char *path, const char *what);
	const char *path;
	const char *what;
} things[] = {
	{ pinned, "pages", "pinned" },
	{ field, "/proc/self/status", "VmPin" },
	{ field, "/proc/self/status", "VmPin" },
	{ entries, "/proc/self/fd", "" },
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

struct state {
	long values[THINGS];
};

static void get_state(struct state *state)
{
	size_t i;

	for (i = 0; i < THINGS; i++)
		state->values[i] = things[i].get(things[i].path, things[i].what);
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

/* Runs the operation with the nth failing, if there is one, and restores the state. */
static bool step(const struct sweep *sweep, void *subject, unsigned int nth,
		 struct tally *tally, bool *failed)
{
	struct state before, prepared;
	bool good, any;
	int ret;

	get_state(&before);
	ret = sweep->prepare ? sweep->prepare(subject) : 0;
	if (ret) {
		printf("# preparing: %s\n", strerror(-ret));
		return false;
	}
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
	return good && unchanged(&before, "undone");
}

/* Returns how many failed; -1 after a mistake. */
static int sweep_kind(const struct sweep *sweep, void *subject,
		      enum fault_kind kind)
{
	struct tally tally = { .kind = kind };
	bool failed = true;
	unsigned int nth;

	if (fault_select(kind) || (sweep->below && fault_below(sweep->below)))
		return -1;
	for (nth = 1; failed && nth < MAX_FAULTS; nth++) {
		if (step(sweep, subject, nth, &tally, &failed))
			continue;
		report(&tally);
		printf("# tried the last one again: its trace is on the console\n");
		fault_show();
		step(sweep, subject, nth, &tally, &failed);
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
