# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Functions that all scripts share. Sourced, never run; top is the caller's.
# shellcheck disable=SC2154

QUIET=${QUIET:-}
ME=${0##*/}
# These directories have depmod and others; Debian's users lack them in PATH.
PATH=$PATH:/usr/sbin:/sbin

# shellcheck source=scripts/exit.sh
. "${BASH_SOURCE[0]%/*}/exit.sh"

# pause SECONDS: sleep without a process that could outlive the script.
pause() {
	read -r -t "$1" -u "$never" || :
}
exec {never}<> <(:)

# need_root PURPOSE: die without root or sudo. Call it before output goes to a log, where
# nobody would see the message.
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

# apt_get LOG COMMAND...: run an apt-get with its output in LOG. Apt itself waits for dpkg's
# lock, but not for the lock of its lists: wait for that one, five minutes at most.
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

# Until the end of the subshell that calls it, compilers take what any clone has compiled from the
# cache: ccache does not compare the paths of clones. Kbuild of kernels before 6.13 compiles modules
# by absolute paths, which ccache does compare, so clone is set to one that is the same in all clones.
use_ccache() {
	export PATH="/usr/lib/ccache:$PATH" CCACHE_DIR CCACHE_MAXSIZE=1G CCACHE_BASEDIR=$top CCACHE_NOHASHDIR=1
	CCACHE_DIR=$(cache_dir)/ccache
	# What a check of scripts/static prints is a mistake.
	QUIET=1 cache_lock clone
	clone=$(cache_dir)/clone
	ln -sfn "$top" "$clone"
}

# make_modules KERNEL-DIR ARG...: make these targets of the modules, with these variables. Always
# with the same warnings, because other flags would compile everything again.
make_modules() (
	use_ccache
	# The flags of a make that called us are not for this make.
	env -u MAKEFLAGS -u MAKELEVEL make --no-print-directory -j"$(nproc)" -C "$top" \
		KDIR="$1/build" BUILD="$clone/build/\$(RELEASE)" W=1 "${@:2}"
)

# Make the cache directory and print its path.
cache_dir() {
	local dir=${NOIOMMU_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/noiommu}

	[ -d "$dir" ] || mkdir -p "$dir" 2>/dev/null ||
		die "cannot make the cache directory $dir: set NOIOMMU_CACHE to a writable one"
	(cd "$dir" && pwd)
}

# cache_publish TEMP FINAL: rename a complete product to its final name.
cache_publish() {
	if mv -T "$1" "$2" 2>/dev/null; then
		return
	fi
	# Another run was faster: its product has the same key.
	[ -e "$2" ] || die "cannot rename $1 to $2"
	rm -rf "$1"
}

# cache_lock NAME: take a lock, until cache_unlock NAME or until the script and its children
# have ended. The file names the holder.
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

# For background processes that only watch: they must not keep a lock.
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

# cache_temp PREFIX: set tmp to a directory beside the products, so that rename works. It is
# removed when the script ends; leftovers of killed runs are removed here.
cache_temp() {
	local cache dir

	cache=$(cache_dir)
	cache_lock temp
	for dir in "$cache"/.part-*/; do
		[ ! -d "$dir" ] || flock -n "$dir" rm -rf "$dir" || :
	done
	tmp=$(mktemp -d "$cache/.part-$1-XXXXXX") || die "cannot write to $cache"
	on_exit rm -rf "$tmp"
	# We and our children hold this lock until we end.
	exec {dir}<"$tmp"
	flock "$dir"
	cache_holds+=("$dir")
	cache_unlock temp
}

# cache_use PRODUCT: mark it as used now, and remove products of its kind (the name up to the
# last dash) that were not used for two weeks.
cache_use() {
	touch -c "$1"
	find "${1%/*}" -maxdepth 1 -name "$(basename "${1%-*}")-*" -mtime +14 -exec rm -rf {} + || :
}

# key_of COMMAND...: print the hash of the command's output. Fails if the command does,
# because a partial key could be that of another product.
key_of() (
	set -o pipefail
	"$@" | hash_of -
)

# hash_of FILE...: print their hash; - is stdin.
hash_of() {
	cat -- "$@" | sha256sum | cut -c1-16
}
