/* SPDX-License-Identifier: GPL-2.0-only */
/* Interrupts over VFIO: routes to eventfds, and what arrives there. */
#ifndef TESTS_INTERRUPTS_H
#define TESTS_INTERRUPTS_H

#include <linux/types.h>
#include <linux/vfio.h>
#include <stdbool.h>
#include <stddef.h>

#include "vfio.h"

#define INTX VFIO_PCI_INTX_IRQ_INDEX
#define MSI VFIO_PCI_MSI_IRQ_INDEX
#define MSIX VFIO_PCI_MSIX_IRQ_INDEX

/* VFIO_DEVICE_GET_IRQ_INFO: how many there are, or -errno. */
int irq_info(struct vfio *vfio, unsigned int index, __u32 *flags);

/* VFIO_DEVICE_SET_IRQS with so many bytes of data. All return 0 or -errno. */
int irq_set(struct vfio *vfio, unsigned int index, __u32 flags,
	    unsigned int start, unsigned int count, const void *data,
	    size_t size);
/* Without data, as for all actions that need none. */
int irq_do(struct vfio *vfio, unsigned int index, __u32 action,
	   unsigned int start, unsigned int count);
/* From these vectors to these eventfds; -1 is to none. */
int irq_route(struct vfio *vfio, unsigned int index, unsigned int start,
	      unsigned int count, const int *events);
int irq_disable(struct vfio *vfio, unsigned int index);

/* How many handlers of VFIO's the kernel has for the device. */
int irq_handlers(const char *address);
/* How often these were called. */
unsigned long irq_count(const char *address);

/* An eventfd, or -1. */
int event_create(void);
/* Is it signalled? Waits, and does not forget. */
bool event_comes(int event);
/* How often it was signalled since last asked; waits for once. */
__u64 event_count(int event);
/* The same, without waiting and without forgetting. */
__u64 event_pending(int event);
/* Nothing comes, also not a little later. */
bool event_quiet(int event);

#endif
