/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Unmodified software of Debian, on noiommu and stock vfio-pci. DPDK's own programs are in the
 * guest's root. All other software is on a disk, which suites with disk=clients get.
 */
#ifndef TESTS_CLIENT_H
#define TESTS_CLIENT_H

#include <stdbool.h>

#include "frames.h"
#include "program.h"

#define CLIENT_ROOT "/clients"
#define CLIENT "chroot " CLIENT_ROOT " "
/* Limit for a program's start and for its reactions, on a fast host. */
#define CLIENT_SECONDS 120

/*
 * Loads noiommu, with these parameters, and vfio-pci, but not noiommu-pci; binds both ports
 * with DPDK's tool, and opens the wires. Returns false on failure.
 */
bool client_ports(const char *parameters, struct wire wires[2]);
/* Undoes client_ports(), so that the next test can load noiommu with other parameters. */
bool client_release(struct wire wires[2]);
/* Mounts the disk, unless it is mounted; returns false on failure. */
bool client_disk(void);

#endif
