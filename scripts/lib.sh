# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What the scripts share. Sourced, never run.

QUIET=${QUIET:-}
ME=${0##*/}
# depmod and its like are there, where Debian's users do not look.
PATH=$PATH:/usr/sbin:/sbin

die() {
	printf '%s: %s\n' "$ME" "$*" >&2
	exit "${DIE_STATUS:-1}"
}

say() {
	[ -n "$QUIET" ] || printf '%s: %s\n' "$ME" "$*" >&2
}

# need_root PURPOSE: asked before output goes to a log that nobody would look into.
need_root() {
	[ "$(id -u)" -eq 0 ] || command -v sudo >/dev/null ||
		die "root is needed to $1: run this as root, or install sudo"
}

as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	else
		need_root "run $1"
		sudo "$@"
	fi
}

# Prints the cache directory, making it first.
cache_dir() {
	local dir=${NOIOMMU_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/noiommu}

	mkdir -p "$dir" 2>/dev/null ||
		die "cannot make the cache directory $dir: set NOIOMMU_CACHE to a writable one"
	(cd "$dir" && pwd)
}

# cache_publish TEMP FINAL: a half-made product never has its final name.
cache_publish() {
	if mv -T "$1" "$2" 2>/dev/null; then
		return
	fi
	# Somebody else was faster: the key says theirs is the same.
	[ -e "$2" ] || die "cannot rename $1 to $2: is the disk full?"
	rm -rf "$1"
}

# cache_temp PREFIX: a directory beside the products, so that rename works;
# those of runs that were killed are swept here.
cache_temp() {
	local cache

	cache=$(cache_dir) || exit
	find "$cache" -maxdepth 1 -name '.tmp-*' -mmin +240 -exec rm -rf {} + || :
	mktemp -d "$cache/.tmp-$1-XXXXXX" ||
		die "cannot write to $cache: is the disk full?"
}

# cache_use PRODUCT: it was used now; products of its kind (the name up to the last
# dash) that nobody used for two weeks go.
cache_use() {
	touch -c "$1"
	find "${1%/*}" -maxdepth 1 -name "$(basename "${1%-*}")-*" -mtime +14 -exec rm -rf {} + || :
}

# hash_of FILE...: - is stdin.
hash_of() {
	cat -- "$@" | sha256sum | cut -c1-16
}
