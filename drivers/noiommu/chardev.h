/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * /dev/noiommu: declarations that its parts share. noiommu.h lists the parts.
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
 * @pins: struct noiommu_pinned by ID; the file owns them. Its lock protects @listings
 *        as well
 * @listings: struct noiommu_listing of each NOIOMMU_LIST_PINS that is running
 */
struct noiommu_file {
	struct xarray pins;
	struct list_head listings;
};

/**
 * struct noiommu_ucmd - an ioctl call
 * @file: the open file of the descriptor
 * @cmd: the kernel's copy of the structure, valid during the call. Members that the
 *       caller does not know are zero
 * @user: the caller's structure, for results. It has all members of the first version,
 *        and perhaps not the later ones
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
extern const struct attribute_group noiommu_pin_group;

/* pin_dmabuf.c */
int noiommu_pin_dmabuf(struct noiommu_ucmd *ucmd);

/* pin_list.c */
int noiommu_list_pins(struct noiommu_ucmd *ucmd);

/* alloc.c */
int noiommu_alloc(struct noiommu_ucmd *ucmd);
int noiommu_free(struct noiommu_ucmd *ucmd);

/* memory.c */
extern const struct attribute_group noiommu_memory_group;

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
 * An entry contains the page frame number of a page and the order of the page size
 * that maps it, in the format of hmm_range_fault().
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

/* End address of the page, huge or not, that maps va. */
static inline unsigned long noiommu_entry_end(unsigned long entry,
					      unsigned long va)
{
	return (va | ((PAGE_SIZE << noiommu_entry_order(entry)) - 1)) + 1;
}

/*
 * Some device memory has struct pages: BARs given to P2PDMA, persistent memory. In a
 * large folio only the first page reliably shows that.
 */
static inline u32 noiommu_folio_flags(struct folio *folio)
{
	return is_zone_device_page(&folio->page) ? NOIOMMU_EXTENT_MMIO : 0;
}

/* extents.c */
#define NOIOMMU_EXTENTS_SMALL 32

/**
 * struct noiommu_extents - extents on their way to the user's array
 * @user: the array
 * @room: elements of the array; further extents are only counted
 * @limit: physical address of the last byte that the device can reach
 * @total: number of extents so far
 * @bytes: bytes that they cover
 * @written: number of extents written to the array
 * @fault: writing to the array has failed
 * @last: the last extent in @buffer, which may still grow
 * @end: the last element of @buffer
 * @buffer: extents not written yet, because each write to the user's memory costs a
 *          few instructions, or a fault. The first element is a sentinel: its flags
 *          differ from all others, so that no piece continues it. Points to @small or is
 *          allocated
 * @small: the buffer for few extents
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
	struct noiommu_extent *end;
	struct noiommu_extent *buffer;
	struct noiommu_extent small[NOIOMMU_EXTENTS_SMALL];
};

/* walk_fast.c */
unsigned int noiommu_walk_sizes(unsigned long va, unsigned long end,
				unsigned long *entries, unsigned int room);
unsigned long noiommu_walk_fast(struct noiommu_extents *extents,
				unsigned long va, unsigned long end, u32 flags,
				bool *full);

void noiommu_extents_init(struct noiommu_extents *extents, u64 user, u64 room,
			  u64 limit);
int noiommu_extents_cut(struct noiommu_extents *extents, u64 phys, u32 flags);
int noiommu_extents_write(struct noiommu_extents *extents);
int noiommu_extents_enlarge(struct noiommu_extents *extents);
void noiommu_extents_destroy(struct noiommu_extents *extents);
int noiommu_extents_answer(const struct noiommu_extents *extents,
			   u32 __user *nr);
void noiommu_extents_rewind(struct noiommu_extents *extents, u64 total);

/* Return: true if a piece continues the last extent. */
static inline bool noiommu_extents_grow(const struct noiommu_extents *extents,
					u64 phys, u32 flags)
{
	const struct noiommu_extent *last = extents->last;

	return last->phys + last->length == phys && last->flags == flags;
}

/* Return: true if adding a piece would write to the user's memory. */
static inline bool noiommu_extents_full(const struct noiommu_extents *extents,
					u64 phys, u32 flags)
{
	return extents->last == extents->end &&
	       !noiommu_extents_grow(extents, phys, flags);
}

/**
 * noiommu_extents_add() - append a piece
 * @extents: the extents so far
 * @phys: physical address of the first byte of the piece
 * @length: bytes
 * @flags: bits of enum noiommu_extent_flags
 *
 * The caller must not hold the mmap lock: this may write to the user's memory.
 *
 * Return: 0; -EFAULT if the array cannot be written; or -ERANGE if the device cannot
 * reach the whole piece. Then the part that it can reach is appended.
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
	if (extents->last == extents->end)
		ret = noiommu_extents_write(extents);
	extents->last++;
	extents->last->phys = phys;
	extents->last->length = length;
	extents->last->flags = flags;
	extents->total++;
	return ret;
}

/**
 * noiommu_extents_flush() - write the rest of the buffer to the array
 * @extents: the extents so far; none of them grows any more
 *
 * Return: 0, or -EFAULT if this or an earlier write to the array has failed.
 */
static inline int noiommu_extents_flush(struct noiommu_extents *extents)
{
	if (!extents->fault && extents->last != extents->buffer)
		noiommu_extents_write(extents);
	return extents->fault ? -EFAULT : 0;
}

#endif /* NOIOMMU_CHARDEV_H */
