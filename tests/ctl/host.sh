# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# A tree with the files of a host on which noiommu works. Sourced by run, never run.
# shellcheck disable=SC2154 # root and top are the caller's

# put PATH TEXT: a file of the host.
put() {
	mkdir -p "$root${1%/*}"
	printf '%s\n' "$2" >"$root$1"
}

# link PATH TARGET
link() {
	mkdir -p "$root${1%/*}"
	ln -sfn "$2" "$root$1"
}

# function_at ADDRESS VENDOR DEVICE CLASS [DRIVER]
function_at() {
	local place=/sys/devices/pci0000:00/$1

	put "$place/vendor" "0x$2"
	put "$place/device" "0x$3"
	put "$place/class" "0x$4"
	put "$place/driver_override" "(null)"
	link "/sys/bus/pci/devices/$1" "../../../devices/pci0000:00/$1"
	[ -n "${5:-}" ] || return 0
	put "/sys/bus/pci/drivers/$5/unbind" ""
	link "$place/driver" "../../../bus/pci/drivers/$5"
}

# claim ADDRESS GROUP
claim() {
	local place=/sys/devices/pci0000:00/$1

	put "$place/noiommu/owner" 0
	put "$place/noiommu/dma_limit" 0x3ffffffffff
	mkdir -p "$root/sys/kernel/iommu_groups/$2"
	link "$place/iommu_group" "../../../kernel/iommu_groups/$2"
}

# interface NAME ADDRESS
interface() {
	link "/sys/devices/pci0000:00/$2/net/$1/device" "../.."
	link "/sys/class/net/$1" "../../devices/pci0000:00/$2/net/$1"
}

modules() {
	put /sys/module/noiommu/version "$(cat "$top/VERSION")"
	put /sys/module/noiommu/parameters/pa_hint Y
	put /sys/module/noiommu/parameters/devices "(null)"
	put /sys/module/vfio/parameters/enable_unsafe_noiommu_mode N
	put /sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts Y
	put /sys/module/iommufd/parameters/allow_unsafe_interrupts Y
	put /proc/modules "vfio_iommu_type1 49152 0 - Live 0x0"
	put /sys/class/iommu/noiommu/enable 1
	put /sys/class/iommu/noiommu/claimed 1
	put /sys/class/iommu/noiommu/mapped_bytes 4096
	put /sys/class/iommu/noiommu/refused_maps 0
	put /sys/class/misc/noiommu/pinned_bytes 8192
	put /sys/class/misc/noiommu/held_bytes 0
	put /sys/class/misc/noiommu/allocated_bytes 16384
	put /dev/noiommu ""
	chmod 600 "$root/dev/noiommu"
}

processes() {
	put /proc/self/status "$(printf 'Name:\tsh\nCapEff:\t000001ffffffffff')"
	put /proc/self/limits "Max locked memory         67108864             67108864             bytes"
	put /proc/self/mountinfo "25 1 254:1 / / rw - ext4 /dev/vda1 rw"
	put /proc/mounts "hugetlbfs /dev/hugepages hugetlbfs rw 0 0"
	put /proc/meminfo "$(printf 'HugePages_Total:      64\nHugepagesize:       2048 kB')"
	put /proc/iomem "00100000-3fffffff : System RAM"
	put /proc/sys/kernel/osrelease 6.1.0-test
	put /proc/sys/kernel/arch x86_64
	put /proc/net/route "$(printf 'Iface\tDestination\neth0\t00000000\t0102000A\t0003\t0\t0\t0\t00000000\t0\t0\t0\neth0\t0002000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0')"
}

# 00:04.0 is bound for userspace. 00:05.0 is a NIC with nothing, 00:06.0 the host's own NIC,
# and 00:07.0 has its disk.
make_host() {
	function_at 0000:00:00.0 8086 0d57 060000
	function_at 0000:00:04.0 8086 10d3 020000 vfio-pci
	claim 0000:00:04.0 0
	put /sys/devices/pci0000:00/0000:00:04.0/driver_override vfio-pci
	put /dev/vfio/0 ""
	chmod 600 "$root/dev/vfio/0"
	function_at 0000:00:05.0 8086 10d3 020000 e1000e
	interface eth1 0000:00:05.0
	function_at 0000:00:06.0 8086 100e 020000 e1000
	interface eth0 0000:00:06.0
	function_at 0000:00:07.0 1af4 1042 010000 virtio-pci
	mkdir -p "$root/sys/devices/pci0000:00/0000:00:07.0/virtio0/block/vda/vda1"
	link /sys/dev/block/254:1 ../../devices/pci0000:00/0000:00:07.0/virtio0/block/vda/vda1
	put /sys/bus/pci/drivers_probe ""
	put /sys/kernel/security/lockdown "[none] integrity confidentiality"
	put /lib/modules/6.1.0-test/build/Makefile ""
	put /etc/debian_version 12.0
	put /dev/kmsg "6,1,0,-;Linux version 6.1.0-test"
	modules
	processes
}
