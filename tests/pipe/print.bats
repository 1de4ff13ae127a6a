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

# Break: lib/packet/packetline.c s/tuple.is_quoted/false/
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
	mkcap -f pcapng -n 3 -x >x.pcapng
	head -c -9 x.pcapng >cut.pcapng
	run -3 vcap-print - <cut.pcapng
	[[ $output == *'ends in the middle'* ]]
	run -2 vcap-print
	run -1 vcap-print none
	run -1 vcap-print "$BATS_TEST_FILENAME"
}

# Break: lib/merge/printer.c s/packet.ts_ns < part->since_ns/0/
# Break: lib/merge/printer.c s/packet.ts_ns >= part->until_ns/0/
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
