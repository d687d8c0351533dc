// SPDX-License-Identifier: GPL-2.0-only
/*
 * Measures what it costs to make memory ready for DMA and to release it: to have it pinned, or
 * locked where a way has no pin, and to know the addresses that the device uses.
 *
 * The arguments select the ways, because they need different guests: pin, uio, type1 and iommufd
 * in one with noiommu; vtd in one with an IOMMU; cdev in one with the no-IOMMU mode of iommufd,
 * and without noiommu. All but pin and uio use QEMU's edu.
 */
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/noiommu.h>

#include "bench.h"
#include "edu.h"
#include "iommufd.h"
#include "iommufd_abi.h"
#include "noiommu.h"
#include "passthrough.h"
#include "sysfs.h"
#include "vfio.h"

#define MAX_LENGTH (256UL << 20)
#define MAX_PAGES (MAX_LENGTH / SIZE_4K)
/* Within the reach of any IOMMU, and not at the addresses of interrupt messages. */
#define IOVA (4 * SIZE_1G)

/* linux/iommufd.h from 7.3 on */
struct abi_noiommu_get_pa {
	__u32 size;
	__u32 flags;
	__u32 ioas_id;
	__u32 reserved;
	__aligned_u64 iova;
	__aligned_u64 length;
	__aligned_u64 out_phys;
};

#define ABI_NOIOMMU_GET_PA _IO(';', 0x95)

static struct noiommu_extent extents[MAX_PAGES];
static uint64_t addresses[MAX_PAGES];
static __u32 nr_extents, pin_id, ioas;
static __u64 mapped_at;
static struct vfio vfio = { -1, -1, -1 };
static int device = -1, pagemap = -1, iommufd = -1;

/* --- Pins, and locked memory -------------------------------------------------- */

static void open_device(void)
{
	device = noiommu_open_device();
	must(device < 0 ? device : 0, "/dev/noiommu");
}

static void pin(const struct memory *memory)
{
	nr_extents = MAX_PAGES;
	must(noiommu_pin_range(device, memory->start, memory->length,
			       NOIOMMU_ACCESS_WRITE, extents, &nr_extents,
			       &pin_id), "NOIOMMU_PIN");
}

static void unpin(const struct memory *memory)
{
	(void)memory;
	must(noiommu_unpin_id(device, pin_id), "NOIOMMU_UNPIN");
}

static void open_pagemap(void)
{
	pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	if (pagemap < 0)
		fail("/proc/self/pagemap");
}

/* A kernel without an IOMMU and without noiommu has nothing better. */
static void lock(const struct memory *memory)
{
	size_t size = memory->length / SIZE_4K * sizeof(*addresses);
	off_t at = (uintptr_t)memory->start / SIZE_4K * sizeof(*addresses);

	if (mlock(memory->start, memory->length))
		fail("mlock");
	if (pread(pagemap, addresses, size, at) != (ssize_t)size)
		fail("/proc/self/pagemap");
}

static void unlock(const struct memory *memory)
{
	if (munlock(memory->start, memory->length))
		fail("munlock");
}

/* --- Containers ---------------------------------------------------------------- */

static void bind(char *address)
{
	must(edu_bind_nth(0, "vfio-pci", address), "bind");
}

static void open_type1(void)
{
	char address[PCI_ADDRESS_SIZE];

	bind(address);
	must(vfio_open(&vfio, address), "container");
}

static void open_type1_here(void)
{
	open_device();
	open_type1();
}

static void translate(const struct memory *memory)
{
	nr_extents = MAX_PAGES;
	must(noiommu_translate_range(device, memory->start, memory->length, 0,
				     extents, &nr_extents),
	     "NOIOMMU_TRANSLATE");
}

/* noiommu maps an address only to itself, so each contiguous run is a map. */
static void map_runs(const struct memory *memory)
{
	char *va = memory->start;
	__u32 i;

	translate(memory);
	for (i = 0; i < nr_extents; va += extents[i++].length)
		must(vfio_map(&vfio, va, extents[i].length, extents[i].phys),
		     "VFIO_IOMMU_MAP_DMA");
}

static void unmap_runs(const struct memory *memory)
{
	__u32 i;

	(void)memory;
	for (i = 0; i < nr_extents; i++)
		must(vfio_unmap(&vfio, extents[i].phys, extents[i].length),
		     "VFIO_IOMMU_UNMAP_DMA");
}

static void map_whole(const struct memory *memory)
{
	must(vfio_map(&vfio, memory->start, memory->length, IOVA),
	     "VFIO_IOMMU_MAP_DMA");
}

static void unmap_whole(const struct memory *memory)
{
	must(vfio_unmap(&vfio, IOVA, memory->length), "VFIO_IOMMU_UNMAP_DMA");
}

/* --- iommufd -------------------------------------------------------------------- */

static void open_cdev(void)
{
	char address[PCI_ADDRESS_SIZE];
	__u32 id, table;

	bind(address);
	iommufd = iommufd_open();
	if (iommufd < 0)
		fail("/dev/iommu");
	must(iommufd_ioas(iommufd, &ioas), "IOMMU_IOAS_ALLOC");
	must(cdev_open(&vfio, address), "/dev/vfio/devices");
	must(cdev_bind(&vfio, iommufd, &id), "VFIO_DEVICE_BIND_IOMMUFD");
	table = ioas;
	must(cdev_attach(&vfio, &table), "VFIO_DEVICE_ATTACH_IOMMUFD_PT");
}

static void open_cdev_here(void)
{
	open_device();
	open_cdev();
}

static void iommufd_map_runs(const struct memory *memory)
{
	char *va = memory->start;
	__u32 i;

	translate(memory);
	for (i = 0; i < nr_extents; va += extents[i++].length)
		must(iommufd_map(iommufd, ioas, va, extents[i].length,
				 extents[i].phys), "IOMMU_IOAS_MAP");
}

static void iommufd_unmap_at(__u64 iova, size_t length)
{
	if (iommufd_unmap(iommufd, ioas, iova, length) != (long)length)
		fail("IOMMU_IOAS_UNMAP");
}

static void iommufd_unmap_runs(const struct memory *memory)
{
	__u32 i;

	(void)memory;
	for (i = 0; i < nr_extents; i++)
		iommufd_unmap_at(extents[i].phys, extents[i].length);
}

static void iommufd_map_whole(const struct memory *memory)
{
	must(iommufd_map_anywhere(iommufd, ioas, memory->start, memory->length,
				  &mapped_at), "IOMMU_IOAS_MAP");
}

static void iommufd_unmap_whole(const struct memory *memory)
{
	iommufd_unmap_at(mapped_at, memory->length);
}

/*
 * The device uses physical addresses; the mapped range is the key to them. The kernel looks at each
 * small page of the length that it is asked for, so of a huge page ask for its first one only.
 */
static void map_and_look_up(const struct memory *memory)
{
	struct abi_noiommu_get_pa cmd = {
		.size = sizeof(cmd),
		.ioas_id = ioas,
	};
	bool huge = memory->page > SIZE_4K;
	size_t at;

	iommufd_map_whole(memory);
	for (at = 0; at < memory->length; at += huge ? memory->page : cmd.length) {
		cmd.iova = mapped_at + at;
		cmd.length = huge ? SIZE_4K : memory->length - at;
		if (ioctl(iommufd, ABI_NOIOMMU_GET_PA, &cmd))
			fail("IOMMU_IOAS_NOIOMMU_GET_PA");
	}
}

/* --- Measuring ------------------------------------------------------------------- */

static const struct way {
	const char *key;
	const char *name;
	void (*open)(void);
	void (*map)(const struct memory *memory);
	void (*unmap)(const struct memory *memory);
} ways[] = {
	{ "pin", "NOIOMMU_PIN", open_device, pin, unpin },
	{ "uio", "mlock and pagemap", open_pagemap, lock, unlock },
	{ "type1", "type1 on noiommu", open_type1_here, map_runs, unmap_runs },
	{ "iommufd", "iommufd on noiommu", open_cdev_here, iommufd_map_runs,
	  iommufd_unmap_runs },
	{ "vtd", "type1 on VT-d", open_type1, map_whole, unmap_whole },
	{ "vtd-iommufd", "iommufd on VT-d", open_cdev, iommufd_map_whole,
	  iommufd_unmap_whole },
	{ "cdev", "iommufd's no-IOMMU mode", open_cdev, map_and_look_up,
	  iommufd_unmap_whole },
};

static const struct way *way;

/* Free pages, with those that the CPU keeps for itself. */
static long free_pages(void)
{
	FILE *file = fopen("/proc/zoneinfo", "re");
	long sum = 0, value;
	char line[256];

	if (!file)
		fail("/proc/zoneinfo");
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, " nr_free_pages %ld", &value) == 1 ||
		    sscanf(line, " count: %ld", &value) == 1)
			sum += value;
	fclose(file);
	return sum;
}

/*
 * Lets the kernel give up the slabs that it keeps empty. It takes the next objects from them, and
 * the free pages would not show these.
 */
static void free_slabs(void)
{
	glob_t files;
	size_t i;

	if (glob("/sys/kernel/slab/*/shrink", 0, NULL, &files))
		fail("/sys/kernel/slab");
	for (i = 0; i < files.gl_pathc; i++)
		must(file_write(files.gl_pathv[i], "1"), files.gl_pathv[i]);
	globfree(&files);
}

/*
 * Records the kernel's memory for each mapped GiB, in KiB. It is allocated in slabs, which have up
 * to eight pages.
 */
static void count_memory(const struct memory *memory)
{
	long before, used;

	/* What a previous way has released may be freed later. */
	usleep(100000);
	free_slabs();
	before = free_pages();
	way->map(memory);
	used = before - free_pages();
	way->unmap(memory);
	record("memory", way->name, memory->name, 1,
	       (used > 0 ? used : 0) * 4 * (SIZE_1G / memory->length));
}

static void report(const struct memory *memory)
{
	const struct method ready = { way->name, nothing, way->map, way->unmap };
	const struct method release = { way->name, way->map, way->unmap, nothing };

	count_memory(memory);
	measure("ready", &ready, memory, false);
	measure("released", &release, memory, false);
}

static void run_way(const char *key)
{
	static const struct limits limits = { MAX_LENGTH, MAX_LENGTH, 0 };
	unsigned int i;

	for (i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		if (strcmp(ways[i].key, key))
			continue;
		way = &ways[i];
		way->open();
		memory_each(&limits, report);
		vfio_close(&vfio);
		close(iommufd);
		close(device);
		return;
	}
	fprintf(stderr, "bench: there is no way %s\n", key);
	exit(1);
}

int main(int argc, char **argv)
{
	int i;

	/* Present before the first call writes there. */
	memset(extents, 0, sizeof(extents));
	memset(addresses, 0, sizeof(addresses));
	for (i = 1; i < argc; i++)
		run_way(argv[i]);
	return 0;
}
