# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
# Tests of the series itself. Sourced by check, which sets top, tmp, kernel and series.

# write_series TREE OUT: write the series with a fixed author. The cached product is named
# after the series, so the series must not depend on the user.
write_series() {
	GIT_AUTHOR_NAME=Tester GIT_AUTHOR_EMAIL=tester@example.org \
		"$top/scripts/intree/kernel-patch" "$1" "$2"
}

series_write() {
	write_series "$kernel/build" "$series"
}

series_again() {
	write_series "$kernel/build" "$tmp/again"
	diff -r "$series" "$tmp/again"
}

# known_files TO: copy the files of the kernel that the series changes.
known_files() {
	mkdir "$1"
	(
		cd "$kernel/build" || exit
		sed -n 's|^--- a/||p' "$series"/000[1-4]-* | sort -u | while read -r file; do
			[ ! -e "$file" ] || cp --parents -t "$1" "$file"
		done
	)
}

# The patches apply to these files with git am, in a repository of their own.
series_am() {
	local git="git -C $tmp/am -c user.name=x -c user.email=x@example.org"

	known_files "$tmp/am"
	$git init -q
	$git add -A
	$git commit -q -m base
	$git am -q "$series"/000[1-4]-*
	[ "$($git rev-list --count HEAD)" -eq 5 ]
}

series_checkpatch() {
	local patch

	# checkpatch takes the arguments of trace events, which are blocks of code, for mistakes.
	for patch in "$series"/000[1-9]-*; do
		(cd "$kernel/build" && perl scripts/checkpatch.pl --strict --quiet --terse \
			--ignore OPEN_ENDED_LINE,PARENTHESIS_ALIGNMENT --no-summary "$patch") || :
	done >"$tmp/complaints"
	cat "$tmp/complaints"
	[ ! -s "$tmp/complaints" ]
}

# refused TEXT TREE: kernel-patch fails for TREE, with one line that contains TEXT.
refused() {
	local said

	! said=$(QUIET=1 write_series "$2" "$tmp/none" 2>&1) || die "not refused: $2"
	[[ $said == *"$1"* && $said != *$'\n'* ]] || die "$2: $said"
}

# with_headers KERNEL TREE: make a kernel tree with the headers of KERNEL in tests/compat.
with_headers() {
	known_files "$2"
	cp "$kernel/build/Makefile" "$2"
	cp -r "$top/tests/compat/$1/include" "$2"
}

series_refusals() {
	refused "KERNEL_TREE=DIR" ""
	refused "no such directory" "$tmp/nowhere"
	refused "is not a kernel tree" "$tmp"
	with_headers 6.1 "$tmp/6.1"
	refused "too old" "$tmp/6.1"
	with_headers 6.12 "$tmp/6.12"
	refused "too old" "$tmp/6.12"
	with_headers 7.3 "$tmp/unknown"
	sed -i 's/\*detach_ioas/*unplug_ioas/' "$tmp/unknown/include/linux/vfio.h"
	refused "unplug_ioas" "$tmp/unknown"
	with_headers 7.3 "$tmp/twice"
	mkdir "$tmp/twice/drivers/iommu/noiommu"
	refused "has the drivers already" "$tmp/twice"
}
