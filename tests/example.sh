#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The examples of Documentation/, as a reader would run them: with a device that reaches
# all memory, and with one that does not.

reaches_all=0000:00:03.0
reaches_28_bits=0000:00:04.0
number=0
status=0

# bind ADDRESS DRIVER
bind() {
	function=/sys/bus/pci/devices/$1
	[ ! -e "$function/driver" ] || echo "$1" >"$function/driver/unbind"
	echo "$2" >"$function/driver_override"
	echo "$1" >"/sys/bus/pci/drivers/$2/bind"
}

# verdict NAME STATUS: what /tmp/out says of it.
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

# example PROGRAM DRIVER WORDS: it succeeds, and says so in these words.
example() {
	bind $reaches_all "$2"
	"./$1" $reaches_all 40 >/tmp/out 2>&1 && grep -q "$3" /tmp/out
}

# in_reach PROGRAM DRIVER: the device gets what it can reach, or nothing. One run might
# be lucky.
in_reach() {
	bind $reaches_28_bits "$2"
	for _ in 1 2 3 4 5; do
		"./$1" $reaches_28_bits
	done >/tmp/out 2>&1
	[ "$(grep -cE '^the device copied|^no memory up to' /tmp/out)" -eq 5 ]
}

echo "TAP version 13"
echo "1..4"
modprobe -a vfio-pci noiommu-pci
example translate_edu vfio-pci 'the device copied'
verdict translate_edu $?
example edu_driver noiommu-pci 'the device copied .* said so'
verdict edu_driver $?
in_reach translate_edu vfio-pci
verdict translate_edu_in_reach $?
in_reach edu_driver noiommu-pci
verdict edu_driver_in_reach $?
exit $status
