# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
# dpdk-patches/build and dpdk-patches/tree with an empty cache. Sourced by run.

dpdk=(dpdk-patches/build patched)

test_dpdk() {
	cold "${dpdk[@]}"
	wants 0 'building DPDK 22.11.1, patched'
	left dpdk-source-bookworm 'dpdk-patched-[0-9a-f]{16}'
	nothing_runs
}

test_dpdk_without_network() {
	breaks 'apt-get *update*' 'apt-get update for bookworm failed: E: .* \(log: .*log\)' "${dpdk[@]}"
	breaks '*--download-only*' 'apt-get source failed: E: .* \(log: .*log\)' "${dpdk[@]}"
	breaks 'apt-get *indextargets*' 'apt has no Debian mirror: give a tree of DPDK' "${dpdk[@]}"
}

# The unpacked source is cached, and a failure leaves it there.
test_dpdk_that_does_not_build() {
	cold "${dpdk[@]}"
	rm -r "$NOIOMMU_CACHE"/dpdk-patched-*
	dpdk_breaks 'dpkg-source *' 'cannot unpack the source of DPDK: E: '
	dpdk_breaks 'patch *' 'does not apply to DPDK 22.11.1 \(log: '
	dpdk_breaks 'meson *' 'meson cannot configure DPDK 22.11.1 \(log: '
	dpdk_breaks 'ninja * -t *' 'cannot build all of: .* \(log: '
	dpdk_breaks 'ninja * app/*' 'does not build: .* \(log: '
}

dpdk_breaks() {
	fault fail "$1"
	cold "${dpdk[@]}"
	wants 1 "$2"
	left dpdk-source-bookworm
	nothing_runs
}

test_dpdk_on_a_full_disk() {
	full
	breaks '*--download-only*' 'is full, make room there' "${dpdk[@]}"
}

test_dpdk_killed() {
	killed '*--download-only*' "${dpdk[@]}"
	no_fault
	cold "${dpdk[@]}"
	rm -r "$NOIOMMU_CACHE"/dpdk-patched-*
	: >"$COLD/calls"
	fault hang 'ninja * app/*'
	started "${dpdk[@]}"
	stopped TERM
	wants 143 'stopped by a signal'
	left dpdk-source-bookworm
	nothing_runs
}

test_dpdk_built_by_somebody_else() {
	fault hang 'ninja * app/*'
	waits "${dpdk[@]}"
}

test_dpdk_tree_that_cannot_be_made() {
	breaks 'ldd *testpmd*' 'cannot find the plugins of /usr/bin/dpdk-testpmd' dpdk-patches/tree
	killed 'ldd *testpmd*' dpdk-patches/tree
}
