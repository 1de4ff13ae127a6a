#!/bin/sh
# vcap-capture: vcap start, progress, and vcap wait in the foreground. ^C ends the capture and
# collects it; a second ^C leaves that to the vcap-wait that start has left behind.
set -eu

PATH=$(dirname "$(readlink -f "$0")"):$PATH
export PATH

usage() {
	cat <<'END'
usage: vcap-capture [-Px] [-c count] [-e expr] [-E list] [-m mode] [-s snaplen] [-t time] [--at time] [--patience time] [--quiet] [--specs file] service [spec ...]

  -c, --count count      packets per core (any number)
  -e, --expression expr  of these packets, those it accepts: pcap-filter(7)
  -E, --engines list     only these engines of the service, separated by commas
  -m, --monitors mode    health checks: none (the default), include or only
  -P, --per-packet       judge each packet by its own addresses
  -s, --snaplen snaplen  bytes kept of each packet (all)
  -t, --time time        for how long; a bare number means minutes (for ever)
  -x, --exclude          what the same command without -x would leave out
      --at time          begin then: +5m, 03:00 or 2026-11-30T03:00 (at once)
      --patience time    how long to wait for an engine that is out of reach (30s)
      --quiet            say nothing but what goes wrong, and print nothing
      --specs file       more addresses, one or more a line
      --help             show this help
      --version          show the version

See vcap-capture(1).
END
}

say() {
	drawn=0
	printf 'vcap-capture: %s\n' "$*" >&2
}

# On a terminal, the table of vcap-status, in place of the one before: as much as there is room for.
draw() {
	size=$(stty size <&2 2>/dev/null) || size=
	rows=${size% *} columns=${size#* }
	[ "${rows:-0}" -gt 3 ] || rows=24 columns=80
	table=$(vcap-status -n "$id" | cut -c "$((${#id} + 2))-$((${#id} + 1 + columns))") || return 0
	count=$(printf '%s\n' "$table" | wc -l)
	[ "$count" -lt "$rows" ] || {
		table=$(printf '%s\n' "$table" | head -n $((rows - 2)); echo "... and $((count - rows + 2)) more")
		count=$((rows - 1))
	}
	[ "${drawn:-0}" -eq 0 ] || printf '\033[%dA\033[J' "$drawn" >&2
	printf '%s\n' "$table" >&2
	drawn=$count
}

# Elsewhere, one line whenever there is something new to tell.
progress() {
	[ -z "$quiet" ] || return 0
	[ -z "$terminal" ] || {
		draw
		return
	}
	line=$(vcap-status -nr "$id" | awk -F '\t' '{
		printf("%s%s %s", (NR > 1 ? "; " : ""), $3, $4)
		if ($5 != "-") printf(" %s packets", $5)
		if ($6 != "-" && $6 > 0) printf(", %s dropped", $6)
	}') || return 0
	[ "$line" = "${told-}" ] || say "$line"
	told=$line
}

# shellcheck disable=SC2317 # called by trap
interrupt() {
	[ -z "${stopper-}" ] || {
		say "detached: 'vcap wait $id' waits for the file"
		kill "$waiter" 2>/dev/null || :
		exit 1
	}
	say "ending the capture (again: do not wait for it)"
	vcap-stop "$id" >/dev/null 2>&1 &
	stopper=$!
}

for word; do
	case $word in
	--) break ;;
	--help) usage; exit ;;
	--version) echo "vcap-capture @VERSION@"; exit ;;
	--count* | --engines* | --expression* | --monitors* | --per-packet | --snaplen* | --time* | --exclude | --at* | --patience* | --quiet | --specs*) ;;
	--*)
		say "unknown option '$(printf %s "$word" | LC_ALL=C tr -c '[:print:]' '?')' (try --help)"
		exit 2
		;;
	esac
done

# vcap-start does not know it.
quiet=
for word; do
	shift
	case $word in
	--quiet) quiet=yes ;;
	*) set -- "$@" "$word" ;;
	esac
done

terminal=
[ -n "$quiet" ] || [ ! -t 2 ] || [ "${TERM:-dumb}" = dumb ] || terminal=yes
status=0
# A ^C while it starts ends it once there is something to end.
trap early=yes INT TERM
id=$(trap '' INT && vcap-start "$@") || status=$?
[ -n "$id" ] || exit "$status"
[ -z "$quiet" ] || exec >/dev/null
echo "$id"
if [ -n "$terminal" ]; then
	# What it has to say comes after the table.
	messages=$(mktemp)
	trap 'rm -f "$messages"' EXIT
	vcap-wait "$id" 2>"$messages" &
else
	vcap-wait "$id" &
fi
waiter=$!
trap interrupt INT TERM
[ -z "${early-}" ] || interrupt
while kill -0 "$waiter" 2>/dev/null; do
	progress
	sleep 1 || :
done
status=0
wait "$waiter" || status=$?
[ -z "$terminal" ] || {
	draw
	cat "$messages" >&2
}
exit "$status"
