/* SPDX-License-Identifier: GPL-2.0-only */
/* The interfaces of noiommuctl's files. Functions return 0 or -errno unless documented. */
#ifndef NOIOMMUCTL_H
#define NOIOMMUCTL_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The exit statuses; noiommuctl(8) documents them. */
enum {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_UNSAFE = 3,
};

#define like_printf(format_at, first) __attribute__((format(printf, format_at, first)))
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

#define ADDRESS_SIZE 16
#define NAME_SIZE 64
#define PATH_SIZE 512
#define PCI_DIR "/sys/bus/pci/devices"
#define PROVIDER "/sys/class/iommu/noiommu"

/* --- report.c: messages and colour --- */

/* Prints "noiommuctl: WHAT: WHY" and, unless it is NULL, what to do. */
void report(const char *advice, const char *format, ...) like_printf(2, 3);
/* The escape sequences that begin and end a colour; "" without colour. */
const char *colour_bad(void);
const char *colour_good(void);
const char *colour_end(void);

/*
 * --- sysfs.c: files below the root ---
 *
 * The root is /, or the directory in NOIOMMUCTL_ROOT: a copy of another host's files, or a
 * tree that a test has made.
 */
bool rooted(void);
/* Makes a path below the root; returns -ENAMETOOLONG if it does not fit. */
int path_make(char path[PATH_SIZE], const char *format, ...) like_printf(2, 3);
bool file_exists(const char *format, ...) like_printf(1, 2);
/* Reads the first size - 1 bytes, without a newline at the end. */
int file_read(char *text, size_t size, const char *format, ...) like_printf(3, 4);
int file_write(const char *text, const char *format, ...) like_printf(2, 3);
int file_remove(const char *format, ...) like_printf(1, 2);
/* Does a line of the file contain all of the text? */
bool file_has(const char *text, const char *format, ...) like_printf(2, 3);
/* The number after NAME or "NAME:" at the start of a line; -ENOENT without one. */
int file_number(const char *name, long long *value, const char *format, ...) like_printf(3, 4);
/* The last part of a link's target, "" without a link. */
void link_name(char *name, size_t size, const char *format, ...) like_printf(3, 4);
/* The PCI function that a path in sysfs leads to; "" if it is none. */
void path_function(char address[ADDRESS_SIZE], const char *format, ...) like_printf(2, 3);

/* --- log.c: the kernel's log --- */

/*
 * Finds the last message that contains the text, and copies what follows it. Returns false
 * without such a message.
 */
bool log_find(const char *text, char *rest, size_t size);

/* --- function.c: PCI functions --- */

struct function {
	char address[ADDRESS_SIZE];
	unsigned int vendor;
	unsigned int device;
	unsigned int class;
	/* "" without one. */
	char driver[NAME_SIZE];
	char override[NAME_SIZE];
	/* The name of the character device in /dev/vfio/devices, "" without one. */
	char cdev[NAME_SIZE];
	/* The IOMMU group, -1 without one. */
	int group;
	bool claimed;
	/* The process that has the function's DMA, 0 without one. */
	long long owner;
	/* The last address that its bus lets through, 0 if unknown. */
	unsigned long long limit;
};

int function_read(struct function *function, const char *address);
/* Reads all functions; the caller frees the list. Returns their number. */
int functions_read(struct function **list);
bool function_is_bridge(const struct function *function);
bool driver_is_ours(const char *driver);
bool noiommu_is_loaded(void);
/* Writes the version of the loaded module, "" if it has none. */
void noiommu_version(char text[NAME_SIZE]);
/* Has noiommu refused to claim it? Copies the reason from the kernel's log. */
bool function_was_refused(const struct function *function, char *reason, size_t size);
/* Writes why noiommu has not claimed the function. */
void function_reason(const struct function *function, char *text, size_t size);

/* --- names.c: names of vendors and devices, from libpci --- */

void names_begin(void);
void names_of(const struct function *function, char *text, size_t size);
void names_end(void);

/* --- openers.c: processes that hold descriptors --- */

struct opener {
	pid_t pid;
	char comm[NAME_SIZE];
	/* Bytes in pins of its descriptors of /dev/noiommu. */
	unsigned long long pinned;
	/* RLIMIT_MEMLOCK as /proc prints it. */
	char memlock[NAME_SIZE];
};

/* RLIMIT_MEMLOCK of a process, or of "self", as /proc prints it; "unknown" without it. */
void process_memlock(const char *process, char text[NAME_SIZE]);
/* Lists the processes that have the path open; the caller frees it. Returns their number. */
int openers_find(const char *path, struct opener **list);
/* The same for a function, which is open through its group or its character device. */
int openers_of(const struct function *function, struct opener **list);

/* --- interrupts.c: interrupts that reach a process --- */

/*
 * Returns the number of the function's vectors that a process uses, and counts the interrupts
 * that have come on them.
 */
int interrupts_of(const struct function *function, unsigned long long *count);

/* --- target.c: what the user calls a function --- */

/* The name is an address, IDs or an interface. Reports a mistake; returns an exit status. */
int target_find(const char *name, char address[ADDRESS_SIZE]);

/* --- guard.c: functions that this host needs --- */

/* Writes why the host needs the function; returns false if the host does not need it. */
bool guard_needs(const char *address, char *reason, size_t size);
/* guard_disk.c: the same for its disks alone. */
bool disk_needs(const char *address, char *reason, size_t size);

/* --- driver.c: binding --- */

/* Binds the driver; restores the old one on failure. Returns an exit status. */
int driver_give(const struct function *function, const char *driver);
/* Binds the native driver again. Returns an exit status. */
int driver_return(const struct function *function);
/* Clears a driver_override of ours; the driver stays. Returns an exit status. */
int driver_forget(const struct function *function);
/* Runs a program; returns its exit status as a shell does. */
int run(const char *const arguments[]);

/* --- The commands; each returns an exit status --- */

int command_status(int argc, char **argv);
int command_bind(int argc, char **argv);
int command_unbind(int argc, char **argv);
int command_check(int argc, char **argv);
int command_translate(int argc, char **argv);
int command_cdi(int argc, char **argv);

/* --- json.c --- */

struct json_object *json_of_function(const struct function *function);
struct json_object *json_totals(void);
/* Prints and frees the object. Returns an exit status. */
int json_print(struct json_object *object);

/* --- check.c: its table, and the files with the checks --- */

struct finding {
	/* What is wrong. Empty if nothing is. */
	char problem[256];
	/* The command that fixes it. */
	char mend[256];
};

void found(struct finding *finding, const char *mend, const char *format, ...) like_printf(3, 4);

/* check_host.c */
void check_iommu(struct finding *finding);
void check_encryption(struct finding *finding);
void check_lockdown(struct finding *finding);
void check_secure_boot(struct finding *finding);
void check_headers(struct finding *finding);
void check_huge_pages(struct finding *finding);
void check_hugetlbfs(struct finding *finding);
/* check_modules.c */
void check_module(struct finding *finding);
void check_version(struct finding *finding);
void check_enabled(struct finding *finding);
void check_claims(struct finding *finding);
void check_vfio(struct finding *finding);
void check_unsafe_interrupts(struct finding *finding);
void check_unsafe_mode(struct finding *finding);
void check_dpdk_mode(struct finding *finding);
/* check_process.c */
void check_capability(struct finding *finding);
void check_memlock(struct finding *finding);
void check_permissions(struct finding *finding);
/* check_functions.c */
void check_offsets(struct finding *finding);
void check_coherency(struct finding *finding);
void check_refused(struct finding *finding);
void check_reach(struct finding *finding);
void check_overrides(struct finding *finding);

#endif
