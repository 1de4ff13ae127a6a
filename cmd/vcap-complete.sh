#!/bin/sh
# vcap-complete: what the last of these words of a command line may become, for the completions of
# shells. Options come from the command's own --help; services, engines and captures are asked for.
set -u

here=$(dirname "$(readlink -f "$0")")

case ${1-} in
--help)
	cat <<'END'
usage: vcap-complete command [word ...]

      --help     show this help
      --version  show the version

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

# Lines "=WORD<tab>DESCRIPTION", of which one may come next, and "?KIND<tab>PREFIX<tab>BEGINNING": a
# word of that kind, that begins so, after a prefix that is already there.
# shellcheck disable=SC2016 # dollars of awk
parse_help='
BEGIN {
	count = ARGC - 1
	for (i = 1; i <= count; i++) word[i] = ARGV[i]
	ARGC = 1
	current = word[count]
}
/^$/ { if (!in_body++) next }
!in_body {
	sub(/^(usage:)? *vcap(-[a-z]+)? */, "")
	while (sub(/ *\[-[^][]*\]( \.\.\.)?/, "")) ;
	gsub(/ *\| */, "|"); gsub(/[][]/, "")
	form[++forms] = $0
}
in_body && /^ +(-[A-Za-z0-9], )?--[a-z]/ {
	sub(/^ +/, ""); letter = ""
	if (/^-[A-Za-z0-9], /) { letter = substr($0, 1, 2); $0 = substr($0, 5) }
	match($0, /^--[a-z-]+/); long = substr($0, 1, RLENGTH); $0 = substr($0, RLENGTH + 1)
	sub(/^\[=[^]]*\]/, "")
	if (/^ [^ ]/) { kind[long] = $1; $0 = substr($0, 2 + length($1)) }
	sub(/^ +/, "")
	if (letter) { of[letter] = long; described[letter] = $0 }
	described[long] = $0; option[++options] = long
}
in_body && /^  [a-z]+$/ { verb[++verbs] = $1 }
function offer(text, about) { if (index(text, current) == 1) printf "=%s\t%s\n", text, about }
function value(long, prefix, beginning) {
	printf "?%s\t%s\t%s\n", long == "--sandbox" ? "sandbox" : kind[long], prefix, beginning
}
END {
	for (i = 1; i < count; i++) {
		if (only_words || word[i] !~ /^-./) { given[++words] = word[i]; continue }
		if (word[i] == "--") { only_words = 1; continue }
		long = word[i]
		if (long !~ /^--/) long = of["-" substr(long, length(long))]
		if (kind[long] == "") continue
		if (++i == count) { value(long, "", current); exit }
	}
	if (!only_words && current ~ /^--[a-z-]+=/) {
		equals = index(current, "="); long = substr(current, 1, equals - 1)
		if (kind[long]) value(long, long "=", substr(current, equals + 1))
		exit
	}
	if (!only_words && current ~ /^-/) {
		for (i = 1; i <= options; i++) offer(option[i], described[option[i]])
		if (current == "-") for (letter in of) offer(letter, described[letter])
		exit
	}
	for (i = 1; i <= verbs; i++) if (!words) offer(verb[i], "")
	for (f = 1; f <= forms; f++) {
		tokens = split(form[f], token, " ")
		if (forms > 1 && !words) offer(token[1], "")
		if (forms > 1 && (!words || token[1] != given[1])) continue
		at = words + 1
		if (at >= tokens && token[tokens] == "...") at = tokens - 1
		kinds = split(token[at], each, "|")
		for (k = 1; k <= kinds; k++) printf "?%s\t\t%s\n", each[k], current
		exit
	}
}'

words_of() { # KIND: those that there are
	case $1 in
	service) "$here/vcap-services" -r | cut -f 1 ;;
	engine | list) "$here/vcap-engines" -r | cut -f 1 ;;
	capture) "$here/vcap-ls" -r | cut -f 2,9 | tr '\t' '\n' ;;
	id) "$here/vcap-ls" -r | cut -f 9 ;;
	iface) ls /sys/class/net ;;
	mode) printf '%s\n' none include only ;;
	sandbox) printf '%s\n' enforce log off ;;
	format) printf '%s\n' pcapng pcap ;;
	linktype) printf '%s\n' EN10MB RAW LINUX_SLL LINUX_SLL2 ;;
	what) printf '%s\n' drop keep ;;
	columns) "$here/$name" --help | sed -n 's/^Columns: //p' | tr ' ' '\n' ;;
	kind) printf '%s\n' haproxy ipvs nft nginx ;;
	esac 2>/dev/null | sort -u
}

tab=$(printf '\t')
"$here/$name" --help | awk "$parse_help" "$@" | while IFS= read -r line; do
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
