/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The two NICs that DPDK gets. Each is on a hub with a NIC of the guest's kernel, so
 * that what DPDK forwards from one to the other goes in and comes out there.
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

/* For EAL, and for testpmd: vmxnet3 takes no fewer descriptors. */
#define PORTS "-a " PORT_0 " -a " PORT_1
#define RINGS "--total-num-mbufs=4096 --rxd=512 --txd=512"

/* All that DPDK needs, the second one for its memory to exceed RLIMIT_MEMLOCK. */
#define UNPRIVILEGED (CAPABILITY(CAP_SYS_RAWIO) | CAPABILITY(CAP_IPC_LOCK))
#define ALL_CAPABILITIES (~0ULL)

/* Binds both with DPDK's own tool, if they are not yet. */
bool ports_bind(const char *driver);
bool ports_have_driver(const char *driver);
/* 0 or -errno. */
int wires_open(struct wire wires[2]);
void wires_close(struct wire wires[2]);

#endif
