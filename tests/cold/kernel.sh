# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
# scripts/kernels/kernel and tests/vm/initramfs with an empty cache. Sourced by run.

debian=(scripts/kernels/kernel 6.1)
built=(scripts/kernels/kernel 7.3-debug)
product='kernel-(6\.1|7\.3-debug)-[0-9a-f]{16}'

test_kernel_of_debian() {
	cold "${debian[@]}"
	wants 0 'is ready in'
	[ -s "$(cat "$tmp/out")/vmlinux" ] || fail "it has no vmlinux"
	left "$product" "$product.current"
	: >"$COLD/calls"
	cold "${debian[@]}"
	! grep download "$COLD/calls" || fail "it was made again"
}

test_kernel_that_is_built() {
	cold "${built[@]}"
	wants 0 'is ready in'
	left "$product" "$product.current"
	nothing_runs
}

# A link that is not touched is removed after two weeks, and the next run would take another
# kernel.
test_kernel_in_use_stays() {
	cold "${debian[@]}"
	touch -d '20 days ago' "$NOIOMMU_CACHE"/kernel-*
	touch -h -d '20 days ago' "$NOIOMMU_CACHE"/kernel-*.current
	: >"$COLD/calls"
	cold "${debian[@]}"
	cold "${debian[@]}"
	! grep '^apt-' "$COLD/calls" || fail "apt was asked for another one"
	left "$product" "$product.current"
}

# --- It fails --------------------------------------------------------------------

# breaks PATTERN LINE COMMAND...: if a matching call fails, so does COMMAND, with this last
# line.
breaks() {
	fault fail "$1"
	cold "${@:3}"
	wants 1 "$2"
	left
	nothing_runs
}

test_kernel_without_lists() {
	breaks 'apt-cache *' 'apt does not know the packages' "${debian[@]}"
	breaks 'apt-*' 'apt-get update for bookworm failed: E: .*\(log: .*log\)' "${debian[@]}"
}

test_kernel_without_network() {
	breaks 'apt-get *download *' 'cannot download .*E: apt-get has failed \(log: ' "${debian[@]}"
	breaks 'apt-get *download *' 'cannot download .*E: apt-get has failed \(log: ' "${built[@]}"
}

test_kernel_of_damaged_packages() {
	breaks 'dpkg-deb *' 'cannot unpack linux-' "${debian[@]}"
	breaks 'dpkg-deb *linux-kbuild*' 'cannot unpack linux-kbuild' "${debian[@]}"
	breaks 'dpkg-deb *' 'cannot unpack linux-source' "${built[@]}"
}

# The sources are unpacked in the background, beside other packages.
test_kernel_of_damaged_sources() {
	breaks 'tar *' 'cannot unpack the files of the list' "${debian[@]}"
	breaks 'tar *' 'cannot unpack the sources' "${built[@]}"
}

test_kernel_that_does_not_build() {
	breaks 'make * allnoconfig' 'make .*allnoconfig failed for 7.3-debug: .* in .*\.log' "${built[@]}"
	breaks 'make * -j*' 'make -j.* failed for 7.3-debug: .* in .*\.log' "${built[@]}"
	breaks 'make * modules_install' 'make .*modules_install failed for 7.3-debug: .* in .*\.log' "${built[@]}"
	[ -s "$(sed -n '$s/.* in //p' "$tmp/err")" ] || fail "there is no such log"
}

test_kernel_without_what_builds_it() {
	echo bison >"$COLD/missing"
	breaks 'apt-get *DPkg*update*' 'apt-get update failed: the whole story is in ' "${built[@]}"
	said_once 'update failed: '
}

# --- The disk is full ----------------------------------------------------------------

# From now on, df reports a full disk.
full() {
	cat >"$COLD/df" <<-'END'
	#!/bin/sh
	echo Avail File
	for file; do
		[ ! -d "$file" ] || echo "0 $file"
	done
	END
	chmod +x "$COLD/df"
	ln -sf "$COLD/df" "$COLD/bin/df"
}

test_full_disk() {
	local advice='the disk of .* is full, make room there'

	full
	breaks 'dpkg-deb *' "$advice" "${debian[@]}"
	breaks 'tar *' "$advice" "${debian[@]}"
	breaks 'make * -j*' "$advice" "${built[@]}"
}

# A limit on file sizes cuts a file off, as a full disk does.
test_no_room_for_vmlinux() {
	{ printf '\177ELF'; head -c 300000 /dev/zero; } | gzip >"$COLD/vmlinuz"
	ulimit -f 100
	cold "${debian[@]}"
	wants 153 'of: cat'
	left
}

# --- It is killed ----------------------------------------------------------------------

# killed PATTERN COMMAND...: end COMMAND by a signal while a matching call hangs.
killed() {
	fault hang "$1"
	: >"$COLD/calls"
	started "${@:2}"
	stopped TERM
	wants 143 'stopped by a signal'
	left
	nothing_runs
}

test_kernel_killed() {
	killed 'apt-get *download *' "${debian[@]}"
	killed 'dpkg-deb *linux-headers*' "${debian[@]}"
	killed 'tar *' "${debian[@]}"
	killed 'make * -j*' "${built[@]}"
	killed 'make * modules_install' "${built[@]}"
}

# After SIGKILL the script cannot clean up; the next run does.
test_kernel_killed_at_once() {
	fault hang 'make * -j*'
	started "${built[@]}"
	# Kill the child as well, as when the machine goes down.
	pkill -KILL -f "$COLD/bin/make"
	stopped KILL
	no_fault
	cold "${built[@]}"
	wants 0 'is ready in'
	left "$product" "$product.current"
}

# --- Somebody else holds the lock ----------------------------------------------------------

# waits COMMAND...: a second COMMAND names the first one, waits for it, and uses its product.
waits() {
	local first

	started "$@"
	first=$pid
	"$top/$1" "${@:2}" >"$tmp/out2" 2>"$tmp/err2" </dev/null &
	pid=$!
	await grep -qs . "$tmp/err2" || fail "the second one says nothing"
	grep -qE "waiting for ${1##*/} \(process $first\), which holds .*\.lock" "$tmp/err2" ||
		fail "$(cat "$tmp/err2")"
	no_fault
	wait "$first" || fail "the first one failed"
	wait "$pid" || fail "the second one failed"
	cmp "$tmp/out" "$tmp/out2"
}

test_kernel_made_by_somebody_else() {
	fault hang 'dpkg-deb *linux-kbuild*'
	waits "${debian[@]}"
}

test_packages_installed_by_somebody_else() {
	fault lock '*apt-get *update*'
	echo bison >"$COLD/missing"
	cold scripts/deps source
	wants 0 .
	said_once 'waiting for process 1 \(somebody\), which holds apt.s lock'
}

# --- What is installed -----------------------------------------------------------------

test_packages_without_network() {
	echo bison >"$COLD/missing"
	breaks 'apt-get *update*' 'apt-get update failed: the whole story is in .*apt.log' scripts/deps source
	breaks 'apt-get *install*' 'apt-get install failed: the whole story is in .*apt.log' scripts/deps source
}

# A signal does not stop apt in the middle of a package.
test_packages_killed() {
	fault hang 'apt-get *install*'
	echo bison >"$COLD/missing"
	started scripts/deps source
	kill -TERM "$pid"
	sleep 1
	[ -e "/proc/$pid" ] || fail "it did not wait for apt"
	no_fault
	status=0
	wait "$pid" || status=$?
	wants 1 'stopped by a signal, after apt-get install \(log: '
	left
}

# --- The initramfs ------------------------------------------------------------------------

initramfs=(tests/vm/initramfs)

made_kernel() {
	cold "${debian[@]}"
	mv "$(cat "$tmp/out")" "$COLD/kernel"
	rm -f "$NOIOMMU_CACHE"/kernel-*.current
	initramfs=(tests/vm/initramfs "$COLD/kernel")
	: >"$COLD/kernel/modules/lib/modules/$(cat "$COLD/kernel/release")/modules.dep"
}

test_initramfs() {
	made_kernel
	cold "${initramfs[@]}"
	wants 0 'building the initramfs'
	left 'initramfs-.*'
}

test_initramfs_that_cannot_be_made() {
	made_kernel
	breaks 'cpio *' 'guest_cpio|cpio' "${initramfs[@]}"
	killed 'cpio *' "${initramfs[@]}"
	rm "$COLD/kernel/modules/lib/modules/"*/modules.dep
	no_fault
	cold "${initramfs[@]}"
	[ "$status" -ne 0 ] || fail "modules that nobody knows are none"
	left
}
