# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
# Packages of a Debian suite. A suite or an architecture that this system does not use gets lists
# of its own in the cache, without a change to the system's apt. Sourced; the caller sets suite,
# cache and log, and arch if it is not the system's.

apt_keys=/usr/share/keyrings/debian-archive-keyring.gpg
# The options that apt needs for the suite.
apt_options=()

# Prints the mirror that this system uses for Debian.
apt_mirror() {
	# shellcheck disable=SC2016 # apt's own variables
	apt-get indextargets --format '$(CREATED_BY) $(ORIGIN) $(CODENAME) $(REPO_URI)' |
		awk '$1 == "Packages" && $2 == "Debian" && $3 !~ /-/ { print $4; exit }'
}

# apt_archives SUITE: print "RELEASE COMPONENT URI" of the suite and of its security and updates
# archives, for those that this system takes packages from.
apt_archives() {
	# shellcheck disable=SC2016
	apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(REPO_URI)' \
		'Created-By: Packages' 'Origin: Debian' | sort -u |
		sed -nE "/^$1(-security|-updates)? /p"
}

# apt_sources TYPE: print the lines of sources.list, of type deb or deb-src, for the suite, and for
# the security and updates archives of its release if this system takes packages from them.
# Backports need the libraries of their release.
apt_sources() {
	local release=${suite%-backports}

	{
		printf '%s main %s\n' "$suite" "$mirror" "$release" "$mirror"
		apt_archives "$release"
	} | awk -v start="$1 [signed-by=$apt_keys]" '$2 == "main" && !seen[$0]++ { print start, $3, $1, $2 }'
}

# apt_private DIR [TYPE]: make a configuration with these sources only, and set apt_options to it.
apt_private() {
	local dir=$1 native mirror

	native=$(dpkg --print-architecture)
	mirror=$(apt_mirror)
	[ -n "$mirror" ] || die "apt has no Debian mirror to take $suite from"
	[ -r "$apt_keys" ] || die "$apt_keys is missing: apt install debian-archive-keyring"
	mkdir -p "$dir"/{lists,archives}/partial
	: >"$dir/status"
	apt_sources "${2:-deb}" >"$dir/sources.list"
	cat >"$dir/apt.conf" <<-END
		Dir::Etc::SourceList "$dir/sources.list";
		Dir::Etc::SourceParts "-";
		Dir::State::Lists "$dir/lists";
		Dir::State::Status "$dir/status";
		Dir::Cache "$dir";
		APT::Sandbox::User "root";
		APT::Architectures { "$native"; ${arch:+"$arch";} };
		Acquire::Languages "none";
	END
	apt_options=(-c "$dir/apt.conf")
}

# Sets apt_options. Before its first update, a private configuration knows no package.
apt_choose() {
	local own

	# shellcheck source=/dev/null
	own=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
	# As root, apt would work as the user _apt, which cannot write here.
	apt_options=(-o APT::Sandbox::User=root)
	if [ "$suite" != "$own" ] || [ -n "${arch:-}" ]; then
		apt_private "$cache/apt-$suite${arch:+-$arch}"
		# Its sources name the release, too, whose kernels are not wanted.
		apt_options+=(-o "APT::Default-Release=/^$suite(-security|-updates)?\$/")
	fi
}

apt_update() {
	local as=as_root

	say "apt-get update for $suite"
	[ "${apt_options[0]}" != -c ] || as=""
	apt_get "$log" $as apt-get -qq "${apt_options[@]}" update ||
		die "apt-get update for $suite failed: $(tail -n 1 "$log") (log: $log)"
}

# apt_version PACKAGE: print the newest version; fails if there is none.
apt_version() {
	apt-cache "${apt_options[@]}" policy "$1" 2>/dev/null |
		awk '$1 == "Candidate:" && $2 != "(none)" { print $2; found = 1 } END { exit !found }'
}

# apt_add PACKAGE...: add the newest version of each to pkgs; fails if one has none.
apt_add() {
	local package version

	for package; do
		version=$(apt_version "$package") || return 1
		pkgs+=("$package=$version")
	done
}

# apt_plan PACKAGE...: print name=version of each, and of all that they depend on.
apt_plan() {
	local plan

	plan=$(apt-get -s "${apt_options[@]}" --no-install-recommends install "$@" 2>/dev/null) || return
	sed -n 's/^Inst \([^ ]*\) (\([^ ]*\) .*/\1=\2/p' <<<"$plan" | sort
}

# apt_depends PACKAGE PATTERN: print the first dependency whose name matches. The package is one
# of arch. Apt appends arch to the names of dependencies, and puts those without a package of arch
# into <>.
apt_depends() {
	apt-cache "${apt_options[@]}" depends --important "$1${arch:+:$arch}" 2>/dev/null |
		sed -nE "s/^ *Depends: ${arch:+<?}([^:>]*)${arch:+(:$arch)?>?}\$/\1/p" | grep -m1 -E "^$2\$"
}

# Call kind_KIND_resolve. If the lists lack a package, update them and call it again.
apt_resolve() {
	apt_choose
	kind_"$kind"_resolve || {
		apt_update
		kind_"$kind"_resolve
	} || die "apt does not know the packages of $package in Debian's $suite with its security archive"
}

# apt_download DIR: download pkgs into DIR. If the lists are old, the archive may have
# dropped these versions: update them and retry.
apt_download() {
	local dir=$1 try

	mkdir -p "$dir"
	for try in 1 2; do
		(cd "$dir" && apt-get -qq "${apt_options[@]}" download "${pkgs[@]}") >"$log" 2>&1 && {
			cache_unlock "apt-$suite"
			return
		}
		[ "$try" = 2 ] || {
			apt_update
			kind_"$kind"_resolve || break
		}
	done
	die "cannot download ${pkgs[*]}: $(tail -n 1 "$log") (log: $log)"
}

# unpack_deb FILE DIR
unpack_deb() {
	dpkg-deb -x "$1" "$2" || die "cannot unpack $(basename "$1")"
}
