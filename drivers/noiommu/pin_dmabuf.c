// SPDX-License-Identifier: GPL-2.0-only
/*
 * NOIOMMU_PIN_DMABUF: keep the memory of a dma-buf at its physical address.
 */
#include <linux/err.h>
#include <linux/uaccess.h>

#include "attachment.h"
#include "pinned.h"
#include "trace.h"

static u64 noiommu_dmabuf_length(const struct noiommu_attachment *attachment)
{
	u64 length = 0;
	unsigned int i;

	for (i = 0; i < attachment->count; i++)
		length += attachment->pieces[i].length;
	return length;
}

/* Return: 0, -ERANGE or -EFAULT. */
static int noiommu_dmabuf_add(const struct noiommu_attachment *attachment,
			      struct noiommu_extents *extents)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; !ret && i < attachment->count; i++)
		ret = noiommu_extents_add(extents, attachment->pieces[i].phys,
					  attachment->pieces[i].length,
					  attachment->pieces[i].flags);
	return ret ?: noiommu_extents_flush(extents);
}

/* Writes the extents and their length for the user. */
static int noiommu_dmabuf_write(const struct noiommu_attachment *attachment,
				const struct noiommu_pin_dmabuf *cmd,
				struct noiommu_pin_dmabuf __user *user)
{
	struct noiommu_extents extents __uninitialized;
	int ret;

	noiommu_extents_init(&extents, cmd->extents, cmd->nr_extents,
			     cmd->limit);
	ret = noiommu_dmabuf_add(attachment, &extents);
	if (ret && ret != -ERANGE)
		return ret;
	if (put_user(extents.bytes, &user->length))
		return -EFAULT;
	return ret ?: noiommu_extents_answer(&extents, &user->nr_extents);
}

/**
 * noiommu_pin_dmabuf() - NOIOMMU_PIN_DMABUF
 * @ucmd: the call, with a struct noiommu_pin_dmabuf
 *
 * Return: 0, or an errno as documented for &struct noiommu_pin_dmabuf.
 */
int noiommu_pin_dmabuf(struct noiommu_ucmd *ucmd)
{
	struct noiommu_pin_dmabuf __user *user = ucmd->user;
	struct noiommu_pin_dmabuf *cmd = ucmd->cmd;
	struct noiommu_attachment *attachment;
	struct noiommu_pinned *pinned;
	int ret;

	if (cmd->flags & ~NOIOMMU_ACCESS_WRITE)
		return -EOPNOTSUPP;
	if (cmd->reserved || cmd->reserved2 ||
	    !cmd->extents != !cmd->nr_extents)
		return -EINVAL;
	attachment = noiommu_attachment_create(cmd);
	if (IS_ERR(attachment))
		return PTR_ERR(attachment);
	pinned = noiommu_pinned_alloc(0, noiommu_dmabuf_length(attachment),
				      cmd->flags & NOIOMMU_ACCESS_WRITE, 0);
	if (IS_ERR(pinned)) {
		noiommu_attachment_destroy(attachment);
		return PTR_ERR(pinned);
	}
	pinned->attachment = attachment;
	ret = noiommu_dmabuf_write(attachment, cmd, user) ?:
	      noiommu_pin_publish(ucmd->file, pinned, &user->id, &cmd->id);
	trace_noiommu_pin(0, pinned->length, cmd->flags, cmd->id, ret);
	if (ret)
		noiommu_pinned_release(pinned);
	return ret;
}
