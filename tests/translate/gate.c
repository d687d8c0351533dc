// SPDX-License-Identifier: GPL-2.0-only
/*
 * The privilege to open /dev/noiommu, what an open descriptor keeps, and what it reveals of
 * the module. lockdown.c has the rest.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "abi32.h"
#include "edu.h"
#include "kselftest_harness.h"
#include "memory.h"
#include "noiommu.h"
#include "privilege.h"
#include "sysfs.h"

FIXTURE(gate)
{
	int fd;
};

FIXTURE_SETUP(gate)
{
	run("modprobe noiommu");
	self->fd = noiommu_open_device();
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(gate)
{
	close(self->fd);
}

static int info(int fd, struct noiommu_info *info)
{
	*info = (struct noiommu_info){ .size = sizeof(*info) };
	return noiommu_ioctl(fd, NOIOMMU_INFO, info);
}

/* Uses a descriptor for every purpose; 0 or -errno. */
static int use(int fd)
{
	struct noiommu_extent extent;
	char *memory = memory_pages(PAGE);
	__u32 nr = 1, id;
	int ret;

	ret = noiommu_translate_range(fd, memory, PAGE, 0, &extent, &nr);
	if (!ret)
		ret = noiommu_pin_range(fd, memory, PAGE, 0, &extent, &nr, &id);
	if (!ret)
		ret = noiommu_unpin_id(fd, id);
	munmap(memory, PAGE);
	return ret;
}

TEST_F(gate, only_root_sees_it)
{
	struct stat stat_buf;

	ASSERT_EQ(0, stat(NOIOMMU_PATH, &stat_buf));
	EXPECT_EQ(S_IFCHR | 0600, stat_buf.st_mode);
	EXPECT_EQ(0, stat_buf.st_uid);
}

TEST_F(gate, info)
{
	struct noiommu_info answer;
	long claimed = -1;

	ASSERT_EQ(0, info(self->fd, &answer));
	EXPECT_EQ(sizeof(answer), answer.size);
	EXPECT_EQ(0, answer.flags);
	EXPECT_EQ(1, answer.abi);
	EXPECT_EQ(NOIOMMU_FEATURE_TRANSLATE | NOIOMMU_FEATURE_PIN |
		  NOIOMMU_FEATURE_LIMIT | NOIOMMU_FEATURE_LIST_PINS |
		  NOIOMMU_FEATURE_ALLOC | NOIOMMU_FEATURE_PIN_DMABUF,
		  answer.features);
	ASSERT_EQ(0, file_read_long(PROVIDER "/claimed", &claimed));
	EXPECT_LT(0, claimed);
	EXPECT_EQ(claimed, answer.claimed);
}

TEST_F(gate, info_follows_the_claims)
{
	struct noiommu_info before, after;

	ASSERT_EQ(0, info(self->fd, &before));
	ASSERT_EQ(0, file_write(PROVIDER "/enable", "0"));
	ASSERT_EQ(0, info(self->fd, &after));
	EXPECT_EQ(0, after.claimed);
	ASSERT_EQ(0, file_write(PROVIDER "/enable", "1"));
	ASSERT_EQ(0, info(self->fd, &after));
	EXPECT_EQ(before.claimed, after.claimed);
}

TEST_F(gate, open_needs_rawio)
{
	ASSERT_EQ(0, privilege_drop(CAP_SYS_RAWIO));
	EXPECT_EQ(-EPERM, noiommu_open_device());
	/* The descriptor was opened with the privilege. */
	EXPECT_EQ(0, use(self->fd));
}

TEST_F(gate, open_needs_the_initial_user_namespace)
{
	ASSERT_EQ(0, unshare(CLONE_NEWUSER));
	ASSERT_EQ(0, file_write("/proc/self/setgroups", "deny"));
	ASSERT_EQ(0, file_write("/proc/self/uid_map", "0 0 1"));
	ASSERT_EQ(0, file_write("/proc/self/gid_map", "0 0 1"));
	/* Even all capabilities do not suffice. */
	ASSERT_EQ(0, unshare(CLONE_NEWNS));
	EXPECT_EQ(-EPERM, noiommu_open_device());
	EXPECT_EQ(0, use(self->fd));
}

TEST_F(gate, open_for_reading_is_enough)
{
	int fd = open(NOIOMMU_PATH, O_RDONLY | O_CLOEXEC);

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, use(fd));
	close(fd);
}

TEST_F(gate, nothing_to_read_or_map)
{
	char byte;

	EXPECT_EQ(-1, read(self->fd, &byte, 1));
	EXPECT_EQ(-1, write(self->fd, &byte, 1));
	EXPECT_EQ(MAP_FAILED,
		  mmap(NULL, PAGE, PROT_READ, MAP_SHARED, self->fd, 0));
}

TEST_F(gate, module_stays_while_it_is_open)
{
	int copy = dup(self->fd);

	ASSERT_LE(0, copy);
	/* Claimed functions also keep the module loaded. */
	ASSERT_EQ(0, file_write(PROVIDER "/enable", "0"));
	EXPECT_NE(0, run("rmmod noiommu"));
	close(self->fd);
	EXPECT_NE(0, run("rmmod noiommu"));
	EXPECT_EQ(0, use(copy));
	close(copy);
	EXPECT_EQ(0, run("rmmod noiommu"));
	EXPECT_EQ(-ENOENT, noiommu_open_device());
	EXPECT_EQ(0, run("modprobe noiommu"));
	self->fd = noiommu_open_device();
	EXPECT_EQ(0, use(self->fd));
}

/* A 32-bit program that has made its calls and waits for permission to exit. */
struct caller32 {
	pid_t pid;
	int report;
	int exit;
};

static int caller32_start(struct caller32 *caller, int device)
{
	int report[2], exit[2];

	if (pipe2(report, O_CLOEXEC) || pipe2(exit, O_CLOEXEC))
		return -errno;
	caller->pid = fork();
	if (!caller->pid) {
		dup2(device, ABI32_DEVICE);
		dup2(report[1], ABI32_REPORT);
		dup2(exit[0], ABI32_EXIT);
		execl("./abi32", "abi32", NULL);
		_exit(127);
	}
	close(report[1]);
	close(exit[0]);
	caller->report = report[0];
	caller->exit = exit[1];
	return caller->pid < 0 ? -errno : 0;
}

static int caller32_end(struct caller32 *caller)
{
	int status;

	close(caller->exit);
	close(caller->report);
	return waitpid(caller->pid, &status, 0) == caller->pid ? status : -1;
}

static __u64 phys_of(pid_t pid, __u64 va)
{
	__u64 entry = 0;
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (pread(fd, &entry, sizeof(entry), va / PAGE * sizeof(entry)) !=
	    sizeof(entry))
		entry = 0;
	close(fd);
	return (entry & ((1ULL << 55) - 1)) * PAGE;
}

TEST_F(gate, a_32_bit_caller)
{
	struct abi32_report report;
	struct noiommu_info answer;
	struct caller32 caller = { -1, -1, -1 };
	__u64 phys;

	ASSERT_EQ(0, caller32_start(&caller, self->fd));
	ASSERT_EQ(sizeof(report), read(caller.report, &report, sizeof(report)));
	phys = phys_of(caller.pid, report.va);
	EXPECT_EQ(0, caller32_end(&caller));

	EXPECT_EQ(0, report.info_error);
	ASSERT_EQ(0, info(self->fd, &answer));
	EXPECT_EQ(0, memcmp(&answer, &report.info, sizeof(answer)));
	EXPECT_EQ(0, report.translate_error);
	EXPECT_EQ(1, report.translate.nr_extents);
	EXPECT_EQ(report.va + PAGE, report.translate.va);
	EXPECT_EQ(0, report.translate.length);
	EXPECT_NE(0, phys);
	EXPECT_EQ(phys, report.translated.phys);
	EXPECT_EQ(PAGE, report.translated.length);
	EXPECT_EQ(0, report.pin_error);
	EXPECT_NE(0, report.pin.id);
	EXPECT_EQ(phys, report.pinned.phys);
	EXPECT_EQ(0, report.list_error);
	EXPECT_EQ(1, report.list.nr_pins);
	EXPECT_EQ(1, report.list.nr_extents);
	EXPECT_EQ(report.pin.id, report.listed_pin.id);
	EXPECT_EQ(report.va, report.listed_pin.va);
	EXPECT_EQ(0, memcmp(&report.pinned, &report.listed,
			    sizeof(report.listed)));
	EXPECT_EQ(0, report.unpin_error);
	EXPECT_EQ(0, report.alloc_error);
	EXPECT_NE(0, report.alloc.phys);
	EXPECT_EQ(0, report.free_error);
	EXPECT_EQ(-ENODEV, report.pin_dmabuf_error);
	EXPECT_EQ(-EFAULT, report.above_error);
}

TEST_HARNESS_MAIN
