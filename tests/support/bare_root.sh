#!/bin/bash
# Makes, or re-uses, a Debian 12 root folder for tests that need a machine of their own.
#
#   bare_root.sh KIND         prints the path of the cached root; never write into that one
#   bare_root.sh KIND DEST    copies it to DEST, which the caller may change and must remove
#
# KIND  bare     minbase with git: what README's two commands promise to start from
#       systemd  minbase with systemd, dbus and the libraries that the installed programs link with
#
# Packages come from wherever this machine's apt takes its own, so no mirror is named here.
# The cache lies under ${TMPDIR:-/tmp}/trithuc-roots; its folder's name carries a hash of what went
# in, so that another package list makes another root.  Needs root and debootstrap.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source_root=$(cd "$here/../.." && pwd)
suite=bookworm

die() {
	printf 'bare_root: %s\n' "$*" >&2
	exit 1
}

packages_of() {
	case $1 in
	bare) echo git ca-certificates ;;
	systemd)
		echo systemd systemd-sysv dbus ca-certificates
		"$source_root/scripts/setup" --list run
		;;
	*) die "unknown kind '$1': bare or systemd" ;;
	esac
}

# The mirror from which apt on this machine takes the suite itself.
mirror_of_suite() {
	apt-get indextargets --format '$(CODENAME) $(REPO_URI)' 'Created-By: Packages' |
		awk -v suite="$suite" '$1 == suite { print $2; exit }'
}

copy_apt_settings() {
	local root=$1
	rm -f "$root/etc/apt/sources.list"
	cp -aL /etc/apt/. "$root/etc/apt/"
	rm -f "$root/etc/apt/preferences.d/"* "$root/etc/apt/apt.conf.d/"*packagekit "$root/etc/apt/apt.conf.d/"*appstream
	cp -a /usr/share/keyrings/. "$root/usr/share/keyrings/"
	cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
}

make_root() {
	local root=$1 packages=$2 mirror proxy=
	[ "$(id -u)" = 0 ] || die "needs root"
	command -v debootstrap >/dev/null || die "debootstrap is missing: run scripts/setup"
	mirror=$(mirror_of_suite)
	[ -n "$mirror" ] || die "apt on this machine has no source for $suite"
	eval "$(apt-config shell proxy Acquire::http::Proxy)"
	[ -z "$proxy" ] || export http_proxy=$proxy

	rm -rf "$root" "$root.new"
	debootstrap --variant=minbase "$suite" "$root.new" "$mirror" >"$root.log" 2>&1 ||
		die "debootstrap failed: see $root.log"
	copy_apt_settings "$root.new"
	# Through apt rather than --include: debootstrap knows only the first suite, and
	# security updates of these packages may need newer libraries than that has.
	{
		chroot "$root.new" apt-get update -q &&
			chroot "$root.new" env DEBIAN_FRONTEND=noninteractive \
				apt-get install -qy --no-install-recommends $packages &&
			chroot "$root.new" apt-get clean
	} >>"$root.log" 2>&1 || die "installing packages failed: see $root.log"
	rm -rf "$root.new"/var/lib/apt/lists/*
	mv "$root.new" "$root"
}

[ $# -ge 1 ] && [ $# -le 2 ] || die "usage: bare_root.sh bare|systemd [DEST]"
kind=$1 dest=${2:-}
packages=$(packages_of "$kind" | tr '\n' ' ')
cache=${TMPDIR:-/tmp}/trithuc-roots
mkdir -p "$cache"
key=$(printf '%s %s' "$suite" "$packages" | sha256sum | cut -c1-12)
root=$cache/$kind-$key

exec 9>"$cache/$kind.lock"
flock 9
[ -d "$root" ] || make_root "$root" "$packages"
if [ -n "$dest" ]; then
	[ ! -e "$dest" ] || die "'$dest' exists already"
	cp -a --reflink=auto "$root" "$dest"
	echo "$dest"
else
	echo "$root"
fi
