// SPDX-License-Identifier: GPL-2.0-only
/*
 * A dma-buf of another driver that is mapped for a function.
 *
 * The function is the device that the exporter sees, because exporters check what it
 * reaches. A BAR, for example, may be out of reach for it. DMA of a claimed function is
 * not translated, so the exporter's bus addresses are physical addresses.
 *
 * The mapping ends when
 *
 * - the pin ends. The user has stopped the device before.
 * - ownership of the function ends. VFIO has turned its bus mastering off before.
 * - the exporter revokes the memory, such as a BAR whose function is reset. The user is
 *   not asked, so bus mastering is turned off here, before the exporter goes on.
 *
 * An exporter may also have a way to pin memory that it could move otherwise. This is used,
 * because a move would revoke the memory.
 */
#include <linux/dma-buf.h>
#include <linux/dma-resv.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/pci.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>

#include "attachment.h"
#include "chardev.h"
#include "compat.h"
#include "import.h"
#include "trace.h"

/* Does nothing if the mapping has ended. */
static void noiommu_attachment_end(struct noiommu_attachment *attachment)
{
	struct dma_buf_attachment *attach;
	struct sg_table *table;

	mutex_lock(&attachment->lock);
	WRITE_ONCE(attachment->ended, true);
	attach = attachment->attach;
	if (attach) {
		dma_resv_lock(attachment->dmabuf->resv, NULL);
		table = attachment->table;
		attachment->table = NULL;
		dma_buf_unmap_attachment(attach, table, attachment->direction);
		dma_buf_unpin(attach);
		dma_resv_unlock(attachment->dmabuf->resv);
		dma_buf_detach(attachment->dmabuf, attach);
	}
	attachment->attach = NULL;
	mutex_unlock(&attachment->lock);
}

static void noiommu_attachment_disown(struct noiommu_tie *tie)
{
	noiommu_attachment_end(container_of(tie, struct noiommu_attachment, tie));
}

/* Exporters wait for the end of the mapping, with locks that it must not need. */
static void noiommu_attachment_work(struct work_struct *work)
{
	struct noiommu_attachment *attachment =
		container_of(work, struct noiommu_attachment, work);

	pci_wait_for_pending_transaction(to_pci_dev(attachment->tie.dev));
	noiommu_attachment_end(attachment);
}

/* The exporter has locked the reservation. */
static void noiommu_attachment_revoke(struct dma_buf_attachment *attach)
{
	struct noiommu_attachment *attachment = attach->importer_priv;
	struct pci_dev *pdev = to_pci_dev(attach->dev);

	if (!attachment->table || attachment->ended)
		return;
	WRITE_ONCE(attachment->ended, true);
	pci_clear_master(pdev);
	pci_notice(pdev, "noiommu: its dma-buf was revoked: bus mastering is off\n");
	trace_noiommu_revoke(attach->dev);
	schedule_work(&attachment->work);
}

static const struct dma_buf_attach_ops noiommu_attachment_ops = {
	.allow_peer2peer	= true,
	.invalidate_mappings	= noiommu_attachment_revoke,
};

static int noiommu_attachment_pin(struct noiommu_attachment *attachment)
{
	struct dma_buf_attachment *attach = attachment->attach;
	struct sg_table *table;
	int ret;

	ret = dma_buf_pin(attach);
	if (ret)
		return ret;
	table = dma_buf_map_attachment(attach, attachment->direction);
	if (IS_ERR(table)) {
		dma_buf_unpin(attach);
		return PTR_ERR(table);
	}
	attachment->table = table;
	return 0;
}

static int noiommu_attachment_map(struct noiommu_attachment *attachment)
{
	struct dma_buf *dmabuf = attachment->dmabuf;
	struct dma_buf_attachment *attach;
	int ret;

	/* Ownership may have ended since noiommu_tie(). */
	if (attachment->ended)
		return -ENODEV;
	attach = dma_buf_dynamic_attach(dmabuf, attachment->tie.dev,
					&noiommu_attachment_ops, attachment);
	if (IS_ERR(attach))
		return PTR_ERR(attach);
	attachment->attach = attach;
	dma_resv_lock(dmabuf->resv, NULL);
	ret = noiommu_attachment_pin(attachment);
	dma_resv_unlock(dmabuf->resv);
	if (!ret)
		return 0;
	dma_buf_detach(dmabuf, attach);
	attachment->attach = NULL;
	return ret;
}

/* The exporter's own device may still be moving the memory to where it is mapped. */
static int noiommu_attachment_wait(struct noiommu_attachment *attachment)
{
	long ret = dma_resv_wait_timeout(attachment->dmabuf->resv,
					 DMA_RESV_USAGE_KERNEL, true,
					 MAX_SCHEDULE_TIMEOUT);

	return ret < 0 ? -EINTR : 0;
}

static void noiommu_attachment_add(struct noiommu_attachment *attachment,
				   u64 phys, u64 length)
{
	u32 flags = page_is_ram(PHYS_PFN(phys)) ? 0 : NOIOMMU_EXTENT_MMIO;
	struct noiommu_extent *next = &attachment->pieces[attachment->count];

	if (attachment->count && next[-1].phys + next[-1].length == phys &&
	    next[-1].flags == flags) {
		next[-1].length += length;
		return;
	}
	next->phys = phys;
	next->length = length;
	next->flags = flags;
	attachment->count++;
}

static int noiommu_attachment_list(struct noiommu_attachment *attachment,
				   struct sg_table *table)
{
	struct scatterlist *entry;
	int i;

	attachment->pieces = kvcalloc(table->nents, sizeof(*attachment->pieces),
				      GFP_KERNEL_ACCOUNT);
	if (!attachment->pieces)
		return -ENOMEM;
	for_each_sgtable_dma_sg(table, entry, i)
		noiommu_attachment_add(attachment, sg_dma_address(entry),
				       sg_dma_len(entry));
	return noiommu_import_bounces(attachment->tie.dev, table) ? -ERANGE : 0;
}

/* The function cannot use a BAR that has another address on its bus. */
static int noiommu_attachment_check(const struct noiommu_attachment *attachment)
{
	unsigned int i;

	for (i = 0; i < attachment->count; i++)
		if ((attachment->pieces[i].flags & NOIOMMU_EXTENT_MMIO) &&
		    noiommu_bars_moved(attachment->pieces[i].phys))
			return -EOPNOTSUPP;
	return 0;
}

static int noiommu_attachment_make(struct noiommu_attachment *attachment)
{
	int ret;

	/* The lock keeps the end of ownership from ending the mapping meanwhile. */
	mutex_lock(&attachment->lock);
	ret = noiommu_attachment_map(attachment) ?:
	      noiommu_attachment_list(attachment, attachment->table);
	mutex_unlock(&attachment->lock);
	return ret ?: noiommu_attachment_check(attachment) ?:
	       noiommu_attachment_wait(attachment);
}

static struct noiommu_attachment *
noiommu_attachment_alloc(const struct noiommu_pin_dmabuf *cmd)
{
	struct noiommu_attachment *attachment;

	attachment = kzalloc(sizeof(*attachment), GFP_KERNEL_ACCOUNT);
	if (!attachment)
		return NULL;
	attachment->tie.end = noiommu_attachment_disown;
	mutex_init(&attachment->lock);
	INIT_WORK(&attachment->work, noiommu_attachment_work);
	attachment->direction = cmd->flags & NOIOMMU_ACCESS_WRITE ?
				DMA_BIDIRECTIONAL : DMA_TO_DEVICE;
	return attachment;
}

/**
 * noiommu_attachment_create() - map a dma-buf for a function of the calling process
 * @cmd: names the dma-buf, the access and the function
 *
 * Return: the attachment, for noiommu_attachment_destroy(); or an errno as documented for
 * &struct noiommu_pin_dmabuf, as a pointer.
 */
struct noiommu_attachment *
noiommu_attachment_create(const struct noiommu_pin_dmabuf *cmd)
{
	struct noiommu_attachment *attachment = noiommu_attachment_alloc(cmd);
	struct dma_buf *dmabuf;
	int ret;

	if (!attachment)
		return ERR_PTR(-ENOMEM);
	dmabuf = dma_buf_get(cmd->fd);
	ret = PTR_ERR_OR_ZERO(dmabuf);
	if (ret)
		goto err_attachment;
	attachment->dmabuf = dmabuf;
	ret = -EACCES;
	if ((cmd->flags & NOIOMMU_ACCESS_WRITE) &&
	    !(dmabuf->file->f_mode & FMODE_WRITE))
		goto err_dmabuf;
	ret = noiommu_tie(&attachment->tie, cmd->domain,
			  PCI_DEVID(cmd->bus, cmd->devfn));
	if (ret)
		goto err_dmabuf;
	ret = noiommu_attachment_make(attachment);
	if (!ret)
		return attachment;
	noiommu_attachment_destroy(attachment);
	return ERR_PTR(ret);

err_dmabuf:
	dma_buf_put(dmabuf);
err_attachment:
	kfree(attachment);
	return ERR_PTR(ret);
}

/**
 * noiommu_attachment_destroy() - end a mapping, and free what belongs to it
 * @attachment: the attachment, which nobody else uses
 */
void noiommu_attachment_destroy(struct noiommu_attachment *attachment)
{
	noiommu_attachment_end(attachment);
	cancel_work_sync(&attachment->work);
	noiommu_untie(&attachment->tie);
	dma_buf_put(attachment->dmabuf);
	kvfree(attachment->pieces);
	kfree(attachment);
}
