# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The commands of noiommuctl on the tree, as far as they need no kernel.
# shellcheck disable=SC2154 # root, tmp, top and program are the caller's

# json EXPRESSION: is it true for the object that was printed?
json() {
	python3 -c "import json, sys; o = json.load(open(sys.argv[1])); assert $1" "$tmp/out" ||
		fail "not true: $1"
}

# A process of the tree that has a path open.
opener() {
	put "/proc/$1/comm" dpdk-testpmd
	put "/proc/$1/limits" "Max locked memory         unlimited            unlimited            bytes"
	link "/proc/$1/fd/7" "$2"
	link "/proc/$1/fd/8" /dev/noiommu
	put "/proc/$1/fdinfo/8" "$(printf 'pins:\t1\npinned_bytes:\t4096')"
}

test_status() {
	opener 77 /dev/vfio/0
	ctl 0 status
	out "noiommu       loaded, version $(cat "$top/VERSION")"
	out "mapped        4096 bytes"
	out "pinned        8192 bytes"
	out "allocated     16384 bytes"
	out "0000:00:04.0  vfio-pci          0  claimed, reaches 0x3ffffffffff"
	out "opened by 77 (dpdk-testpmd), pinned 4096 bytes, may lock unlimited"
	out "0000:00:05.0  e1000e            -  not claimed: has a driver"
	out "0000:00:00.0  -                 -  not claimed: bridges are never claimed"
	# No colour for a pipe.
	! grep -q "$(printf '\033')" "$tmp/out" || fail "escape sequences"
}

# reason TEXT: why 00:05.0 is not claimed
reason() {
	ctl 0 status --json
	json "[f for f in o['functions'] if f['address'] == '0000:00:05.0'][0]['reason'] == '$1'"
}

test_reasons() {
	reason "has a driver"
	put /sys/module/noiommu/parameters/devices 0000:00:04.0,1af4:1000
	reason "devices= leaves it out"
	put /sys/module/noiommu/parameters/devices 00:05.0
	reason "has a driver"
	put /sys/module/noiommu/parameters/devices 8086:10d3
	reason "has a driver"
	rm "$root/sys/bus/pci/devices/0000:00:05.0/driver"
	put /dev/kmsg "3,2,0,-;pci 0000:00:05.0: noiommu: refused: untrusted"
	reason "refused: untrusted"
	put /sys/class/iommu/noiommu/enable 0
	reason "claims are switched off"
	rm -r "$root/sys/module/noiommu"
	reason "noiommu is not loaded"
}

# A second address ends like the first; a vector of another driver does not count.
test_interrupts() {
	put /proc/interrupts "$(printf '%s\n' '            CPU0       CPU1' \
		'  24:          5          7   PCI-MSI 65536-edge      vfio-msix[0](0000:00:04.0)' \
		'  25:        100          0   PCI-MSI 65537-edge      vfio-msix[1](0000:00:04.0)' \
		'  26:          9          9   PCI-MSI 65538-edge      vfio-msix[0](1000:00:04.0)' \
		'  27:          9          9   PCI-MSI 81920-edge      eth1(0000:00:04.0)' \
		' NMI:          1          1   Non-maskable interrupts')"
	ctl 0 status
	out "    112 interrupts on 2 vectors"
	[ "$(grep -c "interrupts on" "$tmp/out")" = 1 ] || fail "of another function"
	ctl 0 status --json
	json "[(f['vectors'], f['interrupts']) for f in o['functions'] if f['claimed']] == [(2, 112)]"
}

# await TEXT: until the terminal shows it
await() {
	local tries

	for ((tries = 0; tries < 600; tries++)); do
		! grep -qa "$1" "$tmp/out" || return 0
		sleep 0.1
	done
	return 1
}

# Types ^C when the second table shows what has changed since the first.
watch_a_change() {
	await "pinned *8192" && put /sys/class/misc/noiommu/pinned_bytes 12288 &&
		await "pinned *12288"
	printf '\003'
}

test_watch() {
	local status=0

	: >"$tmp/out"
	watch_a_change | NOIOMMUCTL_ROOT=$root timeout 120 \
		script -qefc "$program status --watch" "$tmp/out" >/dev/null || status=$?
	[ $status = 130 ] || fail "status $status after ^C"
	out "12288"
	out "$(printf '\033[H\033[2J')"
	# Without a terminal, until the reader has gone.
	NOIOMMUCTL_ROOT=$root timeout 60 "$program" status --watch |
		grep -m 2 'noiommu  *loaded' >"$tmp/out"
	[ "${PIPESTATUS[0]}" != 124 ] || fail "goes on without a reader"
	[ "$(wc -l <"$tmp/out")" = 2 ] || fail "no second table in a pipe"
	! grep -qF "$(printf '\033')" "$tmp/out" || fail "escape sequences in a pipe"
}

# A module of a kernel's own tree has no version.
test_no_version() {
	rm "$root/sys/module/noiommu/version"
	ctl 0 status
	grep -qx 'noiommu       loaded' "$tmp/out" || fail "a version"
	ctl 0 status --json
	json "o['version'] is None"
	ctl 0 check
}

test_json() {
	opener 77 /dev/vfio/0
	ctl 0 status --json
	json "o['loaded'] and o['claimed'] == 1 and o['mapped_bytes'] == 4096 and o['pinned_bytes'] == 8192"
	json "o['allocated_bytes'] == 16384"
	json "o['version'] == '$(cat "$top/VERSION")'"
	json "len(o['functions']) == 5"
	json "o['functions'][1]['claimed'] and o['functions'][1]['group'] == 0"
	json "o['functions'][1]['openers'] == [{'pid': 77, 'comm': 'dpdk-testpmd', 'pinned_bytes': 4096, 'memlock_limit': 'unlimited'}]"
	json "o['functions'][2]['group'] is None and o['functions'][2]['driver'] == 'e1000e'"
}

test_colour() {
	local dark

	# script gives it a terminal.
	NOIOMMUCTL_ROOT=$root script -qec "$program check" /dev/null >"$tmp/out" </dev/null
	out "$(printf '\033[32mok')"
	dark=$(NO_COLOR=1 NOIOMMUCTL_ROOT=$root script -qec "$program check" /dev/null </dev/null)
	[[ $dark != *$'\033'* ]] || fail "NO_COLOR has no effect"
}

test_usage() {
	ctl 2
	ctl 2 nonsense
	err "usage: noiommuctl status"
	ctl 2 bind
	ctl 2 bind 00:05.0 00:06.0
	ctl 2 bind --nonsense 00:05.0
	ctl 2 status 00:05.0
	ctl 2 check all
	ctl 2 bind eth1 --driver uio
	err "want vfio-pci or noiommu-pci"
	ctl 2 bind eth1 --wc
	err "--wc needs --driver noiommu-pci"
	ctl 2 unbind eth1 --persist
	ctl 0 --help
	ctl 0 --version
	out "noiommuctl $(cat "$top/VERSION")"
}

test_targets() {
	ctl 1 bind 00:09.0
	err "there is no such PCI function"
	ctl 1 bind 8086:10d3
	err "2 functions have these IDs"
	ctl 1 bind 8086:ffff
	err "neither the address"
	ctl 1 bind eth9
	err "neither the address"
	ctl 1 bind ../../../devices
	ctl 1 bind ""
	ctl 1 bind 00:00.0
	err "is a bridge"
	# The same function in each notation.
	for name in eth0 00:06.0 0000:00:06.0 8086:100e; do
		ctl 3 bind "$name"
		err "0000:00:06.0: this host needs it"
	done
}

test_not_loaded() {
	rm -r "$root/sys/module/noiommu"
	ctl 1 bind eth1
	err "noiommu is not loaded"
	err "try: modprobe noiommu devices=0000:00:05.0"
}

test_default_route() {
	ctl 3 bind eth0
	err "it carries the default route"
	err "--force"
}

# A VLAN on a bridge on the NIC.
test_default_route_above() {
	put /proc/net/route "$(printf 'Iface\tDestination\nbr0.5\t00000000\t0102000A\t0003\t0\t0\t0\t00000000\t0\t0\t0')"
	mkdir -p "$root/sys/class/net/br0.5" "$root/sys/class/net/br0"
	link /sys/class/net/br0.5/lower_br0 ../br0
	link /sys/class/net/br0/lower_eth1 ../eth1
	ctl 3 bind eth1
	err "it carries the default route"
}

test_default_route6() {
	local zeros=00000000000000000000000000000000

	put /proc/net/ipv6_route "$zeros 00 $zeros 00 fd000000000000000000000000000001 00000400 00000003 00000000 00000003     eth1"
	ctl 3 bind eth1
	err "it carries the default route"
}

# 192.0.2.0/24 through eth1, more specific than the default route.
peer_routes() {
	put /proc/net/route "$(printf 'Iface\tDestination\neth1\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\neth0\t00000000\t0102000A\t0003\t0\t0\t0\t00000000\t0\t0\t0')"
}

test_ssh() {
	peer_routes
	SSH_CONNECTION="192.0.2.9 50000 192.0.2.1 22" ctl 3 bind eth1
	err "it carries your SSH session from 192.0.2.9"
	SSH_CONNECTION="::ffff:192.0.2.9 50000 ::ffff:192.0.2.1 22" ctl 3 bind eth1
	err "SSH session"
}

test_ssh6() {
	put /proc/net/ipv6_route "20010db8000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth1"
	SSH_CONNECTION="2001:db8::9 50000 2001:db8::1 22" ctl 3 bind eth1
	err "it carries your SSH session from 2001:db8::9"
	SSH_CONNECTION="fe80::9%eth1 50000 fe80::1%eth1 22" ctl 3 bind eth1
	err "SSH session"
}

# sudo removes the variable; the shell above it still has it. The parent here is timeout, so
# the tree gives every process of this test one.
test_ssh_sudo() {
	peer_routes
	sh -c 'echo $$ >"$1/pid"
		mkdir -p "$2/proc/$$"
		printf "A=B\0SSH_CONNECTION=192.0.2.9 50000 192.0.2.1 22\0" >"$2/proc/$$/environ"
		NOIOMMUCTL_ROOT=$2 "$3" bind eth1
		echo $? >"$1/status"' sh "$tmp" "$root" "$program" >"$tmp/out" 2>"$tmp/err"
	[ "$(cat "$tmp/status")" = 3 ] || fail "status $(cat "$tmp/status")"
	err "it carries your SSH session from 192.0.2.9"
}

test_mounted() {
	ctl 3 bind 00:07.0
	err "the file system on / is mounted from it"
}

test_mounted_above() {
	put /proc/self/mountinfo "25 1 253:0 / / rw - ext4 /dev/mapper/root rw"
	mkdir -p "$root/sys/devices/virtual/block/dm-0/slaves/vda1"
	link /sys/dev/block/253:0 ../../devices/virtual/block/dm-0
	put /sys/class/block/vda1/dev 254:1
	ctl 3 bind 00:07.0
	err "the file system on / is mounted from it"
}

# swaps NAME TYPE
swaps() {
	put /proc/self/mountinfo "25 1 0:21 / / rw - tmpfs tmpfs rw"
	put /proc/swaps "$(printf 'Filename\t\tType\t\tSize\t\tUsed\t\tPriority\n%s    %s\t524284\t\t0\t\t-2' "$1" "$2")"
	put /sys/class/block/vda1/dev 254:1
}

test_swap() {
	swaps /dev/vda1 partition
	ctl 3 bind 00:07.0
	err "the host swaps to /dev/vda1 on it"
	# A file is on a mounted file system, here one without a disk.
	swaps /var/vda1 file
	ctl 1 bind 00:07.0
}

test_swap_above() {
	swaps /dev/mapper/swap partition
	link /dev/mapper/swap ../dm-1
	put /sys/class/block/dm-1/dev 253:1
	mkdir -p "$root/sys/devices/virtual/block/dm-1/slaves/vda1"
	link /sys/dev/block/253:1 ../../devices/virtual/block/dm-1
	ctl 3 bind 00:07.0
	err "the host swaps to /dev/mapper/swap on it"
}

# The second device of a file system, whose number in mountinfo is that of no device.
test_btrfs() {
	put /proc/self/mountinfo "25 1 0:30 /@ / rw - btrfs /dev/vdb rw"
	put /sys/class/block/vdb/dev 254:16
	put /sys/class/block/vda1/dev 254:1
	mkdir -p "$root/sys/fs/btrfs/features" "$root/sys/fs/btrfs/0f1e-2d3c/devices"
	link /sys/fs/btrfs/0f1e-2d3c/devices/vdb ../../../../devices/virtual/block/vdb
	ctl 1 bind 00:07.0
	link /sys/fs/btrfs/0f1e-2d3c/devices/vda1 ../../../../devices/virtual/block/vda1
	ctl 3 bind 00:07.0
	err "a device of the mounted btrfs 0f1e-2d3c is on it"
}

# nvme_path ADDRESS CONTROLLER NAMESPACE: a controller of subsystem 0, and its path to the namespace.
nvme_path() {
	local disk=nvme0c$2n$3

	function_at "$1" 1b36 0010 010802 nvme
	mkdir -p "$root/sys/devices/pci0000:00/$1/nvme/nvme$2/$disk"
	link "/sys/class/block/$disk" "../../devices/pci0000:00/$1/nvme/nvme$2/$disk"
}

# One partition of a namespace that two controllers share. The third one has another namespace.
test_nvme_multipath() {
	local head=devices/virtual/nvme-subsystem/nvme-subsys0/nvme0n1

	put /proc/self/mountinfo "25 1 259:1 / / rw - ext4 /dev/nvme0n1p1 rw"
	mkdir -p "$root/sys/$head/nvme0n1p1"
	link /sys/dev/block/259:1 "../../$head/nvme0n1p1"
	nvme_path 0000:00:08.0 0 1
	nvme_path 0000:00:09.0 1 1
	nvme_path 0000:00:0a.0 2 2
	nvme_path 0000:00:0b.0 3 11
	for name in 00:08.0 00:09.0; do
		ctl 3 bind $name
		err "the file system on / is mounted from it"
	done
	for name in 00:0a.0 00:0b.0; do
		ctl 1 bind $name
		err "noiommu does not claim it"
	done
}

# No driver of the tree ever changes, so the bind fails, and everything is put back.
test_roll_back() {
	ctl 1 bind eth1
	err "0000:00:05.0: noiommu does not claim it"
	[ -z "$(tr -d '\n' <"$root/sys/bus/pci/devices/0000:00:05.0/driver_override")" ] ||
		fail "driver_override stays"
	[ "$(cat "$root/sys/bus/pci/drivers_probe")" = 0000:00:05.0 ] || fail "not probed again"
	put /sys/devices/pci0000:00/0000:00:05.0/driver_override e1000e
	ctl 1 bind eth1
	[ "$(head -n 1 "$root/sys/bus/pci/devices/0000:00:05.0/driver_override")" = e1000e ] ||
		fail "driver_override is not restored"
}

test_force() {
	ctl 1 bind eth0 --force
	err "noiommu does not claim it"
}

test_unbind_in_use() {
	opener 77 /dev/vfio/0
	ctl 3 unbind 00:04.0
	err "process 77 (dpdk-testpmd) has it open"
	[ "$(cat "$root/sys/bus/pci/devices/0000:00:04.0/driver_override")" = vfio-pci ] ||
		fail "driver_override has changed"
}

# saved ADDRESS DRIVER: as driverctl saves it.
saved() {
	put "/etc/driverctl.d/pci-$1" "$2"
}

is_saved() {
	[ -e "$root/etc/driverctl.d/pci-$1" ]
}

test_unbind_forgets() {
	saved 0000:00:04.0 vfio-pci
	put /sys/bus/pci/drivers/vfio-pci/remove_id ""
	ctl 0 unbind 00:04.0
	[ "$(cat "$root/sys/bus/pci/drivers/vfio-pci/remove_id")" = "8086 10d3" ] ||
		fail "vfio-pci keeps its IDs"
	! is_saved 0000:00:04.0 || fail "driverctl binds it again"
}

# A function that was unbound by hand keeps its driver, and loses what would bind it again.
test_unbind_native() {
	local place=$root/sys/devices/pci0000:00/0000:00:05.0

	ctl 0 unbind eth1
	[ "$(cat "$place/driver_override")" = "(null)" ] || fail "driver_override has changed"
	put /sys/devices/pci0000:00/0000:00:05.0/driver_override vfio-pci
	saved 0000:00:05.0 noiommu-pci
	ctl 0 unbind eth1
	[ -z "$(tr -d '\n' <"$place/driver_override")" ] || fail "driver_override stays"
	! is_saved 0000:00:05.0 || fail "driverctl binds it again"
	[ -z "$(tr -d '\n' <"$place/driver/unbind")" ] || fail "unbinds the native driver"
	ctl 0 check
}

# What others have set is not ours to remove.
test_unbind_keeps() {
	put /sys/devices/pci0000:00/0000:00:05.0/driver_override e1000e
	saved 0000:00:05.0 e1000e
	ctl 0 unbind eth1
	[ "$(cat "$root/sys/devices/pci0000:00/0000:00:05.0/driver_override")" = e1000e ] ||
		fail "driver_override has changed"
	is_saved 0000:00:05.0 || fail "driverctl has forgotten it"
}

# driverctl would unbind it, and wait for the process.
test_persist_in_use() {
	opener 77 /dev/vfio/0
	ctl 0 bind 00:04.0
	printf '#!/bin/sh\nexit 0\n' >"$tmp/driverctl"
	chmod +x "$tmp/driverctl"
	PATH=$tmp:$PATH ctl 3 bind 00:04.0 --persist
	err "process 77 (dpdk-testpmd) has it open"
}

test_cdi() {
	ctl 0 cdi 00:04.0
	json "o['cdiVersion'] and o['kind'] == 'noiommu/function'"
	json "o['devices'] == [{'name': '0000:00:04.0', 'containerEdits': {'deviceNodes': [{'path': '/dev/vfio/0'}]}}]"
	json "{'path': '/dev/noiommu'} in o['containerEdits']['deviceNodes']"
	ctl 1 cdi 00:05.0
	err "not bound"
}

test_translate() {
	ctl 2 translate 1
	err "memory of the calling process only"
}

# complete WORD...: what bash offers for the last word.
complete_words() {
	bash -c '. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _noiommuctl; echo "${COMPREPLY[@]}"' \
		sh "$top/tools/noiommuctl/completion.bash" noiommuctl "$@" >"$tmp/out"
}

test_completion() {
	complete_words b
	out bind
	complete_words bind --dr
	out --driver
	complete_words bind --driver n
	out noiommu-pci
}
