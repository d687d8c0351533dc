# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
# Debian's source package of DPDK. Sourced; the caller sets cache and log.

# shellcheck source=scripts/kernels/apt.sh
. "$top/scripts/kernels/apt.sh"

suite=bookworm

# Sets source to a directory with the source package. The system's own lists may lack sources.
debian_source() {
	local tmp

	source=$cache/dpdk-source-$suite
	[ ! -e "$source" ] || return 0
	cache_lock dpdk-source
	[ ! -e "$source" ] || return 0
	[ -n "$(apt_mirror)" ] || die "apt has no Debian mirror: give a tree of DPDK as argument"
	say "downloading the source of DPDK (16 MB)"
	cache_temp dpdk
	mkdir "$tmp/out"
	apt_private "$tmp/apt" deb-src
	apt_update
	(cd "$tmp/out" && apt-get -qq "${apt_options[@]}" source --download-only dpdk) >"$log" 2>&1 ||
		die "apt-get source failed: $(tail -n 1 "$log") (log: $log)"
	cache_publish "$tmp/out" "$source"
	cache_unlock dpdk-source
}

# Prints the version of the source package, without Debian's part.
debian_version() {
	sed -n 's/^Version: \([0-9.]*\).*/\1/p' "$source"/*.dsc | head -n 1
}

# unpack_debian DIR
unpack_debian() {
	dpkg-source --no-check --no-copy -x "$source"/*.dsc "$1" >>"$log" 2>&1 ||
		die "cannot unpack the source of DPDK: $(tail -n 1 "$log")"
}
