#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Run the examples of Documentation/ as a reader would: with a device that reaches all
# memory, and with one that does not.

reaches_all=0000:00:03.0
reaches_28_bits=0000:00:04.0
disk=0000:00:05.0
number=0
status=0

# bind ADDRESS DRIVER
bind() {
	function=/sys/bus/pci/devices/$1
	[ ! -e "$function/driver" ] || echo "$1" >"$function/driver/unbind"
	echo "$2" >"$function/driver_override"
	echo "$1" >"/sys/bus/pci/drivers/$2/bind"
}

# verdict NAME STATUS: print the result of a test, with its output from /tmp/out.
verdict() {
	number=$((number + 1))
	if [ "$2" -eq 0 ]; then
		echo "ok $number $1"
	else
		echo "not ok $number $1"
		status=1
	fi
	sed 's/^/# /' /tmp/out
}

# example PROGRAM DRIVER WORDS: the program succeeds and prints these words.
example() {
	bind $reaches_all "$2"
	"./$1" $reaches_all 40 >/tmp/out 2>&1 && grep -q "$3" /tmp/out
}

# in_reach PROGRAM DRIVER: the device gets memory within its reach, or none. Runs several
# times, because a single run might be lucky.
in_reach() {
	bind $reaches_28_bits "$2"
	for _ in 1 2 3 4 5; do
		"./$1" $reaches_28_bits
	done >/tmp/out 2>&1
	[ "$(grep -cE '^the device copied|^no memory up to' /tmp/out)" -eq 5 ]
}

# reads DRIVER: what the kernel has written to a block of the disk, the example reads. Block 9
# has something else.
reads() {
	modprobe nvme
	bind $disk nvme
	for _ in $(seq 600); do
		[ ! -b /dev/nvme0n1 ] || break
		sleep 0.1
	done
	[ -b /dev/nvme0n1 ] || return 1
	printf 'written by %-500s.' "$1" |
		dd of=/dev/nvme0n1 bs=512 seek=8 count=1 conv=fsync 2>/tmp/out
	modprobe -r nvme
	bind $disk "$1"
	./nvme_read $disk 8 >>/tmp/out 2>&1 && grep -q "written by $1" /tmp/out &&
		./nvme_read $disk 9 >/tmp/out 2>&1 && ! grep -q written /tmp/out
}

# worker NUMBER: start a worker, and wait until it has the memory.
worker() {
	./pin_broker /tmp/broker worker >"/tmp/worker$1" 2>&1 &
	worker=$!
	for _ in $(seq 600); do
		! grep -q "^worker $1 has" "/tmp/worker$1" || return 0
		kill -0 $worker 2>/dev/null || break
		sleep 0.1
	done
	return 1
}

pinned_bytes() {
	cat /sys/class/misc/noiommu/pinned_bytes
}

# Killing each of three workers keeps memory, addresses and content. Killing the broker, too,
# releases everything.
restarts() {
	./pin_broker /tmp/broker 2>/tmp/broker.err &
	keeper=$!
	for _ in $(seq 600); do
		[ ! -S /tmp/broker ] || break
		sleep 0.1
	done
	for i in 1 2 3; do
		worker $i || return 1
		[ "$(pinned_bytes)" -eq $((5 << 21)) ] || return 1
		[ "$(grep -c '^pin ' /tmp/worker$i)" -eq 2 ] || return 1
		[ "$(grep '^pin ' /tmp/worker$i)" = "$(grep '^pin ' /tmp/worker1)" ] ||
			return 1
		[ "$(grep -c 'pinned now' /tmp/worker$i)" -eq $((i == 1)) ] || return 1
		kill -9 $worker
		wait $worker 2>/dev/null
		[ "$(pinned_bytes)" -eq $((5 << 21)) ] || return 1
	done
	kill -9 $keeper
	wait $keeper 2>/dev/null
	[ "$(pinned_bytes)" -eq 0 ]
}

echo "TAP version 13"
echo "1..7"
modprobe -a vfio-pci noiommu-pci
example translate_edu vfio-pci 'the device copied'
verdict translate_edu $?
example edu_driver noiommu-pci 'the device copied .* said so'
verdict edu_driver $?
in_reach translate_edu vfio-pci
verdict translate_edu_in_reach $?
in_reach edu_driver noiommu-pci
verdict edu_driver_in_reach $?
reads vfio-pci
verdict nvme_read_vfio_pci $?
reads noiommu-pci
verdict nvme_read_noiommu_pci $?
restarts
result=$?
cat /tmp/broker.err /tmp/worker? >/tmp/out
verdict pin_broker_restarts $result
exit $status
