# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The kernels of scripts/kernels/list. Sourced, never run; top is the caller's.
# shellcheck disable=SC2154

kernel_names() {
	awk '/^[^#[:space:]]/ { print $1 }' "$top/scripts/kernels/list"
}

# kernels_marked WHEN: print the kernels with this mark, a pattern as "always|asked".
kernels_marked() {
	awk -v when="^($1)$" '/^[^#[:space:]]/ && $2 ~ when { print $1 }' "$top/scripts/kernels/list"
}

first_kernel() {
	kernel_names | sed -n 1p
}

# kernel_line NAME: print name, when, kind, suite, package, configs; nothing if unknown.
kernel_line() {
	awk -v name="$1" '/^[^#[:space:]]/ && $1 == name { $1 = $1; print }' "$top/scripts/kernels/list"
}

# kernel_arch NAME: print Debian's name of the kernel's architecture if it is not amd64.
kernel_arch() {
	kernel_line "$1" | awk '$5 ~ /-arm64(-16k)?$/ { print "arm64" }'
}

# programs_kernel NAME: print the first kernel with the same architecture and size of a page. Its
# programs of tests/ run on this one, too.
programs_kernel() {
	awk -v name="$1" '
		/^[^#[:space:]]/ {
			abi = match($5, /-arm64(-16k)?$/) ? substr($5, RSTART) : ""
			if (!(abi in first))
				first[abi] = $1
			if ($1 == name)
				print first[abi]
		}' "$top/scripts/kernels/list"
}

# cross_prefix ARCH: print what comes before the names of the compiler and its tools.
cross_prefix() {
	case $1 in
	arm64)	echo aarch64-linux-gnu- ;;
	esac
}
