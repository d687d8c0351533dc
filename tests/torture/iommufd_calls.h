/* SPDX-License-Identifier: GPL-2.0-only */
/* Calls of iommufd at random, on descriptors that several threads use. */
#ifndef TESTS_TORTURE_IOMMUFD_CALLS_H
#define TESTS_TORTURE_IOMMUFD_CALLS_H

#include "iommufd_abi.h"
#include "vfio_calls.h"

static inline __u32 some_id(struct vfio_caller *caller, enum object object)
{
	return dice_below(&caller->dice, 8) ?
		       dice_choose(&caller->dice, caller->torture->ids[object]) :
		       dice_below(&caller->dice, 32);
}

static inline __u32 some_table(struct vfio_caller *caller)
{
	return some_id(caller, dice_below(&caller->dice, 4) ? IOAS : TABLE);
}

static inline void remember_id(struct vfio_caller *caller, enum object object, __u32 id)
{
	caller->torture->ids[object][dice_below(&caller->dice, IDS)] = id;
}

static inline int call_ioas(struct vfio_caller *caller)
{
	struct abi_ioas_alloc alloc = { .size = some_argsz(&caller->dice, sizeof(alloc)) };
	int ret = vfio_call(caller->torture->iommufd, ABI_IOAS_ALLOC, &alloc);

	if (!ret)
		remember_id(caller, IOAS, alloc.out_ioas_id);
	return ret;
}

static inline int call_ioas_map(struct vfio_caller *caller)
{
	struct dice *dice = &caller->dice;
	struct abi_ioas_map map = {
		.size = some_argsz(dice, sizeof(map)),
		.flags = rarely(dice, dice_below(dice, 16) ?
				      ABI_FIXED_IOVA | ABI_WRITEABLE | ABI_READABLE : ABI_READABLE),
		.ioas_id = some_id(caller, IOAS),
	};

	some_map(caller, &map.user_va, &map.length, &map.iova);
	return vfio_call(caller->torture->iommufd, ABI_IOAS_MAP, &map);
}

static inline int call_ioas_unmap(struct vfio_caller *caller)
{
	struct abi_ioas_unmap unmap = {
		.size = some_argsz(&caller->dice, sizeof(unmap)),
		.ioas_id = some_id(caller, IOAS),
		.iova = dice_choose(&caller->dice, caller->torture->phys),
		.length = (1 + dice_below(&caller->dice, 4)) * PAGE,
	};

	if (!dice_below(&caller->dice, 4)) {
		unmap.iova = 0;
		unmap.length = ~0ULL;
	}
	return vfio_call(caller->torture->iommufd, ABI_IOAS_UNMAP, &unmap);
}

static inline int call_ioas_copy(struct vfio_caller *caller)
{
	struct abi_ioas_copy copy = {
		.size = some_argsz(&caller->dice, sizeof(copy)),
		.flags = ABI_FIXED_IOVA | ABI_WRITEABLE | ABI_READABLE,
		.dst_ioas_id = some_id(caller, IOAS),
		.src_ioas_id = some_id(caller, IOAS),
		.length = (1 + dice_below(&caller->dice, 2)) * PAGE,
		.src_iova = dice_choose(&caller->dice, caller->torture->phys),
	};

	copy.dst_iova = copy.src_iova;
	return vfio_call(caller->torture->iommufd, ABI_IOAS_COPY, &copy);
}

static inline int call_hwpt(struct vfio_caller *caller)
{
	struct abi_hwpt_alloc alloc = {
		.size = some_argsz(&caller->dice, sizeof(alloc)),
		.flags = dice_below(&caller->dice, 4) ? 0 : 1U << dice_below(&caller->dice, 5),
		.dev_id = some_id(caller, DEVICE),
		.pt_id = some_table(caller),
	};
	int ret = vfio_call(caller->torture->iommufd, ABI_HWPT_ALLOC, &alloc);

	if (!ret)
		remember_id(caller, TABLE, alloc.out_hwpt_id);
	return ret;
}

static inline int call_destroy(struct vfio_caller *caller)
{
	struct abi_destroy destroy = {
		.size = some_argsz(&caller->dice, sizeof(destroy)),
		.id = some_id(caller, dice_below(&caller->dice, OBJECTS)),
	};

	return vfio_call(caller->torture->iommufd, ABI_DESTROY, &destroy);
}

static inline int call_bind(struct vfio_caller *caller)
{
	struct abi_bind bind = {
		.argsz = some_argsz(&caller->dice, sizeof(bind)),
		.iommufd = rarely(&caller->dice, caller->torture->iommufd),
	};
	int ret = vfio_call(some_node(caller), ABI_BIND, &bind);

	if (!ret)
		remember_id(caller, DEVICE, bind.out_devid);
	return ret;
}

static inline int call_attach(struct vfio_caller *caller)
{
	struct abi_attach attach = {
		.argsz = some_argsz(&caller->dice, sizeof(attach)),
		.pt_id = some_table(caller),
	};
	int ret = vfio_call(some_node(caller), ABI_ATTACH, &attach);

	if (!ret)
		remember_id(caller, TABLE, attach.pt_id);
	return ret;
}

static inline int call_detach(struct vfio_caller *caller)
{
	struct abi_detach detach = { .argsz = some_argsz(&caller->dice, sizeof(detach)) };

	return vfio_call(some_node(caller), ABI_DETACH, &detach);
}

#endif
