# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
# What every kind of kernel gets at the end. Sourced by scripts/kernel.

# unpack_vmlinux IMAGE: what is inside a bzImage.
unpack_vmlinux() {
	local magic unpack at

	while read -r magic unpack; do
		at=$(LC_ALL=C grep -aobP -m1 "$magic" "$1" | head -n 1 | cut -d: -f1)
		[ -n "$at" ] || continue
		# The packed kernel is followed by other things: the unpacker's status says
		# nothing. That of cat says whether there was room.
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
