#!/usr/bin/env bats
# vcap-print against tcpdump, which prints the same packets in the same words.

bats_require_minimum_version 1.5.0

setup() {
	build="$BATS_TEST_DIRNAME/../../${VCAP_BUILD:-build}"
	PATH="$build/bin:$build/tests/tools:$PATH"
	cd "$BATS_TEST_TMPDIR" || exit
	export TZ=Asia/Kolkata
}

# As vcap-print does: without what it leaves out.
words() { # FILE...
	tcpdump -nn -r "$@" 2>/dev/null | sed -E 's/(Flags \[[^]]*\]), .*(length [0-9]+)(: HTTP.*)?$/\1, \2/'
}

# Break: lib/packet/packetline.c s/"FSRP.UEW"/"FSPR.UEW"/
# Break: lib/packet/packetline.c s/tuple->payload_wire);/tuple->payload_len);/
# Break: lib/merge/printer.c s/% NS_PER_SECOND . 1000/% NS_PER_SECOND/
@test "print: time, addresses, flags and lengths are tcpdump's, engine and side the label's" {
	mkconv -n 20 -e xff >a.pcap
	mkconv -n 20 -e xff -6 -s 100 >b.pcap
	mkdir -p config/services
	printf 'vip 192.0.2.10 tcp/80\nvip 2001:db8::10 tcp/80\nserver 10.0.1.11 tcp/8080\nserver 10.0.1.12 tcp/8080\nserver fd00:1::11 tcp/8080\nserver fd00:1::12 tcp/8080\n' >config/services/shop
	export VCAP_CONFIG=$PWD/config
	vcap-merge -S shop -w m.pcapng lb1=a.pcap long-name=b.pcap
	run -0 --separate-stderr vcap-print m.pcapng
	[ -z "$stderr" ]
	# Every line of it is of those that tcpdump has, and the other way round.
	[ "$(wc -l <<<"$output")" -gt 400 ]
	diff <(cut -c 1-16 <<<"$output") <(words m.pcapng | cut -c 1-16)
	sed -E 's/^(\S+) +\S+ +\S+ +/\1 /' <<<"$output" >ours
	words m.pcapng >theirs
	diff ours theirs | head
	cmp ours theirs
	[ "$(awk '{ print $2 "/" $3 }' <<<"$output" | sort -u | tr '\n' ' ')" = "lb1/client lb1/server long-name/client long-name/server " ]
	# Of what is cut, no more is said than was captured.
	vcap-merge -w cut.pcapng <(editcap -s 40 -F pcap a.pcap -)
	run -0 vcap-print cut.pcapng
	[[ $output != *Flags* ]]
	[ "$(wc -l <<<"$output")" -eq "$(tcpdump -nnr a.pcap 2>/dev/null | wc -l)" ]
}

# Break: cmd/vcap-print.c s/if (!ferror(stdout))/if (1)/
@test "print: what cannot be written is said once" {
	mkcap -n 2000 >a.pcap
	run -1 sh -c 'vcap-print a.pcap >/dev/full'
	[ "$output" = 'vcap-print: cannot write to standard output: No space left on device' ]
}

# Break: lib/packet/packetline.c s/tuple.is_quoted/false/
# Break: lib/merge/printer.c s/printer->width, engine, side)/printer->width, engine, label->side ? label->side : "-")/
@test "print: ICMP says what it is about; other protocols have a name or a number; names cannot act" {
	tests=$BATS_TEST_DIRNAME/..
	printf '%s\n' '1 10.0.0.1 10.1.1.1 unreachable 10.1.1.1:40001 10.0.0.9:80' \
		'2 10.1.1.1:40001 10.0.0.1:80 FA 1 1' '3 10.1.1.1:40001 10.0.0.1:80 A 1 1 hello' | "$tests/mktcp" >t.pcap
	run -0 vcap-print t.pcap
	[[ ${lines[0]} == *' IP 10.0.0.1 > 10.1.1.1: ICMP about 10.1.1.1.40001 > 10.0.0.9.80' ]]
	[[ ${lines[1]} == *': Flags [F.], length 0' ]]
	[[ ${lines[2]} == *': Flags [.], length 5' ]]
	mkcap -f pcapng -n 3 -e $'l\e[31mb' >u.pcapng
	run -0 vcap-print u.pcapng
	[[ $output == *'UDP, length'* ]]
	[[ $output != *$'\e'* ]]
	# The third part of an interface's name is a side, or anything, of any length.
	mkcap -f pcapng -n 3 -I $'lb1/eth0/\e[31mred\n' >s.pcapng
	run -0 vcap-print s.pcapng
	[[ ${#lines[@]} -eq 3 && $output == *' lb1 \x1b[31mred\x0a IP 10.0.0.1.'* && $output != *$'\e'* ]]
	mkcap -f pcapng -n 3 -I "lb1/eth0/$(head -c 60000 /dev/zero | tr '\0' x)" >long.pcapng
	run -0 vcap-print long.pcapng
	[[ ${#lines[@]} -eq 3 && ${lines[2]} == *'UDP, length'* ]]
	mkcap -f pcapng -n 3 -x >x.pcapng
	head -c -9 x.pcapng >cut.pcapng
	run -3 vcap-print - <cut.pcapng
	[[ $output == *'ends in the middle'* ]]
	run -2 vcap-print
	run -1 vcap-print none
	run -1 vcap-print "$BATS_TEST_FILENAME"
}

# Break: lib/merge/printer.c s/packet->ts_ns >= part->since_ns/true/
# Break: lib/merge/printer.c s/packet->ts_ns < part->until_ns/true/
# Break: lib/merge/printer.c s/printed < part->most/1/
@test "a part: so many, from one time to another" {
	mkcap -T "$(seq -s , 1700000001 1700000100)" >p.pcap
	vcap-print p.pcap >all
	[ "$(wc -l <all)" = 100 ]
	vcap-print -c 7 p.pcap | cmp - <(head -n 7 all)
	vcap-print --since 1700000026 --until 1700000051 p.pcap | cmp - <(sed -n 26,50p all)
	vcap-print --since 1700000025.5 -c 3 p.pcap | cmp - <(sed -n 26,28p all)
	for wrong in '-c 0' '-c x' '--since x' '--since 1700000005 --until 1700000005'; do
		# shellcheck disable=SC2086 # words
		run -2 vcap-print $wrong p.pcap
	done
}

# Break: lib/filter/between.c s/is_end(pair, !one, tuple->destination, to)/true/
# Break: lib/filter/between.c s/if (has_tuple(between, &seen.tuple))/if (0)/
# Break: lib/filter/between.c s/pair->protocol != tuple->protocol/false/
@test "between two ends: one connection or several, of both families, in tunnels, with errors about it" {
	tests=$BATS_TEST_DIRNAME/..
	mkconv -n 20 -e xff >a.pcap
	mkconv -n 20 -e xff -6 >b.pcap
	vcap-print a.pcap >all
	grep -E ' (10\.1\.0\.7\.20006 > 192|192\S* > 10\.1\.0\.7\.20006:)' all >wanted
	[ "$(wc -l <wanted)" -gt 5 ]
	vcap-print --between 10.1.0.7:20006,192.0.2.10:80 a.pcap | cmp - wanted
	vcap-print --between 192.0.2.10,10.1.0.7:20006,tcp -c 3 a.pcap | cmp - <(head -n 3 wanted)
	vcap-print --between 10.1.0.7:20006,192.0.2.10:80,udp a.pcap | cmp - /dev/null
	grep -E ' (10\.1\.0\.[79]\.[0-9]* > 192|192\S* > 10\.1\.0\.[79]\.)' all | cmp - <(vcap-print --between 10.1.0.7,192.0.2.10 --between 10.1.0.9,192.0.2.10,6 a.pcap)
	[ "$(vcap-print --between '[2001:db8::10]:80,[2001:db8:1::7]:20006' b.pcap | wc -l)" = "$(vcap-print b.pcap | grep -c '2001:db8:1::7\.20006')" ]
	printf '%s\n' '1 10.0.0.1 10.1.1.1 unreachable 10.1.1.1:40001 10.0.0.9:80' '2 10.1.1.1:40001 10.0.0.1:80 S 1 1' | "$tests/mktcp" >t.pcap
	[ "$(vcap-print --between 10.0.0.9:80,10.1.1.1:40001,tcp t.pcap | grep -c ICMP)" = 1 ]
	[ "$(vcap-print --between 10.0.0.1,10.1.1.1,icmp t.pcap | grep -c ICMP)" = 1 ]
	[ "$(vcap-print --between 10.0.0.1,10.1.1.1,icmp t.pcap | wc -l)" = 1 ]
	for wrong in 10.0.0.1 '10.0.0.1,' ,10.0.0.1 10.0.0.1:x,10.0.0.2 10.0.0.1:65536,10.0.0.2 host,10.0.0.1 10.0.0.1,10.0.0.2,tpc '[::1:80,::2' '[,]' '10.0.0.1,10.0.0.2,'; do
		run -2 vcap-print --between "$wrong" t.pcap
	done
}

# A tshark that is none: a program of the shell, which says what it may do, in $open, where everybody can look.
fake() { # LINE...
	open=${open:-$(mktemp -d)}
	chmod 777 "$open"
	printf '%s\n' '#!/bin/bash' "$@" >"$open/tshark"
	chmod 755 "$open/tshark"
}

# tshark is run only where it can be confined.
needs_landlock() {
	[ -z "${VCAP_EMULATED-}" ] || skip "Landlock: is not emulated"
}

teardown() {
	[ -z "${open-}" ] || rm -r "$open"
}

# Break: lib/merge/printer.c s/words ? words : ""/""/
# Break: lib/merge/tshark.c s/tshark->lines\[number - 1\] = end/tshark->lines[0] = end/
@test "in the words of tshark, which are its own, packet by packet, and of the part that is asked for" {
	needs_landlock
	mkconv -n 20 -e xff >a.pcap
	vcap-merge -w m.pcapng lb1=a.pcap
	run -0 --separate-stderr vcap-print --tshark m.pcapng
	[ -z "$stderr" ]
	squeeze() { sed -E 's/ +/ /g; s/ $//'; }
	# Of columns that are its default ones without the time and length.
	LC_ALL=C.UTF-8 tshark -n -r m.pcapng 2>/dev/null | sed -E 's/^ *[0-9]+ +[0-9.]+ +(\S+ → \S+ +\S+) +[0-9]+/\1/' | squeeze >theirs
	cut -d ' ' -f 3- <<<"$output" | squeeze | sed 's/^- //' >ours
	[ "$(wc -l <ours)" -gt 300 ]
	cmp ours theirs
	grep -q 'HTTP POST' ours
	cut -c 1-20 <<<"$output" | cmp - <(vcap-print m.pcapng | cut -c 1-20)
	[ "$(vcap-print --tshark -c 5 m.pcapng | wc -l)" = 5 ]
	[ "$(vcap-print --tshark --between 10.1.0.7:20006,192.0.2.10:80 m.pcapng | wc -l)" = "$(vcap-print --between 10.1.0.7:20006,192.0.2.10:80 m.pcapng | wc -l)" ]
	[ "$(vcap-print --tshark --between 10.9.9.9,192.0.2.10 m.pcapng)" = "" ]
	# Where it is not, that is said.
	run -0 --separate-stderr env PATH="$PWD" "$build/bin/vcap-print" --tshark m.pcapng
	[ "$output" = "$(vcap-print m.pcapng)" ]
	[[ $stderr == *"tshark is not installed, or not on PATH: packets are told in other words"* ]]
}

# shellcheck disable=SC2016 # the fake's own dollars
# Break: lib/base/sandbox.c s/"socket", //
# Break: lib/merge/tshark.c s/sandbox_confine_program(usable, &why) < 0/0/
# Break: lib/base/sandbox.c s/CLONE_THREAD, 0/CLONE_THREAD, CLONE_THREAD/
# Break: lib/merge/tshark.c s/process_close(3, ~0U, PROCESS_CLOSE_NOW);//
@test "tshark is confined: no file but the system's, none to write, no socket, no process, no other descriptor" {
	needs_landlock
	mkcap -f pcapng -n 12 >u.pcapng
	open=$(mktemp -d)
	echo secret >"$open/secret"
	chmod 666 "$open/secret"
	chmod 777 "$open"
	fake 'exec 2>&1' 'PATH=/usr/bin:/bin' \
		"read -r x <$open/secret && echo '1 read' || echo '1 unreadable'" \
		"{ echo x >$open/new; } && echo '2 wrote' || echo '2 unwritable'" \
		"{ echo x >$open/secret; } && echo '3 wrote' || echo '3 unwritable'" \
		"{ : </dev/tcp/127.0.0.1/9; } && echo '4 connected' || { { : </dev/udp/127.0.0.1/9; } && echo '4 sent' || echo '4 unconnected'; }" \
		"read -r x </etc/passwd && echo '5 read' || echo '5 unreadable'" \
		"{ : <&4; } && echo '6 open' || echo '6 closed'" \
		"read -r x </usr/share/wireshark/COPYING || read -r x </usr/bin/env && echo '7 of the system'" \
		"read -rd '' x <&0; echo '8 input'" \
		'echo "9 $EUID"' 'echo "10 $HOME${VCAP_TEST-}"' 'kill -0 $PPID && echo "11 signals" || echo "11 alone"' \
		"trap '[ \"\$made\" ] || echo \"12 no process\"' EXIT" '(exit 0) && made=1 && echo "12 process"'
	exec 4<"$open/secret"
	run -0 env VCAP_TEST=told PATH="$open:$PATH" vcap-print --tshark u.pcapng
	exec 4>&-
	printf '%s\n' "$output"
	said() { grep -q " $1\$" <<<"$output"; }
	said unreadable
	[ "$(grep -c ' unreadable$' <<<"$output")" = 2 ]
	[ "$(grep -c ' unwritable$' <<<"$output")" = 2 ]
	[ ! -e "$open/new" ]
	said unconnected
	said closed
	said 'of the system'
	said input
	said /nonexistent
	said alone
	said 'no process'
	if [ "$(id -u)" = 0 ] && setpriv --reuid=65534 --regid=65534 --clear-groups true 2>/dev/null; then
		said 65534
	fi
}

# shellcheck disable=SC2016
# Break: lib/merge/tshark.c s/number == 0 || number > tshark->count/number == 0/
# Break: lib/merge/tshark.c s/: failure_set(why, "tshark failed/: 0 * failure_set(why, "tshark failed/
# Break: lib/merge/tshark.c s/text_escape(tshark->escaped, sizeof(tshark->escaped), tshark->lines\[number\])/tshark->lines[number]/
@test "a tshark that fails, or lies: each packet has a line, nothing acts, and the exit status is 3" {
	needs_landlock
	mkcap -f pcapng -n 3 >u.pcapng
	vcap-print u.pcapng >all
	fake 'exit 1'
	run -3 --separate-stderr env PATH="$open:$PATH" vcap-print --tshark u.pcapng
	[ "$output" = "$(cat all)" ]
	[[ $stderr == *'tshark failed: it says something of 0 of 3 packets' ]]
	fake "printf '2 \\x1b[31mred\\n99999 x\\n-1 x\\n0 x\\nnone\\n2\\n18446744073709551617 x'" 'kill -9 $$' 'exec /nowhere'
	run -3 --separate-stderr env PATH="$open:$PATH" vcap-print --tshark u.pcapng
	[ "${#lines[@]}" = 3 ]
	[ "${lines[0]}" = "$(sed -n 1p all)" ]
	[[ ${lines[1]} == *' \x1b[31mred' ]]
	[ "${lines[2]}" = "$(sed -n 3p all)" ]
	# Many words at once.
	fake 'for ((i = 0; i < 20000; i++)); do echo "3 $i xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"; done' 'echo "1 a"; echo "2 b"'
	run -0 env PATH="$open:$PATH" vcap-print --tshark u.pcapng
	[[ ${lines[2]} == *' 19999 x'* ]]
}
