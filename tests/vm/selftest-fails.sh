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

# Work of a second takes many on this busy processor, and is not late.
test_busy_host_is_no_hang() {
	local processor loops=() i pid

	processor=$(taskset -pc $$ | grep -oE '[0-9]+' | sed -n 2p)
	# shellcheck disable=SC2016 # the guest expands it
	taskset -c "$processor" nice -n 5 "$here/run" --quiet --kernel "$kernel_name" --log "$tmp/console" \
		--timeout 3 -- sh -c 'echo up; i=0; while [ $i -lt 25000 ]; do i=$((i + 1)); done' \
		>"$tmp/out" 2>"$tmp/err" </dev/null &
	pid=$!
	wait_for "$pid" grep -q up "$tmp/out" || return
	for i in 1 2; do
		taskset -c "$processor" sh -c 'while :; do :; done' &
		loops[i]=$!
	done
	status=0
	wait "$pid" || status=$?
	kill "${loops[@]}"
	want 0
}

test_hang_of_the_cpu() {
	vm --timeout 5 --cpus 1 --file "$splat" -- insmod splat.ko how=hang
	want 124
}

test_warn() {
	vm --file "$splat" -- insmod splat.ko how=warn
	want 120 'WARNING: '
}

test_oops() {
	vm --file "$splat" -- insmod splat.ko how=oops
	want 120 'BUG: kernel NULL pointer'
}

test_refcount() {
	vm --file "$splat" -- insmod splat.ko how=refcount
	want 120 'refcount_t: '
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
	vm -- poweroff -f
	want 122 || return
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

test_missing_module() {
	vm -- sh -c 'modprobe no-such-module && printf "1..1\nok 1 a\n"'
	want 1 && ! "$here/ktap" "$status" "$tmp/out" >/dev/null
}

test_half_a_result() {
	vm -- printf 'TAP version 13\n1..3\nok 1 a\nok 2'
	want 0 && ! "$here/ktap" "$status" "$tmp/out" >/dev/null
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

# --- What only some kernels notice -----------------------------------------

# Tests that only run if the kernel has the option.
declare -A detectors=(
	[test_detects_use_after_free]=KASAN
	[test_detects_out_of_bounds]=KASAN
	[test_detects_lock_inversion]=PROVE_LOCKING
	[test_detects_sleep_under_spinlock]=DEBUG_ATOMIC_SLEEP
	[test_detects_leak]=DEBUG_KMEMLEAK
	[test_detects_list_corruption]=DEBUG_LIST
	[test_detects_bad_shift]=UBSAN_SHIFT
)

test_detects_use_after_free() {
	vm --file "$splat" -- insmod splat.ko how=use_after_free
	want 120 'KASAN: slab-use-after-free in splat_use_after_free'
}

test_detects_out_of_bounds() {
	vm --file "$splat" -- insmod splat.ko how=out_of_bounds
	want 120 'KASAN: slab-out-of-bounds in splat_out_of_bounds'
}

test_detects_lock_inversion() {
	vm --file "$splat" -- insmod splat.ko how=lock_inversion
	want 120 'possible circular locking dependency detected'
}

test_detects_sleep_under_spinlock() {
	vm --file "$splat" -- insmod splat.ko how=sleep
	want 120 'sleeping function called from invalid context'
}

# The leak is found after the command has ended; the console shows its stack.
test_detects_leak() {
	vm --file "$splat" -- insmod splat.ko how=leak
	want 120 'kmemleak: [0-9]+ new suspected' && grep -q 'splat_leak' "$tmp/console"
}

test_detects_list_corruption() {
	vm --file "$splat" -- insmod splat.ko how=list
	want 120 'list_del corruption'
}

test_detects_bad_shift() {
	vm --file "$splat" -- insmod splat.ko how=shift
	want 120 'UBSAN: shift-out-of-bounds'
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
		judge 0 1 '1..1\nok 1 # SKIP\n' &&
		judge 0 1 '1..1\nok 1 # SKIP unknown\n' &&
		judge 0 2 '1..1\nok a\n1..1\n' &&
		judge 1 3 '1..1\nBail out! no\n' &&
		judge 4 1 '1..1\nok 1 a\n'
}
