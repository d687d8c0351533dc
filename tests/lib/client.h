/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Software as Debian ships it, on noiommu and stock vfio-pci only. What is more than DPDK's
 * own programs has a root of its own: the guest's disk, with the options of the suites'
 * disk=clients.
 */
#ifndef TESTS_CLIENT_H
#define TESTS_CLIENT_H

#include <stdbool.h>

#include "frames.h"
#include "program.h"

#define CLIENT_ROOT "/clients"
#define CLIENT "chroot " CLIENT_ROOT " "
/* For a start and for a reaction, on a fast host. */
#define CLIENT_SECONDS 120

/*
 * Loads noiommu, with these parameters, and vfio-pci, without noiommu-pci; binds both ports
 * with DPDK's tool, and opens the wires. False on failure.
 */
bool client_ports(const char *parameters, struct wire wires[2]);
/* Undoes that: the next test can load noiommu with other parameters. */
bool client_release(struct wire wires[2]);
/* Mounts the disk, unless it is mounted; false on failure. */
bool client_disk(void);

#endif
