# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # variables are those of selftest
# Tests of the harness with guests that work, and of running one suite. Sourced by selftest,
# which explains vm, want, wait_for and judge.

# --- A guest that works ----------------------------------------------------

# Pairs of a name and a script of the guest. The first one wants a guest that has just booted.
# The monitor's device comes before there are drivers for it. The last one sets lockdown.
# shellcheck disable=SC2016,SC2034 # the guest expands them
parts=(
	slowness 'read -r now _ </proc/uptime
		echo "$SLOWNESS of $now"
		[ "$SLOWNESS" -ge $((${now%.*} / 4)) ] && [ "$SLOWNESS" -ge 1 ] && [ "$SLOWNESS" -le "${now%.*}" ]'
	libraries './bash -c "pwd; [[ -r splats ]] && exit 9"'
	tree 'cat /opt/some/file'
	mounts 'for fs in proc sysfs devtmpfs devpts debugfs securityfs hugetlbfs; do
		grep -q " $fs " /proc/mounts || { echo "no $fs"; exit 1; }; done
		cat /proc/sys/vm/nr_hugepages'
	devices 'cd /sys/bus/pci/devices || exit 1
		grep -q 0x1af4 */vendor || exit 2
		qemu-monitor "device_add e1000e,id=nic,bus=rp0" || exit 3
		until grep -q 0x10d3 */device; do sleep 0.1; done
		qemu-monitor "device_del nic" || exit 4
		while grep -qs 0x10d3 */device; do sleep 0.1; done
		qemu-monitor "device_del nic" && exit 5
		qemu-monitor "info pci" | grep -q "Bus  0" || exit 6'
	monitor 'qemu-monitor "info qtree" | true
		qemu-monitor "info pci" | grep "Bus  0"'
	insmod 'lsmod'
	modprobe 'timeout 100 lsmod | grep -q "Not tainted" && exit 3 # that is busybox speaking
		for m in vfio-pci vfio_iommu_type1 uio_pci_generic virtio_pci virtio_net e1000 e1000e \
			vmxnet3 nvme brd pci-stub af_packet; do modprobe $m || exit 2; done
		lsmod | grep -q vfio_pci'
	missing 'modprobe no-such-module && printf "1..1\nok 1 a\n"'
	lockdown 'echo integrity >/sys/kernel/security/lockdown && cat /sys/kernel/security/lockdown
		dd if=/dev/port bs=1 count=1 2>/dev/null && exit 4
		exit 3'
)
# shellcheck disable=SC1003
words=("it's" 'a  b' "\$HOME" '' '"\' 'a&b')

# All parts share a guest, because a boot takes longer than each of them.
working_guest() {
	mkdir -p "$tmp/tree/opt/some"
	echo treasure >"$tmp/tree/opt/some/file"
	# shellcheck disable=SC2016 # the guest expands it
	vm --file /bin/bash --file "$here/splats" --tree "$tmp/tree" --hugepages 9 \
		--insmod "$(find "$dir/modules" -name dummy.ko)" --root-ports 1 --device virtio-net-pci -- sh -c '
		for i in 1 2 3 4 5 6; do
			printf "<%s>" "$1"
			shift
		done
		echo
		while [ $# -gt 0 ]; do
			echo "=== $1"
			sh -c "$2"
			echo "=== $1: $?"
			shift 2
		done
		printf "\tone\r\ntwo\001\377 no end"
		exit 7' sh "${words[@]}" "${parts[@]}"
}

# part NAME: set status, and leave the part's output in $tmp/out.
part() {
	once working_guest
	status=$(part_status "$1" "$tmp/out" 0 "$tmp/console")
	part_output "$1" "$tmp/out" >"$tmp/part"
	mv "$tmp/part" "$tmp/out"
}

test_output_comes_through_unchanged() {
	once working_guest
	printf '\tone\r\ntwo\001\377 no end' >"$tmp/expected"
	tail -c "$(stat -c %s "$tmp/expected")" "$tmp/out" | cmp - "$tmp/expected"
}

test_status_is_the_commands() {
	once working_guest
	want 7
}

test_arguments_arrive_as_given() {
	once working_guest
	head -n 1 "$tmp/out" | cmp - <(printf '<%s>' "${words[@]}"; echo)
}

test_file_comes_with_its_libraries() {
	part libraries
	want 9 '^/root$'
}

test_tree_lands_in_the_root() {
	part tree
	want 0 '^treasure$'
}

test_mounts_and_huge_pages() {
	part mounts
	want 0 '^9$'
}

# No other module is loaded then.
test_insmod_comes_before_the_command() {
	part insmod
	want 0 '^dummy '
	[ "$(wc -l <"$tmp/out")" -eq 2 ]
}

test_modprobe_loads_what_tests_need() {
	part modprobe
	want 0
}

test_missing_module() {
	part missing
	want 1 && ! "$here/ktap" "$status" "$tmp/out" >/dev/null
}

test_devices_come_and_go() {
	part devices
	want 0 "Error: .*nic"
}

test_monitor_survives_its_reader() {
	part monitor
	want 0 'Bus  0'
}

test_guest_knows_how_slow_it_is() {
	part slowness
	want 0
}

test_clean_end_under_lockdown() {
	part lockdown
	want 3 '\[integrity\]' && status=$(cat "$shared/working_guest/status") && want 7
}

test_much_output_to_a_slow_reader() {
	# shellcheck disable=SC2016 # the guest expands it
	"$here/run" --quiet --kernel "$kernel_name" --log "$tmp/console" -- \
		sh -c 'i=0; while [ $i -lt 20 ]; do seq 1 2000; i=$((i + 1)); done' \
		2>"$tmp/err" | { sleep 5; cat; } >"$tmp/out"
	cmp "$tmp/out" <(for _ in {1..20}; do seq 1 2000; done)
}

test_status_too_high_is_119() {
	vm -- sh -c 'kill -9 $$'
	want 119
}

test_missing_command_is_119() {
	vm -- no-such-command
	want 119 'not found'
}

test_icount_repeats() {
	local first second
	# shellcheck disable=SC2016
	local loop='now() { sed -n "s/^now at \([0-9]*\) nsecs/\1/p" /proc/timer_list; }
		a=$(now); i=0; while [ $i -lt 5000 ]; do i=$((i + 1)); done; echo $(($(now) - a))'

	vm --icount -- sh -c "$loop"
	want 0 '^[0-9]+$' || return
	first=$(cat "$tmp/out")
	vm --icount -- sh -c "$loop"
	want 0 '^[0-9]+$' || return
	second=$(cat "$tmp/out")
	echo "# $first and $second instructions"
	[ $((first > second ? first - second : second - first)) -le $((first / 1000)) ]
}

test_parallel_runs_do_not_meet() {
	local one=0 two=0 pid

	"$here/run" --quiet --kernel "$kernel_name" -- sh -c 'sleep 1; echo one; exit 3' >"$tmp/one" 2>&1 &
	pid=$!
	"$here/run" --quiet --kernel "$kernel_name" -- sh -c 'sleep 1; echo two; exit 5' >"$tmp/two" 2>&1 || two=$?
	wait "$pid" || one=$?
	cat "$tmp/one" "$tmp/two" >"$tmp/out"
	echo "# statuses $one and $two"
	[ "$one $two" = "3 5" ] && cmp "$tmp/out" <(printf 'one\ntwo\n')
}

test_shell_on_a_terminal() {
	local pid

	mkfifo "$tmp/keys"
	script -qec "'$here/run' --kernel '$kernel_name' --timeout 40 -- sh" /dev/null \
		<"$tmp/keys" >"$tmp/out" 2>"$tmp/err" &
	pid=$!
	exec 4>"$tmp/keys"
	# shellcheck disable=SC2016
	wait_for "$pid" grep -q '# $' "$tmp/out" && printf 'echo $((6 * 7)) $(tty)\n' >&4
	wait_for "$pid" grep -q '42 .dev.ttyS1' "$tmp/out" && printf 'sh -c "echo s""leeps; sleep 1000"\n' >&4
	wait_for "$pid" grep -q sleeps "$tmp/out" && printf '\003exit 5\n' >&4
	status=0
	wait "$pid" || status=$?
	exec 4>&-
	want 5 '42 /dev/ttyS1'
}

# Work of a second takes many on this busy processor, and is not late.
test_busy_host_is_no_hang() {
	local processor loops=() i pid

	processor=$(taskset -pc $$ | grep -oE '[0-9]+' | sed -n 2p)
	# shellcheck disable=SC2016 # the guest expands it
	taskset -c "$processor" nice -n 5 "$here/run" --quiet --kernel "$kernel_name" --log "$tmp/console" \
		--timeout 3 -- sh -c 'echo up; i=0; while [ $i -lt 12000 ]; do i=$((i + 1)); done' \
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

# --- One suite, one test ---------------------------------------------------

test_try_runs_one_test() {
	status=0
	KERNEL=$kernel_name "$top/scripts/try" translate/pins pins.unknown_id >"$tmp/out" 2>"$tmp/err" || status=$?
	want 0 '^1\.\.1$' && want 0 '^ok 1 pins.unknown_id' || return
	status=0
	KERNEL=$kernel_name "$top/scripts/try" translate/pins none.such >"$tmp/out" 2>"$tmp/err" || status=$?
	want 1 'no test is called none.such'
}

# would_build HEADER: print what make would compile for pins if this header changed.
would_build() {
	local out

	out=$top/build/$(cat "$dir/release")/tests
	make -s -C "$top/tests" KERNEL="$dir" OUT="$out" "$out/translate/pins" >"$tmp/err" 2>&1 &&
		make -n -C "$top/tests" KERNEL="$dir" OUT="$out" -W "$1" "$out/translate/pins" >"$tmp/out" 2>>"$tmp/err"
}

test_programs_follow_their_headers() {
	would_build lib/extents.h && grep -q 'translate/pins\.c' "$tmp/out" || return
	would_build lib/forwarding.h && ! grep -q '\.c ' "$tmp/out"
}
