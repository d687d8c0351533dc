#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The examples of Documentation/, as a reader would run them.

address=0000:00:03.0
functions=/sys/bus/pci/devices
drivers=/sys/bus/pci/drivers
number=0
status=0

# example PROGRAM DRIVER WORDS: it succeeds, and says so in these words.
example() {
	number=$((number + 1))
	[ ! -e $functions/$address/driver ] || echo $address >$functions/$address/driver/unbind
	echo "$2" >$functions/$address/driver_override
	echo $address >"$drivers/$2/bind"
	if "./$1" $address >/tmp/out 2>&1 && grep -q "$3" /tmp/out; then
		echo "ok $number $1"
	else
		echo "not ok $number $1"
		status=1
	fi
	sed 's/^/# /' /tmp/out
}

echo "TAP version 13"
echo "1..2"
modprobe -a vfio-pci noiommu-pci
example translate_edu vfio-pci 'the device copied'
example edu_driver noiommu-pci 'the device copied .* said so'
exit $status
