/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints of functions, maps and pins.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM noiommu

#if !defined(NOIOMMU_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define NOIOMMU_TRACE_H

#include <linux/pci.h>
#include <linux/tracepoint.h>

DECLARE_EVENT_CLASS(noiommu_function,
	TP_PROTO(struct device *dev),
	TP_ARGS(dev),
	TP_STRUCT__entry(
		__field(int, domain)
		__field(u8, bus)
		__field(u8, devfn)
	),
	TP_fast_assign(
		__entry->domain = pci_domain_nr(to_pci_dev(dev)->bus);
		__entry->bus = to_pci_dev(dev)->bus->number;
		__entry->devfn = to_pci_dev(dev)->devfn;
	),
	TP_printk("%04x:%02x:%02x.%d", __entry->domain, __entry->bus,
		  PCI_SLOT(__entry->devfn), PCI_FUNC(__entry->devfn))
);

/* A function gets a group of this provider, and loses it. */
DEFINE_EVENT(noiommu_function, noiommu_claim, TP_PROTO(struct device *dev),
	     TP_ARGS(dev));
DEFINE_EVENT(noiommu_function, noiommu_release, TP_PROTO(struct device *dev),
	     TP_ARGS(dev));
/* The current process takes DMA ownership; ownership ends. */
DEFINE_EVENT(noiommu_function, noiommu_own, TP_PROTO(struct device *dev),
	     TP_ARGS(dev));
DEFINE_EVENT(noiommu_function, noiommu_disown, TP_PROTO(struct device *dev),
	     TP_ARGS(dev));

/* A dma-buf that the function uses was revoked, and its bus mastering was turned off. */
DEFINE_EVENT(noiommu_function, noiommu_revoke, TP_PROTO(struct device *dev),
	     TP_ARGS(dev));

TRACE_EVENT(noiommu_map_refused,
	TP_PROTO(u64 iova, u64 phys, u64 length),
	TP_ARGS(iova, phys, length),
	TP_STRUCT__entry(
		__field(u64, iova)
		__field(u64, phys)
		__field(u64, length)
	),
	TP_fast_assign(
		__entry->iova = iova;
		__entry->phys = phys;
		__entry->length = length;
	),
	TP_printk("iova=%#llx phys=%#llx length=%#llx", __entry->iova,
		  __entry->phys, __entry->length)
);

/* NOIOMMU_TRANSLATE has ended: arguments of the caller, and the result. */
TRACE_EVENT(noiommu_translate,
	TP_PROTO(u64 va, u64 length, u32 flags, u64 extents, int ret),
	TP_ARGS(va, length, flags, extents, ret),
	TP_STRUCT__entry(
		__field(u64, va)
		__field(u64, length)
		__field(u64, extents)
		__field(u32, flags)
		__field(int, ret)
	),
	TP_fast_assign(
		__entry->va = va;
		__entry->length = length;
		__entry->extents = extents;
		__entry->flags = flags;
		__entry->ret = ret;
	),
	TP_printk("va=%#llx length=%#llx flags=%#x extents=%llu ret=%d",
		  __entry->va, __entry->length, __entry->flags,
		  __entry->extents, __entry->ret)
);

/* NOIOMMU_PIN has ended. The ID is valid if ret is 0. */
TRACE_EVENT(noiommu_pin,
	TP_PROTO(u64 va, u64 length, u32 flags, u32 id, int ret),
	TP_ARGS(va, length, flags, id, ret),
	TP_STRUCT__entry(
		__field(u64, va)
		__field(u64, length)
		__field(u32, flags)
		__field(u32, id)
		__field(int, ret)
	),
	TP_fast_assign(
		__entry->va = va;
		__entry->length = length;
		__entry->flags = flags;
		__entry->id = id;
		__entry->ret = ret;
	),
	TP_printk("va=%#llx length=%#llx flags=%#x id=%u ret=%d", __entry->va,
		  __entry->length, __entry->flags, __entry->id, __entry->ret)
);

DECLARE_EVENT_CLASS(noiommu_pinned,
	TP_PROTO(u32 id),
	TP_ARGS(id),
	TP_STRUCT__entry(
		__field(u32, id)
	),
	TP_fast_assign(
		__entry->id = id;
	),
	TP_printk("id=%u", __entry->id)
);

/* A pin ends: by NOIOMMU_UNPIN or with its descriptor. */
DEFINE_EVENT(noiommu_pinned, noiommu_unpin, TP_PROTO(u32 id), TP_ARGS(id));
/* The descriptor of a pin has ended, and a function may still write to the memory. */
DEFINE_EVENT(noiommu_pinned, noiommu_hold, TP_PROTO(u32 id), TP_ARGS(id));

#endif /* NOIOMMU_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
