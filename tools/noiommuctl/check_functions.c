// SPDX-License-Identifier: GPL-2.0-only
/* Checks of PCI functions: what keeps one from being claimed or used. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "noiommuctl.h"

#define OFFSETS "bus addresses are not physical addresses"

/*
 * Calls the check for each function until one finds a problem. Where only the kernel can see
 * the problem, the check reads the kernel's files or log.
 */
static void for_each(struct finding *finding,
		     void (*check)(struct finding *finding, const struct function *function))
{
	struct function *functions;
	int i, count = functions_read(&functions);

	for (i = 0; i < count && !*finding->problem; i++)
		check(finding, &functions[i]);
	free(functions);
}

static void offset_of(struct finding *finding, const struct function *function)
{
	char reason[128];

	if (function_was_refused(function, reason, sizeof(reason)) && !strcmp(reason, OFFSETS))
		found(finding, "another slot or board: dma-ranges of the firmware sets the offset",
		      "%s: its bus adds an offset to addresses", function->address);
}

void check_offsets(struct finding *finding)
{
	for_each(finding, offset_of);
}

static void refusal_of(struct finding *finding, const struct function *function)
{
	char reason[128];

	if (!function_was_refused(function, reason, sizeof(reason)) || !strcmp(reason, OFFSETS))
		return;
	if (strstr(reason, "bounce"))
		found(finding, "remove swiotlb=force from the kernel's command line",
		      "%s: refused: %s", function->address, reason);
	else
		found(finding, "noiommuctl bind with another function", "%s: refused: %s",
		      function->address, reason);
}

void check_refused(struct finding *finding)
{
	for_each(finding, refusal_of);
}

/* Like the kernel, looks for the property in the device's node and in those above. */
static void coherency_of(struct finding *finding, const struct function *function)
{
	char path[PATH_SIZE], place[PATH_MAX];
	bool described = false;
	char *last;

	if (function_is_bridge(function) || path_make(path, PCI_DIR "/%s", function->address) ||
	    !realpath(path, place))
		return;
	while ((last = strrchr(place, '/')) && last != place) {
		char node[PATH_MAX + 32];

		snprintf(node, sizeof(node), "%s/of_node/dma-coherent", place);
		if (!access(node, F_OK))
			return;
		snprintf(node, sizeof(node), "%s/of_node", place);
		described |= !access(node, F_OK);
		*last = '\0';
	}
	if (described)
		found(finding, "another board: this one's PCI does not see the caches",
		      "%s: not cache-coherent, and VFIO refuses it", function->address);
}

/* Other processors are coherent, or coherent unless the firmware says otherwise. */
void check_coherency(struct finding *finding)
{
	char processor[32];

	file_read(processor, sizeof(processor), "/proc/sys/kernel/arch");
	if (!strcmp(processor, "aarch64"))
		for_each(finding, coherency_of);
}

/* The last byte of RAM; 0 if the user lacks the privilege to read it. */
static unsigned long long end_of_memory(void)
{
	unsigned long long start, end, highest = 0;
	char path[PATH_SIZE], line[256];
	FILE *file;

	file = path_make(path, "/proc/iomem") ? NULL : fopen(path, "re");
	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file))
		if (strstr(line, ": System RAM") && sscanf(line, "%llx-%llx", &start, &end) == 2 &&
		    end > highest)
			highest = end;
	fclose(file);
	return highest;
}

static unsigned long long memory_end;

static void reach_of(struct finding *finding, const struct function *function)
{
	if (function->limit && function->limit < memory_end)
		found(finding, "reserve huge pages at boot, or boot with mem= below the limit",
		      "%s: its bus lets addresses through up to %#llx, and memory ends at %#llx",
		      function->address, function->limit, memory_end);
}

void check_reach(struct finding *finding)
{
	memory_end = end_of_memory();
	for_each(finding, reach_of);
}

static void override_of(struct finding *finding, const struct function *function)
{
	char mend[64];

	if (!driver_is_ours(function->override) || !strcmp(function->override, function->driver))
		return;
	snprintf(mend, sizeof(mend), "noiommuctl unbind %s", function->address);
	found(finding, mend, "%s: driver_override says %s, and its driver is %s",
	      function->address, function->override,
	      *function->driver ? function->driver : "none");
}

void check_overrides(struct finding *finding)
{
	for_each(finding, override_of);
}
