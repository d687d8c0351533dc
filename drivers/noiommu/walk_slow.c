// SPDX-License-Identifier: GPL-2.0-only
/*
 * Read the page table of the calling process under the mmap lock, and fault in
 * absent pages.
 *
 * hmm_range_fault() looks up RAM, but only present pages. fixup_user_fault() faults
 * in absent pages one by one. It drops the mmap lock while it waits, and a fatal
 * signal ends the wait: the provider of a page, such as a userfaultfd handler or a
 * FUSE server, may take forever.
 *
 * hmm_range_fault() requires an interval notifier, which reports invalidations to
 * callers that set up a page table of their own. This file sets up none, because its
 * answer is a snapshot. So its notifier is not registered, and never invalidated.
 *
 * Device memory has no struct page. Its page frame comes from the page table, after
 * a fault if necessary.
 */
#include <linux/hmm.h>
#include <linux/hugetlb.h>
#include <linux/magic.h>
#include <linux/mm.h>
#include <linux/mmu_notifier.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>
#include <linux/userfaultfd_k.h>

#include "chardev.h"
#include "compat.h"

/**
 * noiommu_check_range() - check the arguments of a call
 * @va: first byte of the range, without a tag
 * @length: bytes of the range
 * @flags: bits of enum noiommu_access_flags
 *
 * Return: 0;
 * * -EOPNOTSUPP: unknown flag.
 * * -EINVAL: the length is zero, or the range wraps around.
 * * -EFAULT: the range lies outside the address space of processes.
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

/* Return: number of pages, from the first on, that are present and permit the access. */
static unsigned int noiommu_present(unsigned long va, unsigned long end,
				    u32 flags, unsigned long *entries)
{
	struct mmu_interval_notifier unregistered = { .mm = current->mm };
	struct hmm_range range = {
		.notifier = &unregistered,
		.start = va,
		.end = end,
		.hmm_pfns = entries,
	};
	unsigned long want = HMM_PFN_VALID;
	unsigned int i;

	mmap_assert_locked(current->mm);
	if (flags & NOIOMMU_ACCESS_WRITE)
		want |= HMM_PFN_WRITE;
	if (va == end || hmm_range_fault(&range))
		return 0;
	for (i = 0; i < (end - va) / PAGE_SIZE; i++)
		if ((entries[i] & want) != want)
			break;
	return i;
}

static bool noiommu_vma_permits(const struct vm_area_struct *vma, u32 flags)
{
	return vma->vm_flags & VM_READ &&
	       (!(flags & NOIOMMU_ACCESS_WRITE) || vma->vm_flags & VM_WRITE);
}

/* Memory of memfd_secret(), which even the kernel does not map. */
static bool noiommu_vma_is_secret(const struct vm_area_struct *vma)
{
	return vma->vm_file &&
	       file_inode(vma->vm_file)->i_sb->s_magic == SECRETMEM_MAGIC;
}

static bool noiommu_vma_is_hugetlb_file(struct vm_area_struct *vma,
					unsigned long va)
{
	loff_t offset = va - vma->vm_start +
			((loff_t)vma->vm_pgoff << PAGE_SHIFT);

	return is_vm_hugetlb_page(vma) &&
	       offset < i_size_read(file_inode(vma->vm_file));
}

/* May drop and retake the mmap lock; then it sets *unlocked. */
static int noiommu_fault(unsigned long va, u32 flags, bool *unlocked)
{
	int ret;

	ret = fixup_user_fault(current->mm, va,
			       flags & NOIOMMU_ACCESS_WRITE ? FAULT_FLAG_WRITE : 0,
			       unlocked);
	return !ret || ret == -EINTR || ret == -ENOMEM ? ret : -EFAULT;
}

/*
 * Faults in absent pages until a fault fails or drops the mmap lock.
 *
 * Return: false if the lock was dropped.
 */
static bool noiommu_fault_absent(unsigned long va, unsigned long end, u32 flags,
				 const unsigned long *entries)
{
	bool unlocked = false;

	for (; va < end; va += PAGE_SIZE, entries++) {
		if (*entries & HMM_PFN_VALID &&
		    (!(flags & NOIOMMU_ACCESS_WRITE) || *entries & HMM_PFN_WRITE))
			continue;
		if (noiommu_fault(va, flags, &unlocked))
			break;
		if (unlocked)
			return false;
		cond_resched();
	}
	return true;
}

/*
 * Looks up a page, and the following pages of the same last-level table: absent pages
 * seldom come alone.
 *
 * Return: number of entries filled; -EAGAIN if the first page was faulted in, and the
 * caller must look up the VMA and the page again; or an errno for the first page.
 */
static int noiommu_slow_ram(unsigned long va, unsigned long end, u32 flags,
			    unsigned long *entries)
{
	unsigned long rest = va + PAGE_SIZE;
	unsigned int count, i;
	bool unlocked = false;

	if (!noiommu_present(va, rest, flags, entries))
		return noiommu_fault(va, flags, &unlocked) ?: -EAGAIN;
	if (noiommu_entry_order(entries[0]))
		return 1;
	end = min(end, ALIGN(rest, PMD_SIZE));
	count = noiommu_present(rest, end, flags, entries + 1);
	if (count < (end - rest) / PAGE_SIZE &&
	    noiommu_fault_absent(rest + count * PAGE_SIZE, end, flags,
				 entries + 1 + count))
		count = noiommu_present(rest, end, flags, entries + 1);
	/* One entry for each page of the smallest size, whatever size the mapping has. */
	for (i = 0; i <= count; i++)
		entries[i] = noiommu_entry(noiommu_entry_pfn(entries[i]), 0);
	return count + 1;
}

/* Return: 0, or -EINVAL if the page table maps no page frame at va. */
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

/* Return: as noiommu_slow_ram(). */
static int noiommu_slow_table(struct vm_area_struct *vma, unsigned long va,
			      unsigned long end, u32 flags,
			      unsigned long *entries)
{
	bool write = flags & NOIOMMU_ACCESS_WRITE, writable, unlocked = false;
	unsigned long pfn;
	int count = 0;

	for (; va < end; va += PAGE_SIZE, count++) {
		if (noiommu_table_pfn(vma, va, &pfn, &writable) ||
		    (write && !writable))
			break;
		entries[count] = noiommu_entry(pfn, 0);
		cond_resched();
	}
	return count ?: noiommu_fault(va, flags, &unlocked) ?: -EAGAIN;
}

static int noiommu_slow_device(struct vm_area_struct *vma, unsigned long va,
			       unsigned long end, u32 flags,
			       unsigned long *entries)
{
	unsigned long pfn, count;
	int ret;

	ret = noiommu_bars_pfn(vma, va, &pfn);
	if (ret == -ENOENT)
		return noiommu_slow_table(vma, va, end, flags, entries);
	if (ret)
		return ret;
	count = (end - va) / PAGE_SIZE;
	while (count--)
		*entries++ = noiommu_entry(pfn++, 0);
	return (end - va) / PAGE_SIZE;
}

static int noiommu_slow_vma(unsigned long va, unsigned long end, u32 flags,
			    unsigned long *entries, bool *device)
{
	struct vm_area_struct *vma = vma_lookup(current->mm, va);

	if (!vma || !noiommu_vma_permits(vma, flags))
		return -EFAULT;
	if (noiommu_vma_is_secret(vma))
		return -EOPNOTSUPP;
	end = min(end, vma->vm_end);
	*device = vma->vm_flags & (VM_IO | VM_PFNMAP);
	if (*device)
		return noiommu_slow_device(vma, va, end, flags, entries);
	return noiommu_slow_ram(va, end, flags, entries);
}

/**
 * noiommu_walk_slow() - look up pages, and fault in absent ones
 * @va: page-aligned virtual address in the calling process
 * @end: page-aligned virtual address where to stop, exclusive
 * @flags: bits of enum noiommu_access_flags
 * @entries: out: page frames and orders, see noiommu_entry(). Each entry covers the rest
 *           of the page, huge or not, that maps the address where the previous entry
 *           ends; the first one covers the page at @va
 * @room: number of elements of @entries
 * @device: out: true if the pages come from a mapping of device memory
 *
 * Return: number of entries filled, at least one; or an errno for the first page:
 * * -EFAULT: it is not mapped, does not permit the access, lies beyond the end of its
 *   file, or belongs to a device that does not respond now.
 * * -EOPNOTSUPP: it is memory of memfd_secret().
 * * -ENOMEM: out of memory, or out of huge pages.
 * * -EHWPOISON: the kernel has taken it out of use after a memory error.
 * * -EINTR: a fatal signal is pending.
 */
int noiommu_walk_slow(unsigned long va, unsigned long end, u32 flags,
		      unsigned long *entries, unsigned int room, bool *device)
{
	struct mm_struct *mm = current->mm;
	int ret;

	end = min(end, va + room * PAGE_SIZE);
	*device = false;
	do {
		if (mmap_read_lock_killable(mm))
			return -EINTR;
		ret = noiommu_slow_vma(va, end, flags, entries, device);
		mmap_read_unlock(mm);
		if (ret == -EAGAIN && fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	} while (ret == -EAGAIN);
	return ret == -EFAULT && !*device ? noiommu_reason(va, flags) : ret;
}

/*
 * A fault fails in the same way for a missing huge page, beyond the end of a file, and
 * where the mapping forbids the access. Other threads may change the mapping at any time,
 * so it is looked up under the same mmap lock as the fault that failed.
 */
static bool noiommu_huge_pages_exhausted(unsigned long va, u32 flags)
{
	struct mm_struct *mm = current->mm;
	bool exhausted, unlocked;

	do {
		struct vm_area_struct *vma;

		unlocked = false;
		mmap_read_lock(mm);
		exhausted = noiommu_fault(va, flags, &unlocked);
		vma = vma_lookup(mm, va);
		if (!vma || !noiommu_vma_permits(vma, flags) ||
		    !noiommu_vma_is_hugetlb_file(vma, va))
			exhausted = false;
		mmap_read_unlock(mm);
	} while (exhausted && unlocked && !fatal_signal_pending(current));
	return exhausted;
}

/**
 * noiommu_reason() - find the errno for a fault that failed
 * @va: virtual address in the calling process
 * @flags: bits of enum noiommu_access_flags
 *
 * fixup_user_fault() returns the same errno for a broken page as for the reasons above.
 *
 * Return: -ENOMEM, -EHWPOISON or -EINTR; -EFAULT if it finds no other reason.
 */
int noiommu_reason(unsigned long va, u32 flags)
{
	bool write = flags & NOIOMMU_ACCESS_WRITE;
	struct page *page;
	long got;

	got = get_user_pages_unlocked(va, 1, &page, FOLL_HWPOISON |
				      (write ? FOLL_WRITE : 0));
	if (got == 1)
		put_page(page);
	if (fatal_signal_pending(current))
		return -EINTR;
	if (got == -EHWPOISON || got == -ENOMEM)
		return got;
	if (got < 0 && noiommu_huge_pages_exhausted(va, flags))
		return -ENOMEM;
	return -EFAULT;
}

/**
 * noiommu_fault_in() - fault in a page that a userfaultfd handler provides
 * @va: virtual address in the calling process
 * @flags: bits of enum noiommu_access_flags
 *
 * On some kernels a long-term pin does not wait for the handler.
 *
 * Return: 0; -EFAULT, also if no userfaultfd is registered for the memory; -ENOMEM;
 * -EINTR.
 */
int noiommu_fault_in(unsigned long va, u32 flags)
{
	struct vm_area_struct *vma;
	bool unlocked = false;
	int ret = -EFAULT;

	mmap_read_lock(current->mm);
	vma = vma_lookup(current->mm, va);
	if (vma && userfaultfd_armed(vma))
		ret = noiommu_fault(va, flags, &unlocked);
	mmap_read_unlock(current->mm);
	return ret;
}

/**
 * noiommu_is_pinnable() - can memory of this kind be pinned?
 * @va: virtual address in the calling process
 *
 * Return: false if device memory or memory of memfd_secret() is mapped there.
 */
bool noiommu_is_pinnable(unsigned long va)
{
	struct vm_area_struct *vma;
	bool pinnable;

	mmap_read_lock(current->mm);
	vma = vma_lookup(current->mm, va);
	pinnable = !vma ||
		   (!(vma->vm_flags & (VM_IO | VM_PFNMAP | VM_MIXEDMAP)) &&
		    !noiommu_vma_is_secret(vma));
	mmap_read_unlock(current->mm);
	return pinnable;
}
