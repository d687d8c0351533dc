// SPDX-License-Identifier: GPL-2.0-only
/* noiommuctl: see, bind and check PCI functions for noiommu. */
#include <stdio.h>
#include <string.h>

#include "noiommuctl.h"

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *usage;
} commands[] = {
	{ "status", command_status, "status [--json] [--watch]" },
	{ "bind", command_bind,
	  "bind FUNCTION [--driver vfio-pci|noiommu-pci] [--wc] [--persist] [--force]" },
	{ "unbind", command_unbind, "unbind FUNCTION [--force]" },
	{ "check", command_check, "check" },
	{ "translate", command_translate, "translate self-test" },
	{ "cdi", command_cdi, "cdi FUNCTION" },
};

static void print_usage(FILE *to, const struct command *only)
{
	const struct command *command;

	for (command = commands; command < commands + ARRAY_SIZE(commands); command++)
		if (!only || only == command)
			fprintf(to, "usage: noiommuctl %s\n", command->usage);
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";
	size_t i;
	int ret;

	if (!strcmp(name, "--version")) {
		puts("noiommuctl " VERSION);
		return EXIT_DONE;
	}
	if (!strcmp(name, "--help")) {
		print_usage(stdout, NULL);
		return EXIT_DONE;
	}
	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		if (strcmp(name, commands[i].name))
			continue;
		ret = commands[i].run(argc - 1, argv + 1);
		if (ret == EXIT_USAGE)
			print_usage(stderr, &commands[i]);
		return ret;
	}
	print_usage(stderr, NULL);
	return EXIT_USAGE;
}
