#!/bin/sh
# extcap-install.sh install|uninstall global|personal: makes vcap-extcap an extcap program of Wireshark,
# with vcap's profile and Lua script, where tshark says that it looks for them. The directories differ
# from version to version.
set -eu

here=$(dirname "$(readlink -f "$0")")
program=$here/../../bin/vcap-extcap
share=$here/../../share/wireshark
task=$1 for=$2

die() {
	printf 'vcap-extcap: %s\n' "$1" | LC_ALL=C tr -c '[:print:]\n' '?' >&2
	exit 1
}

for tool in tshark wireshark; do
	! command -v "$tool" >/dev/null || break
done
folders=$("$tool" -G folders 2>/dev/null) || die 'there is no tshark or wireshark here'

folder() { # NAME...: the first of these that there is
	for name; do
		printf '%s\n' "$folders" | awk -v name="$name:" '
			index($0, name) == 1 { sub(/^[^:]*:[ \t]*/, ""); print; exit }' | grep . && return
	done
	die "Wireshark does not say where its '$1' is"
}

if [ "$for" = personal ]; then
	# Before 4.2 it names only one directory for extcap programs, and looks below the configuration, too.
	config=$(folder 'Personal configuration')
	extcap=$(folder 'Personal Extcap path' 2>/dev/null) || extcap=$config/extcap
	lua=$(folder 'Personal Lua Plugins' 'Personal Plugins')
else
	config=$(folder 'Global configuration')
	extcap=$(folder 'Global Extcap path' 'Extcap path')
	lua=$(folder 'Global Lua Plugins' 'Global Plugins')
fi

same() { # FILE FILE
	[ "$(readlink -f "$1")" = "$(readlink -f "$2")" ]
}

put() { # FILE LINK
	[ -e "$1" ] || die "there is no '$1'"
	[ ! -e "$2" ] || same "$1" "$2" || [ -L "$2" ] || die "'$2' is there, and is not a link"
	same "$1" "$2" || ln -sfn "$(readlink -f "$1")" "$2" || exit 1
	echo "$2"
}

take() { # FILE LINK
	[ ! -L "$2" ] || ! same "$1" "$2" || { rm "$2" && echo "$2"; }
}

profile=$config/profiles/vcap
if [ "$task" = install ]; then
	mkdir -p "$extcap" "$lua" "$config/profiles" || exit 1
	put "$program" "$extcap/vcap-extcap"
	put "$share/vcap.lua" "$lua/vcap.lua"
	# Wireshark writes to it what is changed in its windows.
	[ -e "$profile" ] || cp -R "$share/profiles/vcap" "$profile" || exit 1
	echo "$profile"
else
	take "$program" "$extcap/vcap-extcap"
	take "$share/vcap.lua" "$lua/vcap.lua"
	if same "$profile" "$share/profiles/vcap" || [ ! -d "$profile" ]; then
		:
	elif diff -r "$share/profiles/vcap" "$profile" >/dev/null; then
		rm -r "$profile" && echo "$profile"
	else
		echo "'$profile' was changed, and is left" >&2
	fi
fi
