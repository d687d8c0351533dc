/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory whose pages a thread of this process provides, through userfaultfd. */
#ifndef TESTS_USERFAULT_H
#define TESTS_USERFAULT_H

#include <linux/userfaultfd.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

struct userfault {
	int fd;
	/* One of UFFDIO_REGISTER_MODE_. */
	unsigned long mode;
	char *memory;
	/* The handler's mapping of the same memory, in mode minor. */
	char *other;
	size_t length;
	/* The handler calls it first, with the address of the fault. */
	void (*before)(struct userfault *userfault, void *address);
	/* Faults that the handler has resolved. */
	int served;
	/* Closing an end of this pipe stops the handler. */
	int stop[2];
	pthread_t handler;
};

/* The value of every byte of a provided page. */
#define USERFAULT_BYTE 0x5a

/* Maps 4 KiB pages, each of which causes a fault of this mode; 0 or -errno. */
int userfault_create(struct userfault *userfault, unsigned long mode,
		     size_t length);
/* Starts the handler. */
int userfault_serve(struct userfault *userfault);
void userfault_destroy(struct userfault *userfault);

#endif
