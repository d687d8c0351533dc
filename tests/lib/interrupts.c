// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "interrupts.h"
#include "slowness.h"

#define MAX_DATA 256

int irq_info(struct vfio *vfio, unsigned int index, __u32 *flags)
{
	struct vfio_irq_info info = { .argsz = sizeof(info), .index = index };

	if (ioctl(vfio->device, VFIO_DEVICE_GET_IRQ_INFO, &info))
		return -errno;
	if (flags)
		*flags = info.flags;
	return info.count;
}

int irq_set(struct vfio *vfio, unsigned int index, __u32 flags,
	    unsigned int start, unsigned int count, const void *data,
	    size_t size)
{
	struct {
		struct vfio_irq_set set;
		char data[MAX_DATA];
	} arg = {
		.set = {
			.argsz = sizeof(arg.set) + size,
			.index = index,
			.flags = flags,
			.start = start,
			.count = count,
		},
	};

	if (size > MAX_DATA)
		return -E2BIG;
	if (size)
		memcpy(arg.set.data, data, size);
	return ioctl(vfio->device, VFIO_DEVICE_SET_IRQS, &arg) ? -errno : 0;
}

int irq_do(struct vfio *vfio, unsigned int index, __u32 action,
	   unsigned int start, unsigned int count)
{
	return irq_set(vfio, index, VFIO_IRQ_SET_DATA_NONE | action, start,
		       count, NULL, 0);
}

int irq_route(struct vfio *vfio, unsigned int index, unsigned int start,
	      unsigned int count, const int *events)
{
	return irq_set(vfio, index, VFIO_IRQ_SET_DATA_EVENTFD |
		       VFIO_IRQ_SET_ACTION_TRIGGER, start, count, events,
		       count * sizeof(*events));
}

int irq_disable(struct vfio *vfio, unsigned int index)
{
	return irq_do(vfio, index, VFIO_IRQ_SET_ACTION_TRIGGER, 0, 0);
}

int irq_handlers(const char *address)
{
	FILE *file = fopen("/proc/interrupts", "re");
	char line[1024];
	int handlers = 0;

	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file))
		if (strstr(line, "vfio-") && strstr(line, address))
			handlers++;
	fclose(file);
	return handlers;
}

/* "NUMBER: COUNT COUNT ... CHIP NAME", a count for each processor. */
static unsigned long line_count(const char *line)
{
	const char *at = strchr(line, ':');
	unsigned long sum = 0, count;
	char *end;

	if (!at)
		return 0;
	for (at++;; at = end) {
		count = strtoul(at, &end, 10);
		if (end == at)
			return sum;
		sum += count;
	}
}

unsigned long irq_count(const char *address)
{
	FILE *file = fopen("/proc/interrupts", "re");
	unsigned long sum = 0;
	char line[1024];

	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file))
		if (strstr(line, "vfio-") && strstr(line, address))
			sum += line_count(line);
	fclose(file);
	return sum;
}

int event_create(void)
{
	return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

/* On a fast host. */
#define PATIENCE_MS 30000
#define QUIET_MS 50

static bool comes_within(int event, int milliseconds)
{
	struct pollfd poll_for = { .fd = event, .events = POLLIN };

	return poll(&poll_for, 1, milliseconds * slowness()) == 1;
}

bool event_comes(int event)
{
	return comes_within(event, PATIENCE_MS);
}

static __u64 count_within(int event, int milliseconds)
{
	__u64 count;

	if (!comes_within(event, milliseconds) ||
	    read(event, &count, sizeof(count)) != sizeof(count))
		return 0;
	return count;
}

__u64 event_count(int event)
{
	return count_within(event, PATIENCE_MS);
}

__u64 event_pending(int event)
{
	char path[64], line[128];
	__u64 count = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", event);
	file = fopen(path, "re");
	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file))
		sscanf(line, "eventfd-count: %llx", &count);
	fclose(file);
	return count;
}

bool event_quiet(int event)
{
	return !count_within(event, QUIET_MS);
}
