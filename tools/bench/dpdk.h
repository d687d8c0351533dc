/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The functions of DPDK that the benchmark calls and wraps, as DPDK's own headers declare
 * them; some of these headers are not installed. All addresses are uint64_t there. The weak
 * functions exist only with our patches. With the linker's option --wrap=NAME, callers of
 * NAME call __wrap_NAME.
 */
#ifndef BENCH_DPDK_H
#define BENCH_DPDK_H

#include <stddef.h>
#include <stdint.h>

int rte_eal_init(int argc, char **argv);
int rte_eal_cleanup(void);
uint64_t rte_mem_virt2phy(const void *virt);

#pragma weak __real_rte_mem_virt2iova_bulk
#pragma weak __real_eal_noiommu_mem_pin
#pragma weak __real_eal_noiommu_mem_pin_all

uint64_t __real_rte_mem_virt2iova(const void *virt);
uint64_t __wrap_rte_mem_virt2iova(const void *virt);

int __real_rte_mem_virt2iova_bulk(const void *virt, size_t page_size,
				  uint64_t *iova, unsigned int pages);
int __wrap_rte_mem_virt2iova_bulk(const void *virt, size_t page_size,
				  uint64_t *iova, unsigned int pages);

int __real_eal_noiommu_mem_pin(const void *virt, size_t page_size,
			       uint64_t *phys, unsigned int pages);
int __wrap_eal_noiommu_mem_pin(const void *virt, size_t page_size,
			       uint64_t *phys, unsigned int pages);

int __real_eal_noiommu_mem_pin_all(void);
int __wrap_eal_noiommu_mem_pin_all(void);

int __real_ioctl(int fd, unsigned long request, void *arg);
int __wrap_ioctl(int fd, unsigned long request, void *arg);

#endif
