/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The two NICs of DPDK. Each shares a hub with a NIC of the guest's kernel. Frames that DPDK
 * forwards enter at one of the kernel's NICs and leave at the other.
 */
#ifndef TESTS_PORTS_H
#define TESTS_PORTS_H

#include <linux/capability.h>
#include <stdbool.h>

#include "frames.h"
#include "privilege.h"

#define PORT_0 "0000:00:04.0"
#define PORT_1 "0000:00:05.0"
#define WIRE_0 "0000:00:06.0"
#define WIRE_1 "0000:00:07.0"

/* Options for EAL and for testpmd. vmxnet3 needs at least 512 descriptors. */
#define PORTS "-a " PORT_0 " -a " PORT_1
/* An allowed device that is no NIC, so that no port exists at first. */
#define NO_PORTS "-a 0000:00:00.0"
#define RINGS "--total-num-mbufs=4096 --rxd=512 --txd=512"

/* All that DPDK needs; CAP_IPC_LOCK lets its memory exceed RLIMIT_MEMLOCK. */
#define UNPRIVILEGED (CAPABILITY(CAP_SYS_RAWIO) | CAPABILITY(CAP_IPC_LOCK))
#define ALL_CAPABILITIES (~0ULL)

/* Binds both ports, unless they are bound already. */
bool ports_bind(const char *driver);
/* The same with DPDK's own tool, which takes seconds to start in a guest. */
bool ports_devbind(const char *driver);
/* 0 or -errno. */
int wires_open(struct wire wires[2]);
void wires_close(struct wire wires[2]);

#endif
