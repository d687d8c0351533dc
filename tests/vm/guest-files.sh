# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Copying files of the host into a directory that becomes part of the guest's root.

is_elf() {
	[ "$(head -c 4 -- "$1" | od -An -tx1)" = ' 7f 45 4c 46' ]
}

# guest_program FILE ROOT DIR: copy FILE to ROOT/DIR, and its shared libraries to the paths
# that the loader uses.
guest_program() {
	local lib

	mkdir -p "$2$3"
	cp -L -- "$1" "$2$3/"
	is_elf "$1" || return 0
	ldd -- "$1" 2>/dev/null | grep -oE '(=> |^[[:space:]]+)/[^ ]+' | grep -oE '/.*' |
		while read -r lib; do
			[ -e "$2$lib" ] || {
				mkdir -p "$2${lib%/*}"
				cp -L -- "$lib" "$2$lib"
			}
		done
	if ldd -- "$1" 2>/dev/null | grep 'not found' >&2; then
		die "$1 needs shared libraries that are not installed here"
	fi
}

# guest_cpio DIR: write DIR as an archive to stdout, owned by root whoever the caller is.
guest_cpio() {
	(cd "$1" && find . -print0 | LC_ALL=C sort -z | cpio --quiet -0 -o -H newc -R 0:0)
}
