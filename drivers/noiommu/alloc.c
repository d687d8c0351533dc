// SPDX-License-Identifier: GPL-2.0-only
/*
 * NOIOMMU_ALLOC and NOIOMMU_FREE: contiguous memory without huge pages.
 */
#include <linux/cpuset.h>
#include <linux/dma-buf.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/uaccess.h>

#include "chardev.h"
#include "compat.h"
#include "memory.h"
#include "owner.h"

/* Return: true if the value is a power of two, at least a page and not a huge number. */
static bool noiommu_alloc_power(u64 value)
{
	return is_power_of_2(value) && value >= PAGE_SIZE &&
	       value <= S64_MAX;
}

static bool noiommu_alloc_has_node(int node)
{
	return node >= 0 && node < MAX_NUMNODES &&
	       node_state(node, N_MEMORY) &&
	       node_isset(node, cpuset_current_mems_allowed);
}

/* Checks a command, and writes it as a request in pages. */
static int noiommu_alloc_request(const struct noiommu_alloc *cmd,
				 struct noiommu_contig *want)
{
	if (cmd->flags)
		return -EOPNOTSUPP;
	if (!cmd->length || !PAGE_ALIGNED(cmd->length) ||
	    cmd->length > S64_MAX)
		return -EINVAL;
	if (cmd->alignment && !noiommu_alloc_power(cmd->alignment))
		return -EINVAL;
	if (cmd->boundary && (!noiommu_alloc_power(cmd->boundary) ||
			      cmd->boundary < cmd->length))
		return -EINVAL;
	if (cmd->node != NUMA_NO_NODE && !noiommu_alloc_has_node(cmd->node))
		return -EINVAL;
	want->pages = cmd->length >> PAGE_SHIFT;
	want->alignment = max_t(u64, cmd->alignment, PAGE_SIZE) >> PAGE_SHIFT;
	want->boundary = cmd->boundary >> PAGE_SHIFT;
	want->limit = min_not_zero(cmd->limit, noiommu_owner_reach());
	want->node = cmd->node;
	return want->limit < cmd->length - 1 ? -ERANGE : 0;
}

/**
 * noiommu_alloc() - NOIOMMU_ALLOC
 * @ucmd: the call, with a struct noiommu_alloc
 *
 * Return: 0, or an errno as documented for &struct noiommu_alloc.
 */
int noiommu_alloc(struct noiommu_ucmd *ucmd)
{
	struct noiommu_alloc __user *to = ucmd->user;
	struct noiommu_contig want;
	struct dma_buf *dmabuf;
	u64 phys;
	int ret, fd;

	ret = noiommu_alloc_request(ucmd->cmd, &want);
	if (ret)
		return ret;
	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		return fd;
	dmabuf = noiommu_memory_create(&want, &phys);
	ret = PTR_ERR_OR_ZERO(dmabuf);
	if (ret)
		goto err_fd;
	if (put_user(fd, &to->fd) || put_user(phys, &to->phys)) {
		ret = -EFAULT;
		goto err_dmabuf;
	}
	fd_install(fd, dmabuf->file);
	return 0;

err_dmabuf:
	/* Nobody has got the address. */
	noiommu_memory_free(dmabuf);
	dma_buf_put(dmabuf);
err_fd:
	put_unused_fd(fd);
	return ret;
}

/**
 * noiommu_free() - NOIOMMU_FREE
 * @ucmd: the call, with a struct noiommu_free
 *
 * Return: 0, or an errno as documented for &struct noiommu_free.
 */
int noiommu_free(struct noiommu_ucmd *ucmd)
{
	struct noiommu_free *cmd = ucmd->cmd;
	struct dma_buf *dmabuf;
	int ret;

	if (cmd->flags)
		return -EOPNOTSUPP;
	if (cmd->reserved)
		return -EINVAL;
	dmabuf = dma_buf_get(cmd->fd);
	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	ret = noiommu_memory_free(dmabuf);
	dma_buf_put(dmabuf);
	return ret;
}
