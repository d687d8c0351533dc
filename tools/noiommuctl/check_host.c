// SPDX-License-Identifier: GPL-2.0-only
/* Checks of the host: firmware, kernel and memory. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "noiommuctl.h"

#define VIRTIO_VENDOR 0x1af4
#define VIRTIO_IOMMU 0x1057
#define SECURE_BOOT "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"

/* The name of a real IOMMU in sysfs. */
static bool find_iommu(char *name, size_t size)
{
	char path[PATH_SIZE];
	struct dirent *entry;
	bool has = false;
	DIR *directory;

	directory = path_make(path, "/sys/class/iommu") ? NULL : opendir(path);
	if (!directory)
		return false;
	while (!has && (entry = readdir(directory))) {
		has = entry->d_name[0] != '.' && strcmp(entry->d_name, "noiommu");
		snprintf(name, size, "%.63s", entry->d_name);
	}
	closedir(directory);
	return has;
}

void check_iommu(struct finding *finding)
{
	struct function *functions;
	char name[NAME_SIZE];
	int i, count;

	if (find_iommu(name, sizeof(name))) {
		found(finding, "driverctl set-override ADDRESS vfio-pci",
		      "this host has the IOMMU %s: use vfio-pci with it, without noiommu", name);
		return;
	}
	count = functions_read(&functions);
	for (i = 0; i < count; i++)
		if (functions[i].vendor == VIRTIO_VENDOR && functions[i].device == VIRTIO_IOMMU)
			found(finding, "modprobe virtio-iommu",
			      "%s is a virtio-iommu: use vfio-pci with it, without noiommu",
			      functions[i].address);
	free(functions);
}

void check_encryption(struct finding *finding)
{
	char features[128];

	if (log_find("Memory Encryption Features active:", features, sizeof(features)))
		found(finding, "mem_encrypt=off on the kernel's command line, or another host",
		      "memory is encrypted (%s ), devices cannot use physical addresses",
		      features);
}

void check_lockdown(struct finding *finding)
{
	char state[128];

	file_read(state, sizeof(state), "/sys/kernel/security/lockdown");
	if (*state && !strstr(state, "[none]"))
		found(finding,
		      "mokutil --disable-validation; reboot; remove lockdown= from the command line",
		      "the kernel is locked down (%s): noiommu does not load, and gives no DMA",
		      state);
}

/* Secure Boot asks for signed modules. A loaded module was accepted. */
void check_secure_boot(struct finding *finding)
{
	/* Four bytes of attributes, and the value. */
	char variable[8] = "";

	if (noiommu_is_loaded())
		return;
	file_read(variable, sizeof(variable), SECURE_BOOT);
	if (variable[4] == 1)
		found(finding, "mokutil --import /var/lib/dkms/mok.pub; reboot",
		      "Secure Boot is on: the kernel loads only modules with an enrolled signature");
}

static bool is_installed(const char *release)
{
	static const char *const suffixes[] = { "", ".xz", ".zst", ".gz" };
	static const char *const places[] = { "updates", "updates/dkms", "extra", "weak-updates" };
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(suffixes); i++)
		for (j = 0; j < ARRAY_SIZE(places); j++)
			if (file_exists("/lib/modules/%s/%s/noiommu.ko%s", release, places[j],
					suffixes[i]))
				return true;
	return false;
}

/*
 * The package with the headers, as RHEL and its relatives name it. Amazon Linux 2023 has "kernel"
 * for 6.1, and one such as "kernel6.12" for each later series.
 */
static void headers_of_rpm(char *mend, size_t size, const char *release)
{
	int major, minor;

	if (strstr(release, ".amzn2023.") && strncmp(release, "6.1.", 4) &&
	    sscanf(release, "%d.%d.", &major, &minor) == 2)
		snprintf(mend, size, "dnf install kernel%d.%d-devel-%s", major, minor, release);
	else
		snprintf(mend, size, "dnf install kernel-devel-%s", release);
}

/* They are needed to build the modules, not to use them. */
void check_headers(struct finding *finding)
{
	char release[NAME_SIZE], mend[128];

	file_read(release, sizeof(release), "/proc/sys/kernel/osrelease");
	if (file_exists("/lib/modules/%s/build/Makefile", release) || is_installed(release) ||
	    noiommu_is_loaded())
		return;
	if (file_exists("/etc/debian_version"))
		snprintf(mend, sizeof(mend), "apt install linux-headers-%s", release);
	else
		headers_of_rpm(mend, sizeof(mend), release);
	found(finding, mend, "the headers of the running kernel %s are not installed", release);
}

void check_huge_pages(struct finding *finding)
{
	long long total = 0, size = 2048;
	char mend[128];

	file_number("HugePages_Total", &total, "/proc/meminfo");
	file_number("Hugepagesize", &size, "/proc/meminfo");
	if (total)
		return;
	snprintf(mend, sizeof(mend), "sysctl vm.nr_hugepages=%lld",
		 size < 1 << 19 ? (512LL << 10) / size : 1);
	found(finding, mend, "no huge pages are reserved, and DPDK allocates from them");
}

void check_hugetlbfs(struct finding *finding)
{
	if (!file_has(" hugetlbfs ", "/proc/mounts"))
		found(finding,
		      "mkdir -p /dev/hugepages; mount -t hugetlbfs none /dev/hugepages",
		      "hugetlbfs is not mounted, and DPDK makes its files there");
}
