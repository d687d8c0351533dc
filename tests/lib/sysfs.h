/* SPDX-License-Identifier: GPL-2.0-only */
/* Files of sysfs and procfs as values, and PCI functions by address. */
#ifndef TESTS_SYSFS_H
#define TESTS_SYSFS_H

#include <stdbool.h>
#include <stddef.h>

#include "slowness.h"

#define PROVIDER "/sys/class/iommu/noiommu"
#define PCI_ADDRESS_SIZE 16

/* All return 0 or -errno. */
int file_read(const char *path, char *text, size_t size);
int file_write(const char *path, const char *text);
int file_read_long(const char *path, long *value);
/* Counts the entries of a directory, with "." and ".."; -1 if there is none. */
long directory_entries(const char *path);
/* Finds the value of NAME in a file of lines "NAME VALUE" or "NAME: VALUE". */
int file_field(const char *path, const char *name, long *value);

bool provider_loaded(void);
/* Ends all claims and unloads the provider. Returns 0 if it is not loaded. */
int provider_unload(void);
/* Claimed functions; mapped bytes in all domains. -1 without the provider. */
long provider_claimed(void);
long provider_mapped(void);
/* A file of /dev/noiommu's device, as "pinned_bytes"; or -errno. */
long node_bytes(const char *name);

/* Finds the nth function (from 0) with these IDs, as "0000:00:03.0". */
int pci_find(unsigned int vendor, unsigned int device, unsigned int nth,
	     char address[PCI_ADDRESS_SIZE]);
int pci_write(const char *address, const char *attribute, const char *text);
/* The last part of a link's target; "" if the function has no such link. */
void pci_link(const char *address, const char *link, char *name, size_t size);
bool pci_exists(const char *address);
/* Returns the number of the IOMMU group, or -ENOENT. */
int pci_group(const char *address);
/* Returns the process that owns the claimed function, or 0; or -errno. */
long pci_owner(const char *address);
/* Claimed by noiommu, with a group; or unclaimed, without a group. */
bool pci_is_claimed(const char *address);
bool pci_is_unclaimed(const char *address);
bool pci_has_driver(const char *address, const char *driver);
int pci_unbind(const char *address);
/* Binds with driver_override, and clears that again. */
int pci_bind(const char *address, const char *driver);

/* Polls for at least a minute, longer on a slow host. */
#define wait_until(condition) \
	({ \
		int __left = 6000 * slowness(); \
		while (!(condition) && --__left > 0) \
			usleep(10000); \
		!!(condition); \
	})

/* Runs a command with its output in the log; returns its status as a shell does. */
int run(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Does the kernel's log have the text, after the last kernel_log_mark()? */
void kernel_log_mark(void);
bool kernel_log_has(const char *text);

#endif
