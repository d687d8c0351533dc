// SPDX-License-Identifier: GPL-2.0-only
/*
 * Measures what addresses cost DPDK, and what it costs to make memory ready for DMA:
 *
 *   dpdk SIZE EAL-OPTION...
 *
 * starts EAL, and counts the instructions of that start for look-ups of addresses and for
 * maps or pins. The linker lets the functions below wrap those of EAL. The program is linked
 * with the libraries of DPDK with and without our patches, and prints lines of WHAT-SIZE
 * INSTRUCTIONS for the table of tools/bench/run.
 *
 * For a guest that counts instructions, as in translate.c. The clocks are of processor time,
 * because other threads, also of the kernel, run during a start of EAL, and EAL sleeps to
 * measure the frequency of a clock.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include <linux/vfio.h>

#include "dpdk.h"

#define ROUNDS 9
#define SIZE_4K (4UL << 10)
#define SIZE_2M (2UL << 20)
#define SAMPLE (32UL << 20)
#define WITHOUT_HUGE (64UL << 20)

struct counter {
	uint64_t pages;
	uint64_t spent;
};

static struct counter looked_up, mapped, pinned;
static int container = -1;
static uint64_t of_clock;

static void fail(const char *what)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t read_clock(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return time.tv_sec * 1000000000ULL + time.tv_nsec;
}

static uint64_t now(void)
{
	return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

static void count(struct counter *counter, uint64_t pages, uint64_t start)
{
	counter->spent += now() - start - of_clock;
	counter->pages += pages;
}

static void touch(char *start, size_t length)
{
	size_t at;

	for (at = 0; at < length; at += SIZE_4K)
		((volatile char *)start)[at] = 0;
}

/* --- Between EAL's functions ------------------------------------------------- */

uint64_t __wrap_rte_mem_virt2iova(const void *virt)
{
	uint64_t start = now(), iova = __real_rte_mem_virt2iova(virt);

	count(&looked_up, 1, start);
	return iova;
}

int __wrap_rte_mem_virt2iova_bulk(const void *virt, size_t page_size,
				  uint64_t *iova, unsigned int pages)
{
	uint64_t start = now();
	int ret = __real_rte_mem_virt2iova_bulk(virt, page_size, iova, pages);

	count(&looked_up, pages, start);
	return ret;
}

/*
 * Memory that is pinned first, and gets its addresses from the pin. It is faulted in before
 * the measurement, because that is no cost of addresses.
 */
int __wrap_eal_noiommu_mem_pin(const void *virt, size_t page_size,
			       uint64_t *phys, unsigned int pages)
{
	uint64_t start;
	int ret;

	touch((char *)virt, page_size * pages);
	start = now();
	ret = __real_eal_noiommu_mem_pin(virt, page_size, phys, pages);
	count(&looked_up, pages, start);
	return ret;
}

/* Memory that already has its addresses. */
int __wrap_eal_noiommu_mem_pin_all(void)
{
	uint64_t start = now();
	int ret = __real_eal_noiommu_mem_pin_all();

	count(&pinned, 0, start);
	return ret;
}

int __wrap_ioctl(int fd, unsigned long request, void *arg)
{
	uint64_t start;
	int ret;

	if (request != VFIO_IOMMU_MAP_DMA)
		return __real_ioctl(fd, request, arg);
	start = now();
	ret = __real_ioctl(fd, request, arg);
	count(&mapped, 1, start);
	container = fd;
	return ret;
}

/* --- One at a time ------------------------------------------------------------ */

static int compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static uint64_t median(uint64_t (*what)(char *start, size_t page, size_t length),
		       char *start, size_t page, size_t length)
{
	uint64_t times[ROUNDS];
	int i;

	/* Warm up. */
	what(start, page, length);
	for (i = 0; i < ROUNDS; i++)
		times[i] = what(start, page, length);
	qsort(times, ROUNDS, sizeof(*times), compare);
	return times[ROUNDS / 2];
}

static uint64_t time_clock(char *start, size_t page, size_t length)
{
	uint64_t begin = now();

	(void)start, (void)page, (void)length;
	return now() - begin;
}

static uint64_t time_virt2phy(char *start, size_t page, size_t length)
{
	uint64_t begin = now();
	size_t at;

	for (at = 0; at < length; at += page)
		if (rte_mem_virt2phy(start + at) == UINT64_MAX)
			fail("rte_mem_virt2phy");
	return now() - begin - of_clock;
}

/* Maps at a fixed address, because a look-up in pagemap walks to the end of the 2 MiB. */
static char *map(size_t length, int flags)
{
	char *start = mmap((char *)(1UL << 44), length, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE |
			   flags, -1, 0);

	if (start == MAP_FAILED)
		fail("mmap");
	if (!(flags & MAP_HUGETLB))
		madvise(start, length, MADV_NOHUGEPAGE);
	touch(start, length);
	return start;
}

static void one_by_one(const char *name, size_t page, int flags)
{
	char *memory = map(SAMPLE, flags);

	printf("call-%s %.1f\n", name,
	       (double)median(time_virt2phy, memory, page, SAMPLE) /
	       (SAMPLE / page));
	munmap(memory, SAMPLE);
}

/*
 * A start without huge pages as EAL of released DPDK would do it, if it supported that with
 * physical addresses: look up and map each page.
 */
static void without_huge(void)
{
	char *memory = map(WITHOUT_HUGE, 0);
	struct vfio_iommu_type1_dma_map cmd = {
		.argsz = sizeof(cmd),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.size = SIZE_4K,
	};
	size_t at;

	memset(&looked_up, 0, sizeof(looked_up));
	memset(&mapped, 0, sizeof(mapped));
	for (at = 0; at < WITHOUT_HUGE; at += SIZE_4K) {
		cmd.vaddr = (uintptr_t)(memory + at);
		cmd.iova = __wrap_rte_mem_virt2iova(memory + at);
		if (__wrap_ioctl(container, VFIO_IOMMU_MAP_DMA, &cmd))
			fail("VFIO_IOMMU_MAP_DMA");
	}
}

/* ------------------------------------------------------------------------------ */

static void report(const char *size)
{
	printf("pages-%s %zu\n", size, (size_t)looked_up.pages);
	printf("look-up-%s %zu\n", size, (size_t)looked_up.spent);
	printf("ready-%s %.1f\n", size,
	       (double)(looked_up.spent + mapped.spent + pinned.spent) /
	       looked_up.pages);
	fprintf(stderr, "bench: %s: %zu looked up, %zu mapped\n", size,
		(size_t)looked_up.pages, (size_t)mapped.pages);
}

int main(int argc, char **argv)
{
	const char *size = argv[1];
	uint64_t start;

	if (argc < 2)
		return 2;
	argv[1] = argv[0];
	of_clock = median(time_clock, NULL, 0, 0);
	start = read_clock(CLOCK_PROCESS_CPUTIME_ID);
	if (rte_eal_init(argc - 1, argv + 1) < 0)
		fail("rte_eal_init");
	printf("start-%s %zu\n", size,
	       (size_t)(read_clock(CLOCK_PROCESS_CPUTIME_ID) - start));
	report(size);
	if (!strcmp(size, "2M")) {
		one_by_one("4K", SIZE_4K, 0);
		one_by_one("2M", SIZE_2M, MAP_HUGETLB);
		if (!__real_rte_mem_virt2iova_bulk) {
			without_huge();
			report("4K");
		}
	}
	fflush(stdout);
	rte_eal_cleanup();
	return 0;
}
