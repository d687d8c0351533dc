/* SPDX-License-Identifier: GPL-2.0-only */
/* Interrupts over VFIO: routes to eventfds, and the events that arrive. */
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

/* VFIO_DEVICE_GET_IRQ_INFO: returns the number of interrupts, or -errno. */
int irq_info(struct vfio *vfio, unsigned int index, __u32 *flags);

/* VFIO_DEVICE_SET_IRQS with this many bytes of data. All return 0 or -errno. */
int irq_set(struct vfio *vfio, unsigned int index, __u32 flags,
	    unsigned int start, unsigned int count, const void *data,
	    size_t size);
/* Without data, for actions that need none. */
int irq_do(struct vfio *vfio, unsigned int index, __u32 action,
	   unsigned int start, unsigned int count);
/* Routes these vectors to these eventfds; -1 removes a route. */
int irq_route(struct vfio *vfio, unsigned int index, unsigned int start,
	      unsigned int count, const int *events);
int irq_disable(struct vfio *vfio, unsigned int index);

/* Returns the number of VFIO's handlers for the device. */
int irq_handlers(const char *address);
/* Returns how often these handlers were called. */
unsigned long irq_count(const char *address);

/* An eventfd, or -1. */
int event_create(void);
/* Is it signalled? Waits, and leaves the count. */
bool event_comes(int event);
/* Returns and clears the count of signals; waits for the first. */
__u64 event_count(int event);
/* Returns the count of signals, without waiting and without clearing it. */
__u64 event_pending(int event);
/* Does no signal come, even a little later? */
bool event_quiet(int event);

#endif
