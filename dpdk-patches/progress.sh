# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
# The progress of a build of DPDK. Sourced; the caller sets log, and building to what it builds.

# follow PID: while the process runs, print now and then how far ninja is: its last
# [STEP/STEPS] in the log.
follow() {
	local pid=$1 step

	cache_hold_nothing
	while pause 20 && kill -0 "$pid" 2>/dev/null; do
		step=$(tail -n 100 "$log" | grep -oE '^\[[0-9]+/[0-9]+\]' | tail -n 1)
		[ -z "$step" ] || say "building $building: $step"
	done
}
