// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "privilege.h"

static const struct __user_cap_header_struct self = {
	.version = _LINUX_CAPABILITY_VERSION_3,
};

int privilege_drop(int capability)
{
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
	unsigned int word = capability / 32, bit = 1U << capability % 32;

	if (syscall(SYS_capget, &self, data))
		return -errno;
	data[word].effective &= ~bit;
	data[word].permitted &= ~bit;
	data[word].inheritable &= ~bit;
	return syscall(SYS_capset, &self, data) ? -errno : 0;
}

int privilege_only(int capability)
{
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};
	unsigned int word = capability / 32, bit = 1U << capability % 32;

	data[word].effective = bit;
	data[word].permitted = bit;
	return syscall(SYS_capset, &self, data) ? -errno : 0;
}

int privilege_bound(__u64 capabilities)
{
	int i;

	/* The call fails after the last capability. */
	for (i = 0; prctl(PR_CAPBSET_READ, i) >= 0; i++)
		if (!(capabilities & CAPABILITY(i)) &&
		    prctl(PR_CAPBSET_DROP, i))
			return -errno;
	return 0;
}
