// SPDX-License-Identifier: GPL-2.0-only
/*
 * How memory of the calling process is mapped, faulted in if need be.
 *
 * RAM is asked of hmm_range_fault(). It wants an interval notifier, to hear of
 * invalidations while the caller sets up a page table of its own. There is no
 * such table here, the answer is a snapshot: so the notifier is one that is
 * registered nowhere and never invalidated.
 *
 * Device memory has no struct page that could be asked for. The PFN comes from
 * the page table, after a fault if need be.
 *
 * A mapping may have both (VM_MIXEDMAP). Some of these, the kernel's clock for
 * one, refuse faults on behalf of another process, as which hmm_range_fault()
 * counts its own: they are faulted in first, and what has no struct page even
 * then has no answer. RAM that it could not fault in is tried once more in the
 * same way, as it does not tell whether only memory was short.
 */
#include <linux/hmm.h>
#include <linux/mm.h>
#include <linux/mmu_notifier.h>
#include <linux/uaccess.h>

#include "chardev.h"
#include "compat.h"

/**
 * noiommu_check_range() - is this something to look at?
 * @va: first byte
 * @length: bytes
 * @flags: bits of enum noiommu_access_flags
 *
 * Return: 0;
 * * -EOPNOTSUPP: a flag is not known.
 * * -EINVAL: the length is zero, or the range wraps around.
 * * -EFAULT: no process has such addresses.
 */
int noiommu_check_range(u64 va, u64 length, u32 flags)
{
	u64 last;

	if (flags & ~NOIOMMU_ACCESS_WRITE)
		return -EOPNOTSUPP;
	if (!length || check_add_overflow(va, length - 1, &last))
		return -EINVAL;
	if (last >= TASK_SIZE)
		return -EFAULT;
	return 0;
}

/**
 * noiommu_walk() - where each page of a range is
 * @va: page-aligned address of the caller's memory
 * @end: page-aligned end
 * @flags: bits of enum noiommu_access_flags
 * @entries: out: one for each page of the smallest size, as noiommu_entry()
 *
 * The caller holds the mmap lock for reading.
 *
 * Return: 0, or -EFAULT if any page has no answer: then none is known to have.
 */
int noiommu_walk(unsigned long va, unsigned long end, u32 flags,
		 unsigned long *entries)
{
	struct mmu_interval_notifier unregistered = { .mm = current->mm };
	struct hmm_range range = {
		.notifier = &unregistered,
		.start = va,
		.end = end,
		.hmm_pfns = entries,
		.default_flags = HMM_PFN_REQ_FAULT,
	};

	mmap_assert_locked(current->mm);
	if (flags & NOIOMMU_ACCESS_WRITE)
		range.default_flags |= HMM_PFN_REQ_WRITE;
	return hmm_range_fault(&range) ? -EFAULT : 0;
}

static bool noiommu_vma_is_device(const struct vm_area_struct *vma)
{
	return vma && vma->vm_flags & (VM_IO | VM_PFNMAP | VM_MIXEDMAP);
}

static bool noiommu_vma_permits(const struct vm_area_struct *vma, u32 flags)
{
	return vma->vm_flags & VM_READ &&
	       (!(flags & NOIOMMU_ACCESS_WRITE) || vma->vm_flags & VM_WRITE);
}

/* The mmap lock may be dropped and taken again. */
static int noiommu_fault(unsigned long va, u32 flags)
{
	bool unlocked;
	int ret;

	ret = fixup_user_fault(current->mm, va,
			       flags & NOIOMMU_ACCESS_WRITE ? FAULT_FLAG_WRITE : 0,
			       &unlocked);
	return !ret || ret == -EINTR || ret == -ENOMEM ? ret : -EFAULT;
}

static int noiommu_walk_ram(unsigned long va, u32 flags, unsigned long *pfn)
{
	unsigned long entry;
	int ret;

	ret = noiommu_fault(va, flags) ?:
	      noiommu_walk(va, va + PAGE_SIZE, flags, &entry);
	if (!ret)
		*pfn = noiommu_entry_pfn(entry);
	return ret;
}

/* Return: 0, or -EINVAL if the page table has no page frame there. */
static int noiommu_table_pfn(struct vm_area_struct *vma, unsigned long va,
			     unsigned long *pfn, bool *writable)
{
	struct follow_pfnmap_args args = { .vma = vma, .address = va };
	int ret = follow_pfnmap_start(&args);

	if (ret)
		return ret;
	*pfn = args.pfn;
	*writable = args.writable;
	follow_pfnmap_end(&args);
	return 0;
}

/**
 * noiommu_walk_one() - where a page is that noiommu_walk() has no answer for
 * @va: page-aligned address of the caller's memory
 * @flags: bits of enum noiommu_access_flags
 * @pfn: out: its page frame
 * @next: out: up to here page frames follow one another
 *
 * The caller holds the mmap lock for reading; it may be dropped and taken again.
 *
 * Return: 0; -EFAULT if it is not mapped, or not so; -ENOMEM; -EINTR.
 */
int noiommu_walk_one(unsigned long va, u32 flags, unsigned long *pfn,
		     unsigned long *next)
{
	bool write = flags & NOIOMMU_ACCESS_WRITE;
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;
	bool writable;
	int ret;

	mmap_assert_locked(mm);
	for (;;) {
		vma = vma_lookup(mm, va);
		if (!vma || !noiommu_vma_permits(vma, flags))
			return -EFAULT;
		*next = vma->vm_end;
		ret = noiommu_bars_pfn(vma, va, pfn);
		if (ret != -ENOENT)
			return ret;
		*next = va + PAGE_SIZE;
		if (!(vma->vm_flags & (VM_IO | VM_PFNMAP)))
			return noiommu_walk_ram(va, flags, pfn);
		ret = noiommu_table_pfn(vma, va, pfn, &writable);
		if (!ret && (writable || !write))
			return 0;
		if (fatal_signal_pending(current))
			return -EINTR;
		/* The VMA may be gone when the lock was dropped meanwhile. */
		ret = noiommu_fault(va, flags);
		if (ret)
			return ret;
		cond_resched();
	}
}

/**
 * noiommu_is_device_memory() - why did a pin fail here?
 * @va: address of the caller's memory
 *
 * Return: true if device memory is mapped there.
 */
bool noiommu_is_device_memory(unsigned long va)
{
	bool device;

	mmap_read_lock(current->mm);
	device = noiommu_vma_is_device(vma_lookup(current->mm, va));
	mmap_read_unlock(current->mm);
	return device;
}
