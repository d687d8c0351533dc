# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # variables are those of selftest
# Tests of the harness: it must report each failure as such. Sourced by selftest, which
# explains vm, want, wait_for and judge.

# --- A guest that fails ----------------------------------------------------

test_panic() {
	vm -- sh -c 'echo c >/proc/sysrq-trigger'
	want 121 'Kernel panic'
}

test_hang() {
	vm --timeout 5 -- sleep 1000
	want 124
}

test_hang_of_the_cpu() {
	vm --timeout 2 --cpus 1 --file "$splat" -- insmod splat.ko how=hang
	want 124
}

test_taint_without_text() {
	vm --file "$splat" -- insmod splat.ko how=taint
	want 120 'tainted'
}

test_splat_outranks_hang() {
	vm --timeout 5 -- sh -c 'echo "possible circular locking dependency detected" >/dev/kmsg; sleep 1000'
	want 120 'circular'
}

test_panic_outranks_splat() {
	vm --file "$splat" -- sh -c 'insmod splat.ko how=warn; echo c >/proc/sysrq-trigger'
	want 121
}

test_init_cannot_be_killed_quietly() {
	vm -- qemu-monitor quit
	want 122
}

test_qemu_killed() {
	local pid

	"$here/run" --quiet --kernel "$kernel_name" --log "$tmp/console" --qemu -pidfile --qemu "$tmp/pid" -- \
		sh -c 'echo up; sleep 1000' >"$tmp/out" 2>"$tmp/err" &
	pid=$!
	wait_for "$pid" grep -q up "$tmp/out" && kill -KILL "$(cat "$tmp/pid")"
	status=0
	wait "$pid" || status=$?
	want 122
}

test_fake_end_marker() {
	vm -- sh -c 'echo "end 0 tainted 0" >/dev/ttyS3; poweroff -f'
	want 122
}

test_nothing_is_left_behind() {
	local pid qemu

	mkdir "$tmp/guest"
	TMPDIR=$tmp/guest "$here/run" --quiet --kernel "$kernel_name" --log "$tmp/console" \
		--qemu -pidfile --qemu "$tmp/pid2" -- sh -c 'echo up; sleep 1000' >"$tmp/out" 2>"$tmp/err" &
	pid=$!
	wait_for "$pid" grep -q up "$tmp/out" || return
	qemu=$(cat "$tmp/pid2")
	kill -TERM "$pid"
	wait "$pid" || :
	[ ! -e "/proc/$qemu" ] && [ -z "$(ls -A "$tmp/guest")" ]
}

# --- Programs in turn -------------------------------------------------------

# statuses GUEST: print the statuses of a, b and c, whose output is in $tmp/out.
statuses() {
	local name

	for name in a b c; do
		part_status "$name" "$tmp/out" "$1" "$tmp/console"
	done | xargs
}

# turn NAME LINE: write a program for in-turn that passes if LINE does.
turn() {
	printf '#!/bin/sh\necho "1..1"\nif %s; then echo "ok 1 %s"; else exit 1; fi\n' "$2" "$1" >"$tmp/$1"
	chmod +x "$tmp/$1"
	turns+=(--file "$tmp/$1")
}

# a loads noiommu, b makes the kernel complain, c finds noiommu unloaded, d keeps it in use.
# shellcheck disable=SC2317 # called by once
guest_with_turns() {
	local turns=()

	turn loads 'modprobe noiommu'
	turn splat 'insmod splat.ko how=warn'
	turn unloaded '[ ! -e /sys/module/noiommu ]'
	turn uses 'modprobe noiommu && { sleep 1000 >/dev/null </dev/noiommu & }'
	vm --file "$splat" --file "$here/in-turn" "${turns[@]}" -- ./in-turn a=loads b=splat c=unloaded d=uses
}

test_in_turn_a_splat_fails_who_ran() {
	once guest_with_turns
	want 120 || return
	[ "$(part_output b "$tmp/out")" = "$(printf '1..1\nok 1 splat')" ] || return
	[ "$(statuses 120)" = "0 120 0" ]
}

test_in_turn_resets_the_guest() {
	once guest_with_turns
	[ "$(part_output a "$tmp/out")" = "$(printf '1..1\nok 1 loads')" ] || return
	[ "$(part_output c "$tmp/out")" = "$(printf '1..1\nok 1 unloaded')" ]
}

test_in_turn_what_cannot_be_reset_fails() {
	once guest_with_turns
	want 120 'noiommu cannot be unloaded after this program' || return
	[ "$(part_status d "$tmp/out" 0 "$tmp/console")" = 1 ]
}

# The kernel finds leaks after the last program.
test_in_turn_a_leak_fails_all() {
	printf '=== %s\n=== %s: 0\n' a a b b c c >"$tmp/out"
	printf '[ 1.0] in-turn: %s\n' a b c end >"$tmp/console"
	[ "$(statuses 0)" = "0 0 0" ] || return
	echo "[ 2.0] kmemleak: 1 new suspected memory leaks" >>"$tmp/console"
	[ "$(statuses 120)" = "120 120 120" ]
}

# The second hangs, or ends the guest; the third never runs.
test_in_turn_an_end_fails_who_ran() {
	printf '=== %s\n' a "a: 0" b >"$tmp/out"
	printf '[ 1.0] in-turn: %s\n' a b >"$tmp/console"
	[ "$(statuses 124)" = "0 124 122" ]
}

# It hangs when nothing but the search for leaks is left.
test_in_turn_an_end_after_the_last_fails_it() {
	printf '=== %s\n' a "a: 0" b "b: 0" c "c: 0" >"$tmp/out"
	: >"$tmp/console"
	[ "$(statuses 124)" = "0 0 124" ]
}

# --- Mistakes of the kernel ------------------------------------------------

# Only kernels with this option notice them.
declare -A detectors=(
	[test_detects_lock_inversion]=PROVE_LOCKING
	[test_detects_sleep_under_spinlock]=DEBUG_ATOMIC_SLEEP
	[test_detects_bad_shift]=UBSAN_SHIFT
	[test_detects_list_corruption]=DEBUG_LIST
	[test_detects_out_of_bounds]=KASAN
	[test_detects_use_after_free]=KASAN
	[test_detects_leak]=DEBUG_KMEMLEAK
)

# All in one guest, because a boot takes longer than a mistake. Lockdep comes first: it stops with
# the first report of KASAN. The list comes last: on some kernels it ends insmod. KASAN reports
# only once without its option.
guest_with_mistakes() {
	vm --append kasan_multi_shot --file "$splat" -- insmod splat.ko \
		how=lock_inversion,sleep,shift,refcount,warn,out_of_bounds,use_after_free,leak,list
}

# reported PATTERN: a line of the console is a mistake according to splats, and matches.
reported() {
	once guest_with_mistakes
	want 120 || return
	complaints "$tmp/console" | grep -q -E -- "$1" || {
		echo "# no report on the console matches $1"
		return 1
	}
}

test_warn() {
	reported 'WARNING: .*splat'
}

test_oops() {
	vm --file "$splat" -- insmod splat.ko how=oops
	want 120 'BUG: kernel NULL pointer'
}

test_refcount() {
	reported 'refcount_t: '
}

test_detects_use_after_free() {
	reported 'KASAN: slab-use-after-free in splat_use_after_free'
}

test_detects_out_of_bounds() {
	reported 'KASAN: slab-out-of-bounds in splat_out_of_bounds'
}

test_detects_lock_inversion() {
	reported 'possible circular locking dependency detected'
}

test_detects_sleep_under_spinlock() {
	reported 'sleeping function called from invalid context'
}

# The leak is found after the command has ended; the console shows its stack.
test_detects_leak() {
	reported 'kmemleak: [0-9]+ new suspected' && grep -q 'splat_leak' "$tmp/console"
}

test_detects_list_corruption() {
	reported 'list_del corruption'
}

test_detects_bad_shift() {
	reported 'UBSAN: shift-out-of-bounds'
}

# --- What cannot be started ------------------------------------------------

test_setup_failures() {
	vm --file /no/such/file -- true
	want 125 'no such file' || return
	vm --kernel no-such -- true
	want 125 || return
	vm --device no-such-device -- true
	want 125 'no-such-device' || return
	vm --timeout soon -- true
	want 125 || return
	vm true
	want 125 && vm --quiet && want 125
}

# emulated VERSION RELEASE: run with a QEMU that only prints this version, and a kernel that only
# has this release.
emulated() {
	mkdir -p "$tmp/bin" "$tmp/kernel"
	printf '#!/bin/sh\necho "QEMU emulator version %s"\n' "$1" >"$tmp/bin/qemu-system-x86_64"
	chmod +x "$tmp/bin/qemu-system-x86_64"
	echo "$2" >"$tmp/kernel/release"
	PATH=$tmp/bin:$PATH vm --kernel "$tmp/kernel" --accel "${3:-tcg}" -- true
}

# Each ends before a guest starts: the others have no modules to make an initramfs of.
test_emulator_that_breaks_the_guest() {
	local args

	emulated 7.2.22 6.12.9+deb12-cloud-amd64
	want 125 'QEMU 7\.2 cannot emulate 6\.12\.9\+deb12-cloud-amd64' || return
	for args in "10.0.2 6.12.9+deb12-cloud-amd64" "7.2.22 6.12.9+deb12-amd64" \
		"7.2.22 6.1.0-9-cloud-amd64" "7.2.22 6.12.9+deb12-cloud-amd64 kvm"; do
		# shellcheck disable=SC2086 # a list of words
		emulated $args
		want 125 || return
		! grep 'cannot emulate' "$tmp/err" || return
	done
}

# --- ktap ------------------------------------------------------------------

test_ktap_passes() {
	judge 0 0 'TAP version 13\n1..2\nok 1 a\nok 2 - b\n' &&
		judge 0 0 '1..2\n#  RUN           global.a ...\n#      SKIP      none\nok 1 # SKIP none\nok 2 g.b\n' &&
		grep -q '^skip  test: global.a \[none\]' "$tmp/verdict" &&
		judge 0 0 'TAP version 13\n1..2\nok 1 g.a # SKIP none\nok 2 g.b # XFAIL known\n# PASSED: 2 / 2 tests passed.\n' &&
		judge 4 0 '1..0 # SKIP no device\n'
}

test_ktap_fails() {
	judge 1 1 '1..2\nok 1 a\nnot ok 2 b\n' &&
		judge 0 1 '1..2\nok 1 a\n' &&
		judge 0 1 '1..1\nok 1 a\nok 2 b\n' &&
		judge 0 2 '1..2\nok 1 a\nok 1 a\n' &&
		judge 0 1 '1..2\nok 2 a\n' &&
		judge 0 1 'ok 1 a\n' &&
		judge 0 1 '' &&
		judge 0 1 '1..0\n' &&
		judge 1 1 '1..1\nok 1 a\n' &&
		judge 120 1 '1..1\nok 1 a\n' &&
		judge 0 2 '1..1\nnot ok 1 a\n' &&
		judge 0 1 '1..1\nok 1 a' &&
		judge 0 2 'TAP version 13\n1..3\nok 1 a\nok 2' &&
		judge 0 1 '1..1\nok 1 # SKIP\n' &&
		judge 0 1 '1..1\nok 1 # SKIP unknown\n' &&
		judge 0 2 '1..1\nok a\n1..1\n' &&
		judge 1 3 '1..1\nBail out! no\n' &&
		judge 4 1 '1..1\nok 1 a\n'
}
