// SPDX-License-Identifier: GPL-2.0-only
/* Uses the kernel's fault injection; see Documentation/fault-injection of its sources. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fault.h"
#include "sysfs.h"

#define FAIL_NTH "/proc/thread-self/fail-nth"
#define PAGE (1UL << PAGE_SHIFT)
#define MAX_WORKERS 64

#define NOTHING_START "1"
#define NOTHING_END "2"
#define ANYTHING_START "0"
#define ANYTHING_END "0xffffffffffffffff"

static int set(const char *what, const char *option, const char *value)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/sys/kernel/debug/%s/%s", what, option);
	return file_write(path, value);
}

static int set_memory(const char *option, const char *value)
{
	return set("failslab", option, value) ?:
	       set("fail_page_alloc", option, value);
}

static int set_copies(const char *option, const char *value)
{
	return set("fail_usercopy", option, value);
}

/* --- By whom memory is asked for: it shows in the stack --------------------------- */

struct symbol {
	unsigned long address;
	char type;
	char name[256];
	char module[64];
};

static bool next_symbol(FILE *file, struct symbol *symbol)
{
	char line[512];

	symbol->module[0] = '\0';
	return fgets(line, sizeof(line), file) &&
	       sscanf(line, "%lx %c %255s [%63[^]]", &symbol->address,
		      &symbol->type, symbol->name, symbol->module) >= 3;
}

#define MAX_ADDRESSES (1 << 16)

/* Where the function ends: at the next symbol. The symbols of modules are not sorted. */
static unsigned long next_address(const unsigned long *addresses, size_t nr,
				  unsigned long start)
{
	unsigned long next = 0;
	size_t i;

	for (i = 0; i < nr; i++)
		if (addresses[i] > start && (!next || addresses[i] < next))
			next = addresses[i];
	return next;
}

/* The kernel's own symbols come first, and are sorted: no need to read on. */
static void function_range(FILE *file, const char *name, unsigned long *start,
			   unsigned long *end)
{
	static unsigned long addresses[MAX_ADDRESSES];
	struct symbol symbol;
	bool own = false;
	size_t nr = 0;

	while (!(own && *end) && next_symbol(file, &symbol)) {
		if (!*start && !strcmp(symbol.name, name)) {
			*start = symbol.address;
			own = !symbol.module[0];
		} else if (own && symbol.address > *start) {
			*end = symbol.address;
		}
		if (symbol.module[0] && nr < MAX_ADDRESSES)
			addresses[nr++] = symbol.address;
	}
	if (*start && !*end)
		*end = next_address(addresses, nr, *start);
}

/* The end of the last function is unknown, but lies below any other module. */
static void module_range(FILE *file, const char *module, unsigned long *start,
			 unsigned long *end)
{
	struct symbol symbol;

	while (next_symbol(file, &symbol)) {
		if (strcmp(symbol.module, module) || !strchr("tT", symbol.type))
			continue;
		if (!*start || symbol.address < *start)
			*start = symbol.address;
		if (symbol.address >= *end)
			*end = (symbol.address | (PAGE - 1)) + 1;
	}
}

struct range {
	unsigned long start;
	unsigned long end;
};

static int find_range(struct range *range,
		      void (*find)(FILE *file, const char *name,
				   unsigned long *start, unsigned long *end),
		      const char *name)
{
	FILE *file = fopen("/proc/kallsyms", "re");

	if (!file)
		return -errno;
	*range = (struct range){ 0 };
	find(file, name, &range->start, &range->end);
	fclose(file);
	return range->end ? 0 : -ESRCH;
}

static int set_range(const char *rule, const struct range *range)
{
	char option[32], value[32];
	int ret;

	snprintf(option, sizeof(option), "%s-start", rule);
	snprintf(value, sizeof(value), "%#lx", range->start);
	ret = set_memory(option, value);
	snprintf(option, sizeof(option), "%s-end", rule);
	snprintf(value, sizeof(value), "%#lx", range->end);
	return ret ?: set_memory(option, value);
}

static int by_anybody(int (*set_what)(const char *option, const char *value))
{
	return set_what("require-start", ANYTHING_START) ?:
	       set_what("require-end", ANYTHING_END);
}

static int by_nobody(int (*set_what)(const char *option, const char *value))
{
	return set_what("require-start", NOTHING_START) ?:
	       set_what("require-end", NOTHING_END);
}

static int this_thread = -1;

int fault_select(enum fault_kind kind)
{
	if (this_thread < 0)
		this_thread = open(FAIL_NTH, O_RDWR | O_CLOEXEC);
	if (this_thread < 0)
		return -errno;
	if (kind == FAULT_MEMORY)
		return by_anybody(set_memory) ?: by_nobody(set_copies);
	return by_nobody(set_memory) ?: by_anybody(set_copies);
}

int fault_below(const char *function)
{
	struct range range;

	return find_range(&range, function_range, function) ?:
	       set_range("require", &range);
}

/* A failure below vmalloc() makes it warn on the console. */
int fault_spare(const char *function)
{
	static struct range vmalloc;
	struct range range;

	if (function)
		return find_range(&range, function_range, function) ?:
		       set_range("reject", &range);
	/* Found once for all tests: a walk through all symbols takes long. */
	if (!vmalloc.end &&
	    find_range(&vmalloc, function_range, "__vmalloc_node_range_noprof"))
		return -ESRCH;
	return set_range("reject", &vmalloc);
}

/* --- What can fail ---------------------------------------------------------------- */

/* Selects this slab cache; NULL selects all except kmemleak's own. */
static int choose_caches(const char *chosen)
{
	DIR *caches = opendir("/sys/kernel/slab");
	struct dirent *cache;
	char path[PATH_MAX];
	int ret = 0;
	bool fail;

	if (!caches)
		return -errno;
	while (!ret && (cache = readdir(caches))) {
		if (*cache->d_name == '.')
			continue;
		fail = chosen ? !strcmp(cache->d_name, chosen) :
				strncmp(cache->d_name, "kmemleak", 8);
		snprintf(path, sizeof(path), "/sys/kernel/slab/%s/failslab",
			 cache->d_name);
		ret = file_write(path, fail ? "1" : "0");
	}
	closedir(caches);
	return ret ?: set("failslab", "cache-filter", "Y");
}

/* The kernel's defaults would spare allocations that may sleep, and single pages. */
static int prepare(void)
{
	return choose_caches(NULL) ?:
	       set_memory("verbose", "0") ?: set_copies("verbose", "0") ?:
	       set_memory("ignore-gfp-wait", "N") ?:
	       set("fail_page_alloc", "ignore-gfp-highmem", "N") ?:
	       set("fail_page_alloc", "min-order", "0") ?:
	       fault_spare(NULL);
}

void fault_required(void)
{
	int ret = -ENOENT;

	if (!access(FAIL_NTH, F_OK))
		ret = prepare();
	if (!ret)
		return;
	printf("TAP version 13\n1..1\n");
	if (ret != -ENOENT) {
		printf("not ok 1 fault\n# %s\n", strerror(-ret));
		exit(1);
	}
	printf("ok 1 fault # SKIP this kernel has no fault injection\n");
	exit(0);
}

void fault_show(void)
{
	set_memory("verbose", "2");
	set_copies("verbose", "2");
}

/* --- In this thread --------------------------------------------------------------- */

static void write_nth(int fd, unsigned int nth)
{
	char text[16];
	int length = snprintf(text, sizeof(text), "%u", nth);
	int tries;

	/* An nth that is still armed may make this write fail. */
	for (tries = 0; tries < 2; tries++)
		if (pwrite(fd, text, length, 0) == length)
			return;
}

/* Returns what is left to count; 0 after the nth. */
static unsigned int read_nth(int fd)
{
	char text[16] = "";

	/* If this read is itself the nth, the tested operation made fewer. */
	if (pread(fd, text, sizeof(text) - 1, 0) <= 0)
		return 1;
	return strtoul(text, NULL, 10);
}

void fault_arm(unsigned int nth)
{
	write_nth(this_thread, nth);
}

bool fault_disarm(void)
{
	unsigned int left = read_nth(this_thread);

	write_nth(this_thread, 0);
	return !left;
}

int fault_cache(const char *cache)
{
	return by_anybody(set_memory) ?: choose_caches(cache) ?:
	       set("failslab", "task-filter", "Y") ?:
	       set("failslab", "times", "-1") ?:
	       set("failslab", "probability", "100") ?:
	       file_write("/proc/self/make-it-fail", "1");
}

int fault_no_cache(void)
{
	return file_write("/proc/self/make-it-fail", "0") ?:
	       set("failslab", "probability", "0") ?: choose_caches(NULL);
}

/* --- In the kernel's threads ------------------------------------------------------ */

static struct {
	int fd[MAX_WORKERS];
	unsigned int count;
	unsigned int nth;
	cpu_set_t cpus;
	struct range code;
} workers;

static int stay_here(void)
{
	int cpu = sched_getcpu();
	cpu_set_t here;

	if (sched_getaffinity(0, sizeof(workers.cpus), &workers.cpus))
		return -errno;
	CPU_ZERO(&here);
	CPU_SET(cpu, &here);
	return sched_setaffinity(0, sizeof(here), &here) ? -errno : cpu;
}

static void open_worker(const char *pid, const char *wanted)
{
	char path[PATH_MAX], name[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	if (workers.count == MAX_WORKERS ||
	    file_read(path, name, sizeof(name)) ||
	    strncmp(name, wanted, strlen(wanted)))
		return;
	snprintf(path, sizeof(path), "/proc/%s/fail-nth", pid);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd >= 0)
		workers.fd[workers.count++] = fd;
}

int fault_arm_work(const char *module, unsigned int nth)
{
	struct dirent *entry;
	char wanted[32];
	unsigned int i;
	int cpu, ret = 0;
	DIR *proc;

	/* The module stays loaded while nth counts up. */
	if (nth == 1)
		ret = find_range(&workers.code, module_range, module);
	ret = ret ?: set_range("require", &workers.code);
	if (ret)
		return ret;
	cpu = stay_here();
	proc = opendir("/proc");
	if (cpu < 0 || !proc)
		return cpu < 0 ? cpu : -errno;
	snprintf(wanted, sizeof(wanted), "kworker/%d:", cpu);
	workers.count = 0;
	workers.nth = nth;
	while ((entry = readdir(proc)))
		open_worker(entry->d_name, wanted);
	closedir(proc);
	/* Any of the workers may run the work. */
	for (i = 0; i < workers.count; i++)
		write_nth(workers.fd[i], nth);
	return workers.count ? 0 : -ESRCH;
}

bool fault_disarm_work(bool *any)
{
	bool failed = false;
	unsigned int i;

	*any = false;
	for (i = 0; i < workers.count; i++) {
		unsigned int left = read_nth(workers.fd[i]);

		write_nth(workers.fd[i], 0);
		close(workers.fd[i]);
		*any |= left < workers.nth;
		failed |= !left;
	}
	by_anybody(set_memory);
	sched_setaffinity(0, sizeof(workers.cpus), &workers.cpus);
	return failed;
}
