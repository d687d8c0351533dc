# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Run QEMU with time limits that do not depend on the load of the host. Sourced, never run.
# shellcheck disable=SC2154 # qemu is the caller's
# shellcheck disable=SC2034 # LONGEST_BOOT and qemu_status are for the caller

# In seconds: an emulated guest usually boots within USUAL_BOOT; if it takes longer, limits
# are extended in proportion. A boot of LONGEST_BOOT has failed.
USUAL_BOOT=5 LONGEST_BOOT=300

# Sets now to a clock in milliseconds that stops while QEMU waits for a processor. /proc has
# the waiting time of each thread.
read_clock() {
	local file waited most=0

	for file in "/proc/$qemu_pid/task"/*/schedstat; do
		read -r _ waited _ 2>/dev/null <"$file" || continue
		[ "$waited" -le "$most" ] || most=$waited
	done
	read -r now _ </proc/uptime
	now=$((10#${now/./} * 10 - most / 1000000))
}

# watch DIR BOOT SECONDS: end QEMU if the guest does not start within BOOT seconds, or runs
# longer than SECONDS after that, and write the reason to DIR/late. The guest reports its
# start on the control channel.
watch() {
	local now begin boot word limit=$(($2 * 1000)) what="no start within $2 s"

	read_clock
	begin=$now
	while [ -e "/proc/$qemu_pid/schedstat" ] && [ $((now - begin)) -lt "$limit" ]; do
		pause 0.2
		read_clock
		word=""
		[[ $what != "no start"* ]] || read -r word 2>/dev/null <"$1/control" || :
		[ "$word" = start ] || continue
		[ "$3" -gt 0 ] || return 0
		boot=$((now - begin)) begin=$now what="no end after $3 s"
		limit=$(($3 * (boot > USUAL_BOOT * 1000 ? boot / USUAL_BOOT : 1000)))
	done
	[ -e "/proc/$qemu_pid/schedstat" ] || return 0
	echo "$what" >"$1/late"
	kill "$qemu_pid"
	pause 3
	kill -KILL "$qemu_pid"
}

# launch DIR BOOT SECONDS: start qemu and watch it; its input is descriptor 3.
launch() {
	# QEMU ends when this script ends, even by SIGKILL.
	setpriv --pdeathsig TERM "${qemu[@]}" <&3 2>"$1/err" &
	qemu_pid=$!
	watch "$@" >/dev/null 2>&1 </dev/null 3<&- &
	watch_pid=$!
}

# Sets qemu_status.
reap() {
	qemu_status=0
	{ wait "$qemu_pid" || qemu_status=$?; } 2>/dev/null
	qemu_pid=""
	kill "$watch_pid" 2>/dev/null || :
	{ wait "$watch_pid" || :; } 2>/dev/null
}
