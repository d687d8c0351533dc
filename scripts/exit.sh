# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# How a script ends: never with a status other than 0 and no line that says why, never with
# half of its cleaning up. Sourced by scripts/lib.sh.

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
# Where the caller looks, whatever the function that fails writes to.
exec {stderr}>&2

# What a status other than 0 means has been told: a verdict does so, too.
said() {
	read -r -t 0 -u "$NOIOMMU_SAID" || echo >&"$NOIOMMU_SAID"
}

unsaid() {
	! read -r -t 0 -u "$NOIOMMU_SAID" || read -r -t 1 -u "$NOIOMMU_SAID"
}

# complain LINE: the last one. In a subshell its stderr is meant.
complain() {
	local to=$stderr

	fault=$1
	[ "$BASHPID" = "$$" ] || to=2
	printf '%s: %s\n' "$ME" "$1" >&"$to"
	said
}

# Prints what to do where a disk that we write to is full: it explains what fails.
full_disk() {
	local dir

	for dir in "${cache:-}" "${tmp:-}" "${TMPDIR:-/tmp}"; do
		if [ -d "$dir" ] && [ "$(df --output=avail -k "$dir" | tail -n 1)" -lt 1024 ]; then
			echo ": the disk of $dir is full, make room there"
			break
		fi
	done
}

die() {
	complain "$*$(full_disk)"
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
	fault="${2#"${top:-}/"}:$3: status $1 of: ${4%%$'\n'*}$(full_disk)"
	[ "$BASHPID" = "$$" ] || say_fault
}

say_fault() {
	read -r -t 0 -u "$NOIOMMU_SAID" || complain "$fault${log:+ (log: $log)}"
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
