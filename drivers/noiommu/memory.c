// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of NOIOMMU_ALLOC: its file, its mappings, and when it is freed.
 *
 * Descriptors and mappings hold references on the file. The last of them frees the memory,
 * or holds it while a function may write to it, as for a pin: owner.c. Whoever pins the
 * pages through a mapping, such as VFIO, has references on the pages and not on the file.
 * Such pages are freed when they are unpinned.
 */
#include <linux/anon_inodes.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "chardev.h"
#include "charge.h"
#include "memory.h"
#include "owner.h"

/**
 * struct noiommu_memory - memory of NOIOMMU_ALLOC
 * @charge: the pages, as locked memory of the process that made it
 * @hold: in use while the file is closed and a function may still write
 * @pfn: number of the first page
 * @pages: number of pages
 * @stopped: no device writes to it any more, according to NOIOMMU_FREE
 */
struct noiommu_memory {
	struct noiommu_charge charge;
	struct noiommu_hold hold;
	unsigned long pfn;
	unsigned long pages;
	bool stopped;
};

/* Bytes of all memory, also of the memory that has lost its file. */
static atomic64_t noiommu_memory_bytes = ATOMIC64_INIT(0);

static void noiommu_memory_destroy(struct noiommu_memory *memory)
{
	noiommu_contig_free(memory->pfn, memory->pages);
	atomic64_sub(memory->pages * PAGE_SIZE, &noiommu_memory_bytes);
	noiommu_charge_end(&memory->charge);
	noiommu_hold_end(&memory->hold);
	kfree(memory);
}

static void noiommu_memory_unhold(struct noiommu_hold *hold)
{
	noiommu_memory_destroy(container_of(hold, struct noiommu_memory, hold));
}

/*
 * The process that closes the file last need not be the maker, and may drive a function of
 * its own. A kernel thread closes it for a process that is not known.
 */
static int noiommu_memory_release(struct inode *inode, struct file *file)
{
	struct noiommu_memory *memory = file->private_data;

	if (memory->hold.maker != task_tgid(current))
		memory->hold.all = true;
	if (memory->stopped || !noiommu_hold(&memory->hold))
		noiommu_memory_destroy(memory);
	return 0;
}

/*
 * A process that maps the memory can look up its address, and pass it to a function of its
 * own. fork() copies the mapping into such a process.
 */
static void noiommu_memory_open(struct vm_area_struct *vma)
{
	struct noiommu_memory *memory = vma->vm_private_data;

	if (vma->vm_mm != memory->charge.mm)
		WRITE_ONCE(memory->hold.all, true);
}

/* mmap() maps all pages. This is for those that madvise() has unmapped since. */
static vm_fault_t noiommu_memory_fault(struct vm_fault *vmf)
{
	struct noiommu_memory *memory = vmf->vma->vm_private_data;

	if (vmf->pgoff >= memory->pages)
		return VM_FAULT_SIGBUS;
	vmf->page = pfn_to_page(memory->pfn + vmf->pgoff);
	get_page(vmf->page);
	return 0;
}

static const struct vm_operations_struct noiommu_memory_vm_ops = {
	.open	= noiommu_memory_open,
	.fault	= noiommu_memory_fault,
};

/* The pages that are mapped at once: a small array on the stack. */
#define NOIOMMU_MEMORY_BATCH 16UL

static int noiommu_memory_map(const struct noiommu_memory *memory,
			      struct vm_area_struct *vma)
{
	struct page *pages[NOIOMMU_MEMORY_BATCH];
	unsigned long pfn = memory->pfn + vma->vm_pgoff;
	unsigned long va, count, left, i;
	int ret;

	for (va = vma->vm_start; va < vma->vm_end; va += count * PAGE_SIZE) {
		count = min((vma->vm_end - va) / PAGE_SIZE,
			    NOIOMMU_MEMORY_BATCH);
		for (i = 0; i < count; i++)
			pages[i] = pfn_to_page(pfn++);
		left = count;
		ret = vm_insert_pages(vma, va, pages, &left);
		if (ret)
			return ret;
		cond_resched();
	}
	return 0;
}

static int noiommu_memory_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct noiommu_memory *memory = file->private_data;

	/* The copies of a private mapping would be other memory. */
	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	if (vma->vm_pgoff >= memory->pages ||
	    vma_pages(vma) > memory->pages - vma->vm_pgoff)
		return -EINVAL;
	vma->vm_private_data = memory;
	vma->vm_ops = &noiommu_memory_vm_ops;
	noiommu_memory_open(vma);
	return noiommu_memory_map(memory, vma);
}

static const struct file_operations noiommu_memory_fops = {
	.owner		= THIS_MODULE,
	.release	= noiommu_memory_release,
	.mmap		= noiommu_memory_mmap,
};

/* Return: memory without a file, for noiommu_memory_destroy(); or an error pointer. */
static struct noiommu_memory *
noiommu_memory_alloc(const struct noiommu_contig *want)
{
	struct noiommu_memory *memory;
	int ret;

	memory = kzalloc(sizeof(*memory), GFP_KERNEL_ACCOUNT);
	if (!memory)
		return ERR_PTR(-ENOMEM);
	noiommu_charge_init(&memory->charge);
	ret = noiommu_charge_add(&memory->charge, want->pages) ?:
	      noiommu_contig_alloc(want, &memory->pfn);
	if (ret) {
		noiommu_charge_end(&memory->charge);
		kfree(memory);
		return ERR_PTR(ret);
	}
	memory->pages = want->pages;
	atomic64_add(want->pages * PAGE_SIZE, &noiommu_memory_bytes);
	noiommu_hold_init(&memory->hold, noiommu_memory_unhold);
	return memory;
}

/**
 * noiommu_memory_create() - allocate contiguous memory
 * @want: the request
 * @phys: set to the physical address of the first byte
 *
 * Return: a file that owns the memory; or an errno of noiommu_contig_alloc(), or one of
 * anon_inode_getfile(), as a pointer.
 */
struct file *noiommu_memory_create(const struct noiommu_contig *want, u64 *phys)
{
	struct noiommu_memory *memory = noiommu_memory_alloc(want);
	struct file *file;

	if (IS_ERR(memory))
		return ERR_CAST(memory);
	*phys = PFN_PHYS(memory->pfn);
	file = anon_inode_getfile("[noiommu]", &noiommu_memory_fops, memory,
				  O_RDWR);
	if (IS_ERR(file))
		noiommu_memory_destroy(memory);
	return file;
}

/**
 * noiommu_memory_free() - free memory with its last user, whatever devices are in use
 * @file: a file
 *
 * Return: 0, or -EINVAL if the file is not one of noiommu_memory_create().
 */
int noiommu_memory_free(struct file *file)
{
	struct noiommu_memory *memory = file->private_data;

	if (file->f_op != &noiommu_memory_fops)
		return -EINVAL;
	WRITE_ONCE(memory->stopped, true);
	return 0;
}

static ssize_t allocated_bytes_show(struct device *dev,
				    struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%lld\n", atomic64_read(&noiommu_memory_bytes));
}
static DEVICE_ATTR_RO(allocated_bytes);

static struct attribute *noiommu_memory_attrs[] = {
	&dev_attr_allocated_bytes.attr,
	NULL
};

/* Attributes of the device /dev/noiommu. */
const struct attribute_group noiommu_memory_group = {
	.attrs = noiommu_memory_attrs,
};
