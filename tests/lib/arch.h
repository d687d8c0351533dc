/* SPDX-License-Identifier: GPL-2.0-only */
/* What tests know of the processor and of the machine. */
#ifndef TESTS_ARCH_H
#define TESTS_ARCH_H

/* The end of a process's address space, and addresses that no process and not even a kernel has. */
#if defined(__x86_64__)
#define USER_END 0x00007ffffffff000ULL
#define NOT_CANONICAL 0x0000900000000000ULL
#elif defined(__aarch64__) && PAGE_SHIFT == 14
/* Three levels of page tables. */
#define USER_END 0x0000800000000000ULL
#define NOT_CANONICAL 0x0009000000000000ULL
#elif defined(__aarch64__)
#define USER_END 0x0001000000000000ULL
#define NOT_CANONICAL 0x0009000000000000ULL
#endif
#define KERNEL_ADDRESS 0xffff888000000000ULL

/* The reserved region of interrupt messages, as in reserved_regions of an IOMMU group. */
#if defined(__x86_64__)
#define MSI_REGION "0x00000000fee00000 0x00000000feefffff msi"
#else
#define MSI_REGION ""
#endif

/* Where the guest has the libraries of Debian's packages. */
#if defined(__x86_64__)
#define LIBRARIES "/lib/x86_64-linux-gnu"
#else
#define LIBRARIES "/usr/lib/aarch64-linux-gnu"
#endif

#endif
