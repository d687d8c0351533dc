# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
# dpdk-patches/check with a small series, and trees that resemble DPDK. Sourced by run.

# A copy of the script, with series of three patches: of a library, of another one, and of
# the documentation.
check_series() {
	local line

	unset -f patch
	rm "$COLD/bin/patch"
	mkdir -p "$tmp/top/dpdk-patches" "$tmp/top/scripts"
	cp "$top"/dpdk-patches/{check,series.sh} "$tmp/top/dpdk-patches"
	cp "$top"/scripts/{lib,exit}.sh "$tmp/top/scripts"
	for line in 22.11 24.11; do
		mkdir "$tmp/top/dpdk-patches/$line"
		(
			cd "$tmp/top/dpdk-patches/$line" || exit
			echo 'Subject: [PATCH 0/3] Text' >0000-cover-letter.patch
			change lib/eal/a.c b >0001-eal.patch
			change drivers/bus/b.c b >0002-bus.patch
			change doc/c.rst b >0003-doc.patch
		)
	done
}

# change FILE TEXT: print a patch that replaces the line "a" of FILE by TEXT.
change() {
	printf '%s\n' "--- a/$1" "+++ b/$1" '@@ -1,3 +1,3 @@' ' 1' '-a' "+$2" ' 3'
}

# check_tree VERSION [FILE]: check a tree, in which FILE has changed. The tree stays as it is.
check_tree() {
	local tree=$tmp/tree file

	rm -rf "$tree"
	mkdir -p "$tree"/{lib/eal/linux,drivers/bus,doc}
	echo "$1" >"$tree/VERSION"
	for file in lib/eal/a.c drivers/bus/b.c doc/c.rst; do
		printf '%s\n' 1 a 3 >"$tree/$file"
	done
	[ -z "${2:-}" ] || echo other >"$tree/$2"
	cp -a "$tree" "$tree.before"
	status=0
	"$tmp/top/dpdk-patches/check" "$tree" >"$tmp/out" 2>"$tmp/err" </dev/null || status=$?
	diff -r "$tree.before" "$tree" || fail "the tree has changed"
	rm -r "$tree.before"
	[ -z "$(ls -A "$TMPDIR")" ] || fail "left: $(ls "$TMPDIR")"
}

# prints STATUS LINE...: the script ended with STATUS, and these are its output.
prints() {
	[ "$status" -eq "$1" ] || fail "status $status, not $1"
	diff <(printf '%s\n' "${@:2}") <(cat "$tmp/out" "$tmp/err") || fail "other lines"
}

test_dpdk_check() {
	check_series
	check_tree 22.11.4
	prints 0 'DPDK 22.11.4: series 22.11, all 3 patches apply'
	check_tree 22.11.4 doc/c.rst
	prints 0 'DPDK 22.11.4: series 22.11, 2 of 3 patches apply, those of the libraries among them; not:' \
		0003-doc.patch
	check_tree 22.11.4 drivers/bus/b.c
	prints 1 'check: DPDK 22.11.4: series 22.11 does not apply, 0002-bus.patch fails'
}

# Versions between two series get the older one.
test_dpdk_check_versions() {
	check_series
	check_tree 24.07.0
	prints 0 'DPDK 24.07.0: series 22.11, all 3 patches apply'
	check_tree 26.11.0-rc1
	prints 0 'DPDK 26.11.0-rc1: series 24.11, all 3 patches apply'
	check_tree 21.11.9
	prints 1 'check: there are no patches for DPDK 21.11.9 in dpdk-patches'
	check_tree text
	prints 1 "check: unknown DPDK version 'text'"
}

test_dpdk_check_of_other_trees() {
	check_series
	check_tree 24.11.0 lib/eal/linux/eal_noiommu.c
	prints 1 "check: DPDK 24.11.0 in $tmp/tree has the patches already"
	check_tree 24.11.0
	rm "$tmp/tree/VERSION"
	cold dpdk-patches/check "$tmp/tree"
	wants 1 'is not a DPDK tree: it has no file VERSION'
	cold dpdk-patches/check ''
	wants 1 'usage: '
}
