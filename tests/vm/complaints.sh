# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What a kernel complains about. Sourced, never run.
# shellcheck disable=SC2154 # top is the caller's

# complaints CONSOLE [OPTION...]: print the lines of this console that tests/vm/splats lists, with
# these options of grep. Fails if there is none.
complaints() {
	local others='^#|^$'

	# That kmemleak ends is a mistake, unless the guest began without it.
	! grep -aq 'Command line: .* kmemleak=off' "$1" || others+='|leak detector disabled'
	grep -a -E "${@:2}" -f <(grep -Ev "$others" "$top/tests/vm/splats") "$1"
}
