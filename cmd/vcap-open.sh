#!/bin/sh
# vcap-open: the newest capture in Wireshark, or in what there is without a display.
set -eu

here=$(dirname "$(readlink -f "$0")")
share=$here/../share/wireshark
PATH=$here:$PATH
export PATH
as=${VCAP_AS:-vcap-open}
unset VCAP_AS

usage() {
	cat <<'END'
Opens a capture in Wireshark, with columns for engine and side.

usage: vcap-open file|id|service [arg ...]

  -h, --help     show this help
      --version  show the version

Examples:
  vcap open shop
  vcap open shop -Y tcp.flags.reset==1

See vcap-open(1).
END
}

die() { # STATUS MESSAGE
	printf '%s: %s\n' "$as" "$2" | LC_ALL=C tr -c '[:print:]\n' '?' >&2
	exit "$1"
}

case ${1-} in
-h | --help) usage; exit ;;
--version) echo "vcap-open @VERSION@"; exit ;;
--) shift ;;
-?*) die 2 "unknown option '$1' (try --help)" ;;
esac
[ $# -gt 0 ] || die 2 "needs a capture, a service or a file (try --help)"
what=$1
shift
[ "$what" != - ] || die 2 "a stream is not opened by it: '... | wireshark -k -i -' does"

keyed=
file=$what
if [ "${what#*/}" = "$what" ] && [ ! -f "$what" ]; then
	# Oldest first; one that is not merged yet has no file.
	file=$(VCAP_AS=$as vcap-ls -r -o FILE -- "$what") || exit
	file=$(printf '%s\n' "$file" | grep -vx -e - | tail -n 1) || true
	[ -n "$file" ] || die 1 "no capture of '$what' has a file yet"
	[ ! -e "${file%.pcapng}.keys" ] || keyed=1
fi
[ -r "$file" ] || die 1 "cannot read '$file'"

# With its TLS keys it is a copy, for as long as it is looked at.
if [ -n "$keyed" ]; then
	id=$(basename "$file" .pcapng)
	copy=$(mktemp -d "${XDG_RUNTIME_DIR:-/tmp}/vcap-open.XXXXXX")
	trap 'rm -rf "$copy"' EXIT
	trap 'exit 130' INT TERM HUP
	file=$copy/$id.pcapng
	VCAP_AS=$as vcap-export --keys -w "$file" -- "$id" >/dev/null || [ $? -eq 3 ] || exit 1
fi

run() { # PROGRAM ARG...
	[ -n "$keyed" ] || exec "$@"
	status=0
	"$@" || status=$?
	exit $status
}

if [ -n "${DISPLAY-}${WAYLAND_DISPLAY-}" ] && command -v wireshark >/dev/null; then
	program=wireshark
elif [ -t 0 ] && [ -t 1 ] && command -v termshark >/dev/null; then
	run termshark -r "$file" "$@"
elif command -v tshark >/dev/null; then
	program=tshark
else
	die 1 'there is neither wireshark nor tshark here'
fi
for profiles in "${XDG_CONFIG_HOME:-${HOME-}/.config}/wireshark" "${HOME-}/.wireshark" /usr/local/share/wireshark \
	/usr/share/wireshark; do
	[ ! -d "$profiles/profiles/vcap" ] || run "$program" -C vcap -X "lua_script:$share/vcap.lua" -r "$file" "$@"
done
echo "$as: without the profile 'vcap', which 'vcap extcap --install --personal' makes" >&2
run "$program" -X "lua_script:$share/vcap.lua" -r "$file" "$@"
