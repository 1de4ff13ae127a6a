#!/bin/sh
# vcap-push: brings what an engine needs to its bin= directory, or takes that away again. Nothing is
# assumed there but a POSIX shell, cat, chmod, mkdir, mv, rm, rmdir and uname. Without cksum there,
# checksums are made here, of what cat sends back.
set -euf

here=$(dirname "$(readlink -f "$0")")
PATH=$here:$PATH
export PATH
names='vcap-run vcap-host vcap-merge vcap-join vcap-gate vcap-flows'

usage() {
	cat <<'END'
usage: vcap-push [--from dir] [--remove] engine ...

      --from dir  where the programs are, in a directory for each architecture
      --remove    take away what was brought
      --help      show this help
      --version   show the version

See vcap-push(1).
END
}

say() { # TEXT: one line; text of an engine may be anything
	printf 'vcap-push: %s\n' "$1" | LC_ALL=C tr -c '[:print:]\n' '?' >&2
}

put() { # TEXT: whatever is in it
	printf '%s\n' "$1"
}

misuse() { # TEXT
	say "$1"
	exit 2
}

# What runs on the engine. The list .vcap-push there has a line `file NAME CRC SIZE` for each program
# that was brought, and `made DIR` for each directory that was made for that.

# shellcheck disable=SC2016 # dollars of the shell there
look='uname -m && cd "$1" 2>/dev/null || exit
[ ! -f .vcap-push ] || cat .vcap-push || exit
for name in vcap-* .vcap-*.new; do
	[ -f "$name" ] || continue
	sum=$(cksum <"$name" 2>/dev/null) || sum=unknown
	echo "there $name $sum"
done'

# What is made is in the list before anything is brought there.
# shellcheck disable=SC2016
make='umask 022
set -f
IFS=/
bin=$1 list=
for path; do
	made=
	for part in $path; do
		made=${made%/}/$part
		[ ! -d "$made" ] || continue
		mkdir "$made" || exit
		list="${list}made $made
"
		[ ! -d "$bin" ] || { printf %s "$list" >>"$bin/.vcap-push" && list=; } || exit
	done
done'

# shellcheck disable=SC2016
receive='umask 077 && cat >"$1/.$2.new" && exit
rm -f "$1/.$2.new"
exit 1'

# What is new has to run before it takes the place of what is old. The list comes first, so that
# whatever is interrupted can be taken away.
# shellcheck disable=SC2016
place='cd "$1" && version=$2 && shift 2 || exit
umask 022
for name; do
	chmod 755 ".$name.new" || exit
	[ "$("./.$name.new" --version)" = "$name $version" ] && continue
	echo "$name $version does not run there" >&2
	exit 1
done
cat >.vcap-push.new && mv .vcap-push.new .vcap-push || { rm -f .vcap-push.new; exit 1; }
for name; do
	mv ".$name.new" "$name" || exit
done'

# What was brought and did not get into place.
# shellcheck disable=SC2016
drop='cd "$1" && rm -f .vcap-*.new'

# Directories with something of others in them stay.
# shellcheck disable=SC2016
remove='cd "$1" && shift || exit
while [ "$1" != / ]; do
	rm -f "$1" || exit
	shift
done
rm -f .vcap-push .vcap-push.new && cd / && shift || exit
for path; do
	rmdir "$path" 2>/dev/null
done
:'

# shellcheck disable=SC2016
captures='set +f; for entry in "$1"/*; do [ ! -e "$entry" ] || echo "$entry"; done'

on() { # SCRIPT ARG...: on $engine
	script=$1
	shift
	vcap-on "$engine" sh -c "$script" vcap-push "$@"
}

# What there is: $machine, and in $state the list and `there NAME CRC SIZE` of each program.
find_out() {
	state=$(on "$look" "$bin" </dev/null) || [ -n "$state" ] || {
		say "engine '$engine' did not answer"
		return 1
	}
	machine=${state%%[!A-Za-z0-9_.-]*}
	state=$(put "$state" | sed 1d)
	for name in $(put "$state" | sed -n 's/^there \([a-z.-]*\) unknown$/\1/p'); do
		sum=$(vcap-on "$engine" cat "$bin/$name" </dev/null | cksum)
		state=$(put "$state" | sed "s/^there $name unknown$/there $name $sum/")
	done
}

sum_there() { # NAME
	put "$state" | sed -n "s/^there $1 //p"
}

is_ours() { # NAME: what is there was brought
	put "$state" | grep -qxF "file $1 $(sum_there "$1")"
}

list() { # [NAME...]: the list, with what is about to be brought
	{
		put "$state" | grep -E '^(file|made) ' || :
		for name; do
			echo "file $name $(cksum <"$programs/$name")"
		done
	} | awk '!seen[$0]++'
}

bring() { # NAME...
	on "$make" "$bin" "$dir" </dev/null || {
		say "engine '$engine': cannot make '$bin' and '$dir'"
		return 1
	}
	for name; do
		vcap-on "$engine" sh -c "$receive" vcap-push "$bin" "$name" <"$programs/$name" || {
			say "engine '$engine': '$name' cannot be written to '$bin'"
			return 1
		}
	done
	find_out || return
	for name; do
		[ "$(sum_there ".$name.new")" = "$(cksum <"$programs/$name")" ] && continue
		say "engine '$engine': '$name' did not arrive as it is"
		return 1
	done
	list "$@" | on "$place" "$bin" @VERSION@ "$@"
}

push() {
	wanted=
	programs=$from/$machine
	if [ -z "$machine" ] || [ ! -d "$programs" ]; then
		say "engine '$engine': no programs for '$machine' in '$from'"
		return 1
	fi
	for name in $names; do
		sum=$(sum_there "$name")
		[ "$sum" != "$(cksum <"$programs/$name")" ] || continue
		[ -z "$sum" ] || is_ours "$name" || {
			say "engine '$engine': '$bin/$name' is there, and not from here"
			return 1
		}
		wanted="$wanted $name"
	done
	# shellcheck disable=SC2086 # words
	[ -z "$wanted" ] || bring $wanted || {
		on "$drop" "$bin" </dev/null || :
		return 1
	}
	put "$engine: vcap @VERSION@ in $bin, brought:${wanted:- nothing, it was there}"
	check=$(vcap-check -r "$engine") || :
	[ "$(put "$check" | cut -f 2)" != ready ] || return 0
	say "engine '$engine' is not ready: ${check##*	}"
	case $check in
	*'no privilege to capture'*) say "as root there: setcap cap_net_raw=ep $bin/vcap-run" ;;
	esac
	return 1
}

take_away() {
	there=
	[ -n "$(list)$(put "$state" | grep '^there [.]')" ] || {
		echo "$engine: nothing was brought"
		return
	}
	[ -z "$(on "$captures" "$dir" </dev/null)" ] || {
		say "engine '$engine' has captures in '$dir': fetch or remove them first"
		return 1
	}
	for name in $(put "$state" | sed -n 's/^there \([a-z.-]*\) .*/\1/p'); do
		case $name in
		.*) there="$there $name" ;;
		*)
			if is_ours "$name"; then
				there="$there $name"
			elif put "$state" | grep -q "^file $name "; then
				say "engine '$engine': '$bin/$name' is not what was brought, and stays"
			fi
			;;
		esac
	done
	# shellcheck disable=SC2046,SC2086 # words; the last made comes first
	on "$remove" "$bin" $there / $(put "$state" | sed -n 's/^made //p' | sed '1!G;h;$!d') </dev/null ||
		return
	echo "$engine: removed:$there"
}

from=$here/../libexec/vcap
what=push
while [ $# -gt 0 ]; do
	case $1 in
	--from)
		[ $# -gt 1 ] || misuse "option '--from' needs an argument"
		from=$2
		shift
		;;
	--from=*) from=${1#*=} ;;
	--remove) what=remove ;;
	--help) usage; exit ;;
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
	bin=$(put "$known" | NAME=$engine awk -F '\t' '$1 == ENVIRON["NAME"] { print $2 }')
	case $bin in
	'') misuse "unknown engine '$engine'" ;;
	-) misuse "engine '$engine' has no bin= in the engines file: say where, as in bin=/opt/vcap/bin" ;;
	esac
done
good=0 bad=0
for engine; do
	bin=$(put "$known" | NAME=$engine awk -F '\t' '$1 == ENVIRON["NAME"] { print $2 }')
	dir=$(put "$known" | NAME=$engine awk -F '\t' '$1 == ENVIRON["NAME"] { print $3 }')
	if find_out && case $what in push) push ;; *) take_away ;; esac then
		good=$((good + 1))
	else
		bad=$((bad + 1))
	fi
done
[ $bad -gt 0 ] || exit 0
[ $good -eq 0 ] || exit 3
exit 1
