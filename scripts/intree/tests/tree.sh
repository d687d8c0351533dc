# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
# Tests of a tree with the series. Sourced by check, which sets top, tmp, kernel, series,
# tree and product.

drivers=(drivers/iommu/noiommu/ drivers/vfio/pci/noiommu/)

tree_make() {
	make -s -C "$tree" -j"$(nproc)" "$@"
}

# Link the sources: nothing writes to them, and patch replaces files. Copy the files that
# the build has made, which are newer than the sources.
tree_copy() {
	mkdir "$tree"
	(
		cd "$kernel/build" || exit
		find . ! -type d ! -newer Makefile -print0 | cpio -0 --quiet -pdml "$tree"
		find . ! -type d -newer Makefile -print0 | cpio -0 --quiet -pdm "$tree"
	)
	tree_settle
}

# make rebuilds objtool, which contains the path of its directory. Every object depends on
# objtool, so it must not be newer than the objects afterwards.
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

# has FILE OPTION=VALUE...: check each option, because Kconfig drops options with unmet
# dependencies silently.
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

# wanted TARGET OPTION=VALUE...: make $tmp/config from these options with TARGET, allnoconfig
# or alldefconfig.
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
	has "$tmp/config" NOIOMMU=y IOMMU_API=y HMM_MIRROR=y CONTIG_ALLOC=y
	wanted allnoconfig NOIOMMU=y VFIO=y NOIOMMU_PCI=y
	has "$tmp/config" NOIOMMU_PCI=y VFIO_PCI_CORE=y
	# Code that calls a module is a module.
	wanted allnoconfig MODULES=y NOIOMMU=m VFIO=y NOIOMMU_PCI=y
	has "$tmp/config" NOIOMMU_PCI=m
	wanted allnoconfig MODULES=y NOIOMMU=y VFIO=m NOIOMMU_PCI=y
	has "$tmp/config" NOIOMMU=y NOIOMMU_PCI=m
	! grep -A3 'unmet direct dependencies' "$tmp/kconfig"
}

# --- Builds -----------------------------------------------------------------------

# Fail on warnings of modpost, which only prints them.
tree_modules() {
	tree_patch "$1"
	# shellcheck disable=SC2046 # a list of words
	configure $(cd "$tree" && cat "${drivers[@]/%/Kconfig}" 2>/dev/null |
		sed -n 's/^config \(.*\)/\1=m/p')
	tree_make modules 2>&1 | tee "$tmp/warnings"
	[ "${PIPESTATUS[0]}" -eq 0 ] && [ ! -s "$tmp/warnings" ]
}

# Check only our drivers, because others have such warnings.
tree_warnings() {
	tree_make W=1 KCFLAGS=-Werror "${drivers[@]}"
}

# Build in the drivers, and native drivers for devices of the guest, which must probe first.
#
# VFIO selects iommufd. A change of CONFIG_IOMMUFD would recompile every file that includes
# <linux/sched/user.h>, which is nearly all, although with CONFIG_NET it has no effect
# there. So the option's file keeps its time stamp, and objects that do depend on it are removed.
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

# Publish the kernel in the form of scripts/kernels/kernel, without loadable modules.
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
