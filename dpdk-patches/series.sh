# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
# The series that a version of DPDK needs, and how it is applied. Sourced; the caller sets top.

# select_series VERSION: set series to its name, and patches to those of it without its cover
# letter. It is the newest that is not newer than the version.
select_series() {
	local line dir

	series=""
	line=$(grep -oE '^[0-9]{2}\.[0-9]{2}' <<<"$1") || die "unknown DPDK version '$1'"
	for dir in "$top"/dpdk-patches/[0-9]*/; do
		dir=$(basename "$dir")
		[[ $dir > $line ]] || series=$dir
	done
	[ -n "$series" ] || die "there are no patches for DPDK $1 in dpdk-patches"
	patches=("$top/dpdk-patches/$series"/[0-9]*.patch)
	[[ ${patches[0]} != */0000-* ]] || patches=("${patches[@]:1}")
}

# of_library PATCH: does it change a library or a driver? Such a patch needs those before it.
# The others stand on their own: an application does not need them.
of_library() {
	grep -qE '^\+\+\+ b/(lib|drivers)/' "$1"
}

# apply_patch PATCH TREE LOG: apply all of the patch or nothing.
apply_patch() {
	local option

	for option in --dry-run --no-backup-if-mismatch; do
		patch -d "$2" -p1 --fuzz=0 --forward "$option" <"$1" >>"$3" 2>&1 || return
	done
}

# apply_series TREE LOG: apply the selected patches. Sets left_out to those that do not apply;
# fails at once if one of them is of a library.
apply_series() {
	local patch

	left_out=()
	for patch in "${patches[@]}"; do
		if ! apply_patch "$patch" "$1" "$2"; then
			left_out+=("$patch")
			! of_library "$patch" || return
		fi
	done
}
