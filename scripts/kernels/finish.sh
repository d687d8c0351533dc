# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
# The last steps for every kind of kernel. Sourced by kernel.

# unpack_vmlinux IMAGE: print the vmlinux inside a bzImage.
unpack_vmlinux() {
	local magic unpack at

	while read -r magic unpack; do
		at=$(LC_ALL=C grep -aobP -m1 "$magic" "$1" | head -n 1 | cut -d: -f1)
		[ -n "$at" ] || continue
		# Other data follows the packed kernel, so the unpacker's status means nothing.
		# The status of cat shows whether the disk had room.
		tail -c +$((at + 1)) "$1" | $unpack 2>/dev/null | cat
		return
	done <<-'END'
	\xFD7zXZ\x00 xz -dc
	\x28\xB5\x2F\xFD zstd -dc
	\x1F\x8B\x08 gzip -dc
	END
}

finish() {
	local out=$1

	unpack_vmlinux "$out/vmlinuz" >"$out/vmlinux"
	[ "$(head -c 4 "$out/vmlinux")" = $'\x7fELF' ] || rm -f "$out/vmlinux"
	depmod -b "$out/modules" "$release"
	echo "$release" >"$out/release"
}
