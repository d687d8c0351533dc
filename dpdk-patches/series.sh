# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The series that a version of DPDK needs. Sourced.

# select_series VERSION: set patches to those of the series, without its cover letter.
select_series() {
	local series

	series=$(grep -oE '^[0-9]+\.[0-9]+' <<<"$1") || die "unknown DPDK version '$1'"
	patches=("$top/dpdk-patches/$series"/[0-9]*.patch)
	[ -e "${patches[0]}" ] || die "there are no patches for DPDK $1 in dpdk-patches"
	[[ ${patches[0]} != */0000-* ]] || patches=("${patches[@]:1}")
}
