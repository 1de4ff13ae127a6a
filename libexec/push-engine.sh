#!/bin/sh
# push-engine.sh VERB ENGINE BIN DIRECTORY PROGRAMS: the work of vcap-push for one engine, by push.sh
# there. VERB is push or remove; PROGRAMS has a directory for each architecture.
set -uf

libexec=$(dirname "$(readlink -f "$0")")
there=$(cat "$libexec/push.sh") || exit
verb=$1 engine=$2 bin=$3 dir=$4 from=$5
names='vcap-run vcap-host vcap-merge vcap-join vcap-gate vcap-flows vcap-keys'
newline='
'

fail() { # TEXT, which may contain bytes from an engine
	printf '%s: %s\n' "${VCAP_AS:-vcap-push}" "$1" | LC_ALL=C tr -c '[:print:]\n' '?' >&2
	return 1
}

put() { # TEXT, as it is
	printf '%s\n' "$1"
}

# A command on the engine. What that says besides its output is no more than text.
reach() { # COMMAND...
	{
		said=$(vcap-on "$engine" "$@" 2>&1 >&3 3>&-)
		status=$?
	} 3>&1
	[ -z "$said" ] || put "$said" | LC_ALL=C tr -c '[:print:]\n' '?' >&2
	return $status
}

on() { # VERB ARGUMENT...: push.sh on the engine
	reach sh -c "$there" vcap-push "$@"
}

# Sets $machine, and $state to the list and `there NAME CRC SIZE` of each program. If the engine has
# no cksum, the programs are read back and their checksums made here.
look() {
	state=$(on look "$bin" </dev/null) || [ -n "$state" ] || {
		fail "engine '$engine' did not answer"
		return
	}
	machine=${state%%[!A-Za-z0-9_.-]*}
	state=$(put "$state" | sed 1d)
	for name in $(put "$state" | sed -n 's/^there \([a-z.-]*\) unknown$/\1/p'); do
		sum=$(reach cat "$bin/$name" </dev/null | cksum)
		state=$(put "$state" | sed "s/^there $name unknown$/there $name $sum/")
	done
}

# Sets $sum to the checksum and the size of the program, or to nothing.
sum_there() { # NAME
	sum=$newline$state$newline
	case $sum in
	*"${newline}there $1 "*) sum=${sum#*"${newline}there $1 "} sum=${sum%%"$newline"*} ;;
	*) sum= ;;
	esac
}

# The same of the program here; $sums has a line of cksum for each.
sum_here() { # NAME
	sum=${sums%%" $1$newline"*}
	sum=${sum##*"$newline"}
}

is_ours() { # NAME: whether the program there is the one that was sent
	sum_there "$1"
	case $newline$state$newline in
	*"${newline}file $1 $sum$newline"*) ;;
	*) return 1 ;;
	esac
}

list() { # [NAME...]: the list with these programs added
	{
		put "$state" | grep -E '^(file|made) ' || :
		for name; do
			sum_here "$name"
			put "file $name $sum"
		done
	} | awk '!seen[$0]++'
}

send() { # NAME...
	on make "$bin" "$dir" </dev/null >/dev/null || {
		fail "engine '$engine': cannot make '$bin' and '$dir'"
		return
	}
	for name; do
		on receive "$bin" "$name" <"$programs/$name" >/dev/null || {
			fail "engine '$engine': '$name' cannot be written to '$bin'"
			return
		}
	done
	look || return
	for name; do
		sum_here "$name"
		here=$sum
		sum_there ".$name.new"
		[ "$sum" != "$here" ] || continue
		fail "engine '$engine': '$name' arrived damaged"
		return
	done
	list "$@" | on place "$bin" @VERSION@ "$@" >/dev/null
}

push() {
	wanted=
	programs=$from/$machine
	case $machine in
	[!.]*) ;;
	*) programs= ;;
	esac
	if [ ! -d "$programs" ]; then
		arch=
		[ "$machine" = "$(uname -m)" ] || arch=" ARCH=$machine"
		fail "engine '$engine': no programs for '$machine' in '$from': 'make static$arch' makes them, and then 'make install' puts them there"
		return
	fi
	# shellcheck disable=SC2086 # words
	sums=$newline$(cd "$programs" && cksum -- $names)$newline || return
	for name in $names; do
		sum_here "$name"
		here=$sum
		sum_there "$name"
		[ "$sum" != "$here" ] || continue
		[ -z "$sum" ] || is_ours "$name" || {
			fail "engine '$engine': '$bin/$name' exists, and was not sent from here"
			return
		}
		wanted="$wanted $name"
	done
	# shellcheck disable=SC2086 # words
	[ -z "$wanted" ] || send $wanted || {
		on drop "$bin" </dev/null >/dev/null
		return 1
	}
	put "$engine: vcap @VERSION@ in $bin, brought:${wanted:- nothing, it was there}"
	check=$(vcap-check -r "$engine")
	[ "$(put "$check" | cut -f 2)" != ready ] || return 0
	fail "engine '$engine' is not ready: ${check##*	}"
	case $check in
	*'no privilege to capture'*) fail "as root there: setcap cap_net_raw=ep $bin/vcap-run" ;;
	esac
	return 1
}

# Each capture, of ten at most, and how to remove it, while there is still what can.
name_captures() { # LINES of push.sh
	put "$1" | head -n 10 | while IFS= read -r path; do
		case ${path##*/} in
		*[!A-Za-z0-9._-]*) fail "engine '$engine' has '$path'" ;;
		*) fail "engine '$engine' has '$path': 'vcap-on $engine vcap-host remove $path' removes it" ;;
		esac
	done
	fail "engine '$engine' has captures in '$dir': fetch ('vcap collect') or remove them first"
}

remove() {
	files=
	[ -n "$(list)$(put "$state" | grep '^there [.]')" ] || {
		echo "$engine: nothing was brought"
		return
	}
	captures=$(on captures "$dir" </dev/null)
	[ -z "$captures" ] || {
		name_captures "$captures"
		return
	}
	for name in $(put "$state" | sed -n 's/^there \([a-z.-]*\) .*/\1/p'); do
		case $name in
		.*) files="$files $name" ;;
		*)
			if is_ours "$name"; then
				files="$files $name"
			elif put "$state" | grep -q "^file $name "; then
				fail "engine '$engine': '$bin/$name' is not the one that was sent, and stays"
			fi
			;;
		esac
	done
	# shellcheck disable=SC2046,SC2086 # words; the directory made last comes first
	on remove "$bin" $files / $(put "$state" | sed -n 's/^made //p' | sed '1!G;h;$!d') </dev/null >/dev/null ||
		return
	echo "$engine: removed:$files"
}

look || exit
case $verb in
push) push ;;
remove) remove ;;
esac
