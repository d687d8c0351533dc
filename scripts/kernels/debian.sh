# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
# Kernels of Debian: package is the meta package of the image. Sourced by kernel.

# Sets pkgs (name=version each) and release from the meta package.
kind_debian_resolve() {
	local image headers common kbuild p v

	image=$(apt_depends "$package" 'linux-image-[0-9].*') || return 1
	release=${image#linux-image-}
	release=${release%-unsigned}
	headers=linux-headers-$release
	common=$(apt_depends "$headers" 'linux-headers-.*-common') || return 1
	kbuild=$(apt_depends "$headers" 'linux-kbuild-.*') || return 1
	pkgs=()
	for p in "$image" "$headers" "$common" "$kbuild" \
		"linux-source-$(echo "$release" | grep -oE '^[0-9]+\.[0-9]+')"; do
		v=$(apt_version "$p") || return 1
		pkgs+=("$p=$v")
	done
}

# The Makefile of the headers includes a file by its path in an installed system.
debian_mend_headers() {
	local dir=$1/headers/usr/src/linux-headers-$release

	# shellcheck disable=SC2016 # make expands it
	sed -i -E 's|^include /usr/src/|include $(dir $(realpath $(lastword $(MAKEFILE_LIST))))../|' \
		"$dir/Makefile"
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

debian_unpack() {
	local tmp=$1 out=$1/out deb source

	mkdir -p "$out/headers" "$tmp/image"
	say "unpacking $release"
	debian_source "$tmp" &
	source=$!
	unpack_deb "$tmp"/deb/linux-image-* "$tmp/image"
	for deb in "$tmp"/deb/linux-headers-* "$tmp"/deb/linux-kbuild-*; do
		unpack_deb "$deb" "$out/headers"
	done
	mkdir -p "$out/modules/lib"
	mv "$tmp/image/lib/modules" "$out/modules/lib/"
	rm -f "$out/modules/lib/modules/$release"/{build,source}
	mv "$tmp/image/boot/vmlinuz-$release" "$out/vmlinuz"
	mv "$tmp/image/boot/config-$release" "$out/config"
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
