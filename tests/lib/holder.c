// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "child.h"
#include "noiommu.h"
#include "passthrough.h"
#include "holder.h"

enum {
	MAP = 1,
	READ,
	PRESENT,
	TRANSLATE,
	TRANSLATE_NOT,
	UNMAP,
};

#define YES 1
#define NO 2

static bool map(int channel, size_t length, void **bar)
{
	struct vfio vfio = { .device = child_receive(channel) };

	*bar = region_map(&vfio, 0, 0, length, PROT_READ | PROT_WRITE);
	close(vfio.device);
	return *bar != MAP_FAILED;
}

static bool obey(const struct holder_bar *place, int channel, int fd,
		 __u32 command)
{
	static void *bar = MAP_FAILED;
	__u32 value;

	switch (command) {
	case MAP:
		return map(channel, place->length, &bar);
	case READ:
		return can_read(bar, &value);
	case PRESENT:
		return was_present(bar);
	case TRANSLATE:
		return translates_to_bar(fd, bar, place->length,
					 NOIOMMU_ACCESS_WRITE, place->phys);
	case TRANSLATE_NOT:
		return translate_error(fd, bar, place->length, 0) == -EFAULT;
	default:
		return !munmap(bar, place->length);
	}
}

bool holder_start(struct holder *holder, const struct holder_bar *bar)
{
	__u32 command;
	int fd;

	if (child_channel(holder->channel))
		return false;
	holder->pid = child_fork(holder->channel);
	if (holder->pid) {
		close(holder->channel[1]);
		return holder->pid > 0;
	}
	fd = noiommu_open_device();
	while ((command = child_hear(holder->channel[1])))
		child_say(holder->channel[1],
			  obey(bar, holder->channel[1], fd, command) ? YES : NO);
	_exit(0);
}

static bool ask(struct holder *holder, __u32 command)
{
	return child_say(holder->channel[0], command) &&
	       child_hear(holder->channel[0]) == YES;
}

bool holder_maps(struct holder *holder, int device)
{
	return child_say(holder->channel[0], MAP) &&
	       !child_pass(holder->channel[0], device) &&
	       child_hear(holder->channel[0]) == YES;
}

bool holder_can_read(struct holder *holder)
{
	return ask(holder, READ);
}

bool holder_was_present(struct holder *holder)
{
	return ask(holder, PRESENT);
}

bool holder_translates(struct holder *holder)
{
	return ask(holder, TRANSLATE);
}

bool holder_translates_not(struct holder *holder)
{
	return ask(holder, TRANSLATE_NOT);
}

bool holder_unmaps(struct holder *holder)
{
	return ask(holder, UNMAP);
}

void holder_end(struct holder *holder)
{
	if (holder->pid <= 0)
		return;
	child_kill(holder->pid);
	close(holder->channel[0]);
}
