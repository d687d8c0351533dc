// SPDX-License-Identifier: GPL-2.0-only
/* Binding a function to a driver with driver_override, and back. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "noiommuctl.h"

/* The module offers a function again after its claim, from a work item. */
#define PATIENCE_MS 5000
#define STEP_MS 20

int run(const char *const arguments[])
{
	pid_t pid = fork();
	int status, null;

	if (!pid) {
		/* The caller reports a failure. */
		null = open("/dev/null", O_WRONLY | O_CLOEXEC);
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		execvp(arguments[0], (char *const *)arguments);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return 127;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Waits until the driver is bound; NULL stands for any driver. */
static bool await_driver(const char *address, const char *driver)
{
	struct timespec step = { .tv_nsec = STEP_MS * 1000000L };
	char now[NAME_SIZE];
	int left;

	for (left = PATIENCE_MS / STEP_MS; left; left--) {
		link_name(now, sizeof(now), PCI_DIR "/%s/driver", address);
		if (driver ? !strcmp(now, driver) : *now)
			return true;
		nanosleep(&step, NULL);
	}
	return false;
}

static int release(const char *address)
{
	int ret = file_write(address, PCI_DIR "/%s/driver/unbind", address);

	return ret == -ENOENT ? 0 : ret;
}

static int set_override(const char *address, const char *driver)
{
	return file_write(*driver ? driver : "\n", PCI_DIR "/%s/driver_override", address);
}

/* Probes drivers that match by driver_override or IDs. The driver link shows the result. */
static void probe(const char *address)
{
	file_write(address, "/sys/bus/pci/drivers_probe");
}

/* Puts the function back into the state that was read before. */
static void restore(const struct function *before)
{
	release(before->address);
	set_override(before->address, before->override);
	probe(before->address);
	if (*before->driver && !await_driver(before->address, before->driver))
		report("dmesg", "%s: its driver %s does not take it back", before->address,
		       before->driver);
}

static int load_driver(const char *driver)
{
	const char *const modprobe[] = { "modprobe", driver, NULL };
	char advice[64];

	if (file_exists("/sys/bus/pci/drivers/%s", driver) || !run(modprobe))
		return 0;
	snprintf(advice, sizeof(advice), "modprobe %s; dmesg", driver);
	report(advice, "%s: the module does not load", driver);
	return -ENOENT;
}

/* Only the kernel's log has the reason why a driver refuses. */
static void report_refusal(const struct function *now, const char *driver)
{
	char text[48], reason[160];

	if (!now->claimed) {
		function_reason(now, reason, sizeof(reason));
		report("noiommuctl check", "%s: noiommu does not claim it: %s", now->address,
		       reason);
		return;
	}
	snprintf(text, sizeof(text), "%s: ", now->address);
	if (!log_find(text, reason, sizeof(reason)))
		snprintf(reason, sizeof(reason), "none");
	report("noiommuctl check", "%s: %s refuses it; the kernel's last message about it: %s",
	       now->address, driver, reason);
}

int driver_give(const struct function *before, const char *driver)
{
	const char *address = before->address;
	struct function now;
	int ret;

	if (load_driver(driver))
		return EXIT_FAILED;
	ret = set_override(address, driver);
	if (ret) {
		report("run it as root", "%s: cannot set driver_override: %s", address,
		       strerror(-ret));
		return EXIT_FAILED;
	}
	ret = release(address);
	if (ret) {
		set_override(address, before->override);
		report("dmesg", "%s: cannot unbind %s: %s", address, before->driver,
		       strerror(-ret));
		return EXIT_FAILED;
	}
	/* Unbinding makes the claim, without which VFIO refuses the function. */
	if (!function_read(&now, address) && now.claimed) {
		probe(address);
		if (await_driver(address, driver))
			return EXIT_DONE;
	}
	report_refusal(&now, driver);
	restore(before);
	return EXIT_FAILED;
}

/* The kernel loads modules only for new devices. */
static void load_native(const char *address)
{
	char alias[256];
	const char *const modprobe[] = { "modprobe", "-q", alias, NULL };

	if (file_read(alias, sizeof(alias), PCI_DIR "/%s/modalias", address) || rooted())
		return;
	run(modprobe);
}

/*
 * VFIO's drivers match the function again if they have its IDs: from "ids=", or from driverctl,
 * which adds them next to driver_override.
 */
static void remove_ids(const struct function *function)
{
	static const char *const drivers[] = { "vfio-pci", "noiommu-pci" };
	char ids[16];
	size_t i;

	snprintf(ids, sizeof(ids), "%04x %04x", function->vendor, function->device);
	for (i = 0; i < ARRAY_SIZE(drivers); i++)
		file_write(ids, "/sys/bus/pci/drivers/%s/remove_id", drivers[i]);
}

int driver_return(const struct function *before)
{
	const char *address = before->address;
	int ret = set_override(address, "");

	if (!ret)
		ret = release(address);
	if (ret) {
		report("run it as root", "%s: cannot give it back: %s", address, strerror(-ret));
		return EXIT_FAILED;
	}
	remove_ids(before);
	load_native(address);
	probe(address);
	return EXIT_DONE;
}

int driver_forget(const struct function *function)
{
	int ret = driver_is_ours(function->override) ? set_override(function->address, "") : 0;

	if (!ret)
		return EXIT_DONE;
	report("run it as root", "%s: cannot clear driver_override: %s", function->address,
	       strerror(-ret));
	return EXIT_FAILED;
}
