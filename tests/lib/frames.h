/* SPDX-License-Identifier: GPL-2.0-only */
/* Ethernet frames through NICs of the guest's kernel. */
#ifndef TESTS_FRAMES_H
#define TESTS_FRAMES_H

#include <net/if.h>

struct wire {
	int fd;
	char name[IF_NAMESIZE];
	unsigned char address[6];
};

/*
 * Opens the NIC at this PCI address for frames, and keeps everything else in the guest from
 * sending through it. 0 or -errno.
 */
int wire_open(struct wire *wire, const char *pci);
void wire_close(struct wire *wire);

/*
 * Sends this number of frames of pseudo-random lengths and contents into one wire; returns
 * how many came out of the other, unchanged and in order.
 */
unsigned int frames_pass(struct wire *from, struct wire *to, unsigned int count,
			 unsigned int seed);

/* Sends one frame to no particular receiver; 0 or -errno. */
int frame_send(struct wire *from);

#endif
