# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
# What is tested of a tree with the series. Sourced by check, which sets top, tmp,
# kernel, series, tree and product.

drivers=(drivers/iommu/noiommu/ drivers/vfio/pci/noiommu/)

tree_make() {
	make -s -C "$tree" -j"$(nproc)" "$@"
}

# Nothing writes to sources, and patch puts a new file in place of the old one, so that
# a link will do; what the build has made is newer than the sources, and copied.
tree_copy() {
	mkdir "$tree"
	(
		cd "$kernel/build" || exit
		find . ! -type d ! -newer Makefile -print0 | cpio -0 --quiet -pdml "$tree"
		find . ! -type d -newer Makefile -print0 | cpio -0 --quiet -pdm "$tree"
	)
	tree_settle
}

# objtool, which every object depends on, is made again, because it has the directory in
# it: then it must not be newer than the objects.
tree_settle() {
	touch -r "$tree/tools/objtool/objtool" "$tmp/made"
	"$tree/scripts/config" --file "$tree/.config" --set-str LOCALVERSION -intree
	tree_make olddefconfig prepare
	find "$tree/tools/objtool" -type f -newer "$tmp/made" -exec touch -r "$tmp/made" {} +
}

tree_patch() {
	patch -d "$tree" -s -p1 --no-backup-if-mismatch <"$1"
}

# --- Options ----------------------------------------------------------------------

# has FILE OPTION=VALUE...: what an option lacks is not left out in silence.
has() {
	local option

	for option in "${@:2}"; do
		grep -qx "CONFIG_$option" "$1" || die "there is no CONFIG_$option"
	done
}

# configure OPTION=VALUE...
configure() {
	local option

	for option; do
		"$tree/scripts/config" --file "$tree/.config" --set-val "${option%=*}" "${option#*=}"
	done
	tree_make olddefconfig
	has "$tree/.config" "$@"
}

# wanted TARGET OPTION=VALUE...: what TARGET, allnoconfig or alldefconfig, makes of
# them. Leaves $tmp/config.
wanted() {
	printf 'CONFIG_%s\n' 64BIT=y PCI=y IOMMU_SUPPORT=y "${@:2}" >"$tmp/wanted"
	tree_make KCONFIG_CONFIG="$tmp/config" KCONFIG_ALLCONFIG="$tmp/wanted" "$1" 2>&1 |
		tee -a "$tmp/kconfig"
	[ "${PIPESTATUS[0]}" -eq 0 ]
}

tree_options() {
	wanted alldefconfig VFIO=y NOIOMMU=y
	has "$tmp/config" NOIOMMU=y
	! grep '^CONFIG_NOIOMMU_PCI' "$tmp/config" || die "noiommu-pci is on by default"
	wanted alldefconfig VFIO=y
	! grep '^CONFIG_NOIOMMU' "$tmp/config" || die "on by default"
	wanted allnoconfig NOIOMMU=y
	has "$tmp/config" NOIOMMU=y IOMMU_API=y HMM_MIRROR=y
	wanted allnoconfig NOIOMMU=y VFIO=y NOIOMMU_PCI=y
	has "$tmp/config" NOIOMMU_PCI=y VFIO_PCI_CORE=y
	# What calls into a module is one.
	wanted allnoconfig MODULES=y NOIOMMU=m VFIO=y NOIOMMU_PCI=y
	has "$tmp/config" NOIOMMU_PCI=m
	wanted allnoconfig MODULES=y NOIOMMU=y VFIO=m NOIOMMU_PCI=y
	has "$tmp/config" NOIOMMU=y NOIOMMU_PCI=m
	! grep -A3 'unmet direct dependencies' "$tmp/kconfig"
}

# --- Builds -----------------------------------------------------------------------

# Modpost warns, and goes on.
tree_modules() {
	tree_patch "$1"
	# shellcheck disable=SC2046 # a list of words
	configure $(cd "$tree" && cat "${drivers[@]/%/Kconfig}" 2>/dev/null |
		sed -n 's/^config \(.*\)/\1=m/p')
	tree_make modules 2>&1 | tee "$tmp/warnings"
	[ "${PIPESTATUS[0]}" -eq 0 ] && [ ! -s "$tmp/warnings" ]
}

# Only the drivers: others are not that clean.
tree_warnings() {
	tree_make W=1 KCFLAGS=-Werror "${drivers[@]}"
}

# With native drivers for devices of the guest, which must come first.
#
# VFIO takes iommufd along. All that includes <linux/sched/user.h>, which is all, would
# be compiled again for IOMMUFD, although CONFIG_NET has decided there: so the option
# keeps its time, and what means it is removed.
tree_built_in() {
	touch -r "$tree/include/config/IOMMUFD" "$tmp/iommufd"
	configure IOMMUFD=y VFIO=y VFIO_IOMMU_TYPE1=y VFIO_PCI=y NOIOMMU=y NOIOMMU_PCI=y \
		E1000E=y BLK_DEV_NVME=y
	tree_make prepare
	touch -r "$tmp/iommufd" "$tree/include/config/IOMMUFD"
	find "$tree"/drivers/{iommu,vfio} -name '*.o' -delete
	tree_make vmlinux
	tree_publish
}

# What scripts/kernel would make of it, with no modules but those of its name.
tree_publish() {
	local out=$tmp/out modules release

	release=$(cat "$tree/include/config/kernel.release")
	modules=$out/modules/lib/modules/$release
	mkdir -p "$modules"
	strip -o "$out/vmlinux" "$tree/vmlinux"
	cp "$tree/.config" "$out/config"
	cp "$tree"/modules.{order,builtin,builtin.modinfo} "$modules/"
	depmod -b "$out/modules" "$release"
	echo "$release" >"$out/release"
	cache_publish "$out" "$product"
}
