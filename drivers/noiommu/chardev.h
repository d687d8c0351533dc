/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * /dev/noiommu: what its parts know of each other. noiommu.h lists them.
 */
#ifndef NOIOMMU_CHARDEV_H
#define NOIOMMU_CHARDEV_H

#include <linux/hmm.h>
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/seq_file.h>
#include <linux/sysfs.h>
#include <linux/types.h>
#include <linux/xarray.h>
#include <uapi/linux/noiommu.h>

/**
 * struct noiommu_file - an open file of /dev/noiommu
 * @pins: struct noiommu_pinned by ID; its lock protects @listings as well
 * @listings: calls of NOIOMMU_LIST_PINS that are under way
 */
struct noiommu_file {
	struct xarray pins;
	struct list_head listings;
};

/**
 * struct noiommu_ucmd - a call of an ioctl
 * @file: on which descriptor
 * @cmd: the structure, in which members that the caller does not know are zero
 * @user: where the caller has it, and gets what changes: the first version's members
 *        are there, later ones perhaps
 */
struct noiommu_ucmd {
	struct noiommu_file *file;
	void *cmd;
	void __user *user;
};

/* chardev.c */
int noiommu_chardev_init(void);
void noiommu_chardev_exit(void);

/* translate.c */
int noiommu_translate(struct noiommu_ucmd *ucmd);

/* pin.c */
int noiommu_pin(struct noiommu_ucmd *ucmd);
int noiommu_unpin(struct noiommu_ucmd *ucmd);
int noiommu_pins_init(struct noiommu_file *file);
void noiommu_unpin_all(struct noiommu_file *file);
void noiommu_pins_show(struct noiommu_file *file, struct seq_file *seq);
extern const struct attribute_group *noiommu_pin_groups[];

/* pin_list.c */
int noiommu_list_pins(struct noiommu_ucmd *ucmd);

/* walk_fast.c */
unsigned int noiommu_walk_fast(unsigned long va, unsigned long end, u32 flags,
			       unsigned long *entries, unsigned int room,
			      bool pinned);

/* walk_slow.c */
int noiommu_check_range(u64 va, u64 length, u32 flags);
int noiommu_walk_slow(unsigned long va, unsigned long end, u32 flags,
		      unsigned long *entries, unsigned int room, bool *device);
int noiommu_reason(unsigned long va, u32 flags);
int noiommu_fault_in(unsigned long va, u32 flags);
bool noiommu_is_pinnable(unsigned long va);

/* bars.c */
int noiommu_bars_pfn(struct vm_area_struct *vma, unsigned long va,
		     unsigned long *pfn);
bool noiommu_bars_moved(u64 phys);

/*
 * An entry says where a page is and by what size of page it is mapped, in the
 * format of hmm_range_fault().
 */
static inline unsigned long noiommu_entry(unsigned long pfn, unsigned int order)
{
	return pfn | (unsigned long)order << HMM_PFN_ORDER_SHIFT;
}

static inline unsigned long noiommu_entry_pfn(unsigned long entry)
{
	return entry & ~HMM_PFN_FLAGS;
}

static inline unsigned int noiommu_entry_order(unsigned long entry)
{
	return hmm_pfn_to_map_order(entry);
}

/* Where the page ends that maps va. */
static inline unsigned long noiommu_entry_end(unsigned long entry,
					      unsigned long va)
{
	return (va | ((PAGE_SIZE << noiommu_entry_order(entry)) - 1)) + 1;
}

/*
 * Some device memory has pages: BARs given to P2PDMA, persistent memory. Of a large
 * folio only the first page is sure to say so.
 */
static inline u32 noiommu_folio_flags(struct folio *folio)
{
	return is_zone_device_page(&folio->page) ? NOIOMMU_EXTENT_MMIO : 0;
}

/* extents.c */
#define NOIOMMU_EXTENTS_BUFFERED 16

/**
 * struct noiommu_extents - extents on their way to the user's array
 * @user: the array
 * @room: how many it takes; more are only counted
 * @limit: last byte that the device can reach
 * @total: how many there are
 * @bytes: how much they cover
 * @written: how many are in the array
 * @fault: the array cannot be written
 * @last: of @buffer; still grows
 * @buffer: writing to the user's memory costs a few instructions, or a fault.
 *          Before the first there is one that nothing continues, as no flags
 *          are like its own
 */
struct noiommu_extents {
	struct noiommu_extent __user *user;
	u64 room;
	u64 limit;
	u64 total;
	u64 bytes;
	u64 written;
	bool fault;
	struct noiommu_extent *last;
	struct noiommu_extent buffer[NOIOMMU_EXTENTS_BUFFERED];
};

void noiommu_extents_init(struct noiommu_extents *extents, u64 user, u64 room,
			  u64 limit);
int noiommu_extents_cut(struct noiommu_extents *extents, u64 phys, u32 flags);
int noiommu_extents_write(struct noiommu_extents *extents);
void noiommu_extents_rewind(struct noiommu_extents *extents, u64 total);
int noiommu_extents_flush(struct noiommu_extents *extents);

/* Does a piece continue the last extent? */
static inline bool noiommu_extents_grow(const struct noiommu_extents *extents,
					u64 phys, u32 flags)
{
	const struct noiommu_extent *last = extents->last;

	return last->phys + last->length == phys && last->flags == flags;
}

/* Would adding a piece write to the user's memory? */
static inline bool noiommu_extents_full(const struct noiommu_extents *extents,
					u64 phys, u32 flags)
{
	return extents->last == extents->buffer + NOIOMMU_EXTENTS_BUFFERED - 1 &&
	       !noiommu_extents_grow(extents, phys, flags);
}

/**
 * noiommu_extents_add() - append a piece
 * @extents: the extents so far
 * @phys: physical address of its first byte
 * @length: bytes
 * @flags: of &struct noiommu_extent
 *
 * The mmap lock is not held: this may write to the user's memory.
 *
 * Return: 0 or -EFAULT; or -ERANGE if the device cannot reach all of it: then as
 * much is appended as it can.
 */
static inline int noiommu_extents_add(struct noiommu_extents *extents,
				      u64 phys, u64 length, u32 flags)
{
	int ret = 0;

	if (unlikely(phys + length - 1 > extents->limit))
		return noiommu_extents_cut(extents, phys, flags);
	extents->bytes += length;
	if (noiommu_extents_grow(extents, phys, flags)) {
		extents->last->length += length;
		return 0;
	}
	if (extents->last == extents->buffer + NOIOMMU_EXTENTS_BUFFERED - 1)
		ret = noiommu_extents_write(extents);
	extents->last++;
	extents->last->phys = phys;
	extents->last->length = length;
	extents->last->flags = flags;
	extents->total++;
	return ret;
}

#endif /* NOIOMMU_CHARDEV_H */
