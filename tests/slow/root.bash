# shellcheck shell=bash disable=SC2016 # dollars for the shell there
# A root of an empty Debian 12, made by debootstrap, for tests that do what a user would. The network is
# used for what a user of apt and npm would use it for.

# Makes the root, or skips.
make_root() { # DIR
	[ "$(id -u)" -eq 0 ] || skip "root: not here"
	command -v debootstrap >/dev/null || skip "debootstrap: not here"
	unshare -m debootstrap --variant=minbase bookworm "$1" >"$1.log" 2>&1 || {
		tail "$1.log"
		return 1
	}
	cp --remove-destination /etc/resolv.conf "$1/etc/"
	# Where the way out is a proxy that has certificates of its own.
	mkdir -p "$1/usr/local/share"
	cp -R /usr/local/share/ca-certificates "$1/usr/local/share/"
}

# Runs a command in it as root, in namespaces of processes and mounts: the root is a mount of its own, as
# namespaces made there need it.
enter_root() { # DIR COMMAND...
	unshare -mpf --kill-child sh -ec 'root=$1
		shift
		mount --bind "$root" "$root"
		cd "$root"
		mount -t proc proc proc
		mount --rbind /sys sys
		mount --rbind /dev dev
		exec chroot . "$@"' sh "$@"
}
