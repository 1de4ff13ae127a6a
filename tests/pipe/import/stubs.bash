# shellcheck shell=bash
# A host whose addresses and names are known: what vcap-import asks of it.

import_stubs() { # DIRECTORY
	mkdir -p "$1"
	cat >"$1/getent" <<-'END'
		#!/bin/sh
		[ "$1" = ahosts ] || exit 1
		case $2 in
		app.example.net) printf '%s STREAM %s\n' 10.8.0.1 "$2" 10.8.0.1 '' 10.8.0.2 "$2" ;;
		old.example.net) echo "10.8.0.9 STREAM $2" ;;
		both.example.net) printf '%s STREAM\n' 2001:db8:8::5 10.8.0.5 ;;
		localhost) printf '%s STREAM\n' ::1 127.0.0.1 ;;
		*) exit 2 ;;
		esac
	END
	cat >"$1/ip" <<-'END'
		#!/bin/sh
		cat <<'ADDRESSES'
		1: lo    inet 127.0.0.1/8 scope host lo\       valid_lft forever preferred_lft forever
		1: lo    inet6 ::1/128 scope host \       valid_lft forever preferred_lft forever
		2: eth0    inet 192.0.2.200/24 brd 192.0.2.255 scope global eth0\       valid_lft forever
		2: eth0    inet6 2001:db8::200/64 scope global \       valid_lft forever preferred_lft forever
		2: eth0    inet6 fe80::1/64 scope link \       valid_lft forever preferred_lft forever
		ADDRESSES
	END
	chmod 755 "$1"/*
}
