#!/bin/sh
# vcap-report: one screen for a ticket, of vcap-transactions' rows: percentiles, the ten slowest, what
# failed and how, what was lost.
set -eu
umask 077

here=$(dirname "$(readlink -f "$0")")
parts=$here/../libexec/vcap
PATH=$here:$PATH
export PATH
as=${VCAP_AS:-vcap-report}
unset VCAP_AS

usage() {
	cat <<'END'
Sums up the transactions of a capture on one screen.

usage: vcap-report [-S service] [--html out] file|id|service

  -S, --service service  the service (that of the capture)
      --html out         write a page with plots to this file, or - for
                         standard output
  -h, --help             show this help
      --version          show the version

Example:
  vcap report shop

See vcap-report(1).
END
}

die() { # STATUS MESSAGE
	printf '%s: %s\n' "$as" "$2" | LC_ALL=C tr -c '[:print:]\n' '?' >&2
	exit "$1"
}

service='' page=''
while [ $# -gt 0 ]; do
	case $1 in
	-h | --help) usage; exit ;;
	--version) echo "vcap-report @VERSION@"; exit ;;
	-S | --service | --html) [ $# -gt 1 ] || die 2 "option '$1' needs a value (try --help)" ;;
	esac
	case $1 in
	-S | --service) service=$2; shift ;;
	--service=*) service=${1#*=} ;;
	--html) page=$2; shift ;;
	--html=*) page=${1#*=} ;;
	--) shift; break ;;
	-?*) die 2 "unknown option '$1' (try --help)" ;;
	*) break ;;
	esac
	shift
done
[ $# -gt 0 ] || die 2 "needs a file, a capture or a service (try --help)"
[ $# -eq 1 ] || die 2 "unexpected argument '$2'"
[ "$1" != - ] || die 2 "a stream is read once, and this reads twice: give a file"

rows=$(mktemp -d "${TMPDIR:-/tmp}/vcap-report.XXXXXX")
trap 'rm -rf "$rows"' EXIT
trap 'exit 1' HUP INT TERM
status=0
VCAP_AS=$as vcap-transactions ${service:+-S "$service"} -r -o \
	ID,BEGAN,CLIENT,SERVER,METHOD,PATH,STATUS,FROM,END,TOTAL,TTFB,WAIT,CONNECT,TRANSFER,CRETRANS,SRETRANS,CZERO,FLAGS,UNIT,ATTEMPT \
	-- "$1" >"$rows/all" 2>"$rows/said" || status=$?
LC_ALL=C tr -c '[:print:]\n' '?' <"$rows/said" >&2
[ "$status" -eq 0 ] || [ "$status" -eq 3 ] || exit "$status"
VCAP_AS=$as vcap-transactions ${service:+-S "$service"} -r --by server -- "$1" >"$rows/by" 2>/dev/null || [ $? -eq 3 ]
# In the environment: for -v a backslash begins an escape.
name=$(printf %s "$1" | LC_ALL=C tr -c '[:print:]' '?') said=$rows/said \
	awk -f "$parts/report.awk" "$rows/by" "$rows/all" >"$rows/text"
if [ -z "$page" ]; then
	cat "$rows/text"
	exit "$status"
fi
tab=$(printf '\t')
sort -t "$tab" -k 10,10n "$rows/all" >"$rows/sorted"
{
	cat <<-'END'
	<!DOCTYPE html>
	<html lang="en">
	<meta charset="utf-8">
	<title>vcap report</title>
	<style>body { font: 14px sans-serif; max-width: 60em; margin: 1em auto } svg { width: 100% } text { font: 12px sans-serif }
	pre { overflow-x: auto }</style>
	<pre>
	END
	sed 's/&/\&amp;/g; s/</\&lt;/g; s/>/\&gt;/g' "$rows/text"
	echo '</pre>'
	awk -f "$parts/report-plots.awk" "$rows/all" "$rows/sorted"
} >"$rows/page"
if [ "$page" = - ]; then
	cat "$rows/page"
	exit "$status"
fi
[ ! -d "$page" ] || die 1 "cannot write '$page': it is a directory"
cp -- "$rows/page" "$page" 2>"$rows/why" || die 1 "cannot write '$page': $(sed 's/.*: //; q' "$rows/why")"
exit "$status"
