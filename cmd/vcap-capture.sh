#!/bin/sh
# vcap-capture: vcap start, progress, and vcap wait in the foreground. ^C stops the capture and waits
# for its file; a second ^C leaves that to the vcap-wait that vcap-start has started in the background.
set -eu

PATH=$(dirname "$(readlink -f "$0")"):$PATH
export PATH

# The usage of vcap-start, without --by, --id and --token, and with --quiet.
usage() {
	vcap-start --help | sed -e '1s/ \[--by word\]//; 1s/ \[--id id\]//; 1s/ \[--token token\]//; 1s/ \[--specs/ [--quiet]&/; s/vcap-start/vcap-capture/; s/(24h)/(30s)/' \
		-e '/^ *--by /d; /^ *--id /d; /^ *--token /d; /^ *--specs /{h; s/.*/      --quiet           print only errors/p; g; }'
}

say() {
	drawn=0
	printf 'vcap-capture: %s\n' "$*" >&2
}

# On a terminal: the table of vcap-status, cut to fit, drawn over the previous one.
draw() {
	size=$(stty size <&2 2>/dev/null) || size=
	rows=${size% *} columns=${size#* }
	[ "${rows:-0}" -gt 3 ] || rows=24 columns=80
	table=$(vcap-status -n "$id" | cut -c "$((${#id} + 2))-$((${#id} + 1 + columns))" |
		awk -v room="$((rows - 1))" '
			NR < room { print; next }
			{ last = $0; more++ }
			END { if (more) print (more > 1 ? "... and " more " more" : last) }')
	[ "${drawn:-0}" -eq 0 ] || printf '\033[%dA\033[J' "$drawn" >&2
	printf '%s\n' "$table" >&2
	drawn=$(printf '%s\n' "$table" | wc -l)
}

# Elsewhere: one line for each change.
report() {
	line=$(vcap-status -nr "$id" | awk -F '\t' '{
		printf("%s%s %s", (NR > 1 ? "; " : ""), $3, $4)
		if ($5 != "-") printf(" %s packets", $5)
		if ($6 != "-" && $6 > 0) printf(", %s dropped", $6)
	}') || return 0
	[ "$line" = "${reported-}" ] || say "$line"
	reported=$line
}

# shellcheck disable=SC2317 # called by trap
interrupt() {
	[ -z "${stopper-}" ] || {
		say "detached: 'vcap wait $id' waits for the file"
		kill "$waiter" 2>/dev/null || :
		exit 1
	}
	say "ending the capture (again: do not wait for it)"
	vcap-stop "$id" >/dev/null 2>&1 & stopper=$!
}

# All arguments but --quiet are passed to vcap-start, except for options that this command lacks.
quiet='' options=yes patience=--patience=30s
for word; do
	shift
	case $options$word in
	yes--) options= ;;
	yes--help) usage; exit ;;
	yes--version) echo "vcap-capture @VERSION@"; exit ;;
	yes--at | yes--at=*) patience= ;;
	yes--quiet) quiet=yes; continue ;;
	yes--*)
		usage | grep -qF -e " ${word%%=*} " || {
			say "unknown option '$(printf %s "$word" | LC_ALL=C tr -c '[:print:]' '?')' (try --help)"
			exit 2
		}
		;;
	esac
	set -- "$@" "$word"
done

terminal='' status=0
[ -n "$quiet" ] || [ ! -t 2 ] || [ "${TERM:-dumb}" = dumb ] || terminal=yes
# A ^C before the capture has started stops it as soon as it has.
trap early=yes INT TERM
id=$(trap '' INT && vcap-start ${patience:+"$patience"} "$@") || status=$?
[ -n "$id" ] || exit "$status"
[ -z "$quiet" ] || exec >/dev/null
echo "$id"
# On a terminal the messages of vcap-wait are printed below the table at the end.
exec 3>&2
[ -z "$terminal" ] || { messages=$(mktemp) && exec 3>"$messages" && exec 4<"$messages" && rm -f "$messages"; }
vcap-wait ${quiet:+--quiet} "$id" 2>&3 3>&- 4<&- &
exec 3>&-
waiter=$!
trap interrupt INT TERM
[ -z "${early-}" ] || interrupt
while kill -0 "$waiter" 2>/dev/null; do
	if [ -n "$terminal" ]; then draw; elif [ -z "$quiet" ]; then report; fi
	sleep 1 || :
done
status=0
wait "$waiter" || status=$?
[ -z "$terminal" ] || { draw && cat <&4 >&2; }
exit "$status"
