// SPDX-License-Identifier: GPL-2.0-only
/*
 * Load the provider, and make and end claims, while memory runs out at any point.
 *
 * Guest: edu. pci-stub stands for a native driver.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "edu.h"
#include "fault.h"
#include "kselftest_harness.h"
#include "sweep.h"
#include "sysfs.h"

#define RESCAN "/sys/bus/pci/rescan"

static __attribute__((constructor)) void required(void)
{
	fault_required();
}

struct subject {
	char edu[PCI_ADDRESS_SIZE];
	/* The module's file, and its parameters. */
	int file;
	char parameters[64];
};

FIXTURE(claims)
{
	struct subject subject;
};

/* The log names a function that was not claimed: no caller could get the error. */
static int claim_error(const char *address)
{
	char by_name[64], by_number[64];

	snprintf(by_name, sizeof(by_name), "%s: noiommu: not claimed: -ENOMEM\n",
		 address);
	snprintf(by_number, sizeof(by_number), "%s: noiommu: not claimed: %d\n",
		 address, -ENOMEM);
	return kernel_log_has(by_name) || kernel_log_has(by_number) ?
	       -ENOMEM : 0;
}

static void unload(void *data)
{
	(void)data;
	file_write(PROVIDER "/enable", "0");
	syscall(SYS_delete_module, "noiommu", O_NONBLOCK);
}

/* The module also loads if a function cannot be claimed. */
static int load(void *data)
{
	struct subject *subject = data;
	int ret;

	kernel_log_mark();
	if (syscall(SYS_finit_module, subject->file, subject->parameters, 0))
		return -errno;
	ret = claim_error(subject->edu);
	if (ret)
		unload(data);
	return ret;
}

static bool is_listed(const char *address)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), PROVIDER "/devices/%s", address);
	return !access(path, F_OK);
}

static bool has_claim(void *data)
{
	struct subject *subject = data;

	return provider_claimed() == 1 && pci_is_claimed(subject->edu) &&
	       is_listed(subject->edu);
}

static bool has_no_claim(void *data)
{
	struct subject *subject = data;

	return !provider_claimed() && pci_group(subject->edu) == -ENOENT &&
	       !is_listed(subject->edu);
}

/* Few claims, because each one visits every device of the guest. */
FIXTURE_SETUP(claims)
{
	struct subject *subject = &self->subject;
	struct utsname kernel;
	char path[PATH_MAX];

	ASSERT_EQ(0, run("modprobe -a vfio-pci pci-stub"));
	unload(subject);
	ASSERT_EQ(0, pci_find(EDU_VENDOR, EDU_DEVICE, 0, subject->edu));
	snprintf(subject->parameters, sizeof(subject->parameters),
		 "devices=%s", subject->edu);
	ASSERT_EQ(0, uname(&kernel));
	snprintf(path, sizeof(path), "/lib/modules/%s/updates/noiommu.ko",
		 kernel.release);
	subject->file = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, subject->file);
}

FIXTURE_TEARDOWN(claims)
{
	pci_unbind(self->subject.edu);
	unload(&self->subject);
	close(self->subject.file);
}

/* --- From a system call of this thread --------------------------------------------- */

static bool is_loaded(void *data)
{
	static const char * const attributes[] = {
		"identity", "claimed", "mapped_bytes", "refused_maps", "enable",
	};
	char path[PATH_MAX];
	long value;
	size_t i;

	for (i = 0; i < sizeof(attributes) / sizeof(*attributes); i++) {
		snprintf(path, sizeof(path), PROVIDER "/%s", attributes[i]);
		if (file_read_long(path, &value))
			return false;
	}
	return has_claim(data) && !access("/dev/noiommu", F_OK);
}

/* Only the module's own part is tested, not the kernel's before and after it. */
TEST_F_TIMEOUT(claims, load, PATIENCE)
{
	static const struct sweep loading = {
		.below = "do_one_initcall",
		.run = load,
		.complete = is_loaded,
		.undo = unload,
	};

	EXPECT_TRUE(sweep(&loading, &self->subject));
}

static int disable(void *data)
{
	(void)data;
	return file_write(PROVIDER "/enable", "0");
}

static int enable(void *data)
{
	struct subject *subject = data;
	int ret;

	kernel_log_mark();
	ret = file_write(PROVIDER "/enable", "1") ?: claim_error(subject->edu);
	if (ret)
		disable(data);
	return ret;
}

/*
 * A driver binds and unbinds meanwhile, so the release of a claim may fail, also after load()
 * reported that the first claim failed. If the module is not loaded, there is no claim.
 */
TEST_F_TIMEOUT(claims, load_while_binding, PATIENCE)
{
	struct subject *subject = &self->subject;
	unsigned int nth;
	bool hit = true;
	pid_t child;

	child = fork();
	ASSERT_LE(0, child);
	while (!child) {
		pci_bind(subject->edu, "pci-stub");
		pci_unbind(subject->edu);
	}
	ASSERT_EQ(0, fault_select(FAULT_MEMORY));
	ASSERT_EQ(0, fault_below("do_one_initcall"));
	for (nth = 1; hit; nth++) {
		int ret;

		fault_arm(nth);
		ret = load(subject);
		hit = fault_disarm();
		if (ret && access(PROVIDER, F_OK))
			EXPECT_EQ(-ENOENT, pci_group(subject->edu));
		EXPECT_TRUE(wait_until((unload(subject),
					access(PROVIDER, F_OK))));
	}
	kill(child, SIGKILL);
	EXPECT_EQ(child, waitpid(child, NULL, 0));
	/* The child may have been killed between two writes. */
	pci_write(subject->edu, "driver_override", "\n");
}

static void disabled(void *data)
{
	disable(data);
}

TEST_F_TIMEOUT(claims, enable, PATIENCE)
{
	static const struct sweep enabling = {
		.run = enable,
		.complete = has_claim,
		.undo = disabled,
	};

	ASSERT_EQ(0, load(&self->subject));
	ASSERT_EQ(0, disable(&self->subject));
	EXPECT_TRUE(sweep(&enabling, &self->subject));
}

TEST_F_TIMEOUT(claims, disable, PATIENCE)
{
	static const struct sweep disabling = {
		.prepare = enable,
		.run = disable,
		.complete = has_no_claim,
	};

	ASSERT_EQ(0, load(&self->subject));
	ASSERT_EQ(0, disable(&self->subject));
	EXPECT_TRUE(sweep(&disabling, &self->subject));
}

/* Binds a driver to a function without a group. */
static int bind_unclaimed(void *data)
{
	struct subject *subject = data;

	pci_unbind(subject->edu);
	return disable(data) ?: pci_bind(subject->edu, "pci-stub") ?:
	       enable(data);
}

static int unbind(void *data)
{
	struct subject *subject = data;
	int ret;

	kernel_log_mark();
	ret = pci_unbind(subject->edu);
	if (ret || pci_is_claimed(subject->edu))
		return ret;
	ret = claim_error(subject->edu);
	if (ret)
		pci_bind(subject->edu, "pci-stub");
	return ret;
}

TEST_F_TIMEOUT(claims, unbind, PATIENCE)
{
	static const struct sweep unbinding = {
		.prepare = bind_unclaimed,
		.run = unbind,
		.complete = has_claim,
	};

	ASSERT_EQ(0, load(&self->subject));
	EXPECT_TRUE(sweep(&unbinding, &self->subject));
}

/* --- In a thread of the kernel ----------------------------------------------------- */

static int remove_edu(void *data)
{
	struct subject *subject = data;

	return pci_write(subject->edu, "remove", "1");
}

/* The claim comes some time after the function appears. */
static int rescan(void *data)
{
	struct subject *subject = data;
	int ret;

	kernel_log_mark();
	ret = file_write(RESCAN, "1");
	if (ret)
		return ret;
	/* The group exists before the rest of the claim. */
	if (!wait_until(has_claim(subject) || claim_error(subject->edu)))
		return -ETIMEDOUT;
	ret = has_claim(subject) ? 0 : claim_error(subject->edu);
	if (ret)
		remove_edu(data);
	return ret;
}

TEST_F_TIMEOUT(claims, appear, PATIENCE)
{
	static const struct sweep appearing = {
		.prepare = remove_edu,
		.run = rescan,
		.complete = has_claim,
		.work = "noiommu",
	};

	ASSERT_EQ(0, load(&self->subject));
	EXPECT_TRUE(sweep(&appearing, &self->subject));
}

TEST_HARNESS_MAIN
