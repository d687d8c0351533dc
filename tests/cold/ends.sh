# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154,SC2016,SC2034
# scripts/exit.sh: how a script ends. Sourced by run. The script under test expands text in
# single quotes.

# script LINE...: write a script of the project with these lines as main function.
script() {
	{
		echo '#!/bin/bash'
		echo 'set -eu'
		echo "top=$top"
		echo '. "$top/scripts/lib.sh"'
		echo 'main() {'
		printf '%s\n' "$@"
		printf '%s\n' '}' 'main "$@"'
	} >"$COLD/script"
	chmod +x "$COLD/script"
}

# Runs that script, and sets status.
run_script() {
	status=0
	"$COLD/script" >"$tmp/out" 2>"$tmp/err" || status=$?
}

# ends STATUS PATTERN LINE...: such a script ends with STATUS and one matching line on stderr.
ends() {
	script "${@:3}"
	run_script
	wants "$1" "$2"
	[ "$(wc -l <"$tmp/err")" -eq 1 ] || fail "not one line: $(cat "$tmp/err")"
}

test_ends_with_a_line() {
	ends 1 '^script: .*script:6: status 1 of: false$' 'false'
	ends 1 '^script: .*script:6: status 1 of: false$' 'x=$(false; true)'
	ends 1 '^script: .*script:7: status 1 of: false$' ' (' 'false' ')'
	ends 1 '^script: .*status 1 of: false \(log: /some/log\)$' 'log=/some/log; false'
	ends 1 '^script: .*status 1 of: false$' 'exec 2>/dev/null; false'
	ends 3 '^script: ended with status 3$' 'exit 3'
	ends 1 '^script: gone$' 'die gone'
	ends 1 '^script: gone$' 'x=$(die gone)'
	ends 1 '^script: gone$' 'x=$(die gone) || exit'
	ends 5 '^script: gone$' 'DIE_STATUS=5; die gone'
}

test_ends_with_the_line_of_a_callee() {
	script 'die gone'
	mv "$COLD/script" "$COLD/callee"
	ends 1 '^callee: gone$' "x=\$($COLD/callee)"
	script "$COLD/callee || :" 'say next' 'false'
	run_script
	wants 1 'status 1 of: false'
}

test_ends_with_a_verdict() {
	script 'echo 1 failed' 'said' 'return 1'
	run_script
	[ "$status" -eq 1 ] && [ ! -s "$tmp/err" ]
}

test_ends_after_all_steps() {
	ends 2 '^script: .*status 2 of: ' "on_exit touch '$COLD/a b'" 'on_exit false' \
		'on_exit return 7' 'on_exit exit 9' 'bash -c "exit 2"'
	[ -e "$COLD/a b" ] || fail "a step did not run"
	script 'on_exit false'
	"$COLD/script" || fail "the status is that of a step"
}

# The process whose subshell fails may be removing the directory meanwhile.
test_ends_while_its_directory_goes() {
	ends 1 '^script: gone$' "tmp=$COLD/temp" 'mkdir "$tmp"' \
		'df() { rm -rf "$tmp"; command df "$@"; }' 'die gone'
}

# The reason of a subshell would hide that of the script. It has time to give one, should its child
# be stopped first.
test_ends_without_a_word_of_its_subshells() {
	ends 1 '^script: first$' "(touch '$COLD/asked'; sleep 61; die second) &" \
		"until [ -e '$COLD/asked' ]; do pause 0.1; done" \
		'kill() { builtin kill "$@"; pause 0.5; }' 'die first'
	nothing_runs
}

test_ends_after_its_children() {
	script "bash -c 'trap \"echo E: stopped; exit\" TERM; touch $COLD/asked; while :; do sleep 0.1; done' >&2 &" \
		"until [ -e '$COLD/asked' ]; do pause 0.1; done" 'die gone'
	run_script
	wants 1 '^script: gone$'
	said_once '^E: stopped$'
}

# A partial key could be that of another product.
test_ends_where_a_key_fails() {
	ends 1 'status 1 of: false' 'half() { echo one; false; echo two; }' 'x=$(key_of half); echo $x'
	ends 1 'no two' 'half() { echo one; die no two; }' 'x=$(key_of half); echo $x'
}

# A signal also ends the children, even while the script waits for them.
test_ends_by_a_signal() {
	local what signal

	for what in "sleep 61" "x=\$(sleep 61)" "sleep 61 & wait" "(sleep 61; :) & wait" "sleep 61 | cat"; do
		for signal in TERM HUP; do
			script "on_exit rm -f '$COLD/temp'" "touch '$COLD/temp'" "$what"
			"$COLD/script" >"$tmp/out" 2>"$tmp/err" &
			pid=$!
			await test -e "$COLD/temp" && sleep 0.2
			stopped "$signal"
			[ "$status" -gt 128 ] || fail "$what: status $status"
			wants "$status" 'stopped by a signal, or by bash, in the middle of: '
			[ ! -e "$COLD/temp" ] || fail "$what: not cleaned up"
			nothing_runs
		done
	done
}
