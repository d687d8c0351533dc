// SPDX-License-Identifier: GPL-2.0-only
/* PCI functions as sysfs describes them. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "noiommuctl.h"

/* A number in any notation; 0 without the file. */
static unsigned long long number(const char *address, const char *attribute)
{
	char text[32];

	if (file_read(text, sizeof(text), PCI_DIR "/%s/%s", address, attribute))
		return 0;
	return strtoull(text, NULL, 0);
}

static void read_cdev(struct function *function)
{
	char path[PATH_SIZE];
	struct dirent *entry;
	DIR *directory;

	if (path_make(path, PCI_DIR "/%s/vfio-dev", function->address))
		return;
	directory = opendir(path);
	if (!directory)
		return;
	while ((entry = readdir(directory)))
		if (entry->d_name[0] != '.')
			snprintf(function->cdev, NAME_SIZE, "%.60s", entry->d_name);
	closedir(directory);
}

int function_read(struct function *function, const char *address)
{
	char group[NAME_SIZE];

	*function = (struct function){ .group = -1 };
	if (strlen(address) >= ADDRESS_SIZE || !file_exists(PCI_DIR "/%s/vendor", address))
		return -ENODEV;
	strcpy(function->address, address);
	function->vendor = number(address, "vendor");
	function->device = number(address, "device");
	function->class = number(address, "class");
	function->owner = number(address, "noiommu/owner");
	function->limit = number(address, "noiommu/dma_limit");
	function->claimed = file_exists(PCI_DIR "/%s/noiommu", address);
	link_name(function->driver, NAME_SIZE, PCI_DIR "/%s/driver", address);
	link_name(group, NAME_SIZE, PCI_DIR "/%s/iommu_group", address);
	if (*group)
		function->group = atoi(group);
	file_read(function->override, NAME_SIZE, PCI_DIR "/%s/driver_override", address);
	if (!strcmp(function->override, "(null)"))
		function->override[0] = '\0';
	read_cdev(function);
	return 0;
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

int functions_read(struct function **list)
{
	struct dirent **entries;
	char path[PATH_SIZE];
	int count, i, read = 0;

	*list = NULL;
	if (path_make(path, PCI_DIR))
		return 0;
	count = scandir(path, &entries, is_visible, alphasort);
	if (count < 0)
		return 0;
	*list = calloc(count + 1, sizeof(**list));
	for (i = 0; i < count; i++) {
		/* A function may have gone meanwhile. */
		if (*list && !function_read(&(*list)[read], entries[i]->d_name))
			read++;
		free(entries[i]);
	}
	free(entries);
	return read;
}

bool function_is_bridge(const struct function *function)
{
	return function->class >> 16 == 0x06;
}

bool driver_is_ours(const char *driver)
{
	return !strcmp(driver, "vfio-pci") || !strcmp(driver, "noiommu-pci");
}

bool noiommu_is_loaded(void)
{
	return file_exists("/sys/module/noiommu");
}

void noiommu_version(char text[NAME_SIZE])
{
	file_read(text, NAME_SIZE, "/sys/module/noiommu/version");
}

bool function_was_refused(const struct function *function, char *reason, size_t size)
{
	char text[64];

	snprintf(text, sizeof(text), "%s: noiommu: refused: ", function->address);
	return !function->claimed && log_find(text, reason, size);
}

/* Does devices= leave it out? */
static bool is_filtered(const struct function *function)
{
	char filter[4096], id[16], *entry;
	const char *address = function->address;

	file_read(filter, sizeof(filter), "/sys/module/noiommu/parameters/devices");
	if (!*filter || !strcmp(filter, "(null)"))
		return false;
	snprintf(id, sizeof(id), "%04x:%04x", function->vendor, function->device);
	for (entry = strtok(filter, ",\n"); entry; entry = strtok(NULL, ",\n")) {
		if (!strcasecmp(entry, address) || !strcasecmp(entry, id))
			return false;
		if (!strncmp(address, "0000:", 5) && !strcasecmp(entry, address + 5))
			return false;
	}
	return true;
}

void function_reason(const struct function *function, char *text, size_t size)
{
	char reason[128], enable[8];

	file_read(enable, sizeof(enable), PROVIDER "/enable");
	if (function_is_bridge(function))
		snprintf(text, size, "bridges are never claimed");
	else if (!noiommu_is_loaded())
		snprintf(text, size, "noiommu is not loaded");
	else if (function->group >= 0)
		snprintf(text, size, "in an IOMMU group of another provider");
	else if (!strcmp(enable, "0"))
		snprintf(text, size, "claims are switched off");
	else if (is_filtered(function))
		snprintf(text, size, "devices= leaves it out");
	else if (*function->driver)
		snprintf(text, size, "has a driver");
	else if (function_was_refused(function, reason, sizeof(reason)))
		snprintf(text, size, "refused: %s", reason);
	else
		snprintf(text, size, "unknown: see dmesg");
}
