/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * /dev/noiommu: look up the physical addresses of a process's memory, pin it, pin memory of
 * other drivers, and allocate memory that is physically contiguous.
 */
#ifndef _UAPI_LINUX_NOIOMMU_H
#define _UAPI_LINUX_NOIOMMU_H

#include <linux/ioctl.h>
#include <linux/types.h>

/**
 * DOC: General ioctl format
 *
 * /dev/noiommu returns the physical addresses of the calling process's memory, pins
 * this memory and that of dma-bufs, and allocates memory that is physically contiguous.
 * open() needs CAP_SYS_RAWIO in the initial user namespace and a kernel that is not
 * locked down; otherwise it fails with EPERM. The ioctls do not check this again, so a
 * process may hand the descriptor to a less privileged one. Each ioctl works on memory,
 * descriptors and functions of the process that calls it. NOIOMMU_LIST_PINS and
 * NOIOMMU_UNPIN are different: they work on all pins of the descriptor, whichever process
 * made them.
 *
 * The ioctl number does not contain the size of the structure. Instead the caller
 * sets the first member, __u32 size, to the sizeof() that it was compiled with:
 *
 * - A structure shorter than the kernel's must reach to the last member of its
 *   first version. The kernel takes missing members as zero.
 * - A structure longer than the kernel's must have only zeros in the part that the
 *   kernel does not know, and must not be longer than a page.
 *
 * So old programs work on new kernels. New programs work on old kernels until they
 * use a feature that the kernel does not have. Reserved members must be zero.
 *
 * Addresses and lengths are in bytes, and need no alignment unless documented. A
 * virtual address may have a tag (TBI, MTE, LAM) if the process may pass tagged
 * addresses to the kernel.
 *
 * An ioctl returns 0, or -1 with errno set to:
 *
 * - ENOTTY: unknown ioctl number.
 * - E2BIG: the structure is longer than a page, or not zero in the part that the
 *   kernel does not know.
 * - EOPNOTSUPP: unknown flag, or the operation does not support this kind of memory.
 * - EINVAL: invalid value: the size is too short, a reserved member is not zero, the
 *   length is zero, or the range wraps around.
 * - EFAULT: a structure, an array or a part of the range is not mapped, does not
 *   permit the requested access, or lies beyond the end of its file. In general, an
 *   access by the process would raise SIGSEGV or SIGBUS, and no errno below fits
 *   better.
 * - ENOENT: no such pin.
 * - ENODEV: the process does not own such a function.
 * - EBADF: no such descriptor.
 * - EACCES: the descriptor does not permit the requested access.
 * - EMFILE, ENFILE: the process, or the system, has too many open files.
 * - ENOSPC: an array is too small.
 * - ENOMEM: out of memory or huge pages, at a cgroup's limit of either, or the pin
 *   would exceed RLIMIT_MEMLOCK.
 * - EHWPOISON: the kernel has taken a page of the range out of use after a memory
 *   error.
 * - ERANGE: the device cannot reach a part of the range, or any range of this length.
 * - EINTR: a fatal signal is pending.
 *
 * A call that fails changes nothing unless documented.
 *
 * Absent pages are faulted in as if the process had touched them. A call waits until
 * their provider, such as a disk or a userfaultfd handler, has delivered them. Only a
 * fatal signal ends the wait.
 */
#define NOIOMMU_TYPE	(0xB9)

enum {
	NOIOMMU_CMD_INFO = 0,
	NOIOMMU_CMD_TRANSLATE,
	NOIOMMU_CMD_PIN,
	NOIOMMU_CMD_UNPIN,
	NOIOMMU_CMD_LIST_PINS,
	NOIOMMU_CMD_ALLOC,
	NOIOMMU_CMD_FREE,
	NOIOMMU_CMD_PIN_DMABUF,
};

/* The value of &noiommu_info.abi. It changes only if existing programs could break. */
#define NOIOMMU_ABI_VERSION	1

/**
 * enum noiommu_features - bits of &noiommu_info.features
 * @NOIOMMU_FEATURE_TRANSLATE: NOIOMMU_TRANSLATE is available.
 * @NOIOMMU_FEATURE_PIN: NOIOMMU_PIN and NOIOMMU_UNPIN are available.
 * @NOIOMMU_FEATURE_LIMIT: NOIOMMU_TRANSLATE and NOIOMMU_PIN have a limit member.
 * @NOIOMMU_FEATURE_LIST_PINS: NOIOMMU_LIST_PINS is available.
 * @NOIOMMU_FEATURE_ALLOC: NOIOMMU_ALLOC and NOIOMMU_FREE are available.
 * @NOIOMMU_FEATURE_PIN_DMABUF: NOIOMMU_PIN_DMABUF is available.
 */
enum noiommu_features {
	NOIOMMU_FEATURE_TRANSLATE = 1 << 0,
	NOIOMMU_FEATURE_PIN = 1 << 1,
	NOIOMMU_FEATURE_LIMIT = 1 << 2,
	NOIOMMU_FEATURE_LIST_PINS = 1 << 3,
	NOIOMMU_FEATURE_ALLOC = 1 << 4,
	NOIOMMU_FEATURE_PIN_DMABUF = 1 << 5,
};

/**
 * struct noiommu_info - ioctl(NOIOMMU_INFO)
 * @size: sizeof(struct noiommu_info)
 * @flags: in: 0
 * @abi: out: NOIOMMU_ABI_VERSION of the kernel
 * @claimed: out: number of PCI functions that have an IOMMU group of noiommu now;
 *           /sys/class/iommu/noiommu/devices lists them
 * @features: out: bits of &enum noiommu_features
 *
 * Query what this kernel supports.
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
 * @NOIOMMU_EXTENT_MMIO: The memory is not "System RAM" in /proc/iomem. It is a BAR,
 *                       even if P2PDMA shares out its memory; persistent memory
 *                       or any other device-dax; or RAM that kernel parameters
 *                       exclude (memmap=, mem=).
 */
enum noiommu_extent_flags {
	NOIOMMU_EXTENT_MMIO = 1 << 0,
};

/**
 * struct noiommu_extent - a physically contiguous piece of a range
 * @phys: physical address of the first byte. On hosts where noiommu loads, the bus
 *        address is the same, and VFIO can map the piece at this IOVA
 * @length: bytes
 * @flags: bits of &enum noiommu_extent_flags
 * @reserved: 0
 *
 * The extents of a range are in the order of virtual addresses, without gaps. One
 * extent covers all that is contiguous both virtually and physically, across pages
 * of any size and across mappings.
 */
struct noiommu_extent {
	__aligned_u64 phys;
	__aligned_u64 length;
	__u32 flags;
	__u32 reserved;
};

/**
 * enum noiommu_access_flags - bits of &noiommu_translate.flags, &noiommu_pin.flags,
 *                             &noiommu_pin_dmabuf.flags and &noiommu_pin_info.flags
 * @NOIOMMU_ACCESS_WRITE: The device will write to the memory. The call copies pages
 *                        that are shared until written (the zero page, memory of a
 *                        parent, private file mappings), and returns the address
 *                        of the copy.
 */
enum noiommu_access_flags {
	NOIOMMU_ACCESS_WRITE = 1 << 0,
};

/**
 * struct noiommu_translate - ioctl(NOIOMMU_TRANSLATE)
 * @size: sizeof(struct noiommu_translate)
 * @flags: in: bits of &enum noiommu_access_flags
 * @va: in: first byte of the range. out: first byte not translated
 * @length: in: bytes of the range, not 0. out: bytes not translated
 * @extents: in: pointer to an array of &struct noiommu_extent
 * @nr_extents: in: elements of the array, not 0. out: elements filled
 * @reserved: 0
 * @limit: in: last physical address that the device can reach, as
 *         (1 << address bits) - 1; 0 if it can reach all
 *
 * Look up the physical addresses of a range. This works for any memory that the
 * process can read: anonymous and file mappings, transparent and hugetlbfs huge
 * pages, BARs and other device memory. Absent pages are faulted in first.
 *
 * If the array is too small for the range, the call succeeds and fills the whole
 * array; @va and @length describe the rest of the range. To continue, set @nr_extents
 * and call again with the same structure. @length is 0 when the whole range is
 * translated. One call is enough for a huge buffer if the array has room for all its
 * extents.
 *
 * If a part of the range cannot be translated, the call fails. @va and @length then
 * describe the rest of the range from that part on, and @nr_extents counts the
 * extents before it, which are valid.
 *
 * A device with too few address bits for an address accesses other memory instead,
 * and nothing reports it. So the call fails with ERANGE at the first byte beyond
 * @limit, and @va is the address of this byte. The call also applies the address
 * limits of the buses of all functions whose DMA the process owns.
 *
 * The answer is a snapshot, like /proc/self/pagemap: pages move, even those locked by
 * mlock() and those of hugetlbfs. It stays valid only while the memory is pinned.
 * Without NOIOMMU_PIN, translate the range, and map each extent with
 * VFIO_IOMMU_MAP_DMA at the IOVA that equals its physical address. If that fails with
 * EINVAL, a page has moved meanwhile: translate again.
 *
 * Errors: EINVAL, E2BIG, ENOMEM, EHWPOISON, ERANGE, EINTR; EOPNOTSUPP also for
 * memory of memfd_secret(), and for a BAR that has another address on its bus;
 * EFAULT for a part that is not mapped, not readable, with
 * NOIOMMU_ACCESS_WRITE not writable, beyond the end of its file, or of a device
 * that does not respond now.
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
 * @flags: in: bits of &enum noiommu_access_flags
 * @va: in: first byte of the range. out: only with ERANGE: first byte of the range
 *      that the device cannot reach
 * @length: in: bytes of the range, not 0
 * @extents: in: pointer to an array of &struct noiommu_extent, or 0 if the caller
 *           does not need the addresses
 * @nr_extents: in: elements of the array, 0 if @extents is 0. out: extents of the
 *              range, also with ENOSPC: then more than the array has room for
 * @id: out: ID of the pin on this descriptor, never 0; ignored on input
 * @limit: in: as &noiommu_translate.limit
 *
 * Pin a range, and return its physical addresses. Until the pin is released, no page
 * of the range moves, is swapped out or is reallocated, whatever happens to the mapping.
 * Neither munmap() nor a write by a child of fork() changes that.
 *
 * A call that fails pins nothing, and leaves the contents of the array undefined.
 *
 * A pin belongs to the descriptor. It ends with NOIOMMU_UNPIN, or when the last copy
 * of the descriptor is closed by close(), exit or a signal. dup(), fork() and
 * SCM_RIGHTS make copies, and every holder of a copy may unpin. Any number of pins
 * may hold the same page.
 *
 * NOIOMMU_UNPIN releases memory at once. The last close does not release memory that
 * a device may still use, because the kernel closes the descriptors of a dying
 * process in an order of its own. The kernel holds each remaining pin until DMA
 * ownership of these functions ends:
 *
 * - the functions that the maker of the pin owns at the last close, if this process has
 *   ever owned one, and NOIOMMU_LIST_PINS has returned the extents to no other process;
 * - otherwise all functions that any process owns at the last close.
 *
 * VFIO and iommufd give ownership back after they have closed the device and turned its
 * bus mastering off.
 *
 * A process takes ownership with VFIO_GROUP_SET_CONTAINER or
 * VFIO_DEVICE_BIND_IOMMUFD. The owner is the thread group, and exec() does not change
 * it. The process keeps ownership as long as anybody has a descriptor of the device.
 * If a process owns functions, and also gives addresses to a function of another
 * process, it must hand that process a copy of this descriptor.
 *
 * The pages that a pin keeps from others count as locked memory of the user who makes
 * it, until the pin is released, even if the process ends before. iommufd and
 * io_uring use the same count. The sum must be within RLIMIT_MEMLOCK of the calling
 * process. Pins by a process with CAP_IPC_LOCK do not count as locked memory. All pins
 * count in VmPin of the process.
 *
 * Each pin counts every page of its range, in pages of the smallest size. A large
 * folio, such as a huge page, can only be kept as a whole. If the range covers only a
 * part of a folio, the pin counts all pages of the folio, once.
 *
 * The kernel needs 8 bytes for each page that is mapped on its own, and 8 bytes for
 * each huge page. It needs up to a page more at each place where the range changes
 * from one to the other.
 *
 * Errors: EINVAL, E2BIG, ENOMEM, EHWPOISON, ENOSPC, ERANGE, EINTR; EOPNOTSUPP also
 * for device memory, which does not move and cannot be pinned, for memory of
 * memfd_secret(), and for files of a filesystem with DAX, whose blocks may move;
 * EFAULT for a part that is not mapped, not readable or beyond the end of its file;
 * with NOIOMMU_ACCESS_WRITE also for a part that is not writable, or whose
 * filesystem keeps track of writes.
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
 * Release a pin. Stop the device first: after the release, its accesses would reach
 * whatever the memory is used for next. Memory that was pinned for writing is marked
 * dirty.
 *
 * Errors: EOPNOTSUPP, EINVAL, E2BIG, EFAULT; ENOENT if the descriptor has no such pin,
 * or no longer has it.
 */
struct noiommu_unpin {
	__u32 size;
	__u32 flags;
	__u32 id;
	__u32 reserved;
};

#define NOIOMMU_UNPIN _IO(NOIOMMU_TYPE, NOIOMMU_CMD_UNPIN)

/**
 * enum noiommu_pin_state - further bits of &noiommu_pin_info.flags
 * @NOIOMMU_PIN_IS_DMABUF: the pin was made by NOIOMMU_PIN_DMABUF, and its @va is 0
 * @NOIOMMU_PIN_IS_REVOKED: the pin is revoked: see &struct noiommu_pin_dmabuf. Its extents
 *                          may be other memory now
 */
enum noiommu_pin_state {
	NOIOMMU_PIN_IS_DMABUF = 1 << 16,
	NOIOMMU_PIN_IS_REVOKED = 1 << 17,
};

/**
 * struct noiommu_pin_info - a pin in the list of NOIOMMU_LIST_PINS
 * @va: first byte of the range, in the address space of the process that made the pin,
 *      and without a tag. The memory may no longer be mapped there
 * @length: bytes of the range
 * @id: &noiommu_pin.id
 * @flags: &noiommu_pin.flags, and bits of &enum noiommu_pin_state
 * @nr_extents: number of extents of the range
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
 * @pins: in: pointer to an array of &struct noiommu_pin_info, or 0 if the caller
 *        needs only the numbers
 * @extents: in: pointer to an array of &struct noiommu_extent, or 0 if the caller does
 *           not need the addresses
 * @nr_pins: in: elements of @pins, 0 if @pins is 0. out: number of pins
 * @nr_extents: in: elements of @extents, 0 if @extents is 0. out: number of extents of
 *              all pins together
 *
 * List the pins of this descriptor, whichever process made them, and whether or not it
 * still lives. So a restarted process gets its memory and addresses back in one call.
 *
 * Pins are sorted by ID, which is not the order in which they were made. The extents
 * of a pin are those that NOIOMMU_PIN returned. All extents of the first pin come
 * before those of the second, and no extent covers two pins. Extents stay valid as long
 * as the pin lasts. If an array is too small, the call fails with ENOSPC: @nr_pins and
 * @nr_extents return the full numbers, and the contents of the arrays are undefined.
 * Without arrays the call only returns the numbers.
 *
 * Other threads may pin and unpin meanwhile, and do not wait for the call. A pin that
 * they make or release is listed completely or not at all.
 *
 * To keep memory for a process that may die, another process, the broker, keeps two
 * descriptors:
 *
 * - a descriptor of the memory, such as that of memfd_create() or of a file in
 *   hugetlbfs. Pins keep pages, but nothing can map a page that only a pin still holds.
 *   Use shared mappings only: writes to a private mapping do not reach the file.
 * - a copy of this descriptor. While it is open, only NOIOMMU_UNPIN ends a pin. Devices
 *   go on writing to the memory if they stay open as well. So the broker decides when
 *   memory is free.
 *
 * The broker passes both by SCM_RIGHTS. The receiver maps the file at
 * &noiommu_pin_info.va with MAP_FIXED_NOREPLACE. Broker and receiver must agree on the
 * offset in the file, and on the purpose of each range. The pin stays counted for the
 * user and the process that made it; the limits of the receiver do not apply. The call
 * does not check what the functions of the receiver can reach either. If they may reach
 * less than those of the maker, compare the addresses.
 *
 * A receiver may give the addresses to functions of its own. So at the last close, a
 * pin whose extents the receiver got is held like a pin of a process that never owned a
 * function: see &struct noiommu_pin.
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

/**
 * struct noiommu_alloc - ioctl(NOIOMMU_ALLOC)
 * @size: sizeof(struct noiommu_alloc)
 * @flags: in: 0
 * @length: in: bytes, a multiple of the page size, not 0
 * @alignment: in: the physical address is a multiple of this power of two, which is at
 *             least the page size; 0 for the page size
 * @boundary: in: the memory does not cross a multiple of this power of two, which is at
 *            least @length; 0 if it may
 * @limit: in: as &noiommu_translate.limit
 * @node: in: NUMA node of the memory; -1 for the nearest node that has such memory
 * @fd: out: descriptor of the memory, a dma-buf; closed by exec()
 * @phys: out: physical address of the first byte
 *
 * Allocate physically contiguous memory, filled with zeros. It needs no huge pages and no
 * reservation. Pages that are in the way move elsewhere, which takes time. The memory
 * itself never moves, and is not swapped out.
 *
 * mmap() of @fd with MAP_SHARED maps all of it or a part, in pages of the smallest size.
 * The mapping is ordinary memory for read(), O_DIRECT, NOIOMMU_TRANSLATE, NOIOMMU_PIN,
 * VFIO and iommufd. MAP_PRIVATE, and a range beyond the end, fail with EINVAL. So that
 * pointers equal bus addresses, map it at @phys with MAP_FIXED_NOREPLACE. This fails with
 * EEXIST if the process uses these addresses already, and with EPERM or EACCES below
 * /proc/sys/vm/mmap_min_addr.
 *
 * Other drivers can import the dma-buf for their devices. Users and importers see the same
 * bytes without DMA_BUF_IOCTL_SYNC. A driver whose device does not reach the memory, or would
 * get bounce buffers, gets EBUSY.
 *
 * The memory is in use while a copy of @fd, a mapping or an import exists. dup(), fork() and
 * SCM_RIGHTS make copies of @fd. The memory does not depend on the descriptor of
 * /dev/noiommu.
 *
 * The end of the last use frees the memory at once, if no function is owned at
 * that time. Otherwise the kernel holds it until DMA ownership of these functions ends:
 *
 * - the functions that the maker of the memory owns at that time, if this process
 *   has ever owned one, no other process has mapped the memory, and no other process
 *   was the last to use it;
 * - otherwise all functions that any process owns at that time.
 *
 * A page that VFIO, iommufd or a pin still uses is freed after that use. Call NOIOMMU_FREE
 * before the last use ends to free memory of a running device.
 *
 * The memory counts as locked memory of the user who makes it until it is freed, even if
 * the process ends before: see &struct noiommu_pin. Pins and maps of it count again. It
 * does not count in a memory cgroup.
 *
 * Errors: EINVAL also for a node that has no memory or that the cpuset of the process
 * excludes; E2BIG, EFAULT, EINTR, EMFILE, ENFILE; ENOMEM also if no memory of this length
 * can be made free; ERANGE if @limit, or the bus of a function that the process owns, lies
 * within the first @length bytes; EOPNOTSUPP also if the kernel has no dma-bufs, or
 * cannot move pages and has no free block for the request, which is at most a huge
 * page.
 */
struct noiommu_alloc {
	__u32 size;
	__u32 flags;
	__aligned_u64 length;
	__aligned_u64 alignment;
	__aligned_u64 boundary;
	__aligned_u64 limit;
	__s32 node;
	__s32 fd;
	__aligned_u64 phys;
};

#define NOIOMMU_ALLOC _IO(NOIOMMU_TYPE, NOIOMMU_CMD_ALLOC)

/**
 * struct noiommu_free - ioctl(NOIOMMU_FREE)
 * @size: sizeof(struct noiommu_free)
 * @flags: in: 0
 * @fd: in: a copy of &noiommu_alloc.fd
 * @reserved: 0
 *
 * Declare that no device of VFIO accesses the memory any more. Stop the device first. Then
 * the end of the last use frees the memory at once, whatever functions are owned. The
 * call itself frees and closes nothing.
 *
 * Errors: EOPNOTSUPP, E2BIG, EFAULT; EINVAL also if @fd is of another kind; EBADF if
 * @fd is not open.
 */
struct noiommu_free {
	__u32 size;
	__u32 flags;
	__s32 fd;
	__u32 reserved;
};

#define NOIOMMU_FREE _IO(NOIOMMU_TYPE, NOIOMMU_CMD_FREE)

/**
 * struct noiommu_pin_dmabuf - ioctl(NOIOMMU_PIN_DMABUF)
 * @size: sizeof(struct noiommu_pin_dmabuf)
 * @flags: in: bits of &enum noiommu_access_flags
 * @fd: in: descriptor of a dma-buf
 * @domain: in: PCI domain of a function that the process owns
 * @bus: in: bus number of the function
 * @devfn: in: device number of the function in bits 7 to 3, function number in bits 2 to 0
 * @reserved: 0
 * @nr_extents: in, out: as &noiommu_pin.nr_extents
 * @extents: in: as &noiommu_pin.extents
 * @length: out: bytes of the dma-buf; with ERANGE: bytes before the first one that the
 *          function cannot reach
 * @id: out: as &noiommu_pin.id
 * @reserved2: 0
 * @limit: in: as &noiommu_translate.limit
 *
 * Pin the memory of a dma-buf for a function, and return its bus addresses. It may be memory
 * of NOIOMMU_ALLOC, udmabuf, a dma-heap or a graphics card, or a BAR that vfio-pci exports.
 * A dma-buf has no pages that NOIOMMU_PIN could keep: only its exporter decides how long it
 * stays where it is.
 *
 * The exporter sees the function as the user of the dma-buf, and refuses memory that the
 * function cannot reach. The pin keeps the dma-buf, so @fd may be closed. Until the pin is
 * released or revoked, the exporter neither moves nor frees the memory. NOIOMMU_UNPIN and
 * the last close of the descriptor treat the pin as one of NOIOMMU_PIN, but it does not count
 * as locked memory, because the memory is the exporter's.
 *
 * The pin is revoked when ownership of the function ends, and when the exporter takes the
 * memory back. vfio-pci does that when the function of the BAR is reset or closed, or its
 * memory is disabled. The kernel then turns off bus mastering of the function that uses the
 * BAR, before vfio-pci goes on, and logs this. The process must not turn it on again
 * before it has replaced the addresses. A revoked pin keeps its ID until it is released;
 * NOIOMMU_LIST_PINS shows NOIOMMU_PIN_IS_REVOKED.
 *
 * Errors: E2BIG, EFAULT, ENOSPC, ENOMEM, EINTR; EINVAL also if @fd is of another kind; EBADF,
 * EACCES for NOIOMMU_ACCESS_WRITE on a dma-buf that is open for reading only; ENODEV also
 * for memory that the exporter has taken back; ERANGE also if the kernel would use bounce
 * buffers; EOPNOTSUPP also if the kernel has no dma-bufs, for a BAR that has another address
 * on its bus, and if the exporter cannot keep the memory in place; any errno of the exporter,
 * for example EINVAL or EBUSY for memory that the function does not reach.
 */
struct noiommu_pin_dmabuf {
	__u32 size;
	__u32 flags;
	__s32 fd;
	__u32 domain;
	__u8 bus;
	__u8 devfn;
	__u16 reserved;
	__u32 nr_extents;
	__aligned_u64 extents;
	__aligned_u64 length;
	__u32 id;
	__u32 reserved2;
	__aligned_u64 limit;
};

#define NOIOMMU_PIN_DMABUF _IO(NOIOMMU_TYPE, NOIOMMU_CMD_PIN_DMABUF)

#endif /* _UAPI_LINUX_NOIOMMU_H */
