# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Every fault that noiommuctl check knows, planted into the tree. fault_NAME plants one; wants
# sets the check that must name it, and a part of the command that mends it.
# shellcheck disable=SC2154,SC2034 # the caller's variables

pci=/sys/devices/pci0000:00

fault_iommu() {
	put /sys/class/iommu/dmar0/uevent ""
	wants iommu "driverctl set-override"
}

fault_virtio_iommu() {
	function_at 0000:00:08.0 1af4 1057 080600
	wants iommu "modprobe virtio-iommu"
}

fault_encryption() {
	put /dev/kmsg "6,2,0,-;Memory Encryption Features active: AMD SEV"
	wants encryption "mem_encrypt=off"
}

fault_lockdown() {
	put /sys/kernel/security/lockdown "none [integrity] confidentiality"
	wants lockdown "lockdown="
}

# Without the module, the check of the module finds something, too.
unload() {
	rm -r "$root/sys/module/noiommu" "$root/sys/class/iommu/noiommu" "$root/dev/noiommu" \
		"$root$pci/0000:00:04.0/noiommu"
}

fault_secure_boot() {
	unload
	mkdir -p "$root/sys/firmware/efi/efivars"
	printf '\006\0\0\0\001' >"$root/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
	wants secure-boot "mokutil --import" module
}

fault_headers() {
	unload
	rm -r "$root/lib/modules"
	wants headers "apt install linux-headers-6.1.0-test" module
}

fault_headers_rpm() {
	fault_headers
	rm "$root/etc/debian_version"
	wants headers "dnf install kernel-devel-6.1.0-test" module
}

# Amazon Linux names the packages of its later kernels after them.
fault_headers_amazon() {
	fault_headers_rpm
	put /proc/sys/kernel/osrelease 6.12.40-64.114.amzn2023.x86_64
	wants headers "dnf install kernel6.12-devel-6.12.40-64.114.amzn2023.x86_64" module
}

fault_headers_amazon_first() {
	fault_headers_rpm
	put /proc/sys/kernel/osrelease 6.1.150-174.273.amzn2023.x86_64
	wants headers "dnf install kernel-devel-6.1.150-174.273.amzn2023.x86_64" module
}

fault_module() {
	unload
	wants module "modprobe noiommu"
}

fault_module_refused() {
	unload
	put /dev/kmsg "3,2,0,-;noiommu: refused: memory is encrypted"
	wants module "dmesg | grep noiommu"
}

fault_version() {
	put /sys/module/noiommu/version 0.1.2
	wants version "modprobe -r noiommu-pci noiommu"
	says "the loaded module has version 0.1.2"
}

fault_enabled() {
	put /sys/class/iommu/noiommu/enable 0
	wants enabled "echo 1 >/sys/class/iommu/noiommu/enable"
}

fault_claims() {
	put /sys/class/iommu/noiommu/claimed 0
	wants claims "noiommuctl bind"
}

fault_refused() {
	put /dev/kmsg "3,2,0,-;pci 0000:00:05.0: noiommu: refused: untrusted, as behind Thunderbolt"
	wants refused "another function"
}

fault_bounce() {
	put /dev/kmsg "3,2,0,-;pci 0000:00:05.0: noiommu: refused: its DMA must use bounce buffers"
	wants refused "swiotlb=force"
}

fault_offsets() {
	put /dev/kmsg "3,2,0,-;pci 0000:00:05.0: noiommu: refused: bus addresses are not physical addresses"
	wants offsets "another slot"
}

fault_coherency() {
	put /proc/sys/kernel/arch aarch64
	mkdir -p "$root/sys/devices/pci0000:00/of_node"
	wants coherency "another board"
}

fault_reach() {
	put $pci/0000:00:04.0/noiommu/dma_limit 0xfffffff
	wants reach "mem="
}

fault_vfio() {
	rm -r "$root/sys/bus/pci/drivers/vfio-pci"
	wants vfio "modprobe vfio-pci"
}

fault_unsafe_interrupts() {
	put /sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts N
	wants unsafe-interrupts "echo 1 >/sys/module/vfio_iommu_type1/parameters/"
}

fault_unsafe_interrupts_iommufd() {
	put /sys/module/iommufd/parameters/allow_unsafe_interrupts N
	wants unsafe-interrupts "echo 1 >/sys/module/iommufd/parameters/"
}

fault_unsafe_interrupts_built_in() {
	put /sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts N
	put /proc/modules ""
	wants unsafe-interrupts "echo 1 >/sys/module/vfio_iommu_type1/parameters/"
	says "vfio_iommu_type1.allow_unsafe_interrupts=1"
}

fault_unsafe_mode() {
	put /sys/module/vfio/parameters/enable_unsafe_noiommu_mode Y
	wants unsafe-mode "echo 0 >"
}

fault_overrides() {
	put $pci/0000:00:05.0/driver_override noiommu-pci
	wants overrides "noiommuctl unbind 0000:00:05.0"
}

fault_huge_pages() {
	put /proc/meminfo "$(printf 'HugePages_Total:       0\nHugepagesize:       2048 kB')"
	wants huge-pages "sysctl vm.nr_hugepages=256"
}

fault_hugetlbfs() {
	put /proc/mounts "proc /proc proc rw 0 0"
	wants hugetlbfs "mount -t hugetlbfs"
}

# As a user: neither capability.
fault_memlock() {
	put /proc/self/status "$(printf 'Name:\tsh\nCapEff:\t0000000000020000')"
	wants memlock "ulimit -l unlimited"
}

fault_capability() {
	put /proc/self/status "$(printf 'Name:\tsh\nCapEff:\t0000000000004000')"
	wants capability "setcap cap_sys_rawio+ep"
}

fault_permissions_open() {
	chmod 666 "$root/dev/vfio/0"
	wants permissions "chmod o= /dev/vfio/0"
}

fault_permissions_missing() {
	rm "$root/dev/noiommu"
	wants permissions "udevadm trigger"
}

# Root may open every file.
fault_permissions_closed() {
	[ "$(id -u)" != 0 ] || {
		user=(setpriv --reuid 65534 --clear-groups)
		chmod 755 "$tmp"
		cp "$program" "$tmp/noiommuctl"
		program=$tmp/noiommuctl
	}
	chmod 0 "$root/dev/noiommu"
	# shellcheck disable=SC2016 # printed for the user's shell
	wants permissions 'setfacl -m u:$USER:rw /dev/noiommu'
}

fault_dpdk_mode() {
	put /sys/module/noiommu/parameters/pa_hint N
	wants dpdk-mode "--iova-mode=pa"
}
