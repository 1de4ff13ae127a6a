#!/usr/bin/env bats
# Names that want to be more than names, and engines that want to harm the controller. The ssh of
# these tests takes down what it is asked, and answers what the file `answer` says.
# shellcheck disable=SC2016 # dollars that nobody is to expand

export LC_ALL=C.UTF-8 # before bash reads what follows
bats_require_minimum_version 1.5.0

load ../until

setup() {
	build=$BATS_TEST_DIRNAME/../../${VCAP_BUILD:-build}
	PATH=$(cd "$build/bin" && pwd):$(cd "$build/tests/tools" && pwd):$PATH
	# bats has files of its own in the directory above.
	mkdir "$BATS_TEST_TMPDIR/here"
	cd "$BATS_TEST_TMPDIR/here" || return
	mkdir bin
	printf '#!/bin/sh\nprintf "%%s\\n" "$@" >>"%s/asked"\nfor last; do :; done\n. "%s/answer"\n' \
		"$PWD" "$PWD" >bin/ssh
	chmod 755 bin/ssh
	echo 'exit 1' >answer
	PATH=$PWD/bin:$PATH
	export VCAP_CONFIG=$PWD/config VCAP_SPOOL=$PWD/spool
	mkdir -p config/services
	printf '%s\n' 'a dir=/d ssh root@a' 'b dir=/d ssh root@b' >config/engines
	printf '%s\n' 'vip 192.0.2.10 tcp/80' 'server 10.0.0.1' 'monitor tcp/1' 'engine a' 'engine b' \
		>config/services/shop
	id=shop.20260101_000000
}

# A capture that has been going on for so long that it is over on all engines.
entry() {
	(umask 077 && mkdir -p "spool/captures/$id/engines")
	printf '%s\n' "id $id" 'service shop' 'state capturing' 'created 1767225600.0' 'count 0' \
		'duration 60000000000' 'patience 100000000' 'engine a' 'engine b' \
		>"spool/captures/$id/capture"
	cp config/services/shop "spool/captures/$id/service"
	chmod 600 "spool/captures/$id"/*e
}

harmless() { # what was printed
	[[ $output$stderr != *$'\e'* ]] || return
	[[ $output$stderr != *$'\u202e'* ]] || return
	[[ $output$stderr != *$'\u200e'* ]] || return
	[[ $output$stderr != *$'\u2066'* ]] || return
	[[ $output$stderr != *$'\u009b'* ]] || return
	[[ $output$stderr != *$'\r'* ]] || return
	# What is no UTF-8: C1 controls as bytes.
	printf %s "$output$stderr" | iconv -f UTF-8 -t UTF-8 >/dev/null
}

names=("-oProxyCommand=touch x" 'a;b' '$(touch x)' '`touch x`' '../x' '/etc/passwd' '' "$(printf 'a%.0s' {1..300})"
	$'a\nb' $'a\u202eb' $'a\e[31mb' 'a b' $'a\xff' '.' '..' 'a/../a' '*' '{}')

# Break: cmd/cli.c s/text_escape(safe, sizeof(safe), raw)/raw/
@test "F26: hostile names on the command line are refused before anything runs" {
	entry
	find . >before
	# Of each kind one, with VCAP_SLOW: every command is asked.
	local some=("${names[0]}" ../x "${names[7]}" $'a\nb' $'a\e[31mb')
	[ -z "${VCAP_SLOW-}" ] || some=("${names[@]:0:2}" "${names[@]:4:7}" .. 'a/../a')
	for name in "${some[@]}"; do
		for command in "vcap-start -t 1 --" "vcap-start -t 1 shop -E" "vcap-live -E a --" "vcap-check --" \
			"vcap-clock --" "vcap-stop --" "vcap-wait --" "vcap-status --" "vcap-export --" \
			"vcap-rm --"; do
			# shellcheck disable=SC2086 # words
			run --separate-stderr $command "$name"
			[ "$status" -eq 1 ] || [ "$status" -eq 2 ] || { echo "$status: $command '$name'"; false; }
			[ -z "$output" ]
			[ "${#stderr_lines[@]}" -eq 1 ] || { echo "$command '$name': $stderr"; false; }
			harmless
		done
		for words in "$name:$id:file" "a:$name:file"; do
			run --separate-stderr vcap-fetch -- "${words%%:*}" "${words#*:}" file
			[ "$status" -eq 2 ]
			harmless
		done
	done
	find . | diff before -
}

# Break: lib/controller/engine.c s/engine->transport == ENGINE_SSH && !is_destination(words\[1\])/0/
# bats test_tags=slow
@test "F26: hostile names in the configuration are refused before anything runs" {
	cp config/engines good
	find . >before
	for name in "${names[@]}"; do
		[ -n "$name" ] && [[ $name != *' '* ]] && [[ $name != *$'\n'* ]] && [ "$name" != '*' ] || continue
		printf 'vip 192.0.2.10 tcp/80\nserver 10.0.0.1\nengine %s\n' "$name" >config/services/shop
		run --separate-stderr vcap-start -t 1 shop
		[ "$status" -eq 2 ] || { echo "$status: '$name' $stderr"; false; }
		[ "${#stderr_lines[@]}" -eq 1 ]
		harmless
		for line in "$name ssh root@a" "a ssh $name" "a ssh root@$name" "a ssh a $name"; do
			echo "$line" >config/engines
			run --separate-stderr vcap-on a true
			[ "$status" -eq 2 ] || { echo "$status: $line"; false; }
			[[ $stderr == *engines:1:* ]] || [[ $line != 'a '* ]] || { echo "$line: $stderr"; false; }
			harmless
		done
		cp good config/engines
	done
	printf 'a ssh root@a\0 -oProxyCommand=x\n' >config/engines
	run -2 vcap-on a true
	printf 'vip 192.0.2.10 tcp/80\nserver 10.0.0.1\nengine a\0\n' >config/services/shop
	run -2 vcap-start -t 1 shop
	[ ! -e x ]
}

# An engine's stream of one packet from an interface of this name.
evil() { # IF-NAME
	perl -e '
		my $name = shift;
		sub block { my ($type, $body) = @_; my $n = 12 + length $body; pack("VV", $type, $n) . $body . pack("V", $n) }
		sub option { my ($code, $text) = @_; pack("vv", $code, length $text) . $text . "\0" x (-length($text) % 4) }
		print block(0x0a0d0d0a, pack("VvvVV", 0x1a2b3c4d, 1, 0, 0xffffffff, 0xffffffff) .
			option(1, $name) . option(4, $name) . pack("V", 0));
		print block(1, pack("vvV", 1, 0, 262144) . option(2, $name) . option(3, $name) . pack("V", 0));
		print block(6, pack("VVVVV", 0, 0, 1, 60, 60) . "x" x 60);' "$1" >evil.pcapng
}

# Break: lib/controller/engine_state.c s|text_put_lines(out, text) == 0|fputs(text, out) >= 0|
@test "F27, F28: an engine's names and words go nowhere, whatever they are" {
	evil $'../../../x\e[31m/\xe2\x80\xae;touch x'
	cat >answer <<-'END'
		case $last in
		*vcap-host*status* | *vcap-host*stop*)
			printf 'state done\npackets 1\nbytes 60\ndropped 0\nreason time\n'
			printf 'message \033[31m\302\233red\nmissing a\nengine ../../x\nid ../../x\n'
			;;
		*vcap-merge*) cat evil.pcapng ;;
		*clock*) exit 1 ;;
		esac
		printf '\033]0;title\007\302\233 ../x\n' >&2
	END
	entry
	run --separate-stderr timeout 60 vcap-wait --poll 100ms "$id"
	echo "$stderr"
	[ "$status" -eq 0 ] || [ "$status" -eq 3 ]
	harmless
	file=$output
	[ "$(capinfos -Mc "$file" | awk '/Number of packets:/ { print $NF }')" -eq 2 ]
	for command in vcap-ls "vcap-ls -j" "vcap-ls -r" "vcap-status $id" "vcap-status -r $id" "vcap-status -j $id" \
		"vcap-stat $file" "vcap-stat -j $file"; do
		# shellcheck disable=SC2086 # words
		run --separate-stderr $command
		harmless
		[[ $output != *$'\302\233'* ]]
	done
	run ! grep -l $'\e' "spool/captures/$id/capture" "spool/captures/$id/engines"/*
	find spool -mindepth 1 | sort >there
	printf '%s\n' spool/captures "spool/captures/$id" "spool/captures/$id/$id.pcapng" \
		"spool/captures/$id/capture" "spool/captures/$id/engines" "spool/captures/$id/engines/a.log" \
		"spool/captures/$id/engines/a.state" "spool/captures/$id/engines/b.log" \
		"spool/captures/$id/engines/b.state" "spool/captures/$id/service" | sort | diff - there
	[ -z "$(find . -name 'x*')" ]
}

# Break: lib/controller/fetch.c s/status == EXIT_SIGNAL + SIGXFSZ/0/
# bats test_tags=slow
@test "F27: an answer or a stream without end, or a million interfaces, costs little and is no file" {
	evil eth0
	for stream in 'exec yes' 'cat evil.pcapng; exec cat /dev/zero' \
		'head -c 48 evil.pcapng; exec perl -e "print qq(\1\0\0\0\24\0\0\0\1\0\0\0\0\0\4\0\24\0\0\0) for 1 .. 1000000"'; do
		cat >answer <<-END
			case \$last in
			*vcap-host*status* | *vcap-host*stop*)
				printf 'state done\npackets 1\nbytes 60\ndropped 0\nreason time\n'
				;;
			*"'vcap-merge'"*"b="*) $stream ;;
			*vcap-merge*) cat evil.pcapng ;;
			*clock*) exec yes ;;
			esac
		END
		rm -rf spool
		entry
		run --separate-stderr timeout 100 vcap-wait --poll 100ms "$id"
		echo "$stderr"
		[ "$status" -eq 3 ]
		[[ $stderr == *"engine 'b' is missing: "*"engine 'b' sent more than it reported"* ]]
		[ "$(du -s --apparent-size spool | cut -f 1)" -lt 8000 ]
	done
}

# Break: lib/merge/coredir.c s/if (!S_ISREG(file.st.st_mode))/if (0)/
# Break: lib/merge/coredir.c s/file.st.st_uid != owner/false/
# Break: lib/merge/coredir.c s/geteuid() == 0/false/
# Break: lib/merge/coredir.c s/| O_NOFOLLOW//
@test "a directory's captures are regular files of its owner: nothing else is opened" {
	mkdir -m 755 dir
	mkcap -f pcapng -n 3 >secret
	refused() { # MESSAGE
		run --separate-stderr -1 timeout 20 vcap-merge -w out dir
		[ "$stderr" = "vcap-merge: $1" ] || { echo "$stderr"; false; }
		[ ! -e out ]
	}
	ln -s "$PWD/secret" dir/core-0.pcapng
	refused "'dir/core-0.pcapng' is not a regular file"
	for kind in 'mkfifo dir/core-0.pcapng' 'ln -s /dev/zero dir/core-0.pcapng' 'mkdir dir/core-0.pcapng'; do
		rm dir/core-0.pcapng
		$kind
		refused "'dir/core-0.pcapng' is not a regular file"
	done
	rmdir dir/core-0.pcapng
	cp secret dir/core-0.pcapng
	vcap-merge -w out dir
	rm out
	ln -s dir link
	run --separate-stderr -1 vcap-merge link
	[ "$stderr" = "vcap-merge: 'link' is a symbolic link: name the directory itself" ]
	# What root does not believe: the directories of others.
	if chown 4711 dir/core-0.pcapng 2>/dev/null; then
		refused "'dir/core-0.pcapng' is not of the owner of its directory"
		chown 4711 dir
		refused "'dir' is another user's (4711): merge it as that user"
		chown 0 dir dir/core-0.pcapng
		chmod 775 dir
		refused "'dir' can be written to by others: what is in it is not trusted"
	elif unshare -Ur true 2>/dev/null; then # not in a chroot
		run -1 unshare -Ur vcap-merge -w out /etc
		[[ $output == "vcap-merge: '/etc' is another user's"* ]]
	fi
}

# Break: lib/merge/label.c s/if (!hint->engine || (hint->is_region/if (1 || (hint->is_region/
# Break: lib/merge/label.c s/return hint->is_region;/return true;/
@test "what an engine sends is its own, whatever its interfaces are called" {
	# ENGINE PACKETS DROPS of each engine
	sums() {
		vcap-stat out.pcapng | awk 'NR > 1 { n[$1] += $(NF - 4); d[$1] += $(NF - 2) }
			END { for (e in n) print e, n[e], d[e] }' | sort
	}
	mkcap -f pcapng -n 3 -d 5 -C 'a word' >a.pcapng
	vcap-merge -w forged.pcapng good=a.pcapng
	vcap-merge -S shop -w sided.pcapng good=a.pcapng
	for merge in '' --live; do
		for sent in forged sided; do
			vcap-merge $merge bad=$sent.pcapng good=a.pcapng >out.pcapng
			[ "$(sums)" = $'bad 3 5\ngood 3 5' ]
			[ "$(grep -aoc 'bad: good: a word' out.pcapng)" -eq 1 ]
		done
		# A region may, but if the engine is known here.
		vcap-merge $merge --region bad bad=sided.pcapng >out.pcapng
		[ "$(sums)" = 'good 3 5' ]
		vcap-merge $merge --region bad bad=sided.pcapng good=a.pcapng >out.pcapng
		[ "$(sums)" = $'bad 3 5\ngood 3 5' ]
		vcap-merge $merge --region bad bad=sided.pcapng --engines x,good >out.pcapng
		[ "$(sums)" = 'bad 3 5' ]
	done
}

# Break: lib/controller/linktypes.c s/|| types.i. == usual/|| 1/
# bats test_tags=slow
@test "an engine whose packets are of another link type does not keep the others' from being merged" {
	entry
	echo 'engine c' >>"spool/captures/$id/capture"
	echo 'c dir=/d ssh root@c' >>config/engines
	mkcap -f pcapng -L 60 -n 2 >ours.pcapng
	mkcap -f pcapng -L 60 -n 2 -l 101 >other.pcapng
	cat >answer <<-'END'
		case $last in
		*vcap-host*) printf 'state done\nreason time\npackets 2\nbytes 120\ndropped 0\n' ;;
		*"b="*) cat other.pcapng ;;
		*vcap-merge*) cat ours.pcapng ;;
		esac
	END
	run -3 --separate-stderr vcap-wait --poll 100ms "$id"
	echo "$stderr"
	[[ $stderr == *"engine 'b' is missing: its packets are of link type 101, those of the others of 1"* ]]
	[ "$(tcpdump --count -r "spool/captures/$id/$id.pcapng" 2>/dev/null)" = '4 packets' ]
	# Two in one file are no file.
	vcap-merge --mixed -w two.pcapng ours.pcapng other.pcapng
	mv two.pcapng other.pcapng
	mkcap -f pcapng -L 60 -n 4 >ours.pcapng
	sed -i 's/packets 2.nbytes 120/packets 4\\nbytes 240/' answer
	rm -r spool
	entry
	run --separate-stderr vcap-wait --poll 100ms "$id"
	echo "$stderr"
	[[ $stderr == *"engine 'b' sent packets of several link types"* ]]
}

# Break: lib/base/errtext.c s/text ? text_escape_lines(text) : NULL/text ? strdup(text) : NULL/
# Break: libexec/push-engine.sh s/put "$said" | LC_ALL=C tr .* >&2/put "$said" >\&2/
# Break: lib/controller/config_write.c s/text_put_lines(stdout, text) < 0/fputs(text, stdout) < 0/
# bats test_tags=slow
@test "whatever an engine prints is harmless on a terminal, and short" {
	entry
	sed -i 's|dir=/d|dir=/d bin=/b|' config/engines
	evil='\033]0;x\007\033[31m\302\233\233 \342\200\256\342\200\216\342\201\246\r\377\300\200'
	long=$(printf 'x%.0s' {1..3000})
	live() { vcap-live -E a shop >/dev/null; }
	for answer in "printf 'state done\nmessage $evil$long\nreason $evil\npackets $evil\nversion $evil\n$evil 1\n'; exit 0" \
		"printf '$evil\n'" "printf '$evil\nready\n' >&2; printf '$evil'; exit 1"; do
		# shellcheck disable=SC2028 # for printf
		echo "printf '$evil\n' >&2; $answer" >answer
		for command in 'vcap-clock a' "vcap-fetch a $id file" 'vcap-push a' 'vcap-push --remove a' 'vcap-check a b' \
			'vcap-import -E a haproxy /x' 'vcap-import -E a ipvs' "vcap-status $id" "vcap-status -r $id" "vcap-stop $id" \
			'live' 'vcap-ls' 'vcap-ls -j'; do
			# shellcheck disable=SC2086 # words
			run --separate-stderr $command
			harmless || { printf '%s\n' "$command" "$output$stderr" | cat -v; false; }
			[ "${#output}" -lt 60000 ] && [ "${#stderr}" -lt 60000 ]
		done
	done
	run cat "spool/captures/$id/engines/a.log"
	harmless
	# What an administrator wrote into a configuration.
	printf 'frontend f\n bind 192.0.2.1:80\n acl \033[31mx\302\233 path /\n use_backend %%[path,map(/x\033)] if x\n default_backend b\nbackend b\n server s\033\342\200\256 10.0.0.1:80 check port 81 \033y\n' >x.cfg
	run --separate-stderr vcap-import haproxy x.cfg
	harmless
	# ... and what is in a service file, by whomever.
	printf '# \033[31m\302\233 \342\200\256\nvip 192.0.2.1 tcp/80\nserver 10.0.0.1 tcp/80\n' >config/services/f
	run -3 --separate-stderr vcap-import --diff haproxy x.cfg
	[[ $output == *'-# \x1b[31m'* ]]
	harmless
}

talks() { # ENGINE
	grep -q "^vcap-live: engine '$1': more is said than is shown" said
}

# Break: lib/controller/livestream.c s/livestream->told <= LINES_MOST/true/
@test "an engine that talks without end keeps nobody from the others, nor from an end" {
	cat >answer <<-'END'
		case $* in
		*vcap-run*)
			yes 'this engine has very much to say' >&2 &
			cat >/dev/null
			kill $!
			;;
		*) exit 1 ;;
		esac
	END
	timeout -s KILL 60 vcap-live shop >/dev/null 2>said &
	live=$!
	until_true talks a
	until_true talks b
	kill "$live"
	wait "$live" || status=$?
	[ "${status-0}" -ne 137 ]
	[ "$(wc -l <said)" -lt 10000 ]
}
