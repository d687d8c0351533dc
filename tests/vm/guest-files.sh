# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Copying files of the host into a directory that becomes part of the guest's root. Sourced.

# What tests/vm/sysroot prints, or nothing for programs of this system.
sysroot=""

is_elf() {
	local magic=""

	read -r -N 4 magic <"$1" 2>/dev/null || :
	[ "$magic" = $'\177ELF' ]
}

# needed FILE: print the names of the shared libraries that an ELF file names itself.
needed() {
	readelf -d -- "$1" 2>/dev/null | sed -n 's/.*(NEEDED).*\[\(.*\)\]$/\1/p'
}

# libraries FILE: print the paths of the shared libraries that the program needs, and "NAME not
# found" for missing ones. If sysroot is set, they are paths below it.
libraries() {
	local -A seen=()
	local names name path

	[ -n "$sysroot" ] || {
		ldd -- "$1" 2>/dev/null |
			sed -nE '/not found/p; s,^(.* => |[[:space:]]+)(/[^ ]+).*,\2,p'
		return
	}
	mapfile -t names < <(needed "$1")
	while [ ${#names[@]} -gt 0 ]; do
		name=${names[0]} names=("${names[@]:1}")
		[ -z "${seen[$name]:-}" ] || continue
		seen[$name]=1
		# The loader's own path is the first.
		path=$(compgen -G "$sysroot/lib/$name" || compgen -G "$sysroot/lib/*/$name" ||
			compgen -G "$sysroot/usr/lib/*/$name") || {
			echo "$name not found"
			continue
		}
		path=${path%%$'\n'*}
		echo "${path#"$sysroot"}"
		mapfile -t -O "${#names[@]}" names < <(needed "$path")
	done
}

# guest_program FILE ROOT DIR: copy FILE to ROOT/DIR, and its shared libraries to the paths
# that the loader uses. Programs for another architecture have theirs in sysroot.
guest_program() {
	local all lib

	mkdir -p "$2$3"
	cp -L -- "$1" "$2$3/"
	is_elf "$1" || return 0
	all=$(libraries "$1")
	while read -r lib; do
		[[ $lib != *"not found" ]] || die "$1 needs shared libraries that are not installed here: $lib"
		[ -z "$lib" ] || [ -e "$2$lib" ] || {
			mkdir -p "$2${lib%/*}"
			cp -L -- "$sysroot$lib" "$2$lib"
		}
	done <<<"$all"
}

# guest_cpio DIR: write DIR as an archive to stdout, owned by root whoever the caller is.
guest_cpio() {
	(cd "$1" && find . -print0 | LC_ALL=C sort -z | cpio --quiet -0 -o -H newc -R 0:0)
}
