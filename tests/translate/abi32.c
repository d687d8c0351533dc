// SPDX-License-Identifier: GPL-2.0-only
/*
 * A 32-bit caller, for the suite gate. It uses no C library, because that would have to be a
 * 32-bit one.
 */
#include "abi32.h"

#define SYS32_EXIT 1
#define SYS32_READ 3
#define SYS32_WRITE 4
#define SYS32_IOCTL 54
#define FOUR_GIB (1ULL << 32)

static struct abi32_report report;
static struct noiommu_unpin unpin;
static struct noiommu_free free;
static struct noiommu_translate above;
static char memory[4096] __attribute__((aligned(4096)));

static int call(int number, int fd, unsigned long second, void *third)
{
	int ret;

	__asm__ volatile("int $0x80" : "=a"(ret)
			 : "a"(number), "b"(fd), "c"(second), "d"(third)
			 : "memory");
	return ret;
}

static unsigned long at(void *pointer)
{
	return (unsigned long)pointer;
}

static void translate(void)
{
	report.translate.size = sizeof(report.translate);
	report.translate.va = at(memory);
	report.translate.length = sizeof(memory);
	report.translate.extents = at(&report.translated);
	report.translate.nr_extents = 1;
	above = report.translate;
	report.translate_error = call(SYS32_IOCTL, ABI32_DEVICE,
				      NOIOMMU_TRANSLATE, &report.translate);
	above.va = FOUR_GIB;
	report.above_error = call(SYS32_IOCTL, ABI32_DEVICE, NOIOMMU_TRANSLATE,
				  &above);
}

static void pin_and_list(void)
{
	report.pin.size = sizeof(report.pin);
	report.pin.flags = NOIOMMU_ACCESS_WRITE;
	report.pin.va = at(memory);
	report.pin.length = sizeof(memory);
	report.pin.extents = at(&report.pinned);
	report.pin.nr_extents = 1;
	report.pin_error = call(SYS32_IOCTL, ABI32_DEVICE, NOIOMMU_PIN,
				&report.pin);
	report.list.size = sizeof(report.list);
	report.list.pins = at(&report.listed_pin);
	report.list.extents = at(&report.listed);
	report.list.nr_pins = 1;
	report.list.nr_extents = 1;
	report.list_error = call(SYS32_IOCTL, ABI32_DEVICE, NOIOMMU_LIST_PINS,
				 &report.list);
	unpin.size = sizeof(unpin);
	unpin.id = report.pin.id;
	report.unpin_error = call(SYS32_IOCTL, ABI32_DEVICE, NOIOMMU_UNPIN,
				  &unpin);
}

static void allocate(void)
{
	report.alloc.size = sizeof(report.alloc);
	report.alloc.length = sizeof(memory);
	report.alloc.node = -1;
	report.alloc_error = call(SYS32_IOCTL, ABI32_DEVICE, NOIOMMU_ALLOC,
				  &report.alloc);
	free.size = sizeof(free);
	free.fd = report.alloc.fd;
	report.free_error = call(SYS32_IOCTL, ABI32_DEVICE, NOIOMMU_FREE,
				 &free);
	report.pin_dmabuf.size = sizeof(report.pin_dmabuf);
	report.pin_dmabuf.fd = report.alloc.fd;
	report.pin_dmabuf_error = call(SYS32_IOCTL, ABI32_DEVICE,
				       NOIOMMU_PIN_DMABUF, &report.pin_dmabuf);
}

__attribute__((force_align_arg_pointer, used)) void _start(void)
{
	char permission;

	memory[0] = 1;
	report.va = at(memory);
	report.info.size = sizeof(report.info);
	report.info_error = call(SYS32_IOCTL, ABI32_DEVICE, NOIOMMU_INFO,
				 &report.info);
	translate();
	pin_and_list();
	allocate();
	call(SYS32_WRITE, ABI32_REPORT, at(&report), (void *)sizeof(report));
	/* The parent reads the memory's address while this process exists. */
	call(SYS32_READ, ABI32_EXIT, at(&permission), (void *)1);
	call(SYS32_EXIT, 0, 0, 0);
}
