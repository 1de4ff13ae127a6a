#!/bin/sh
# vcap-push's part on the engine, where it is not installed: vcap-push sends it as the text of
# `sh -c TEXT vcap-push VERB ARGUMENT...`. All it needs there is a POSIX shell, cat, chmod, mkdir, mv,
# rm, rmdir and uname; cksum is used if there is one.
#
# The list .vcap-push in the programs' directory has a line `file NAME CRC SIZE` for each program that
# was sent, and `made DIRECTORY` for each directory that was made for them. It is written before what
# it lists, so that a later --remove finds everything even if vcap-push is killed at any point.

# BIN: prints the machine, the list, and `there NAME CRC SIZE` for each program.
look() {
	uname -m && cd "$1" 2>/dev/null || exit
	[ ! -f .vcap-push ] || cat .vcap-push || exit
	for name in vcap-* .vcap-*.new; do
		[ -f "$name" ] || continue
		sum=$(cksum <"$name" 2>/dev/null) || sum=unknown
		echo "there $name $sum"
	done
}

# BIN DIRECTORY...: makes all of them, with the directories above.
make_directories() {
	umask 022
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
	done
}

# BIN NAME: stores standard input beside the program that it will replace.
receive() {
	umask 077 && cat >"$1/.$2.new" && exit
	rm -f "$1/.$2.new"
	exit 1
}

# Whether nothing in the current directory may be executed: its file system is mounted noexec. Of the
# mounts above it the last of the longest counts.
is_noexec() {
	here=$(pwd -P) longest='' words=''
	while read -r _ mount _ options _; do
		case ${here%/}/ in
		"${mount%/}"/*) [ ${#mount} -lt ${#longest} ] || longest=$mount words=$options ;;
		esac
	done 2>/dev/null </proc/self/mounts
	case ,$words, in
	*,noexec,*) ;;
	*) return 1 ;;
	esac
}

# BIN VERSION NAME...: replaces the programs by the received ones, if all of these run. The list is
# standard input.
place() {
	cd "$1" && version=$2 && shift 2 || exit
	umask 022
	for name; do
		chmod 755 ".$name.new" || exit
		[ "$("./.$name.new" --version)" = "$name $version" ] && continue
		if is_noexec; then
			echo "'$PWD' is on a file system mounted noexec: set bin= to another directory" >&2
		else
			echo "$name $version does not run there" >&2
		fi
		exit 1
	done
	if ! cat >.vcap-push.new || ! mv .vcap-push.new .vcap-push; then
		rm -f .vcap-push.new
		exit 1
	fi
	for name; do
		mv ".$name.new" "$name" || exit
	done
}

# BIN: removes what was received but not placed.
drop() {
	cd "$1" && rm -f .vcap-*.new
}

# BIN NAME... / DIRECTORY...: removes the files in BIN, and those of the directories that are empty.
remove() {
	cd "$1" && shift || exit
	while [ "$1" != / ]; do
		rm -f "$1" || exit
		shift
	done
	rm -f .vcap-push .vcap-push.new && cd / && shift || exit
	for path; do
		rmdir "$path" 2>/dev/null
	done
	:
}

# DIRECTORY: prints the captures in it.
captures() {
	for entry in "$1"/*; do
		[ ! -e "$entry" ] || echo "$entry"
	done
}

verb=$1
shift
case $verb in
look) look "$@" ;;
make) make_directories "$@" ;;
receive) receive "$@" ;;
place) place "$@" ;;
drop) drop "$@" ;;
remove) remove "$@" ;;
captures) captures "$@" ;;
esac
