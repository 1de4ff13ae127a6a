#!/bin/sh
# vcap-push: copies the programs that an engine needs to its bin= directory, or removes them. The work
# for each engine is done by libexec/push-engine.sh.
set -euf

here=$(dirname "$(readlink -f "$0")")
libexec=$here/../libexec/vcap
PATH=$here:$PATH
export PATH

usage() {
	cat <<'END'
Copies vcap's programs to engines, or removes them.

usage: vcap-push [--from dir] [--remove] engine ...

      --from dir  directory of the programs, one for each architecture
      --remove    remove the programs that were copied
  -h, --help      show this help
      --version   show the version

Examples:
  vcap push lb1 lb2
  vcap push --remove lb1

See vcap-push(1).
END
}

misuse() { # TEXT
	printf '%s: %s\n' "${VCAP_AS:-vcap-push}" "$1" | LC_ALL=C tr -c '[:print:]\n' '?' >&2
	exit 2
}

known=
setting() { # ENGINE COLUMN: 2 is bin=, 3 is dir=
	printf '%s\n' "$known" | NAME=$1 awk -F '\t' -v column="$2" '$1 == ENVIRON["NAME"] { print $column }'
}

from=$libexec verb=push
while [ $# -gt 0 ]; do
	case $1 in
	--from)
		[ $# -gt 1 ] || misuse "option '--from' needs an argument"
		from=$2
		shift
		;;
	--from=*) from=${1#*=} ;;
	--remove) verb=remove ;;
	-h | --help) usage; exit ;;
	--version) echo "vcap-push @VERSION@"; exit ;;
	--) shift; break ;;
	-*) misuse "unknown option '$1' (try --help)" ;;
	*) break ;;
	esac
	shift
done
[ $# -gt 0 ] || misuse 'needs an engine (try --help)'
known=$(vcap-engines -r -o NAME,BIN,DIR) || exit
for engine; do
	case $(setting "$engine" 2) in
	'') misuse "unknown engine '$engine'" ;;
	-) misuse "engine '$engine' has no bin= in the engines file: add one, as in bin=/opt/vcap/bin" ;;
	esac
done
good=0 bad=0
for engine; do
	if "$libexec/push-engine.sh" "$verb" "$engine" "$(setting "$engine" 2)" "$(setting "$engine" 3)" "$from"; then
		good=$((good + 1))
	else
		bad=$((bad + 1))
	fi
done
[ $bad -gt 0 ] || exit 0
[ $good -eq 0 ] || exit 3
exit 1
