// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "noiommu.h"
#include "passthrough.h"
#include "sysfs.h"
#include "translation.h"

int passthrough_load(void)
{
	if (!access("/sys/module/vfio_pci", F_OK) &&
	    !access("/sys/module/noiommu_pci", F_OK))
		return 0;
	return run("modprobe -a noiommu vfio-pci noiommu-pci");
}

int passthrough_bind(const char *address, const char *driver)
{
	if (pci_has_driver(address, driver))
		return 0;
	pci_unbind(address);
	return pci_bind(address, driver);
}

static void bar_range(const char *address, int bar, __u64 *start, __u64 *last)
{
	char path[128], line[80], *end;
	FILE *file;

	*start = 0;
	*last = 0;
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/resource",
		 address);
	file = fopen(path, "re");
	if (!file)
		return;
	while (bar-- >= 0 && fgets(line, sizeof(line), file)) {
		*start = strtoull(line, &end, 16);
		*last = strtoull(end, NULL, 16);
	}
	fclose(file);
}

__u64 bar_start(const char *address, int bar)
{
	__u64 start, last;

	bar_range(address, bar, &start, &last);
	return start;
}

size_t bar_length(const char *address, int bar)
{
	__u64 start, last;

	bar_range(address, bar, &start, &last);
	return start ? last - start + 1 : 0;
}

int passthrough_reset(struct vfio *vfio)
{
	return ioctl(vfio->device, VFIO_DEVICE_RESET) ? -errno : 0;
}

int passthrough_hear_requests(struct vfio *vfio, int eventfd)
{
	char buffer[sizeof(struct vfio_irq_set) + sizeof(eventfd)];
	struct vfio_irq_set *set = (void *)buffer;

	*set = (struct vfio_irq_set){
		.argsz = sizeof(buffer),
		.flags = VFIO_IRQ_SET_DATA_EVENTFD |
			 VFIO_IRQ_SET_ACTION_TRIGGER,
		.index = VFIO_PCI_REQ_IRQ_INDEX,
		.count = 1,
	};
	memcpy(set->data, &eventfd, sizeof(eventfd));
	return ioctl(vfio->device, VFIO_DEVICE_SET_IRQS, set) ? -errno : 0;
}

static sigjmp_buf after_bus_error;

static void on_bus_error(int signal)
{
	(void)signal;
	siglongjmp(after_bus_error, 1);
}

bool can_read(const void *va, __u32 *value)
{
	struct sigaction action = { .sa_handler = on_bus_error }, before;
	volatile bool read = false;

	sigaction(SIGBUS, &action, &before);
	if (!sigsetjmp(after_bus_error, 1)) {
		*value = *(const volatile __u32 *)va;
		read = true;
	}
	sigaction(SIGBUS, &before, NULL);
	return read;
}

static long faults(void)
{
	struct rusage usage;

	return getrusage(RUSAGE_SELF, &usage) ? -1 : usage.ru_minflt;
}

bool was_present(const void *va)
{
	__u32 value = 0;
	long before;

	/* First run the code once, so that it causes no fault of its own. */
	can_read(&value, &value);
	faults();
	before = faults();
	return can_read(va, &value) && faults() == before;
}

bool translates_to_bar(int fd, const void *va, size_t length, __u32 flags,
		       __u64 phys)
{
	struct noiommu_extent wanted = {
		.phys = phys,
		.length = length,
		.flags = NOIOMMU_EXTENT_MMIO,
	};
	struct translation got;
	bool good;

	good = translation_get(&got, fd, va, length, flags, 0) && !got.error &&
	       phys && got.nr == 1 && !memcmp(got.extents, &wanted, sizeof(wanted));
	if (!good)
		printf("# error %d, %u extents, the first %#llx %#llx %#x\n",
		       got.error, got.nr, got.extents->phys,
		       got.extents->length, got.extents->flags);
	translation_free(&got);
	return good;
}

int translate_error(int fd, const void *va, size_t length, __u32 flags)
{
	struct noiommu_extent extent;
	__u32 nr = 1;

	return noiommu_translate_range(fd, va, length, flags, &extent, &nr);
}
