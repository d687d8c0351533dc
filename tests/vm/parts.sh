# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What each program of in-turn printed, and how it ended. Sourced, never run.
# shellcheck disable=SC2154 # top is the caller's

# shellcheck source=tests/vm/complaints.sh
. "$top/tests/vm/complaints.sh"

# part_output NAME OUTPUT: print what this program printed.
part_output() {
	awk -v begin="=== $1" -v end="=== $1: " '
		index($0, end) == 1 { exit }
		mine { print }
		$0 == begin { mine = 1 }
	' "$2" | sed '$ { /^$/d }'
}

# part_at_splat CONSOLE: print the program that ran when the kernel complained first. Prints
# nothing without a complaint, or where no program ran.
part_at_splat() {
	local line

	line=$(complaints "$1" -n -m1 | cut -d : -f 1) || :
	[ -z "$line" ] || head -n "$line" "$1" | tr -d '\r' | sed -n 's/^.*in-turn: //p' | tail -n 1 | grep -vx end || :
}

# part_status NAME OUTPUT GUEST CONSOLE: print the program's status, which is GUEST, the status
# of tests/vm/run, where that is the program's fault or may be: the kernel complained first while
# it ran, or after the last program; the guest ended while it ran, or after it as the last one.
part_status() {
	local own last culprit

	own=$(sed -n "s|^=== $1: ||p" "$2")
	case $3 in
	0)	;;
	120|121)
		culprit=$(part_at_splat "$4")
		[ "${culprit:-$1}" != "$1" ] || own=$3 ;;
	*)	last=$(grep -xE '=== [^ :]+' "$2" | tail -n 1) || :
		[ "${last:-=== $1}" != "=== $1" ] || own=$3 ;;
	esac
	echo "${own:-122}"
}
