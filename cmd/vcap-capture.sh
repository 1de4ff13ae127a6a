#!/bin/sh
# vcap-capture: vcap start, progress, and vcap wait in the foreground. ^C stops the capture and waits
# for its file; a second ^C leaves that to the vcap-wait that vcap-start has started in the background.
set -eu

PATH=$(dirname "$(readlink -f "$0")"):$PATH
export PATH

as=${VCAP_AS:-vcap-capture} # in messages, also those of vcap-start and vcap-wait
unset VCAP_AS

say() {
	[ "${drawn:-0}" -eq 0 ] || printf '\r\033[K' >&2 # over the ^C
	drawn=0
	printf '%s: %s\n' "$as" "$*" >&2
}

# On a terminal: the table of vcap-status, cut to fit, drawn over the previous one. One that is resized
# has broken the lines anew, nobody knows where. The last column stays empty: a line that fills it is
# two on some terminals.
draw() {
	size=$(stty size <&2 2>/dev/null) || size=
	[ "$size" = "${sized-}" ] || drawn=0
	sized=$size rows=${size% *} columns=${size#* }
	[ "${rows:-0}" -gt 3 ] || rows=24 columns=80
	table=$(COLUMNS=0 vcap-status -n "$id" | cut -c "$((${#id} + 2))-$((${#id} + columns))" |
		awk -v room="$((rows - 1))" '
			NR < room { print; next }
			{ last = $0; more++ }
			END { if (more) print (more > 1 ? "... and " more " more" : last) }')
	[ "${drawn:-0}" -eq 0 ] || printf '\r\033[%dA\033[J' "$drawn" >&2
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

# All arguments but --quiet are vcap-start's.
quiet='' verbose='' options=yes patience=--patience=30s
for word; do
	shift
	case $options$word in
	yes--) options= ;;
	yes--at | yes--at=*) patience= ;;
	yes--quiet) quiet=yes; continue ;;
	yes-v* | yes-[Px]v* | yes-[Px][Px]v* | yes--verbose) verbose=-v ;;
	yes--help | yes-h | yes--version) VCAP_AS=vcap-capture exec vcap-start "$word" ;;
	esac
	set -- "$@" "$word"
done

terminal='' status=0
[ -n "$quiet" ] || [ ! -t 2 ] || [ "${TERM:-dumb}" = dumb ] || terminal=yes
# A ^C before the capture has started stops it as soon as it has.
trap early=yes INT TERM
id=$(trap '' INT && VCAP_AS=$as vcap-start ${patience:+"$patience"} "$@") || status=$?
[ -n "$id" ] || exit "$status"
[ -z "$quiet" ] || exec >/dev/null
echo "$id"
# On a terminal what vcap-wait says is printed below the last table: its messages, then the path.
exec 3>&2 4>&1
[ -z "$terminal" ] || {
	said=$(mktemp -d)
	# shellcheck disable=SC2094 # two descriptors of each
	exec 3>"$said/messages" 4>"$said/path" 5<"$said/messages" 6<"$said/path"
	rm -rf "$said"
}
VCAP_AS=$as vcap-wait --strict ${quiet:+--quiet} $verbose "$id" >&4 2>&3 3>&- 4>&- 5<&- 6<&- &
exec 3>&- 4>&-
waiter=$!
trap interrupt INT TERM
[ -z "${early-}" ] || interrupt
while kill -0 "$waiter" 2>/dev/null; do
	if [ -n "$terminal" ]; then draw; elif [ -z "$quiet" ]; then report; fi
	sleep 1 || :
done
status=0
wait "$waiter" || status=$?
[ -z "$terminal" ] || { draw && fold -s -w "${columns:-80}" <&5 >&2 && cat <&6; }
exit "$status"
