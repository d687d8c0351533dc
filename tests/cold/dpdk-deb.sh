# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
# dpdk-patches/deb with an empty cache. Sourced by run.

# The package has our patches, and a version between Debian's current and next one.
test_dpdk_deb() {
	local package=$tmp/packages/librte-eal23.deb patches

	cold dpdk-patches/deb "$tmp/packages"
	wants 0 "written: $tmp/packages, 1 packages"
	left dpdk-source-bookworm
	nothing_runs
	[ -e "$tmp/packages/Packages" ] || fail "apt cannot install from it"
	grep -qxF 'dpdk (22.11.1-0+deb12u1+noiommu1) bookworm; urgency=medium' "$package" ||
		fail "its version is $(head -n 1 "$package")"
	patches=$(cd "$top/dpdk-patches/22.11" && printf 'noiommu-%s\n' [0-9]*[1-9]*-*.patch |
		grep -v '^noiommu-0000-')
	[ "$(grep '^noiommu-' "$package")" = "$patches" ] || fail "it has not our patches"
}

test_dpdk_deb_that_does_not_build() {
	deb_breaks 'dpkg-source *' 'cannot unpack the source of DPDK: E: '
	deb_breaks 'patch *' 'does not apply to .* DPDK \(log: '
	deb_breaks 'dpkg-parsechangelog *' 'status 1 of: .*dpkg-parsechangelog'
	deb_breaks '* build-dep *' 'apt-get build-dep failed: E: .* \(log: .*log\)'
	deb_breaks 'dpkg-buildpackage *' 'packages do not build: E: .* \(log: .*log\)'
}

deb_breaks() {
	fault fail "$1"
	cold dpdk-patches/deb "$tmp/packages"
	wants 1 "$2"
	left dpdk-source-bookworm
	nothing_runs
	[ ! -e "$tmp/packages" ] || fail "a failure wrote packages"
}
