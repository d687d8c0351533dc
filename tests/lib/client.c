// SPDX-License-Identifier: GPL-2.0-only
#include <unistd.h>

#include "arch.h"
#include "client.h"
#include "ports.h"
#include "sysfs.h"

/* The guest's directories that programs on the disk see. */
#define SHARED "proc sys dev lib/modules etc/modprobe.d"
/* Missing where the disk's own library is patched: tests/packages/run dpdk. */
#define PATCHED "/eal"
#define PATCHED_EAL PATCHED "/librte_eal.so.*"
#define DEBIANS_EAL LIBRARIES "/librte_eal.so.23"

bool client_ports(const char *parameters, struct wire wires[2])
{
	/* NICs with a native driver before noiommu is loaded stay with the kernel. */
	return !run("modprobe -a virtio_pci virtio_net") &&
	       !run("modprobe noiommu %s", parameters) &&
	       !run("modprobe vfio-pci") &&
	       access("/sys/module/noiommu_pci", F_OK) &&
	       ports_devbind("vfio-pci") && !wires_open(wires);
}

bool client_release(struct wire wires[2])
{
	wires_close(wires);
	return !pci_unbind(PORT_0) && !pci_unbind(PORT_1) &&
	       !provider_unload() && !run("modprobe -r vfio-pci");
}

bool client_disk(void)
{
	if (!access(CLIENT_ROOT, F_OK))
		return true;
	return !run("modprobe -a virtio_pci virtio_blk ext4 tun") &&
	       !run("mkdir " CLIENT_ROOT) &&
	       !run("mount /dev/vda " CLIENT_ROOT) &&
	       !run("for d in " SHARED "; do mount --rbind /$d " CLIENT_ROOT "/$d || exit; done");
}

bool client_patch_eal(const char *root)
{
	return access(PATCHED, F_OK) || !run("mount --bind " PATCHED_EAL " %s" DEBIANS_EAL, root);
}

bool client_restore_eal(const char *root)
{
	return access(PATCHED, F_OK) || !run("umount %s" DEBIANS_EAL, root);
}
