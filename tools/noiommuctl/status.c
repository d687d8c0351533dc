// SPDX-License-Identifier: GPL-2.0-only
/* noiommuctl status: each function, who uses it, and what is mapped and pinned. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "noiommuctl.h"

static void print_total(const char *name, const char *path, const char *unit)
{
	char value[32];

	if (!file_read(value, sizeof(value), "%s", path))
		printf("%-13s %s%s\n", name, value, unit);
}

static void print_totals(void)
{
	char version[NAME_SIZE];

	noiommu_version(version);
	printf("%-13s %s%s%s\n", "noiommu", noiommu_is_loaded() ? "loaded" : "not loaded",
	       *version ? ", version " : "", version);
	print_total("claimed", PROVIDER "/claimed", " functions");
	print_total("mapped", PROVIDER "/mapped_bytes", " bytes");
	print_total("refused maps", PROVIDER "/refused_maps", "");
	print_total("pinned", "/sys/class/misc/noiommu/pinned_bytes", " bytes");
	print_total("held", "/sys/class/misc/noiommu/held_bytes", " bytes");
	print_total("allocated", "/sys/class/misc/noiommu/allocated_bytes", " bytes");
	putchar('\n');
}

static void print_openers(const struct function *function)
{
	struct opener *openers;
	int i, count = openers_of(function, &openers);

	if (function->owner)
		printf("    DMA is owned by process %lld\n", function->owner);
	for (i = 0; i < count; i++)
		printf("    opened by %d (%s), pinned %llu bytes, may lock %s\n",
		       openers[i].pid, openers[i].comm, openers[i].pinned, openers[i].memlock);
	free(openers);
}

static void print_interrupts(const struct function *function)
{
	unsigned long long count;
	int vectors = interrupts_of(function, &count);

	if (vectors)
		printf("    %llu interrupts on %d vector%s\n", count, vectors,
		       vectors == 1 ? "" : "s");
}

static void print_function(const struct function *function)
{
	const char *driver = *function->driver ? function->driver : "-";
	char name[128], reason[192], group[16] = "-";

	if (function->group >= 0)
		snprintf(group, sizeof(group), "%d", function->group);
	names_of(function, name, sizeof(name));
	printf("%-12s  %-12s  %5s  ", function->address, driver, group);
	if (function->claimed) {
		printf("%sclaimed%s, reaches %#llx  %s\n", colour_good(), colour_end(),
		       function->limit, name);
		print_openers(function);
		print_interrupts(function);
	} else {
		function_reason(function, reason, sizeof(reason));
		printf("not claimed: %s  %s\n", reason, name);
	}
}

static int print_table(void)
{
	struct function *functions;
	int i, count = functions_read(&functions);

	print_totals();
	printf("%-12s  %-12s  %5s  %s\n", "ADDRESS", "DRIVER", "GROUP", "STATE");
	for (i = 0; i < count; i++)
		print_function(&functions[i]);
	free(functions);
	return EXIT_DONE;
}

static int print_json(void)
{
	struct json_object *object = json_totals(), *array = json_object_new_array();
	struct function *functions;
	int i, count = functions_read(&functions);

	for (i = 0; i < count; i++)
		json_object_array_add(array, json_of_function(&functions[i]));
	free(functions);
	json_object_object_add(object, "functions", array);
	return json_print(object);
}

/* Ends when the reader closes the pipe, or on a signal such as that of ^C. */
static int watch(int (*print)(void))
{
	do {
		if (isatty(STDOUT_FILENO))
			fputs("\033[H\033[2J", stdout);
		print();
		putchar('\n');
		if (fflush(stdout))
			return EXIT_FAILED;
		sleep(1);
	} while (true);
}

int command_status(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "watch", no_argument, NULL, 'w' },
		{ },
	};
	int (*print)(void) = print_table;
	bool again = false;
	int option, ret;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'j')
			print = print_json;
		else if (option == 'w')
			again = true;
		else
			return EXIT_USAGE;
	}
	if (optind < argc)
		return EXIT_USAGE;
	names_begin();
	ret = again ? watch(print) : print();
	names_end();
	return ret;
}
