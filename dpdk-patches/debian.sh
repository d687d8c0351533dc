# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
# Debian's source package of DPDK. Sourced; the caller sets cache and log.

# shellcheck source=scripts/kernels/apt.sh
. "$top/scripts/kernels/apt.sh"

suite=bookworm

# Prints deb-src lines for the archives that the system takes packages from, whether or not
# its own lists have such lines.
source_lines() {
	local release component uri

	apt_archives "$suite" | while read -r release component uri; do
		echo "deb-src [signed-by=$apt_keys] $uri $release $component"
	done
}

# private_apt DIR ARG...: run apt-get with lists and sources of its own, as any user.
private_apt() {
	local dir=$1

	shift
	apt-get -q -o Dir::Etc::SourceList="$dir/sources.list" -o Dir::Etc::SourceParts=- \
		-o Dir::State::Lists="$dir/lists" -o Dir::Cache="$dir/cache" \
		-o Debug::NoLocking=1 -o APT::Sandbox::User=root "$@" >"$log" 2>&1 ||
		die "apt-get ${*:1:2} failed: $(tail -n 1 "$log") (log: $log)"
}

# Sets source to a directory with the source package.
debian_source() {
	local tmp

	source=$cache/dpdk-source-$suite
	[ ! -e "$source" ] || return 0
	cache_lock dpdk-source
	[ ! -e "$source" ] || return 0
	say "downloading the source of DPDK (16 MB)"
	cache_temp dpdk
	mkdir -p "$tmp/lists/partial" "$tmp/cache/archives/partial" "$tmp/out"
	source_lines >"$tmp/sources.list"
	[ -s "$tmp/sources.list" ] ||
		die "apt has no archive of Debian's $suite: give a tree of DPDK as argument"
	private_apt "$tmp" update
	(
		cd "$tmp/out" || exit
		private_apt "$tmp" source --download-only dpdk
	)
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
