// SPDX-License-Identifier: GPL-2.0-only
/* noiommuctl bind and unbind. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "noiommuctl.h"

/* driverctl(8) has one file for each function, which contains the driver. */
#define DRIVERCTL_FILE "/etc/driverctl.d/pci-%s"

struct wish {
	const char *target;
	const char *driver;
	bool combine;
	bool persist;
	bool force;
};

static const struct option options[] = {
	{ "driver", required_argument, NULL, 'd' },
	{ "wc", no_argument, NULL, 'w' },
	{ "persist", no_argument, NULL, 'p' },
	{ "force", no_argument, NULL, 'f' },
	{ },
};

static int parse(int argc, char **argv, struct wish *wish)
{
	int option;

	*wish = (struct wish){ .driver = "vfio-pci" };
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'd':
			wish->driver = optarg;
			break;
		case 'w':
			wish->combine = true;
			break;
		case 'p':
			wish->persist = true;
			break;
		case 'f':
			wish->force = true;
			break;
		default:
			return EXIT_USAGE;
		}
	}
	if (optind != argc - 1)
		return EXIT_USAGE;
	wish->target = argv[optind];
	return EXIT_DONE;
}

/* Refuses what it can before anything changes. */
static int check_wish(const struct wish *wish, const struct function *function)
{
	static const char *const driverctl[] = { "driverctl", "--help", NULL };
	char reason[192], advice[64];

	if (!driver_is_ours(wish->driver)) {
		report(NULL, "--driver %s: want vfio-pci or noiommu-pci", wish->driver);
		return EXIT_USAGE;
	}
	if (wish->combine && strcmp(wish->driver, "noiommu-pci")) {
		report(NULL, "--wc needs --driver noiommu-pci: vfio-pci has no write-combining");
		return EXIT_USAGE;
	}
	if (function_is_bridge(function)) {
		report(NULL, "%s: is a bridge, which no user may have", function->address);
		return EXIT_FAILED;
	}
	if (!noiommu_is_loaded()) {
		snprintf(advice, sizeof(advice), "modprobe noiommu devices=%s", function->address);
		report(advice, "%s: noiommu is not loaded, and VFIO refuses a function without it",
		       function->address);
		return EXIT_FAILED;
	}
	if (wish->persist && run(driverctl) == 127) {
		report("apt install driverctl",
		       "--persist: the program driverctl is not installed");
		return EXIT_FAILED;
	}
	if (!wish->force && guard_needs(function->address, reason, sizeof(reason))) {
		report("another function, or --force if you have another way in",
		       "%s: this host needs it: %s", function->address, reason);
		return EXIT_UNSAFE;
	}
	return EXIT_DONE;
}

/* Refuses a function in use: unbinding its driver would block until the user closes it. */
static int check_unused(const struct function *function, bool force)
{
	struct opener *openers;
	int count = force ? 0 : openers_of(function, &openers);
	char advice[64];

	if (!count)
		return EXIT_DONE;
	snprintf(advice, sizeof(advice), "kill %d, or --force to wait for its end",
		 openers[0].pid);
	report(advice, "%s: process %d (%s) has it open", function->address, openers[0].pid,
	       openers[0].comm);
	free(openers);
	return EXIT_UNSAFE;
}

static int set_combine(const char *address)
{
	int ret = file_write("1", PCI_DIR "/%s/write_combine", address);

	if (!ret)
		return EXIT_DONE;
	report("dmesg", "%s: bound, but cannot set write_combine: %s", address, strerror(-ret));
	return EXIT_FAILED;
}

/*
 * driverctl saves the driver of a function in /etc, and its udev rule reads it at boot. It also
 * unbinds the function and binds it again.
 */
static int persist(const char *address, const char *driver)
{
	const char *const driverctl[] = { "driverctl", "set-override", address, driver, NULL };

	if (!run(driverctl))
		return EXIT_DONE;
	report("driverctl set-override ADDRESS DRIVER", "%s: bound, but driverctl does not save it",
	       address);
	return EXIT_FAILED;
}

/* Finds the function that the user named. Exit status. */
static int find(const char *target, struct function *function)
{
	char address[ADDRESS_SIZE] = "";
	int ret = target_find(target, address);

	if (!ret && function_read(function, address)) {
		report("lspci -D", "%s: it has gone", address);
		ret = EXIT_FAILED;
	}
	return ret;
}

int command_bind(int argc, char **argv)
{
	struct function function;
	struct wish wish;
	bool bound;
	int ret;

	ret = parse(argc, argv, &wish) ?: find(wish.target, &function) ?:
	      check_wish(&wish, &function);
	if (ret)
		return ret;
	bound = function.claimed && !strcmp(function.driver, wish.driver);
	if (!bound || wish.persist)
		ret = check_unused(&function, wish.force);
	if (!ret && !bound)
		ret = driver_give(&function, wish.driver);
	if (!ret && wish.persist)
		ret = persist(function.address, wish.driver);
	if (!ret && wish.combine)
		ret = set_combine(function.address);
	return ret;
}

/*
 * Lets driverctl forget the function. Its own command for that unbinds the driver first, also a
 * native one, and fails before the end for a function without one.
 */
static int forget(const char *address)
{
	char driver[NAME_SIZE];
	int ret;

	file_read(driver, sizeof(driver), DRIVERCTL_FILE, address);
	if (!driver_is_ours(driver))
		return EXIT_DONE;
	ret = file_remove(DRIVERCTL_FILE, address);
	if (!ret)
		return EXIT_DONE;
	report("driverctl unset-override ADDRESS", "%s: driverctl binds it again at boot: %s",
	       address, strerror(-ret));
	return EXIT_FAILED;
}

int command_unbind(int argc, char **argv)
{
	struct function function;
	struct wish wish;
	int ret;

	if (parse(argc, argv, &wish) || wish.combine || wish.persist)
		return EXIT_USAGE;
	ret = find(wish.target, &function);
	if (ret)
		return ret;
	/* Its native driver may be in use, and has the function already. */
	if (*function.driver && !driver_is_ours(function.driver))
		return forget(function.address) ?: driver_forget(&function);
	return check_unused(&function, wish.force) ?: forget(function.address) ?:
	       driver_return(&function);
}
