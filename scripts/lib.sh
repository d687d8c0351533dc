# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What the scripts share. Sourced, never run.

QUIET=${QUIET:-}
ME=${0##*/}
# depmod and its like are there, where Debian's users do not look.
PATH=$PATH:/usr/sbin:/sbin

# --- How a script ends ---------------------------------------------------------

# What fails inside $(...) ends that, too.
shopt -s inherit_errexit
set -E

# Not empty while the last line that was printed says why we end: also to subshells, and
# to the scripts that called this one. A pipe, because it needs no room and no removal.
[ -p "/dev/fd/${NOIOMMU_SAID:-none}" ] || {
	exec {NOIOMMU_SAID}<> <(:)
	export NOIOMMU_SAID
}
exit_steps=()
fault=""

# What a status other than 0 means has been told: a verdict does so, too.
said() {
	read -r -t 0 -u "$NOIOMMU_SAID" || echo >&"$NOIOMMU_SAID"
}

unsaid() {
	! read -r -t 0 -u "$NOIOMMU_SAID" || read -r -t 1 -u "$NOIOMMU_SAID"
}

die() {
	printf '%s: %s\n' "$ME" "$*" >&2
	said
	exit "${DIE_STATUS:-1}"
}

say() {
	unsaid || :
	[ -n "$QUIET" ] || printf '%s: %s\n' "$ME" "$*" >&2
}

# on_exit COMMAND...: when the script ends, however it does; the last one first, each
# whatever became of the others.
on_exit() {
	exit_steps+=("${*@Q}")
}

# took_fault STATUS FILE LINE COMMAND: the ERR trap. A subshell has no EXIT trap, and the
# command that failed is known only here.
took_fault() {
	[[ $- == *e* ]] || return 0
	fault="${2#"${top:-}/"}:$3: status $1 of: ${4%%$'\n'*}"
	[ "$BASHPID" = "$$" ] || say_fault
}

say_fault() {
	if ! read -r -t 0 -u "$NOIOMMU_SAID"; then
		printf '%s: %s%s\n' "$ME" "$fault" "${log:+ (log: $log)}" >&2
		said
	fi
}

# stop_children PID: what it has started and still runs. Its subshells hand nothing on.
stop_children() {
	local pid pids=()

	read -ra pids <"/proc/$1/task/$1/children" || :
	for pid in "${pids[@]}"; do
		! cmp -s "/proc/$$/cmdline" "/proc/$pid/cmdline" || stop_children "$pid"
		kill "$pid" && stopped+=("$pid")
	done
}

# still_runs PID: a zombie does not, and may wait long for its parent.
still_runs() {
	local stat

	read -r stat <"/proc/$1/stat" && [[ $stat != *") Z "* ]]
}

# What still runs would write beside what is removed next; 10 s at most.
wait_for_stopped() {
	local pid tries=0

	for pid in "${stopped[@]}"; do
		while still_runs "$pid" && [ "$((++tries))" -le 100 ]; do
			sleep 0.1
		done
	done
}

# at_exit STATUS COMMAND: the EXIT trap. A signal leaves any status here, and a function
# in which the script still is: nothing else ends there without exit or a fault.
# shellcheck disable=SC2317 # called by trap
at_exit() {
	local status=$1 step stopped=()

	trap - ERR
	trap '' INT TERM HUP
	set +e
	{
		stop_children "$$"
		wait_for_stopped
	} 2>/dev/null
	for ((step = ${#exit_steps[@]} - 1; step >= 0; step--)); do
		eval "${exit_steps[step]}"
	done
	if [ -z "$fault" ] && [[ ${#FUNCNAME[@]} -gt 2 && $2 != exit* ]]; then
		fault="stopped by a signal, or by bash, in the middle of: ${2%%$'\n'*}"
		unsaid
	elif [ "$status" -eq 0 ]; then
		return
	fi
	fault=${fault:-"ended with status $status"}
	say_fault
}

trap 'took_fault "$?" "${BASH_SOURCE[0]}" "$LINENO" "$BASH_COMMAND"' ERR
trap 'at_exit "$?" "$BASH_COMMAND"' EXIT

# -------------------------------------------------------------------------------

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

# cache_temp PREFIX: sets tmp to a directory beside the products, so that rename works;
# it goes when the script ends. Those of runs that had no time for that go here.
cache_temp() {
	local cache dir lock

	cache=$(cache_dir)
	exec {lock}>"$cache/.lock"
	flock "$lock"
	for dir in "$cache"/.part-*/; do
		[ ! -d "$dir" ] || flock -n "$dir" rm -rf "$dir" || :
	done
	tmp=$(mktemp -d "$cache/.part-$1-XXXXXX") || die "cannot write to $cache"
	on_exit rm -rf "$tmp"
	# Held as long as we live, or what we have started.
	exec {dir}<"$tmp"
	flock "$dir"
	exec {lock}>&-
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
