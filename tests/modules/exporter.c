// SPDX-License-Identifier: GPL-2.0-only
/*
 * Exports a dma-buf of scattered pages, as a descriptor of the process that loads the module,
 * and revokes it on a write to a parameter. Parameters in sysfs show what importers do with
 * it. For tests, in guests.
 */
#include <linux/dma-buf.h>
#include <linux/dma-mapping.h>
#include <linux/dma-resv.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/module.h>

#include "compat-probed.h"

/* Its name on older kernels. */
#ifndef HAVE_INVALIDATE_MAPPINGS
#define dma_buf_invalidate_mappings dma_buf_move_notify
#endif

#define PAGES 4

static bool pinnable;
module_param(pinnable, bool, 0444);
MODULE_PARM_DESC(pinnable, "importers can pin the memory");
static bool readonly;
module_param(readonly, bool, 0444);
MODULE_PARM_DESC(readonly, "the descriptor is for reading only");
static int refuse;
module_param(refuse, int, 0444);
MODULE_PARM_DESC(refuse, "errno that an importer gets for a mapping, 0 for none");

/* Results. */
static int descriptor = -1;
module_param(descriptor, int, 0444);
static int mapped;
module_param(mapped, int, 0444);
MODULE_PARM_DESC(mapped, "number of mappings");
static int pinned;
module_param(pinned, int, 0444);
MODULE_PARM_DESC(pinned, "number of pins");
static bool released;
module_param(released, bool, 0444);
MODULE_PARM_DESC(released, "nobody has the dma-buf any more");

/* No two of those in use are neighbours. */
static struct page *exporter_pages[2 * PAGES];
static struct dma_buf *exporter_buffer;

static int exporter_revoke(const char *value, const struct kernel_param *param)
{
	dma_resv_lock(exporter_buffer->resv, NULL);
	dma_buf_invalidate_mappings(exporter_buffer);
	dma_resv_unlock(exporter_buffer->resv);
	return 0;
}

static const struct kernel_param_ops exporter_revoke_ops = {
	.set = exporter_revoke,
};
module_param_cb(revoke, &exporter_revoke_ops, NULL, 0200);

static struct sg_table *exporter_map(struct dma_buf_attachment *attachment,
				     enum dma_data_direction direction)
{
	struct sg_table *table;
	struct scatterlist *entry;
	int i, ret;

	if (refuse)
		return ERR_PTR(-refuse);
	table = kzalloc(sizeof(*table), GFP_KERNEL);
	if (!table)
		return ERR_PTR(-ENOMEM);
	ret = sg_alloc_table(table, PAGES, GFP_KERNEL);
	if (ret)
		goto err_table;
	for_each_sgtable_sg(table, entry, i)
		sg_set_page(entry, exporter_pages[2 * i], PAGE_SIZE, 0);
	ret = dma_map_sgtable(attachment->dev, table, direction, 0);
	if (ret)
		goto err_entries;
	mapped++;
	return table;

err_entries:
	sg_free_table(table);
err_table:
	kfree(table);
	return ERR_PTR(ret);
}

static void exporter_unmap(struct dma_buf_attachment *attachment,
			   struct sg_table *table,
			   enum dma_data_direction direction)
{
	dma_unmap_sgtable(attachment->dev, table, direction, 0);
	sg_free_table(table);
	kfree(table);
	mapped--;
}

static int exporter_pin(struct dma_buf_attachment *attachment)
{
	pinned++;
	return 0;
}

static void exporter_unpin(struct dma_buf_attachment *attachment)
{
	pinned--;
}

static int exporter_mmap(struct dma_buf *buffer, struct vm_area_struct *vma)
{
	unsigned long va = vma->vm_start;
	int i, ret = 0;

	for (i = 0; !ret && va < vma->vm_end; i++, va += PAGE_SIZE)
		ret = vm_insert_page(vma, va, exporter_pages[2 * i]);
	return ret;
}

static void exporter_release(struct dma_buf *buffer)
{
	released = true;
}

/* With "pinnable", it has pin and unpin as well. */
static struct dma_buf_ops exporter_ops = {
	.map_dma_buf	= exporter_map,
	.unmap_dma_buf	= exporter_unmap,
	.mmap		= exporter_mmap,
	.release	= exporter_release,
};

static void exporter_free(void)
{
	int i;

	for (i = 0; i < 2 * PAGES; i++)
		if (exporter_pages[i])
			__free_page(exporter_pages[i]);
}

/* A block, which splits into neighbours. */
static int exporter_alloc(void)
{
	unsigned int order = get_order(2 * PAGES * PAGE_SIZE);
	struct page *block = alloc_pages(GFP_KERNEL | __GFP_ZERO, order);
	int i;

	if (!block)
		return -ENOMEM;
	split_page(block, order);
	for (i = 0; i < 2 * PAGES; i++)
		exporter_pages[i] = block + i;
	return 0;
}

static int __init exporter_init(void)
{
	DEFINE_DMA_BUF_EXPORT_INFO(info);
	int ret = exporter_alloc();

	if (ret)
		return ret;
	if (pinnable) {
		exporter_ops.pin = exporter_pin;
		exporter_ops.unpin = exporter_unpin;
	}
	info.ops = &exporter_ops;
	info.size = PAGES * PAGE_SIZE;
	/* The kernel wants a value. */
	info.priv = exporter_pages;
	info.flags = readonly ? O_RDONLY : O_RDWR;
	exporter_buffer = dma_buf_export(&info);
	ret = PTR_ERR_OR_ZERO(exporter_buffer);
	if (ret)
		goto err_pages;
	descriptor = dma_buf_fd(exporter_buffer, O_CLOEXEC);
	if (descriptor >= 0)
		return 0;
	ret = descriptor;
	dma_buf_put(exporter_buffer);
err_pages:
	exporter_free();
	return ret;
}

/* The dma-buf has a reference on the module. */
static void __exit exporter_exit(void)
{
	exporter_free();
}

module_init(exporter_init);
module_exit(exporter_exit);
MODULE_DESCRIPTION("Exports a dma-buf, for tests");
MODULE_LICENSE("GPL");
/* As MODULE_IMPORT_NS(), of which the argument was a name once, and is a string now. */
MODULE_INFO(import_ns, "DMA_BUF");
