# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The kernels of scripts/kernels/list. Sourced, never run; top is the caller's.
# shellcheck disable=SC2154

# The table, read once, because check asks it for each suite: the kernels' names in order; and for
# each of them when, kind, suite, package and configs.
kernels_in_order=()
declare -A kernel_columns=()
read_kernels() {
	local name columns

	while IFS= read -r name; do
		[[ $name == [!\#[:space:]]* ]] || continue
		read -r name columns <<<"$name"
		kernels_in_order+=("$name")
		kernel_columns[$name]=$columns
	done <"$top/scripts/kernels/list"
}
read_kernels

kernel_names() {
	printf '%s\n' "${kernels_in_order[@]}"
}

# is_marked NAME WHEN: does the kernel have this mark? WHEN is a pattern as @(always|asked).
is_marked() {
	# shellcheck disable=SC2053 # a pattern
	[[ ${kernel_columns[$1]%% *} == $2 ]]
}

# kernels_marked WHEN: print the kernels with this mark.
kernels_marked() {
	local name

	for name in "${kernels_in_order[@]}"; do
		! is_marked "$name" "$1" || echo "$name"
	done
}

first_kernel() {
	echo "${kernels_in_order[0]}"
}

# set_abi NAME: set abi to the end of the package's name that stands for architecture and size of a
# page; nothing for amd64.
set_abi() {
	local package

	read -r _ _ _ package _ <<<"${kernel_columns[$1]}"
	abi=""
	[[ ! $package =~ -arm64(-16k)?$ ]] || abi=${BASH_REMATCH[0]}
}

# is_for_arm64 NAME: is the kernel for arm64? Other kernels are for amd64.
is_for_arm64() {
	local abi

	set_abi "$1"
	[ -n "$abi" ]
}

# programs_kernel NAME: print the first kernel with the same architecture and size of a page. Its
# programs of tests/ run on this one, too.
programs_kernel() {
	local name abi wanted

	set_abi "$1"
	wanted=$abi
	for name in "${kernels_in_order[@]}"; do
		set_abi "$name"
		[ "$abi" != "$wanted" ] || break
	done
	echo "$name"
}

# cross_prefix ARCH: print what comes before the names of the compiler and its tools.
cross_prefix() {
	case $1 in
	arm64)	echo aarch64-linux-gnu- ;;
	esac
}
