// SPDX-License-Identifier: GPL-2.0-only
/*
 * Imports a dma-buf, given as a descriptor of the process that loads the module, for a PCI
 * function, as a driver of that function would. Parameters in sysfs show the bus addresses.
 * For tests, in guests.
 */
#include <linux/dma-buf.h>
#include <linux/dma-mapping.h>
#include <linux/dma-resv.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/pci.h>

#include "function.h"

static int buffer = -1;
module_param(buffer, int, 0444);
static unsigned int bits = 64;
module_param(bits, uint, 0444);
MODULE_PARM_DESC(bits, "DMA mask of the function");

/* Results. */
static unsigned long long address;
module_param(address, ullong, 0444);
MODULE_PARM_DESC(address, "bus address of the first byte");
static unsigned long long length;
module_param(length, ullong, 0444);
MODULE_PARM_DESC(length, "bytes of which the bus addresses are consecutive");
static unsigned int longest;
module_param(longest, uint, 0444);
MODULE_PARM_DESC(longest, "bytes of the longest segment");
static unsigned long content;
module_param(content, ulong, 0444);
MODULE_PARM_DESC(content, "what the CPU reads in the first bytes");

static struct pci_dev *importer_pdev;
static struct dma_buf *importer_buffer;
static struct dma_buf_attachment *importer_attachment;
static struct sg_table *importer_table;

static void importer_measure(void)
{
	struct scatterlist *entry;
	int i;

	address = sg_dma_address(importer_table->sgl);
	for_each_sgtable_dma_sg(importer_table, entry, i) {
		longest = max(longest, sg_dma_len(entry));
		if (sg_dma_address(entry) == address + length)
			length += sg_dma_len(entry);
	}
}

static int importer_read(void)
{
	struct iosys_map map;
	int ret;

	dma_resv_lock(importer_buffer->resv, NULL);
	ret = dma_buf_vmap(importer_buffer, &map);
	if (!ret) {
		content = *(unsigned long *)map.vaddr;
		dma_buf_vunmap(importer_buffer, &map);
	}
	dma_resv_unlock(importer_buffer->resv);
	return ret;
}

static int importer_map(void)
{
	dma_resv_lock(importer_buffer->resv, NULL);
	importer_table = dma_buf_map_attachment(importer_attachment,
						DMA_BIDIRECTIONAL);
	dma_resv_unlock(importer_buffer->resv);
	return PTR_ERR_OR_ZERO(importer_table);
}

static int importer_attach(void)
{
	int ret;

	importer_buffer = dma_buf_get(buffer);
	if (IS_ERR(importer_buffer))
		return PTR_ERR(importer_buffer);
	importer_attachment = dma_buf_attach(importer_buffer,
					     &importer_pdev->dev);
	ret = PTR_ERR_OR_ZERO(importer_attachment);
	if (ret)
		goto err_buffer;
	ret = importer_read() ?: importer_map();
	if (ret)
		goto err_attachment;
	importer_measure();
	return 0;

err_attachment:
	dma_buf_detach(importer_buffer, importer_attachment);
err_buffer:
	dma_buf_put(importer_buffer);
	return ret;
}

static int __init importer_init(void)
{
	int ret;

	importer_pdev = named_function();
	if (!importer_pdev)
		return -ENODEV;
	ret = dma_set_mask_and_coherent(&importer_pdev->dev,
					DMA_BIT_MASK(bits));
	ret = ret ?: importer_attach();
	if (ret)
		pci_dev_put(importer_pdev);
	return ret;
}

static void __exit importer_exit(void)
{
	dma_resv_lock(importer_buffer->resv, NULL);
	dma_buf_unmap_attachment(importer_attachment, importer_table,
				 DMA_BIDIRECTIONAL);
	dma_resv_unlock(importer_buffer->resv);
	dma_buf_detach(importer_buffer, importer_attachment);
	dma_buf_put(importer_buffer);
	pci_dev_put(importer_pdev);
}

module_init(importer_init);
module_exit(importer_exit);
MODULE_DESCRIPTION("Imports a dma-buf, for tests");
MODULE_LICENSE("GPL");
/* As MODULE_IMPORT_NS(), of which the argument was a name once, and is a string now. */
MODULE_INFO(import_ns, "DMA_BUF");
