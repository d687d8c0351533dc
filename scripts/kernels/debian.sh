# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
# Kernels of Debian: package is the meta package of the image. Sourced by kernel.

# debian_image IMAGE: print the packages of the kernel and its modules. Since 7.0 the image is
# a meta package of them.
debian_image() {
	apt_depends "$1" 'linux-binary-.*' || {
		echo "$1"
		return
	}
	apt_depends "$1" 'linux-modules-.*' && apt_depends "$1" 'linux-base-[0-9].*'
}

# Sets pkgs (name=version each) and release from the meta package.
kind_debian_resolve() {
	local image images headers common kbuild source at=${arch:+:$arch}

	image=$(apt_depends "$package" 'linux-image-[0-9].*') || return 1
	images=$(debian_image "$image" | sed "s/\$/$at/"; exit "${PIPESTATUS[0]}") || return 1
	release=${image#linux-image-}
	release=${release%-unsigned}
	headers=linux-headers-$release
	common=$(apt_depends "$headers" 'linux-headers-.*-common(-rt)?') || return 1
	kbuild=$(apt_depends "$headers" 'linux-kbuild-.*') || return 1
	source=linux-source-$(echo "$release" | grep -oE '^[0-9]+\.[0-9]+')
	pkgs=()
	# Kbuild's own programs run here.
	# shellcheck disable=SC2086 # a list of words
	apt_add $images "$headers$at" "$common" "$kbuild" "$source" && debian_add_libraries
}

# debian_cross FILE: make the headers choose the compiler that builds for arch here. Since 6.12
# they do so themselves.
debian_cross() {
	echo "override CROSS_COMPILE = $(cross_prefix "$arch")" >>"$1"
}

# --- Kernels of a Debian that is newer than this one ------------------------------

# The programs in the headers are then linked with newer libraries than this system has.
debian_libraries=(libc6 libelf1t64 zlib1g libzstd1)

# An update of a release adds no symbols, so only upstream's version counts.
debian_add_libraries() {
	local newest own

	newest=$(apt_version libc6) || return 1
	own=$(dpkg-query -W -f '${Version}' libc6)
	! dpkg --compare-versions "${newest%-*}" gt "${own%-*}" || apt_add "${debian_libraries[@]}"
}

# debian_wrap FILE: make the program run with the libraries in the headers' folder, wherever
# that is.
debian_wrap() {
	mkdir -p "${1%/*}/.elf"
	mv "$1" "${1%/*}/.elf/"
	cat >"$1" <<-'END'
		#!/bin/sh
		here=$(dirname "$(readlink -f "$0")")
		lib=${here%/usr/lib/linux-kbuild*}/newer/usr/lib/x86_64-linux-gnu
		exec "$lib/ld-linux-x86-64.so.2" --library-path "$lib" "$here/.elf/${0##*/}" "$@"
	END
	chmod +x "$1"
}

# debian_older_host HEADERS: make the headers work here: their programs, and the compiler, which
# they name by its version. gcc 12 lacks the option that is taken out.
debian_older_host() {
	local dir=$1/usr/src/linux-headers-$release program

	[ -d "$1/newer" ] || return 0
	# The programs without these endings execute them, with this system's libraries.
	for program in "$1"/usr/lib/linux-kbuild-*/{tools/objtool/objtool.real-x86,scripts/mod/modpost.real-lsb-64}; do
		[ ! -e "$program" ] || mv "$program" "${program%.real-*}"
	done
	find "$1"/usr/lib/linux-kbuild-*/{scripts,tools} -type f -perm /111 | while read -r program; do
		[ "$(head -c 4 "$program" | tail -c 3)" != ELF ] || debian_wrap "$program"
	done
	sed -i '/^CC = /s/gcc-[0-9]*$/gcc/' "$dir/.kernelvariables"
	sed -i '/CONFIG_CC_HAS_MIN_FUNCTION_ALIGNMENT/d' \
		"$dir/include/config/auto.conf" "$dir/include/generated/autoconf.h"
}

# --- Unpacking --------------------------------------------------------------------

# The headers name files by their paths in an installed system.
debian_mend_headers() {
	local dir=$1/headers/usr/src/linux-headers-$release

	# shellcheck disable=SC2016 # make expands it
	sed -i -E 's#^(include |KBUILD_OUTPUT=)/usr/src/#\1$(dir $(realpath $(lastword $(MAKEFILE_LIST))))../#' \
		"$dir/Makefile"
	debian_older_host "$1/headers"
	[ -z "$arch" ] || debian_cross "$dir/.kernelvariables"
	ln -s "headers/usr/src/linux-headers-$release" "$1/build"
	[ -e "$1/build/scripts/Makefile.build" ] ||
		die "linux-kbuild does not fit $release: its links lead nowhere"
}

debian_source() {
	local tmp=$1

	unpack_deb "$tmp"/deb/linux-source-* "$tmp/tar"
	rm -f "$tmp"/deb/linux-source-*
	mkdir "$tmp/out/source"
	# shellcheck disable=SC2046 # a list of words
	tar -C "$tmp/out/source" --strip-components=1 --wildcards \
		-xJf "$tmp"/tar/usr/src/linux-source-*.tar.xz $(printf '*/%s ' "${source_files[@]}") ||
		die "cannot unpack the files of the list in scripts/kernels/kernel from $(basename "$tmp"/tar/usr/src/*.tar.xz)"
	rm -rf "$tmp/tar"
}

# debian_first FILE...: print the first of these files that exists.
debian_first() {
	local file

	for file; do
		[ ! -e "$file" ] || {
			echo "$file"
			return
		}
	done
	die "the packages of $release have none of $*"
}

debian_unpack() {
	local tmp=$1 out=$1/out image=$1/image deb source lib boot

	mkdir -p "$out/headers" "$image"
	[ -z "$arch" ] || echo "$arch" >"$out/arch"
	say "unpacking $release"
	debian_source "$tmp" &
	source=$!
	for deb in "$tmp"/deb/*.deb; do
		case ${deb##*/} in
		linux-source-*)			;;
		linux-headers-*|linux-kbuild-*)	unpack_deb "$deb" "$out/headers" ;;
		linux-*)			unpack_deb "$deb" "$image" ;;
		*)				unpack_deb "$deb" "$out/headers/newer" ;;
		esac
	done
	lib=$(debian_first "$image/lib/modules" "$image/usr/lib/modules")
	boot=$(debian_first "$image/boot/vmlinuz-$release" "$lib/$release/vmlinuz")
	mv "$boot" "$out/vmlinuz"
	boot=$(debian_first "$image/boot/config-$release" "$out/headers/usr/src/linux-headers-$release/.config")
	cp "$boot" "$out/config"
	mkdir -p "$out/modules/lib"
	mv "$lib" "$out/modules/lib/"
	rm -f "$out/modules/lib/modules/$release"/{build,source}
	debian_mend_headers "$out"
	wait "$source"
}

kind_debian_key() {
	echo "${pkgs[*]}"
}

kind_debian_make() {
	say "downloading $release (230 MB)"
	apt_download "$1/deb"
	debian_unpack "$1"
}
