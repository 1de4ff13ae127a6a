#!/usr/bin/env bats
# Parts of captures by time: what was asked for, and since when rings are complete.

bats_require_minimum_version 1.5.0

setup() {
	build="$BATS_TEST_DIRNAME/../../${VCAP_BUILD:-build}"
	PATH="$(cd "$build/bin" && pwd):$(cd "$build/tests/tools" && pwd):$PATH"
	cd "$BATS_TEST_TMPDIR" || exit
}

# times FILE: seconds behind 1700000000 of its packets.
times() {
	tcpdump -tt -r "$1" 2>/dev/null | awk '{ printf "%g ", $1 - 1700000000 }'
}

# ring FILE SECONDS CORE TIME...: a file of a ring that was begun then.
ring() {
	mkcap -f pcapng -a 'vcap-run 0.2.0' -d 1 -C "complete-since 17000000$2" -e "lb$3" -T "$4" >"$1"
}

# Break: lib/merge/period.c s/packet->ts_ns >= periodic->period.until_ns/false/
@test "--since and --until: by every way to write a time, after the clock is corrected" {
	mkcap -T 1700000001,1700000002,1700000003,1700000004 >a.pcap
	mkcap -T 1700000001.5,1700000002.5,1700000003.5 >b.pcap
	export TZ=UTC
	for since in 1700000002 1700000002.0 2023-11-14T22:13:22Z '2023-11-14 22:13:22' 2023-11-14T23:13:21.999999999+01:00; do
		vcap-merge --since "$since" -w out.pcapng a.pcap b.pcap
		[ "$(times out.pcapng)" = '2 2.5 3 3.5 4 ' ]
	done
	vcap-merge --since 1700000002 --until 2023-11-14T22:13:23.5Z -F pcap a.pcap b.pcap >out.pcap
	[ "$(times out.pcap)" = '2 2.5 3 ' ]
	vcap-merge --since 1700000002 -o b=0.5 -w out.pcapng a.pcap b.pcap
	[ "$(times out.pcapng)" = '2 2 3 3 4 4 ' ]
	vcap-merge --since -5m -w out.pcapng a.pcap
	[ -z "$(times out.pcapng)" ]
	for bad in yesterday 25:00 2023-02-30T00:00 2023-11-14T22:13:22.Z ''; do
		run -2 vcap-merge --since "$bad" a.pcap
	done
	run -2 vcap-merge --since 1700000002 --until 1700000002 a.pcap
}

# Break: lib/merge/inputs.c s/file_section_is_from_vcap(reader_section(inputs->list.i..file))/1/
@test "--until: a file of another program that is cut short may lack packets of any time" {
	mkcap -T 1700000001,1700000004,1700000002 | head -c -1 >cut.pcap
	run -3 vcap-merge --until 1700000003 -w out.pcapng cut.pcap
	[[ $output == *"'cut.pcap' ends in the middle of the packet"* ]]
	[ "$(times out.pcapng)" = '1 ' ]
}

# Break: lib/merge/completeness.c s/list\[i\].since_ns > since_ns/list[i].since_ns < since_ns/
# Break: lib/merge/merged_header.c s/since_ns = interfaces_shifted.*/;/
@test "rings: since when each engine is complete, and --complete from when all are" {
	ring a.0 01 1 1700000001,1700000002,1700000003
	ring a.1 03 1 1700000004
	ring b.0 02 2 1700000001.5,1700000002.5
	vcap-merge -w ab.pcapng a.0 a.1 b.0
	run --separate-stderr vcap-stat ab.pcapng
	# shellcheck disable=SC2154 # bats sets it
	[ "$stderr" = "vcap-stat: 'lb1' is complete since 2023-11-14T22:13:21.000000000Z
vcap-stat: 'lb2' is complete since 2023-11-14T22:13:22.000000000Z" ]
	vcap-merge --complete -w out.pcapng a.0 a.1 b.0
	[ "$(times out.pcapng)" = '2 2.5 3 4 ' ]
	# In steps, and with a clock that is corrected.
	vcap-merge --complete -w again.pcapng ab.pcapng
	[ "$(times again.pcapng)" = '2 2.5 3 4 ' ]
	vcap-merge --complete -o lb2=1 -w out.pcapng a.0 a.1 b.0
	[ "$(times out.pcapng)" = '3 3.5 4 ' ]
	# What is no ring is complete.
	mkcap -T 1700000001 >c.pcap
	vcap-merge --complete -w out.pcapng c.pcap
	[ "$(times out.pcapng)" = '1 ' ]
}

# Break: cmd/cli.c s/_exit(EXIT_DONE)/_exit(EXIT_FAILED)/
@test "a reader that has gone is no failure" {
	mkcap -n 60000 >a.pcap
	for command in 'merge a.pcap' 'merge --live a.pcap' 'filter -r a.pcap -w - 0.0.0.0/0' 'join -P -r a.pcap 0.0.0.0/0'; do
		# shellcheck disable=SC2086 # words
		{ vcap-$command 2>/dev/null; echo $? >status; } | tcpdump -c 1 -r - >/dev/null 2>&1
		[ "$(cat status)" -eq 0 ]
	done
	# Of a stream that has nothing to write.
	mkfifo from to
	{ mkcap -n 9; head -c 1 from >/dev/null; } | { vcap-merge --live - >to; echo $? >status; } 3>&- &
	tcpdump -c 1 -r to >/dev/null 2>&1
	timeout 60 sh -c 'echo x >from' || :
	wait
	[ "$(cat status)" -eq 0 ]
}
