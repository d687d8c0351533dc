// SPDX-License-Identifier: GPL-2.0-only
/*
 * NOIOMMU_LIST_PINS: list the pins of a descriptor, with their extents.
 *
 * A pin keeps its references in the order of the range, each with the size of the page
 * that it is for. The extents are computed from these again, and are the same as when
 * the pin was made.
 *
 * Writing to the user's memory may be slow, or never end if a userfaultfd handler does
 * not provide it. But NOIOMMU_UNPIN must release memory at once. So no lock and no
 * reference on a pin is held during a write. Extents are computed under the lock of the
 * array of pins, some at a time, and written without it. If a pin is released between
 * two steps, the extents written for it are dropped.
 */
#include <linux/io.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "attachment.h"
#include "pinned.h"

/**
 * enum noiommu_listing_state - progress with a pin
 * @NOIOMMU_LISTING_GONE: the pin was released meanwhile
 * @NOIOMMU_LISTING_WHOLE: all its extents are computed
 * @NOIOMMU_LISTING_MORE: more extents follow
 * @NOIOMMU_LISTING_FULL: more extents follow, and the buffer must be written first
 */
enum noiommu_listing_state {
	NOIOMMU_LISTING_GONE,
	NOIOMMU_LISTING_WHOLE,
	NOIOMMU_LISTING_MORE,
	NOIOMMU_LISTING_FULL,
};

/**
 * struct noiommu_listing - a call of NOIOMMU_LIST_PINS that is running
 * @node: in the listings of the file
 * @id: ID of the current pin, or where to search for the next one
 * @pinned: the current pin, without a reference; NULL once all its extents are computed,
 *          or once it is released
 * @chunk: the chunk of @pinned that comes next
 * @index: the reference in @chunk, or the extent of a dma-buf, that comes next
 * @va: virtual address where this reference begins
 * @extents: extents of all pins so far
 * @first: number of extents before the current pin
 * @pins: the user's array of pins
 * @room: elements of @pins; further pins are only counted
 * @total: number of pins before the current one
 */
struct noiommu_listing {
	struct list_head node;
	unsigned long id;
	struct noiommu_pinned *pinned;
	const struct noiommu_chunk *chunk;
	unsigned int index;
	u64 va;
	struct noiommu_extents extents;
	u64 first;
	struct noiommu_pin_info __user *pins;
	u32 room;
	u32 total;
};

/**
 * noiommu_listings_forget() - tell running listings that a pin is released
 * @file: the open file; the caller holds the lock of its pins
 * @pinned: the pin, already removed from the array
 */
void noiommu_listings_forget(struct noiommu_file *file,
			     const struct noiommu_pinned *pinned)
{
	struct noiommu_listing *listing;

	lockdep_assert_held(&file->pins.xa_lock);
	list_for_each_entry(listing, &file->listings, node)
		if (listing->pinned == pinned)
			listing->pinned = NULL;
}

/* From now on the caller may give the addresses to functions of its own. */
static void noiommu_listing_shares(const struct noiommu_listing *listing)
{
	struct noiommu_hold *hold = &listing->pinned->hold;

	if (listing->extents.room && hold->maker != task_tgid(current))
		hold->all = true;
}

static u32 noiommu_listing_flags(const struct noiommu_pinned *pinned)
{
	u32 flags = pinned->write ? NOIOMMU_ACCESS_WRITE : 0;

	if (!pinned->attachment)
		return flags;
	if (READ_ONCE(pinned->attachment->ended))
		flags |= NOIOMMU_PIN_IS_REVOKED;
	return flags | NOIOMMU_PIN_IS_DMABUF;
}

/* Goes to the next pin. Return: false if none is left. */
static bool noiommu_listing_next(struct noiommu_file *file,
				 struct noiommu_listing *listing,
				 struct noiommu_pin_info *info)
{
	struct noiommu_pinned *pinned;

	xa_lock(&file->pins);
	pinned = xa_find(&file->pins, &listing->id, ULONG_MAX, XA_PRESENT);
	listing->pinned = pinned;
	if (pinned) {
		listing->chunk = &pinned->first;
		listing->index = 0;
		listing->va = pinned->va;
		noiommu_listing_shares(listing);
		*info = (struct noiommu_pin_info){
			.va = pinned->va,
			.length = pinned->length,
			.id = listing->id,
			.flags = noiommu_listing_flags(pinned),
		};
	}
	xa_unlock(&file->pins);
	listing->first = listing->extents.total;
	return pinned;
}

/*
 * Continues to the end of a chunk, or until the buffer is full. It stops there because
 * a spinlock is held.
 */
static enum noiommu_listing_state
noiommu_listing_chunk(struct noiommu_listing *listing)
{
	u64 end = listing->pinned->va + listing->pinned->length;
	const struct noiommu_chunk *chunk = listing->chunk;
	u64 size = (u64)PAGE_SIZE << chunk->order;
	u64 va = listing->va, next;

	for (; listing->index < chunk->count; listing->index++, va = next) {
		struct page *page = chunk->pages[listing->index];
		u64 phys = (page_to_phys(page) & ~(size - 1)) +
			   (va & (size - 1));
		u32 flags = noiommu_folio_flags(page_folio(page));

		next = min((va | (size - 1)) + 1, end);
		if (noiommu_extents_full(&listing->extents, phys, flags))
			break;
		noiommu_extents_add(&listing->extents, phys, next - va, flags);
	}
	listing->va = va;
	if (listing->index < chunk->count)
		return NOIOMMU_LISTING_FULL;
	listing->chunk = chunk->next;
	listing->index = 0;
	if (listing->chunk)
		return NOIOMMU_LISTING_MORE;
	listing->pinned = NULL;
	return NOIOMMU_LISTING_WHOLE;
}

/* As noiommu_listing_chunk(), for a dma-buf. */
static enum noiommu_listing_state
noiommu_listing_pieces(struct noiommu_listing *listing)
{
	const struct noiommu_attachment *attachment = listing->pinned->attachment;

	for (; listing->index < attachment->count; listing->index++) {
		const struct noiommu_extent *piece =
			&attachment->pieces[listing->index];

		if (noiommu_extents_full(&listing->extents, piece->phys,
					 piece->flags))
			return NOIOMMU_LISTING_FULL;
		noiommu_extents_add(&listing->extents, piece->phys,
				    piece->length, piece->flags);
	}
	listing->pinned = NULL;
	return NOIOMMU_LISTING_WHOLE;
}

static enum noiommu_listing_state
noiommu_listing_step(struct noiommu_file *file, struct noiommu_listing *listing)
{
	enum noiommu_listing_state state = NOIOMMU_LISTING_GONE;

	xa_lock(&file->pins);
	if (listing->pinned && listing->pinned->attachment)
		state = noiommu_listing_pieces(listing);
	else if (listing->pinned)
		state = noiommu_listing_chunk(listing);
	xa_unlock(&file->pins);
	return state;
}

/* Lists the next pin. Return: 1 if more may follow, 0 if none was left, or an errno. */
static int noiommu_listing_pin(struct noiommu_file *file,
			       struct noiommu_listing *listing)
{
	struct noiommu_extents *extents = &listing->extents;
	enum noiommu_listing_state state;
	struct noiommu_pin_info info;
	int ret = 0;

	if (!noiommu_listing_next(file, listing, &info))
		return 0;
	do {
		if (fatal_signal_pending(current))
			return -EINTR;
		state = noiommu_listing_step(file, listing);
		if (state == NOIOMMU_LISTING_GONE)
			noiommu_extents_rewind(extents, listing->first);
		if (state == NOIOMMU_LISTING_FULL)
			ret = noiommu_extents_write(extents);
		cond_resched();
	} while (!ret && state >= NOIOMMU_LISTING_MORE);
	/* Flush, so that the next pin does not continue the last extent. */
	ret = ret ?: noiommu_extents_flush(extents);
	if (ret)
		return ret;
	listing->id++;
	if (state == NOIOMMU_LISTING_GONE)
		return 1;
	info.nr_extents = min_t(u64, extents->total - listing->first, U32_MAX);
	if (listing->total < listing->room &&
	    copy_to_user(listing->pins + listing->total, &info, sizeof(info)))
		return -EFAULT;
	listing->total++;
	return 1;
}

static int noiommu_listing_run(struct noiommu_file *file,
			       struct noiommu_listing *listing)
{
	int ret;

	xa_lock(&file->pins);
	list_add(&listing->node, &file->listings);
	xa_unlock(&file->pins);
	do
		ret = noiommu_listing_pin(file, listing);
	while (ret > 0);
	xa_lock(&file->pins);
	list_del(&listing->node);
	xa_unlock(&file->pins);
	return ret;
}

/**
 * noiommu_list_pins() - NOIOMMU_LIST_PINS
 * @ucmd: the call, with a struct noiommu_list_pins
 *
 * Return: 0, or an errno as documented for &struct noiommu_list_pins.
 */
int noiommu_list_pins(struct noiommu_ucmd *ucmd)
{
	struct noiommu_list_pins __user *to = ucmd->user;
	struct noiommu_list_pins *cmd = ucmd->cmd;
	struct noiommu_listing listing = {
		.pins = u64_to_user_ptr(cmd->pins),
		.room = cmd->nr_pins,
	};
	struct noiommu_extents *extents = &listing.extents;
	int ret;

	if (cmd->flags)
		return -EOPNOTSUPP;
	if (!cmd->pins != !cmd->nr_pins ||
	    !cmd->extents != !cmd->nr_extents)
		return -EINVAL;
	noiommu_extents_init(extents, cmd->extents, cmd->nr_extents, 0);
	/* List all extents, even those that functions of the caller cannot reach. */
	extents->limit = U64_MAX;
	ret = noiommu_listing_run(ucmd->file, &listing);
	if (ret)
		return ret;
	if (put_user(listing.total, &to->nr_pins) ||
	    put_user(min_t(u64, extents->total, U32_MAX), &to->nr_extents))
		return -EFAULT;
	return (cmd->pins && listing.total > cmd->nr_pins) ||
	       (cmd->extents && extents->total > extents->room) ? -ENOSPC : 0;
}
