# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# How a script ends: when it fails, its last line gives the reason, and it always
# completes its cleanup. Sourced by scripts/lib.sh.

# A failing command inside $(...) ends that subshell, too.
shopt -s inherit_errexit
set -E

# This pipe holds a byte while the last printed line is the reason for the end. Subshells and
# calling scripts share it. A pipe needs no disk space and no removal.
[ -p "/dev/fd/${NOIOMMU_SAID:-none}" ] || {
	exec {NOIOMMU_SAID}<> <(:)
	export NOIOMMU_SAID
}
exit_steps=()
fault=""
# The caller's stderr, even if the failing function redirects its own.
exec {stderr}>&2

# Notes that the reason for a failure was printed, for example as a verdict.
said() {
	read -r -t 0 -u "$NOIOMMU_SAID" || echo >&"$NOIOMMU_SAID"
}

unsaid() {
	! read -r -t 0 -u "$NOIOMMU_SAID" || read -r -t 1 -u "$NOIOMMU_SAID"
}

# Prints the reason for the end, if nothing has. A subshell prints it to its own stderr.
say_fault() {
	local to=$stderr

	! read -r -t 0 -u "$NOIOMMU_SAID" || return 0
	[ "$BASHPID" = "$$" ] || to=2
	printf '%s: %s\n' "$ME" "$fault${log:+ (log: $log)}" >&"$to"
	said
}

# If a disk that we write to is full, prints what to do: that explains other failures. Another process
# may remove a directory meanwhile.
full_disk() {
	local avail dir

	df --output=avail,file -k "${cache:-}" "${tmp:-}" "${TMPDIR:-/tmp}" 2>/dev/null |
		while read -r avail dir; do
			if [[ $avail =~ ^[0-9]+$ ]] && [ "$avail" -lt 1024 ]; then
				echo ": the disk of $dir is full, make room there"
				break
			fi
		done || :
}

# die TEXT: end with this reason, which names the log itself. The script prints it when its children
# have ended, so that none of them prints the last line.
die() {
	fault=$*$(full_disk)
	log=""
	unsaid || :
	[ "$BASHPID" = "$$" ] || say_fault
	exit "${DIE_STATUS:-1}"
}

say() {
	unsaid || :
	[ -n "$QUIET" ] || printf '%s: %s\n' "$ME" "$*" >&2
}

# on_exit COMMAND...: run it when the script ends, for whatever reason. Later commands run
# first; one that fails does not prevent the others.
on_exit() {
	exit_steps+=("${*@Q}")
}

# took_fault STATUS FILE LINE COMMAND: the ERR trap. Only this trap knows the command that
# failed, and a subshell has no EXIT trap that could print it.
took_fault() {
	[[ $- == *e* ]] || return 0
	fault="${2#"${top:-}/"}:$3: status $1 of: ${4%%$'\n'*}$(full_disk)"
	[ "$BASHPID" = "$$" ] || say_fault
}

# stop PID...: stop these processes. Subshells do not forward signals, so their children are
# stopped as well, but later: a subshell whose child has ended would go on, and complain.
stop() {
	local pid next

	for pid; do
		next=()
		! cmp -s "/proc/$$/cmdline" "/proc/$pid/cmdline" ||
			read -ra next <"/proc/$pid/task/$pid/children"
		kill "$pid" && stopped+=("$pid")
		stop "${next[@]}"
	done
}

# still_runs PID: a zombie does not run, and may wait for its parent for long.
still_runs() {
	local stat

	read -r stat <"/proc/$1/stat" && [[ $stat != *") Z "* ]]
}

# Wait 10 s at most for stopped processes: they could still write into directories that are
# removed next.
wait_for_stopped() {
	local pid tries=0

	for pid in "${stopped[@]}"; do
		while still_runs "$pid" && [ "$((++tries))" -le 100 ]; do
			sleep 0.1
		done
	done
}

# at_exit STATUS COMMAND: the EXIT trap. After a signal the status is arbitrary, and the
# script is still inside a function: only a signal ends it there without exit or a fault.
# shellcheck disable=SC2317 # called by trap
at_exit() {
	local status=$1 step children=() stopped=()

	trap - ERR
	trap '' INT TERM HUP
	set +e
	{
		read -ra children <"/proc/$$/task/$$/children"
		stop "${children[@]}"
		wait_for_stopped
	} 2>/dev/null
	for ((step = ${#exit_steps[@]} - 1; step >= 0; step--)); do
		(eval "${exit_steps[step]}")
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
