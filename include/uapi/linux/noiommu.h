/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * /dev/noiommu: physical addresses of a process's memory, and pins on it.
 */
#ifndef _UAPI_LINUX_NOIOMMU_H
#define _UAPI_LINUX_NOIOMMU_H

#include <linux/ioctl.h>
#include <linux/types.h>

/**
 * DOC: General ioctl format
 *
 * /dev/noiommu answers where memory of the calling process is, and pins it
 * there. Opening it needs CAP_SYS_RAWIO in the initial user namespace and a
 * kernel that is not locked down, else -EPERM. Nothing else is asked of the
 * descriptor later: it may be handed to a process with fewer rights. Every call
 * speaks of the memory of the process that makes it, but for NOIOMMU_LIST_PINS and
 * NOIOMMU_UNPIN: they are about pins of the descriptor, whoever made them.
 *
 * The ioctl number does not contain the size of the structure. Its first
 * member is a __u32 size, which the caller sets to the sizeof() it was compiled
 * with:
 *
 * - A structure shorter than the kernel's is complete if it reaches to the last
 *   member of the first version; what is missing counts as zero.
 * - A longer one is taken if everything that the kernel does not know is zero,
 *   and it is no longer than a page.
 *
 * So old programs work on new kernels, and new programs on old kernels until
 * they ask for what is not there. Members called reserved must be zero.
 *
 * All addresses and lengths are bytes, and need no alignment unless it is said.
 * A virtual address may have a tag (TBI, MTE, LAM) where the process may pass such
 * ones to the kernel.
 *
 * An ioctl returns 0, or -1 and errno:
 *
 * - ENOTTY: the ioctl number is not known.
 * - E2BIG: what the kernel does not know of the structure is not zero, or the
 *   structure is longer than a page.
 * - EOPNOTSUPP: a flag is not known, or the memory is not of a kind for which
 *   the operation makes sense.
 * - EINVAL: a value is wrong: the size is too short, a reserved member is not
 *   zero, a length is zero, a range wraps around.
 * - EFAULT: a pointer to a structure or array, or a part of the range, is not
 *   mapped, or not for the access that is asked for, or lies beyond the end of
 *   its file. Where a process would get SIGSEGV or SIGBUS, and nothing below
 *   says more.
 * - ENOENT: there is no such pin.
 * - ENOSPC: an array is too small.
 * - ENOMEM: out of memory, out of huge pages or at a cgroup's limit of either, or
 *   more than RLIMIT_MEMLOCK allows to be pinned.
 * - EHWPOISON: a page of the range is broken, and the kernel has taken it away.
 * - ERANGE: the device cannot reach a part of the range.
 * - EINTR: a fatal signal is pending.
 *
 * Unless it is said, a call that fails has changed nothing.
 *
 * Memory that is not present is faulted in as if the process had touched it. A
 * call waits for whoever provides it, a disk or a handler of userfaultfd, for as
 * long as that takes; only a fatal signal ends the wait.
 */
#define NOIOMMU_TYPE	(0xB9)

enum {
	NOIOMMU_CMD_INFO = 0,
	NOIOMMU_CMD_TRANSLATE,
	NOIOMMU_CMD_PIN,
	NOIOMMU_CMD_UNPIN,
	NOIOMMU_CMD_LIST_PINS,
};

/* The first of &noiommu_info.abi. It changes only if a program could break. */
#define NOIOMMU_ABI_VERSION	1

/**
 * enum noiommu_features - bits of &noiommu_info.features
 * @NOIOMMU_FEATURE_TRANSLATE: NOIOMMU_TRANSLATE is there.
 * @NOIOMMU_FEATURE_PIN: NOIOMMU_PIN and NOIOMMU_UNPIN are there.
 * @NOIOMMU_FEATURE_LIMIT: They and NOIOMMU_TRANSLATE heed a limit.
 * @NOIOMMU_FEATURE_LIST_PINS: NOIOMMU_LIST_PINS is there.
 */
enum noiommu_features {
	NOIOMMU_FEATURE_TRANSLATE = 1 << 0,
	NOIOMMU_FEATURE_PIN = 1 << 1,
	NOIOMMU_FEATURE_LIMIT = 1 << 2,
	NOIOMMU_FEATURE_LIST_PINS = 1 << 3,
};

/**
 * struct noiommu_info - ioctl(NOIOMMU_INFO)
 * @size: sizeof(struct noiommu_info)
 * @flags: in: 0
 * @abi: out: NOIOMMU_ABI_VERSION of the kernel
 * @claimed: out: PCI functions that have an IOMMU group of noiommu's now; which
 *           they are is in /sys/class/iommu/noiommu/devices
 * @features: out: bits of &enum noiommu_features
 *
 * What this kernel can do.
 *
 * Errors: EOPNOTSUPP, EINVAL, E2BIG, EFAULT.
 */
struct noiommu_info {
	__u32 size;
	__u32 flags;
	__u32 abi;
	__u32 claimed;
	__aligned_u64 features;
};

#define NOIOMMU_INFO _IO(NOIOMMU_TYPE, NOIOMMU_CMD_INFO)

/**
 * enum noiommu_extent_flags - bits of &noiommu_extent.flags
 * @NOIOMMU_EXTENT_MMIO: Not memory that the kernel has as "System RAM" in
 *                       /proc/iomem: a BAR, also one whose memory is shared out
 *                       by P2PDMA; persistent memory and what else is a
 *                       device-dax; RAM that the kernel was told to leave alone
 *                       (memmap=, mem=).
 */
enum noiommu_extent_flags {
	NOIOMMU_EXTENT_MMIO = 1 << 0,
};

/**
 * struct noiommu_extent - a physically contiguous piece of a range
 * @phys: physical address of its first byte. On the hosts where noiommu loads
 *        it is the bus address, and the IOVA at which VFIO can map it.
 * @length: bytes
 * @flags: bits of &enum noiommu_extent_flags
 * @reserved: 0
 *
 * A range is described by its extents in the order of virtual addresses,
 * without gaps. What is contiguous both virtually and physically is one extent,
 * across pages of whatever size and across mappings.
 */
struct noiommu_extent {
	__aligned_u64 phys;
	__aligned_u64 length;
	__u32 flags;
	__u32 reserved;
};

/**
 * enum noiommu_access_flags - bits of &noiommu_translate.flags, &noiommu_pin.flags
 *                             and &noiommu_pin_info.flags
 * @NOIOMMU_ACCESS_WRITE: The device will write to the memory. Pages that are
 *                        shared until they are written (the zero page, memory
 *                        of a parent, private file mappings) are copied now;
 *                        the address is that of the copy.
 */
enum noiommu_access_flags {
	NOIOMMU_ACCESS_WRITE = 1 << 0,
};

/**
 * struct noiommu_translate - ioctl(NOIOMMU_TRANSLATE)
 * @size: sizeof(struct noiommu_translate)
 * @flags: bits of &enum noiommu_access_flags
 * @va: in: first byte of the range. out: first byte not translated
 * @length: in: bytes of the range, not 0. out: bytes not translated
 * @extents: in: pointer to an array of &struct noiommu_extent
 * @nr_extents: in: how many have room there, not 0. out: how many were filled
 * @reserved: 0
 * @limit: in: last physical address that the device can reach, as
 *         (1 << address bits) - 1; 0 if it reaches all
 *
 * Where is the range? Any memory that the process can read has an answer:
 * anonymous and file mappings, transparent and hugetlbfs huge pages, BARs and
 * other device memory. What is not present is faulted in first.
 *
 * When the array is full the call succeeds with what fits; @va and @length
 * then describe the rest, so that calling again with the same structure, and
 * @nr_extents set, goes on. @length is 0 when all is done. One huge buffer
 * needs one call if the array has room for all its extents.
 *
 * If a part of the range has no answer the call fails, and @va, @length and
 * @nr_extents say how far it got; the extents up to there are valid.
 *
 * A device with fewer address bits than memory needs writes elsewhere, and nothing
 * says so. So the call fails with ERANGE at the first byte beyond @limit; @va names
 * it. What the buses of functions let through of which the process has DMA
 * ownership limits it as well.
 *
 * The answer is a snapshot, like /proc/self/pagemap: pages move, also those
 * that are locked by mlock() and those of hugetlbfs. It can be relied on while
 * something pins the memory. Without NOIOMMU_PIN: translate, map the extent
 * with VFIO_IOMMU_MAP_DMA at an IOVA that is its physical address, and
 * translate again if that fails with EINVAL, because the page moved meanwhile.
 *
 * Errors: EINVAL, E2BIG, ENOMEM, EHWPOISON, ERANGE, EINTR; EOPNOTSUPP also for
 * memory of memfd_secret(), and for a BAR that has another address on its bus;
 * EFAULT for a part that is not mapped, not readable, with
 * NOIOMMU_ACCESS_WRITE not writable, beyond the end of its file, or of a device
 * that does not answer now.
 */
struct noiommu_translate {
	__u32 size;
	__u32 flags;
	__aligned_u64 va;
	__aligned_u64 length;
	__aligned_u64 extents;
	__u32 nr_extents;
	__u32 reserved;
	__aligned_u64 limit;
};

#define NOIOMMU_TRANSLATE _IO(NOIOMMU_TYPE, NOIOMMU_CMD_TRANSLATE)

/**
 * struct noiommu_pin - ioctl(NOIOMMU_PIN)
 * @size: sizeof(struct noiommu_pin)
 * @flags: bits of &enum noiommu_access_flags
 * @va: in: first byte of the range. out: with ERANGE the first byte of it that
 *      the device cannot reach
 * @length: in: bytes of the range, not 0
 * @extents: in: pointer to an array of &struct noiommu_extent, or 0 if the
 *           addresses are of no interest
 * @nr_extents: in: how many have room there, 0 if @extents is. out: how many
 *              the range has; more than there is room for with ENOSPC
 * @id: out: names the pin, never 0; what it is on entry does not matter
 * @limit: in: as &noiommu_translate.limit
 *
 * Pins the range, and tells where it is. Until the pin is released no page of
 * it moves, is swapped out or given to somebody else, whatever happens to the
 * mapping: not with munmap(), and not when a child of fork() writes to it.
 *
 * All or nothing: if the call fails nothing is pinned. What the array of extents
 * then holds is undefined.
 *
 * A pin belongs to the descriptor. It ends with NOIOMMU_UNPIN or when the last
 * copy of the descriptor is closed, by close(), exit or a signal. Copies are
 * made by dup(), fork() and SCM_RIGHTS; whoever has one may unpin. Any number
 * of pins may hold a page.
 *
 * NOIOMMU_UNPIN releases at once. The end of a descriptor does not release memory
 * under a device: the order in which a process that dies closes its descriptors is
 * the kernel's. Pins that are left then are held until DMA ownership has ended,
 * which VFIO and iommufd give back after the device was closed and its bus
 * mastering is off,
 *
 * - of every function of which the process that made the pin took ownership, if it
 *   ever did, and no other process was told its extents by NOIOMMU_LIST_PINS;
 * - else of every function that is owned when the descriptor ends, by whomever.
 *
 * A process takes ownership with VFIO_GROUP_SET_CONTAINER or
 * VFIO_DEVICE_BIND_IOMMUFD; it is the thread group, and stays the same in exec().
 * It keeps ownership as long as anybody has a descriptor of the device. So a
 * process with functions of its own that also gives addresses to a function of
 * another process hands that process a copy of this descriptor.
 *
 * What a pin keeps from others counts as locked memory of the user who makes it,
 * until the pin is released, even if the process ends before: as with iommufd and
 * io_uring, and together with what these count. All of it must be within
 * RLIMIT_MEMLOCK of the calling process, unless that has CAP_IPC_LOCK, and then
 * the pin does not count there. VmPin of the process counts it in any case.
 *
 * Counted is each page (of the smallest size) of the range, once for each pin. A
 * large folio, as a huge page is, can only be kept as a whole: if the range has
 * but a part of it, it counts with all its pages, and once.
 *
 * The kernel keeps 8 bytes for each page that is mapped on its own, and 8 bytes
 * for each huge page; where the one follows the other in a range, up to a page more.
 *
 * Errors: EINVAL, E2BIG, ENOMEM, EHWPOISON, ENOSPC, ERANGE, EINTR; EOPNOTSUPP also
 * for device memory, which does not move and cannot be pinned, for memory of
 * memfd_secret(), and for files of a filesystem with DAX, whose blocks may move;
 * EFAULT for a part that is not mapped, not readable, with NOIOMMU_ACCESS_WRITE
 * not writable or of a filesystem that keeps track of what is written, or beyond
 * the end of its file.
 */
struct noiommu_pin {
	__u32 size;
	__u32 flags;
	__aligned_u64 va;
	__aligned_u64 length;
	__aligned_u64 extents;
	__u32 nr_extents;
	__u32 id;
	__aligned_u64 limit;
};

#define NOIOMMU_PIN _IO(NOIOMMU_TYPE, NOIOMMU_CMD_PIN)

/**
 * struct noiommu_unpin - ioctl(NOIOMMU_UNPIN)
 * @size: sizeof(struct noiommu_unpin)
 * @flags: in: 0
 * @id: in: &noiommu_pin.id of a pin of this descriptor
 * @reserved: 0
 *
 * Releases a pin. Stop the device first: its next access to the memory would
 * reach whoever has it then. Memory that was pinned for writing is marked dirty.
 *
 * Errors: EOPNOTSUPP, EINVAL, E2BIG, EFAULT; ENOENT if there is no such pin, or
 * not any more.
 */
struct noiommu_unpin {
	__u32 size;
	__u32 flags;
	__u32 id;
	__u32 reserved;
};

#define NOIOMMU_UNPIN _IO(NOIOMMU_TYPE, NOIOMMU_CMD_UNPIN)

/**
 * struct noiommu_pin_info - a pin, as NOIOMMU_LIST_PINS tells it
 * @va: first byte of the range, for the process that made the pin and without a tag.
 *      It may be mapped there no more
 * @length: bytes of the range
 * @id: &noiommu_pin.id
 * @flags: &noiommu_pin.flags
 * @nr_extents: how many extents the range has
 * @reserved: 0
 */
struct noiommu_pin_info {
	__aligned_u64 va;
	__aligned_u64 length;
	__u32 id;
	__u32 flags;
	__u32 nr_extents;
	__u32 reserved;
};

/**
 * struct noiommu_list_pins - ioctl(NOIOMMU_LIST_PINS)
 * @size: sizeof(struct noiommu_list_pins)
 * @flags: in: 0
 * @pins: in: pointer to an array of &struct noiommu_pin_info, or 0 if only the
 *        numbers are of interest
 * @extents: in: pointer to an array of &struct noiommu_extent, or 0 if the addresses
 *           are of no interest
 * @nr_pins: in: how many pins have room, 0 if @pins is. out: how many there are
 * @nr_extents: in: how many extents have room, 0 if @extents is. out: how many all
 *              pins have together
 *
 * What is pinned on this descriptor, whoever did it, and whether he lives: so a process
 * that starts again gets its memory and addresses back in one call.
 *
 * Pins come in the order of their IDs, which is not that in which they were made. The
 * extents of a pin are those that NOIOMMU_PIN told, all extents of the first pin before
 * those of the second. None goes from one pin into the next. They hold as long as
 * the pin. If there are more than an array has room for the call fails with ENOSPC,
 * both numbers say how many there are, and what the arrays hold is undefined. Without
 * arrays it only tells the numbers.
 *
 * Other threads may pin and unpin meanwhile, and do not wait for the call: a pin that
 * they make or release is listed as a whole or not at all.
 *
 * To keep memory for a process that may die, another one, a broker, keeps
 *
 * - a descriptor of the memory, such as that of memfd_create() or of a file in
 *   hugetlbfs: pins keep pages, but nothing maps a page of which only a pin is left.
 *   Shared mappings only: what is written to a private one is not in the file.
 * - a copy of this descriptor. As long as it is open no pin ends but by NOIOMMU_UNPIN,
 *   and devices go on writing to the memory if they are open as well. With it, the
 *   broker decides when memory is free.
 *
 * Both are passed by SCM_RIGHTS. The process that receives them maps the file at @va
 * with MAP_FIXED_NOREPLACE; the offset in the file, and which ranges are which, is an
 * agreement of its own. What the pin counts stays counted for the user and the process
 * that made it, and the limits of the receiver are not asked. Nor is what its functions
 * can reach: where that may be less than what those of the maker could, compare.
 *
 * A receiver may give the addresses to functions of its own. So a pin of which it was
 * told the extents is held, when the last copy of the descriptor ends, as one of a
 * process that had no functions: see &struct noiommu_pin.
 *
 * Errors: EOPNOTSUPP, EINVAL, E2BIG, EFAULT, ENOSPC, EINTR.
 */
struct noiommu_list_pins {
	__u32 size;
	__u32 flags;
	__aligned_u64 pins;
	__aligned_u64 extents;
	__u32 nr_pins;
	__u32 nr_extents;
};

#define NOIOMMU_LIST_PINS _IO(NOIOMMU_TYPE, NOIOMMU_CMD_LIST_PINS)

#endif /* _UAPI_LINUX_NOIOMMU_H */
