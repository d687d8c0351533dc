// SPDX-License-Identifier: GPL-2.0-only
/* A function as the user names it: address, IDs, or network interface. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "noiommuctl.h"

/* An address with or without its domain. */
static bool find_address(const char *name, char address[ADDRESS_SIZE])
{
	unsigned int domain, bus, slot, function;
	int end = 0;

	if (sscanf(name, "%8x:%2x:%2x.%1u%n", &domain, &bus, &slot, &function, &end) != 4 ||
	    name[end]) {
		domain = 0;
		end = 0;
		if (sscanf(name, "%2x:%2x.%1u%n", &bus, &slot, &function, &end) != 3 || name[end])
			return false;
	}
	if (slot > 0x1f || function > 7 || domain > 0xfffff)
		return false;
	snprintf(address, ADDRESS_SIZE, "%04x:%02x:%02x.%u", domain, bus, slot, function);
	return true;
}

/* Returns the number of functions with these IDs, and the address of the last; -1: no IDs. */
static int find_ids(const char *name, char address[ADDRESS_SIZE])
{
	struct function *functions;
	unsigned int vendor, device;
	int i, count, end = 0, matches = 0;

	if (strlen(name) != strlen("8086:10d3") ||
	    sscanf(name, "%4x:%4x%n", &vendor, &device, &end) != 2 || name[end])
		return -1;
	count = functions_read(&functions);
	for (i = 0; i < count; i++) {
		if (functions[i].vendor != vendor || functions[i].device != device)
			continue;
		strcpy(address, functions[i].address);
		matches++;
	}
	free(functions);
	return matches;
}

int target_find(const char *name, char address[ADDRESS_SIZE])
{
	int matches;

	if (find_address(name, address)) {
		if (file_exists(PCI_DIR "/%s/vendor", address))
			return EXIT_DONE;
		report("lspci -D", "%s: there is no such PCI function", name);
		return EXIT_FAILED;
	}
	matches = find_ids(name, address);
	if (matches == 1)
		return EXIT_DONE;
	if (matches > 1) {
		report("noiommuctl status",
		       "%s: %d functions have these IDs; give the address of one",
		       name, matches);
		return EXIT_FAILED;
	}
	if (matches < 0 && !strchr(name, '/') && *name)
		path_function(address, "/sys/class/net/%s/device", name);
	if (*address && matches < 0)
		return EXIT_DONE;
	report("noiommuctl status",
	       "%s: neither the address of a PCI function, nor VENDOR:DEVICE of one, nor a network interface of one",
	       name);
	return EXIT_FAILED;
}
