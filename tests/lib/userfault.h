/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory whose pages come from a thread of this process, through userfaultfd. */
#ifndef TESTS_USERFAULT_H
#define TESTS_USERFAULT_H

#include <linux/userfaultfd.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

struct userfault {
	int fd;
	/* Which of UFFDIO_REGISTER_MODE_. */
	unsigned long mode;
	char *memory;
	/* Where the handler finds the same memory, in mode minor. */
	char *other;
	size_t length;
	/* What the handler does first, with the address of the fault. */
	void (*before)(struct userfault *userfault, void *address);
	/* Faults that it has seen to. */
	int served;
	/* Its closed end stops the handler. */
	int stop[2];
	pthread_t handler;
};

/* What every byte is once it has been provided. */
#define USERFAULT_BYTE 0x5a

/* Memory of 4 KiB pages, of which none is there as the mode wants it; 0 or -errno. */
int userfault_create(struct userfault *userfault, unsigned long mode,
		     size_t length);
/* From here on faults are answered. */
int userfault_serve(struct userfault *userfault);
void userfault_destroy(struct userfault *userfault);

#endif
