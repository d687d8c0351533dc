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

/*
 * With patches, librte_eal needs neither the hint for unmodified DPDK nor this capability, and
 * says where it gets addresses from. Suites with dpdk=debian-eal or dpdk=debian-arm64 have that
 * library.
 */
#define CLIENT_UNPRIVILEGED (ALL_CAPABILITIES & ~CAPABILITY(CAP_SYS_ADMIN))
#define CLIENT_LOOKS_UP "EAL: Physical addresses are looked up in /dev/noiommu"
#define CLIENT_PINS "EAL: Memory is pinned for DMA, it need not be mapped"
/*
 * Puts the patched librte_eal in the place of Debian's, for the programs below this directory;
 * and undoes that. Both return false on failure.
 */
bool client_patch_eal(const char *root);
bool client_restore_eal(const char *root);

/*
 * Variants of a fixture: with Debian's libraries, and with the patched librte_eal. Each has the
 * parameters of client_ports(), and the capabilities that the program needs.
 */
#define BOTH_EALS(fixture)						\
	FIXTURE_VARIANT(fixture)					\
	{								\
		bool patched;						\
		const char *parameters;					\
		__u64 capabilities;					\
	};								\
	FIXTURE_VARIANT_ADD(fixture, debian)				\
	{								\
		.parameters = "",					\
		.capabilities = ALL_CAPABILITIES,			\
	};								\
	FIXTURE_VARIANT_ADD(fixture, patched_eal)			\
	{								\
		.patched = true,					\
		.parameters = "pa_hint=0",				\
		.capabilities = CLIENT_UNPRIVILEGED,			\
	}

#endif
