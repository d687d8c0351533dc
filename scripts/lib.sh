# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What the scripts share. Sourced, never run.

QUIET=${QUIET:-}
ME=${0##*/}
# depmod and its like are there, where Debian's users do not look.
PATH=$PATH:/usr/sbin:/sbin

# shellcheck source=scripts/exit.sh
. "${BASH_SOURCE[0]%/*}/exit.sh"

# pause SECONDS: no process that sleeps is left of it when the script ends.
pause() {
	read -r -t "$1" -u "$never" || :
}
exec {never}<> <(:)

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

# apt_get LOG COMMAND...: an apt-get, with what it prints in LOG. Apt itself waits for who
# holds dpkg's lock, but not for who holds that of its lists: five minutes at most.
apt_get() {
	local log=$1 holder tries=0

	shift
	until "$@" >"$log" 2>&1 </dev/null; do
		holder=$(sed -n 's/^E: Could not get lock .* held by //p' "$log" | head -n 1)
		if [ -z "$holder" ] || [ "$((++tries))" -gt 150 ]; then
			return 1
		fi
		[ "$tries" -gt 1 ] || say "waiting for $holder, which holds apt's lock"
		pause 2
	done
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
	[ -e "$2" ] || die "cannot rename $1 to $2"
	rm -rf "$1"
}

# cache_lock NAME: held until cache_unlock NAME, or until the script and what it has
# started have ended. Who holds it is written in it.
declare -A cache_locks=()
cache_holds=()
cache_lock() {
	local file fd holder

	file=$(cache_dir)/$1.lock
	exec {fd}<>"$file"
	flock -n "$fd" || {
		read -r holder <"$file" || holder="a process"
		say "waiting for $holder, which holds $file"
		flock "$fd"
	}
	echo "$ME (process $$)" >"$file"
	cache_locks[$1]=$fd
	cache_holds+=("$fd")
}

# For who only looks on, in the background: a lock must not wait for it.
cache_hold_nothing() {
	local fd

	for fd in "${cache_holds[@]}"; do
		exec {fd}>&-
	done
}

cache_unlock() {
	local fd=${cache_locks[$1]}

	exec {fd}>&-
}

# cache_temp PREFIX: sets tmp to a directory beside the products, so that rename works;
# it goes when the script ends. Those of runs that had no time for that go here.
cache_temp() {
	local cache dir

	cache=$(cache_dir)
	cache_lock temp
	for dir in "$cache"/.part-*/; do
		[ ! -d "$dir" ] || flock -n "$dir" rm -rf "$dir" || :
	done
	tmp=$(mktemp -d "$cache/.part-$1-XXXXXX") || die "cannot write to $cache"
	on_exit rm -rf "$tmp"
	# Held as long as we live, or what we have started.
	exec {dir}<"$tmp"
	flock "$dir"
	cache_holds+=("$dir")
	cache_unlock temp
}

# cache_use PRODUCT: it was used now; products of its kind (the name up to the last
# dash) that nobody used for two weeks go.
cache_use() {
	touch -c "$1"
	find "${1%/*}" -maxdepth 1 -name "$(basename "${1%-*}")-*" -mtime +14 -exec rm -rf {} + || :
}

# key_of COMMAND...: the hash of what it prints. Fails if it does: half of a key would
# be that of another product.
key_of() (
	set -o pipefail
	"$@" | hash_of -
)

# hash_of FILE...: - is stdin.
hash_of() {
	cat -- "$@" | sha256sum | cut -c1-16
}
