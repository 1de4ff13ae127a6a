#!/bin/sh
# vcap VERB runs vcap-VERB, from the directory this script is in before any other.
set -eu

here=$(dirname "$(readlink -f "$0")")
PATH=$here:$PATH
export PATH

verbs() {
	for command in "$here"/vcap-*; do
		name=${command##*/vcap-}
		[ -x "$command" ] && printf '  %s\n' "$name"
	done
}

case ${1-} in
--help)
	printf 'usage: vcap verb [arg ...]\n\n'
	printf '      --help     show this help\n      --version  show the version\n\nVerbs:\n'
	verbs
	printf '\nSee vcap(1).\n'
	exit
	;;
--version)
	echo "vcap @VERSION@"
	exit
	;;
-*)
	printf "vcap: unknown option '%s' (try --help)\n" "$1" | LC_ALL=C tr -c '[:print:]\n' '?' >&2
	exit 2
	;;
*[!a-z]* | '') ;;
*)
	command=vcap-$1
	if command -v "$command" >/dev/null; then
		shift
		exec "$command" "$@"
	fi
	;;
esac
[ $# -gt 0 ] && printf "vcap: unknown verb '%s'\n" "$1" | LC_ALL=C tr -c '[:print:]\n' '?' >&2
{
	echo "usage: vcap verb [arg ...], where verb is one of"
	verbs
} >&2
exit 2
