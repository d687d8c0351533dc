// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of NOIOMMU_ALLOC: its dma-buf, its mappings, and when it is freed.
 *
 * Descriptors, mappings and drivers that import the dma-buf hold references on it. The last
 * of them frees the memory, or holds it while a function may write to it, as for a pin:
 * owner.c. Whoever pins the pages through a mapping, such as VFIO, has references on the
 * pages and not on the dma-buf. Such pages are freed when they are unpinned.
 */
#include <linux/device.h>
#include <linux/dma-buf.h>
#include <linux/err.h>
#include <linux/iosys-map.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "chardev.h"
#include "charge.h"
#include "compat.h"
#include "import.h"
#include "memory.h"
#include "owner.h"

/**
 * struct noiommu_memory - memory of NOIOMMU_ALLOC
 * @charge: the pages, as locked memory of the process that made it
 * @hold: in use while the dma-buf is gone and a function may still write
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

/* Bytes of all memory, also of the memory that has lost its dma-buf. */
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
 * The process that drops the last reference need not be the maker, and may drive a function
 * of its own. A kernel thread drops it for a process that is not known.
 */
static void noiommu_memory_release(struct dma_buf *dmabuf)
{
	struct noiommu_memory *memory = dmabuf->priv;

	if (memory->hold.maker != task_tgid(current))
		memory->hold.all = true;
	if (memory->stopped || !noiommu_hold(&memory->hold))
		noiommu_memory_destroy(memory);
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

/* The dma-buf core has checked that the mapping does not end beyond the memory. */
static int noiommu_memory_mmap(struct dma_buf *dmabuf, struct vm_area_struct *vma)
{
	struct noiommu_memory *memory = dmabuf->priv;

	/* The copies of a private mapping would be other memory. */
	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	vma->vm_private_data = memory;
	vma->vm_ops = &noiommu_memory_vm_ops;
	noiommu_memory_open(vma);
	return noiommu_memory_map(memory, vma);
}

static int noiommu_memory_attach(struct dma_buf *dmabuf,
				 struct dma_buf_attachment *attachment)
{
	const struct noiommu_memory *memory = dmabuf->priv;

	return noiommu_import_check(attachment->dev, memory->pfn,
				    memory->pages);
}

static struct sg_table *
noiommu_memory_import(struct dma_buf_attachment *attachment,
		      enum dma_data_direction direction)
{
	const struct noiommu_memory *memory = attachment->dmabuf->priv;

	return noiommu_import(attachment->dev, memory->pfn, memory->pages,
			      direction);
}

static void noiommu_memory_unimport(struct dma_buf_attachment *attachment,
				    struct sg_table *table,
				    enum dma_data_direction direction)
{
	noiommu_unimport(attachment->dev, table, direction);
}

/* For drivers without DMA, such as those of cameras on USB. All pages have kernel addresses. */
static int noiommu_memory_vmap(struct dma_buf *dmabuf, struct iosys_map *map)
{
	const struct noiommu_memory *memory = dmabuf->priv;

	iosys_map_set_vaddr(map, page_address(pfn_to_page(memory->pfn)));
	return 0;
}

static const struct dma_buf_ops noiommu_memory_ops = {
	.attach		= noiommu_memory_attach,
	.map_dma_buf	= noiommu_memory_import,
	.unmap_dma_buf	= noiommu_memory_unimport,
	.mmap		= noiommu_memory_mmap,
	.vmap		= noiommu_memory_vmap,
	.release	= noiommu_memory_release,
};

/* Return: memory without a dma-buf, for noiommu_memory_destroy(); or an error pointer. */
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
 * Return: a dma-buf that owns the memory; or an errno of noiommu_contig_alloc(), or one of
 * dma_buf_export(), as a pointer.
 */
struct dma_buf *noiommu_memory_create(const struct noiommu_contig *want,
				      u64 *phys)
{
	struct noiommu_memory *memory = noiommu_memory_alloc(want);
	DEFINE_DMA_BUF_EXPORT_INFO(info);
	struct dma_buf *dmabuf;

	if (IS_ERR(memory))
		return ERR_CAST(memory);
	*phys = PFN_PHYS(memory->pfn);
	info.ops = &noiommu_memory_ops;
	info.size = memory->pages * PAGE_SIZE;
	info.flags = O_RDWR;
	info.priv = memory;
	dmabuf = dma_buf_export(&info);
	if (IS_ERR(dmabuf))
		noiommu_memory_destroy(memory);
	return dmabuf;
}

/**
 * noiommu_memory_free() - free memory with its last user, whatever devices are in use
 * @dmabuf: a dma-buf
 *
 * Return: 0, or -EINVAL if the dma-buf is not one of noiommu_memory_create().
 */
int noiommu_memory_free(struct dma_buf *dmabuf)
{
	struct noiommu_memory *memory = dmabuf->priv;

	if (dmabuf->ops != &noiommu_memory_ops)
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

NOIOMMU_COMPAT_IMPORT_NS("DMA_BUF");
