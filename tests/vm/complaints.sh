# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What a kernel complains about. Sourced, never run.
# shellcheck disable=SC2154 # top is the caller's

# complaints CONSOLE [OPTION...]: print the lines of this console that tests/vm/splats lists, with
# these options of grep. Fails if there is none.
complaints() {
	grep -a -E "${@:2}" -f <(sed '/^#/d; /^$/d' "$top/tests/vm/splats") "$1"
}
