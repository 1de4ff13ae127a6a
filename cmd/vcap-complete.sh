#!/bin/sh
# vcap-complete: prints the candidates for the last word of a command line, for the completions of
# shells. Options are read from the command's --help; services, engines and captures are listed by
# other commands.
set -u

here=$(dirname "$(readlink -f "$0")")

case ${1-} in
-h | --help)
	cat <<'END'
Lists the completions of a command line, for shells.

usage: vcap-complete command [word ...]

  -h, --help     show this help
      --version  show the version

Example:
  vcap-complete vcap capture ''

See vcap-complete(1).
END
	exit
	;;
--version) echo "vcap-complete @VERSION@"; exit ;;
'' | -*)
	if [ $# -eq 0 ]; then
		echo "vcap-complete: needs a command (try --help)" >&2
	else
		printf "vcap-complete: unknown option '%s' (try --help)\n" "$1" |
			LC_ALL=C tr -c '[:print:]\n' '?' >&2
	fi
	exit 2
	;;
esac

name=${1##*/}
shift
if [ "$name" = vcap ] && [ $# -gt 1 ]; then
	name=vcap-$1
	shift
fi
case $name in
vcap | vcap-?*) ;;
*) exit ;;
esac
case ${name#vcap} in
*[!a-z-]*) exit ;;
esac
[ -x "$here/$name" ] || exit 0
[ $# -gt 0 ] || set -- ''

words_of() { # KIND: all words of it
	case $1 in
	service) "$here/vcap-services" -r | cut -f 1 ;;
	engine | list) "$here/vcap-engines" -r | cut -f 1 ;;
	capture) "$here/vcap-ls" -r | cut -f 2,9 | tr '\t' '\n' ;;
	id) "$here/vcap-ls" -r | cut -f 9 ;;
	iface) ls /sys/class/net ;;
	mode) printf '%s\n' none include only ;;
	sandbox) printf '%s\n' enforce log off ;;
	format) printf '%s\n' pcapng pcap ;;
	linktype) printf '%s\n' EN10MB RAW LINUX_SLL LINUX_SLL2 IPV4 IPV6 NULL LOOP PPP ;;
	snaplen | headers) echo headers ;;
	column | columns) "$here/$name" --help | sed -n '/^Columns: /,/^$/s/^Columns:\( .*\)\|^ /\1/p' | tr -s ' ' '\n' ;;
	kind) "$here/$name" --help | sed -n 's/^kind is \(.*\)\.$/\1/p' | sed 's/,\| or / /g' | tr -s ' ' '\n' ;;
	esac 2>/dev/null | sort -u
}

tab=$(printf '\t')
"$here/$name" --help | awk -f "$here/../libexec/vcap/complete.awk" -- "$@" | while IFS= read -r line; do
	rest=${line#?}
	case $line in
	=*) printf '%s\n' "${rest%"$tab"}" ;;
	'?'*)
		kind=${rest%%"$tab"*} rest=${rest#*"$tab"}
		prefix=${rest%%"$tab"*} beginning=${rest#*"$tab"}
		case $kind in
		file | dir | directory | in | out | prog | program | table | socket | *input) echo :files ;;
		service) case $beginning in */*) echo :files ;; esac ;;
		list | columns)
			case $kind$beginning in
			columns+*) prefix=$prefix+ beginning=${beginning#+} ;;
			esac
			case $beginning in
			*,*) prefix=$prefix${beginning%,*}, beginning=${beginning##*,} ;;
			esac
			;;
		esac
		words_of "$kind" | while IFS= read -r word; do
			case $word in
			"$beginning"*) printf '%s\n' "$prefix$word" ;;
			esac
		done
		;;
	esac
done
