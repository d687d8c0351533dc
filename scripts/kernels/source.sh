# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
# Kernels built here: package is a linux-source of Debian; configs are the files of
# configs/ to merge, later ones override earlier ones. Sourced by kernel.

source_configs() {
	local config

	for config in ${configs//,/ }; do
		cat "$configs_dir/$config"
	done
	# Two kernels of one version must not share a directory of modules.
	echo "CONFIG_LOCALVERSION=\"-${configs##*,}\""
}

kind_source_resolve() {
	# The key contains the compiler, so it must be installed first.
	"$top/scripts/deps" source || exit
	pkgs=()
	apt_add "$package"
}

kind_source_key() {
	echo "${pkgs[*]}"
	gcc --version | head -n 1
	source_configs
}

source_unpack() {
	local tmp=$1

	say "unpacking ${pkgs[*]}"
	unpack_deb "$tmp"/deb/*.deb "$tmp/tar"
	mkdir -p "$tmp/out/build"
	tar -C "$tmp/out/build" --strip-components=1 -xJf "$tmp"/tar/usr/src/linux-source-*.tar.xz ||
		die "cannot unpack the sources of ${pkgs[*]}"
	rm -rf "$tmp/tar" "$tmp/deb"
}

source_make() {
	make -C "$tree" "$@" >>"$log" 2>&1 || {
		tail -n 5 "$log" >&2
		die "make $* failed for $name: the whole story is in $log"
	}
}

# Kconfig drops unknown options silently, so check that each one is set.
source_configure() {
	local wanted=$1 unset

	source_make KCONFIG_ALLCONFIG="$wanted" allnoconfig
	unset=$(awk -F= '
		/^#/ || !NF { next }
		{ want[$1] = $0 }
		END { for (o in want) if (want[o] !~ /=n$/) print want[o] }' "$wanted" |
		grep -vxF -f "$tree/.config") || [ $? -eq 1 ]
	[ -z "$unset" ] || die "$name cannot have ${unset//$'\n'/ }: see scripts/kernels/configs"
}

# Prints the progress of make every 30 s. Its name keeps it out of the product's key.
show_progress() {
	local steps

	cache_hold_nothing
	while pause 30 && kill -0 "$$" 2>/dev/null; do
		steps=$(grep -cE '^  [A-Z]+ ' "$log") || :
		say "$name: $steps files made"
	done
}

kind_source_make() {
	local tmp=$1 tree=$1/out/build out=$1/out progress

	say "downloading ${pkgs[*]} (170 MB)"
	apt_download "$tmp/deb"
	source_unpack "$tmp"
	: >"$log"
	source_configs >"$tmp/configs"
	source_configure "$tmp/configs"
	say "building $name, about ten minutes on 2 cores (log: $log)"
	show_progress &
	progress=$!
	source_make -j"$(nproc)"
	source_make INSTALL_MOD_PATH="$out/modules" INSTALL_MOD_STRIP=1 modules_install
	kill "$progress"
	release=$(cat "$tree/include/config/kernel.release")
	rm -f "$out/modules/lib/modules/$release"/{build,source}
	cp "$tree/arch/x86/boot/bzImage" "$out/vmlinuz"
	cp "$tree/.config" "$out/config"
	ln -s build "$out/source"
}
