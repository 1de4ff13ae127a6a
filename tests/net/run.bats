#!/usr/bin/env bats
# vcap-run on a veth pair: packets are sent into va and captured on vb. The numbers F1 to F30 are
# faults that a capture has to survive.

bats_require_minimum_version 1.5.0
load tcpdump

setup() {
	build=$BATS_TEST_DIRNAME/../../${VCAP_BUILD:-build}
	PATH=$build/bin:$build/tests/tools:$PATH:/usr/sbin:/sbin
	grep -q netns-run /proc/1/cmdline || {
		echo "these tests make interfaces: run them by tests/netns-run"
		return 1
	}
	cd "$BATS_TEST_TMPDIR" || return
	# A process that cannot be traced cannot be searched for leaks either.
	export ASAN_OPTIONS=detect_leaks=0
	sysctl -qw net.ipv6.conf.default.disable_ipv6=1
	ip link add dev va type veth peer name vb
	ip link set va up
	ip link set vb up
	cpus=$(nproc)
}

teardown() {
	if [ -n "${pid-}" ] && kill -9 "$pid"; then wait "$pid"; fi 2>/dev/null || true
	ip link del dev va 2>/dev/null || true
	ip link del dev wa 2>/dev/null || true
	! mountpoint -q "$BATS_TEST_TMPDIR/disk" || umount -l "$BATS_TEST_TMPDIR/disk"
}

until_true() { # COMMAND...: within 10 s
	for _ in $(seq 500); do
		if "$@" >/dev/null 2>&1; then return 0; fi
		sleep 0.02
	done
	echo "never: $*"
	return 1
}

# Starts a capture into DIR, which has begun on return.
start() { # DIR OPTION...
	dir=$1
	shift
	vcap-run "$@" -R 0 -w "$dir" >/dev/null 2>"$BATS_TEST_TMPDIR/err" 3>&- &
	pid=$!
	until_true grep -q running "$dir/status"
}

value() { # KEY [DIR]
	sed -n "s/^$1 //p" "${2-d}/status"
}

field() { # CORE KEY
	value "core-$1" | tr ' ' '\n' | sed -n "/^$2\$/{ n; p; }"
}

ended() { # STATUS: that of the capture
	local got=0
	wait "$pid" || got=$?
	[ "$got" -eq "$1" ] || { echo "exit status $got"; cat "$BATS_TEST_TMPDIR/err"; false; }
}

is_at() { # CORE PACKETS
	[ "$(field "$1" packets)" -eq "$2" ]
}

is_up() { # INTERFACE
	ip link show "$1" | grep -q "state UP"
}

count_in() { # FILE...: packets, by another reader
	for file in "$@"; do tcpdump -nr "$file" 2>/dev/null; done | wc -l
}

disk() { # OPTIONS: a small file system
	mkdir disk
	mount -t tmpfs -o "$1" tmpfs disk
}

@test "every packet sent is kept or counted as dropped, each on its core" {
	start d -i vb
	send -C 0 -c 20000 va
	[ "$cpus" -lt 2 ] || send -C 1 -c 10000 va
	vcap-host stop d
	[ "$(field 0 packets)" -eq $((20000 - $(field 0 dropped))) ]
	[ "$cpus" -lt 2 ] || [ "$(field 1 packets)" -eq $((10000 - $(field 1 dropped))) ]
	[ "$(value packets)" -eq $(($(value received) - $(value dropped))) ]
	[ "$(count_in d/core-*.pcapng)" -eq "$(value packets)" ]
	# Each says its core; the first one's numbers are all there, in order.
	tshark -r d/core-0.pcapng -T fields -e frame.packet_flags -e data.data 2>/dev/null |
		awk '{ print $1, substr($2, 1, 8) }' >seen
	awk 'BEGIN { for (i = 0; i < 20000; i++) printf "0x00000001 %08x\n", i }' >sent
	[ "$(field 0 dropped)" -ne 0 ] || cmp seen sent
}

@test "-c stops each core there, and a full one does not spill" {
	[ "$cpus" -ge 2 ] || skip "one CPU"
	start d -i vb -c 100
	send -C 0 -c 5000 va
	send -C 1 -c 40 va
	until_true is_at 1 40
	[ "$(field 0 packets)" -eq 100 ]
	[ "$(field 0 full)" != - ]
	[ "$(field 1 full)" = - ]
	[ "$cpus" -eq 2 ] || skip "more than two CPUs: the others never fill"
	send -C 1 -c 100 va
	wait "$pid"
	[ "$(value reason)" = count ]
	[ "$(count_in d/core-0.pcapng)" -eq 100 ]
	[ "$(count_in d/core-1.pcapng)" -eq 100 ]
	# The time it filled is that of its last packet.
	[ "$(tcpdump -ttr d/core-1.pcapng --time-stamp-precision nano 2>/dev/null |
		tail -n 1 | cut -d ' ' -f 1)" = "$(field 1 full)" ]
	grep -q "never fills" err
	grep -aq "ended count" d/core-0.pcapng
}

@test "-t ends it, a bare number means minutes" {
	before=$(date +%s%N)
	vcap-run -i vb -t 500ms -R 0 -w d
	took=$((($(date +%s%N) - before) / 1000000))
	[ "$took" -ge 500 ]
	[ "$took" -lt 3000 ]
	[ "$(value reason)" = time ]
	start e -i vb -t 2
	[ "$(value duration e)" = 120000000000 ]
}

@test "-s cuts packets and keeps their true length" {
	start d -i vb -s 96
	send -C 0 -c 3 -s 1400 va
	send -C 0 -c 1 -s 60 va
	vcap-host stop d
	run -0 tshark -r d/core-0.pcapng -T fields -e frame.cap_len -e frame.len
	[ "$(grep -c "^96.1400$" <<<"$output")" -eq 3 ]
	[ "$(grep -c "^60.60$" <<<"$output")" -eq 1 ]
	[ "$(value truncated)" -eq 3 ]
	[ "$(value bytes)" -eq $((3 * 96 + 60)) ]
}

@test "a file says what it is: its parameters, its interface, its end" {
	vcap-run -i vb -n lb1 -c 7 -t 300ms -s 128 -R 0 -w d
	run -0 capinfos d/core-0.pcapng
	[[ $output == *"Capture application: vcap-run "* ]]
	[[ $output == *"Capture oper-sys:"*Linux* ]]
	[[ $output == *"Description = lb1"* ]]
	[[ $output == *"Capture length = 262144"* ]]
	for text in "interfaces vb" "count 7" "duration 300000000" "snaplen 128" "name lb1" "core 0" \
		"ended time"; do
		grep -aq "$text" d/core-0.pcapng
	done
}

@test "a job on standard input: its program filters, its parts are kept" {
	{
		tcpdump -y EN10MB -ddd udp port 77
		printf '\nvip 192.0.2.1 udp/77\nengine lb1\n\n10.0.0.0/8\n10.1.1.1-10.1.1.9\n'
	} >job
	vcap-run -i vb -n lb1 -f - --detach -R 0 -w d <job
	send -C 0 -c 5 -p 77 va
	send -C 0 -c 5 -p 78 va
	vcap-host stop d
	[ "$(value packets)" -eq 5 ]
	[ "$(value name)" = lb1 ]
	[ "$(cat d/service)" = "$(printf 'vip 192.0.2.1 udp/77\nengine lb1')" ]
	[ "$(cat d/specs)" = "$(printf '10.0.0.0/8\n10.1.1.1-10.1.1.9')" ]
	tcpdump -y EN10MB -ddd udp port 77 | cmp - d/filter.bpf
	[ "$(tcpdump -nr d/core-0.pcapng udp port 77 2>/dev/null | wc -l)" -eq 5 ]
}

@test "a filter that the kernel refuses is an error, and nothing is left" {
	# Reads scratch memory that was never written: its form is right.
	printf '2\n96 0 0 0\n22 0 0 0\n' >prog
	run ! vcap-run -i vb -f prog -R 0 -w d
	[[ $output == *"kernel refuses the filter"* ]]
	[ ! -e d ]
	run ! vcap-run -i vb -f prog -R 0 --detach -w d
	[ ! -e d ]
}

@test "bad words: one line that quotes them, exit 2, nothing written" {
	for bad in "-c x" "-t 5y" "-s 262145" "-s x" "-R 1Q" "-b x" "-n a/b" "--max-size 0" \
		"--sandbox on" "-i vb extra" "--nonsense"; do
		# shellcheck disable=SC2086
		run -2 vcap-run $bad -w d
		[ "${#lines[@]}" -eq 1 ]
		[[ $output == *\'*${bad##* }*\'* ]] || { echo "$bad: $output"; false; }
		[ ! -e d ]
	done
	run -2 vcap-run -i vb
	echo garbage >prog
	run -2 vcap-run -f prog -w d
	[ ! -e d ]
	run -1 vcap-run -i nosuch0 -w d
	[[ $output == *"'nosuch0'"* ]]
	[ ! -e d ]
	run -1 vcap-run -i any -w d
	ip link set vb down
	run -1 vcap-run -i vb -w d
	[[ $output == *"'vb' is down"* ]]
}

@test "without CAP_NET_RAW: exit 1, which one and how to grant it" {
	run -1 capsh --drop=cap_net_raw -- -c "vcap-run -i vb -w d"
	[[ $output == *CAP_NET_RAW*"setcap cap_net_raw=ep "*/vcap-run* ]]
	[ "${#lines[@]}" -eq 1 ]
	[ ! -e d ]
}

@test "every thread has given up everything before the first packet" {
	start d -i vb
	threads=0
	for task in /proc/"$pid"/task/*; do
		threads=$((threads + 1))
		run -0 cat "$task/status"
		for set in CapInh CapPrm CapEff CapBnd CapAmb; do
			[[ $output == *"$set:"?0000000000000000* ]] || { echo "$task $set"; false; }
		done
		[[ $output == *"NoNewPrivs:"?1* ]]
		[[ $output == *"Seccomp:"?2* ]] || [ "$build" != "${build%asan*}" ]
	done
	[ "$threads" -ge "$cpus" ]
}

@test "standard error may be a device, and standard output a terminal's" {
	vcap-run -i vb -t 100ms -R 0 -w d 2>/dev/null
	# A terminal of its own
	run -0 script -qec "vcap-run -i vb -t 100ms -R 0 -w e" /dev/null
	[[ $output == *"0 packets"* ]]
	[ "$(value reason e)" = time ]
	run -2 script -qec "vcap-run -i vb -t 100ms -w -" /dev/null
	[[ $output == *"terminal"* ]]
}

@test "a file capability is enough for an ordinary user" {
	[ "$(awk "{ print \$3 }" /proc/self/uid_map)" -gt 1 ] || skip "one user in this namespace"
	cd /run
	install -d -m 755 bin
	install -d -o 65534 home
	install -m 755 "$build/bin/vcap-run" "$build/bin/vcap-host" bin
	setcap cap_net_raw=ep bin/vcap-run || skip "no file capabilities here"
	setpriv --reuid 65534 --regid 65534 --clear-groups bin/vcap-host check >report
	grep -qx "cap_net_raw yes" report
	setpriv --reuid 65534 --regid 65534 --clear-groups \
		bin/vcap-run -i vb -R 0 --detach -w home/d
	pid=$(value pid home/d)
	for task in /proc/"$pid"/task/*; do
		run -0 cat "$task/status"
		[[ $output == *"CapPrm:"?0000000000000000* ]]
		[[ $output == *"CapEff:"?0000000000000000* ]]
		[[ $output == *"NoNewPrivs:"?1* ]]
		[[ $output == *"Seccomp:"?2* ]] || [ "$build" != "${build%asan*}" ]
	done
	send -C 0 -c 10 va
	setpriv --reuid 65534 --regid 65534 --clear-groups bin/vcap-host stop home/d
	[ "$(value packets home/d)" -eq 10 ]
}

@test "root may write where another user's directory is" {
	[ "$(awk "{ print \$3 }" /proc/self/uid_map)" -gt 1 ] || skip "one user in this namespace"
	install -d -o 65534 -m 755 home
	vcap-run -i vb -t 100ms -R 0 -w home/d
	[ "$(value reason home/d)" = time ]
}

@test "F1: a full disk ends it at a whole record, exit 3" {
	disk size=64k
	vcap-run -i vb -R 0 --max-size 1G -w disk/d 2>err 3>&- &
	pid=$!
	until_true grep -q running disk/d/status
	ip link set va mtu 9000
	ip link set vb mtu 9000
	send -C 0 -c 40 -s 8000 va
	ended 3
	[ "$(value state disk/d)" = partial ]
	[ "$(value reason disk/d)" = disk-full ]
	[[ "$(value message disk/d)" == *"disk is full"* ]]
	kept=$(value packets disk/d)
	[ "$kept" -gt 0 ]
	[ "$kept" -lt 40 ]
	[ "$(count_in disk/d/core-*.pcapng)" -eq "$kept" ]
	tcpdump -nr disk/d/core-0.pcapng >/dev/null 2>warnings
	run ! grep -i trunc warnings
	grep -q "disk is full" err
}

@test "F1: so does a file system that refuses, in the middle of a write" {
	(
		ulimit -f 100
		exec vcap-run -i vb -R 0 -w d 2>err 3>&-
	) &
	pid=$!
	until_true grep -q running d/status
	send -C 0 -c 2000 -s 1000 va
	ended 3
	[ "$(value reason)" = disk-full ]
	[ "$(count_in d/core-0.pcapng)" -eq "$(value packets)" ]
	[ "$(value packets)" -gt 90 ]
	tcpdump -nr d/core-0.pcapng >/dev/null 2>warnings
	run ! grep -i trunc warnings
	grep -aq "ended disk-full" d/core-0.pcapng
	# The end mark found room.
	run -0 capinfos d/core-0.pcapng
	[[ $output == *"stat entries = 1"* ]]
}

@test "F2: does not start below the reserve, and stops at it" {
	disk size=8M
	run -1 vcap-run -i vb -w disk/d
	[[ $output == *"free"* ]]
	[ ! -e disk/d ]
	vcap-run -i vb -R 5M --max-size 1G -w disk/d 2>err 3>&- &
	pid=$!
	until_true grep -q running disk/d/status
	send -C 0 -c 4000 -s 1400 va
	ended 3
	[ "$(value reason disk/d)" = reserve ]
	[ "$(df --output=avail -B1 disk | tail -n 1)" -ge $((5 << 20)) ]
	[ "$(du -sb disk/d | cut -f 1)" -gt $((2 << 20)) ]
	[ "$(count_in disk/d/core-*.pcapng)" -eq "$(value packets disk/d)" ]
}

@test "F3: no limit given: a warning, and a size cap all the same" {
	disk size=16M
	vcap-run -i vb -R 8M -w disk/d 2>err 3>&- &
	pid=$!
	until_true grep -q running disk/d/status
	send -C 0 -c 4000 -s 1400 va
	ended 0
	[ "$(value reason disk/d)" = size ]
	[ "$(du -sb disk/d | cut -f 1)" -le $((2 << 20)) ]
	[ "$(du -sb disk/d | cut -f 1)" -gt $((1 << 20)) ]
	[ "$(count_in disk/d/core-*.pcapng)" -eq "$(value packets disk/d)" ]
	grep -q "neither -c nor -t" err
}

@test "F3: --max-size is a cap over all files together" {
	start d -i vb --max-size 300k
	send -C 0 -c 300 -s 1400 va
	[ "$cpus" -lt 2 ] || send -C 1 -c 300 -s 1400 va
	ended 0
	[ "$(value reason)" = size ]
	[ "$(cat d/*.pcapng | wc -c)" -le $((300 << 10)) ]
	[ "$(count_in d/core-*.pcapng)" -eq "$(value packets)" ]
}

@test "F4: kill -9 at any moment leaves whole records and costs at most a second" {
	kills=20
	[ -z "${VCAP_SLOW-}" ] || kills=200
	for round in $(seq "${VCAP_KILLS:-$kills}"); do
		start "d$round" -i vb
		send -C 0 -c 100000 -r 50000 va >/dev/null 3>&- &
		sender=$!
		sleep "0.$((RANDOM % 900 + 100))"
		killed=$(date +%s.%N)
		kill -9 "$pid"
		wait "$pid" || true
		kill -9 "$sender"
		wait "$sender" || true
		tcpdump -ttnr "d$round/core-0.pcapng" 2>/dev/null | tail -n 1 |
			awk -v killed="$killed" "{ exit !(\$1 > killed - 1) }"
		for file in "d$round"/core-*.pcapng; do
			tcpdump -nr "$file" >/dev/null 2>warnings || true
			# A record may be half there only if the kill fell into its write.
			run ! grep -v "reading from file\|truncated\|setuid failed" warnings
			tshark -r "$file" >/dev/null 2>&1 || grep -q truncated warnings
		done
		[ "$(vcap-host status "d$round" | sed -n 's/^reason //p')" = killed ]
	done
}

@test "F5: TERM, INT and HUP end it in good order" {
	for signal in TERM INT HUP; do
		start "$signal" -i vb
		send -C 0 -c 50 va
		kill -s "$signal" "$pid"
		ended 0
		[ "$(value state "$signal")" = "done" ]
		[ "$(value reason "$signal")" = signal ]
		[ "$(count_in "$signal"/core-*.pcapng)" -eq 50 ]
	done
}

@test "F5: a stream whose reader has gone ends quietly" {
	run -0 bash -c 'set -o pipefail; vcap-run -i vb -t 1m -w - | head -c 1 >/dev/null'
	[ -z "$output" ]
}

@test "F5: a stream whose reader is stuck still ends" {
	mkfifo pipe
	# shellcheck disable=SC2217 # it holds the pipe open
	sleep 1000 <pipe 3>&- &
	reader=$!
	vcap-run -i vb -t 10m -w - >pipe 2>err 3>&- &
	pid=$!
	send -C 0 -c 2000 -s 1000 va
	kill "$pid"
	for _ in $(seq 500); do
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.02
	done
	run ! kill -0 "$pid"
	kill "$reader"
}

@test "F6: whatever fails, it ends in good order and leaves no half file" {
	[ -e "$build/tests/preload/fail.so" ] || skip "make tests"
	[ "$build" = "${build%asan*}" ] || skip "the sanitizer has an allocator of its own"
	for call in write fsync rename open mmap malloc; do
		step=1 last=12
		[ $call != malloc ] || step=9 last=150
		[ -z "${VCAP_SLOW-}" ] || step=1
		failed=0
		for at in $(seq 1 $step $last); do
			rm -rf d
			status=0
			LD_PRELOAD=$build/tests/preload/fail.so FAIL_CALL=$call FAIL_AT=$at \
				vcap-run -i vb -b 1M -n lb1 -t 20ms -R 0 -w d 2>err || status=$?
			context="$call $at: exit status $status, $(cat err)"
			[ "$status" -eq 0 ] || failed=$((failed + 1))
			# Not by a signal, and never without a word.
			[ "$status" -le 3 ] || { echo "$context"; false; }
			[ -s err ]
			# Complete when it says so; what there is, is whole in any case.
			for file in d/core-*.pcapng; do
				[ -f "$file" ] || continue
				tshark -r "$file" >/dev/null 2>warnings || { echo "$context"; false; }
			done
			[ ! -f d/status ] || tail -n 1 d/status | grep -q "^core-.* full -$"
			[ "$status" -ne 0 ] || grep -qx "state done" d/status || { echo "$context"; false; }
			[ "$status" -ne 3 ] || grep -qx "state partial" d/status || { echo "$context"; false; }
			[ -z "$(find . -name "*.tmp")" ]
		done
		# The test itself works: something did fail.
		[ $failed -gt 0 ]
	done
}

@test "F7: --lease ends with standard input, a blocked output notwithstanding" {
	mkfifo input output
	sleep 1000 <>output 3>&- &
	reader=$!
	vcap-run -i vb --lease -w - <input >output 2>err 3>&- &
	pid=$!
	exec 4>input
	until_true grep -q "neither" err
	send -C 0 -c 2000 -s 1000 va
	kill -0 "$pid"
	before=$(date +%s)
	exec 4>&-
	ended 0
	[ $(($(date +%s) - before)) -le 3 ]
	kill "$reader"
}

@test "F8: --lease=TIME ends when its holder is silent, and not before" {
	mkfifo input
	vcap-run -i vb --lease=700ms -R 0 -w d <input 2>err 3>&- &
	pid=$!
	exec 4>input
	for _ in 1 2 3 4 5 6; do
		echo >&4
		sleep 0.3
	done
	kill -0 "$pid"
	ended 0
	exec 4>&-
	[ "$(value reason)" = lease ]
	run -2 vcap-run -i vb --lease --detach -w e
	printf '\n\n\n' | vcap-run -i vb -f - --lease -R 0 -w f
	[ "$(value reason f)" = lease ]
}

@test "F10: a deleted interface is recorded and the others go on, exit 3" {
	ip link add dev wa type veth peer name wb
	ip link set wa up
	ip link set wb up
	start d -i vb -i wb
	send -C 0 -c 5 va
	ip link del dev va
	until_true grep -q "^message.*vb" d/status
	grep -qx "state running" d/status
	send -C 0 -c 7 wa
	kill "$pid"
	ended 3
	[ "$(value state)" = partial ]
	[[ "$(value message)" == *"'vb' was deleted"* ]]
	[ "$(value packets)" -eq 12 ]
	grep -q "'vb' was deleted" err
}

@test "F10: the last interface deleted: exit 1, what was captured is kept" {
	start d -i vb
	send -C 0 -c 5 va
	ip link del dev va
	ended 1
	[ "$(value reason)" = interface ]
	[ "$(count_in d/core-0.pcapng)" -eq 5 ]
}

@test "F10: an interface that goes down and up resumes, each CPU in its place" {
	start d -i vb
	send -C 0 -c 5 va
	ip link set vb down
	ip link set vb up
	until_true is_up vb
	until_true is_up va
	send -C 0 -c 6 va
	[ "$cpus" -lt 2 ] || send -C 1 -c 7 va
	kill "$pid"
	ended 0
	[ "$(field 0 packets)" -eq 11 ]
	[ "$cpus" -lt 2 ] || [ "$(field 1 packets)" -eq 7 ]
}

@test "F11: what a stopped process loses is counted everywhere" {
	start d -i vb -b 1M
	kill -STOP "$pid"
	send -C 0 -c 20000 -s 1000 va
	kill -CONT "$pid"
	kill "$pid"
	ended 0
	[ "$(value dropped)" -gt 0 ]
	[ "$(value packets)" -gt 0 ]
	[ $(($(value packets) + $(value dropped))) -eq 20000 ]
	[ "$(count_in d/core-*.pcapng)" -eq "$(value packets)" ]
	grep -q " $(value dropped) dropped" err
	# isb_ifdrop, option 5 of 8 bytes, in the last statistics block
	# shellcheck disable=SC2016 # perl's own
	run -0 perl -0777 -ne 'print unpack("Q<", $1) if /.*\x05\0\x08\0(.{8})/s' d/core-0.pcapng
	[ "$output" -eq "$(field 0 dropped)" ]
}

@test "F12: packets longer than any wire's keep their true length" {
	sysctl -qw net.ipv6.conf.lo.disable_ipv6=0
	ip link set lo gso_max_size 200000 gro_max_size 200000 || skip "big-tcp"
	start d -i lo
	perl -MIO::Socket::IP -e '
		my $l = IO::Socket::IP->new(LocalHost => "::1", LocalPort => 4444, Listen => 1) or die;
		if (!fork) {
			my $c = IO::Socket::IP->new(PeerHost => "::1", PeerPort => 4444) or die;
			print $c "x" x 65536 for 1 .. 400;
			exit;
		}
		my $s = $l->accept; 1 while sysread $s, my $b, 1 << 20; wait' 3>&-
	vcap-host stop d
	tshark -r d/core-0.pcapng -T fields -e frame.len -e frame.cap_len 2>/dev/null >lengths
	[ "$cpus" -lt 2 ] || tshark -r d/core-1.pcapng -T fields -e frame.len -e frame.cap_len \
		2>/dev/null >>lengths
	[ "$(sort -n lengths | tail -n 1 | cut -f 1)" -gt 70000 ] || skip "big-tcp"
	[ "$(value truncated)" -eq "$(awk '$2 < $1' lengths | wc -l)" ]
	[ "$(awk '$1 > 66000 && $2 == $1' lengths | wc -l)" -gt 0 ]
}

@test "F13: VLAN tags are back in place, in both directions" {
	start d -i vb -i va
	send -o -C 0 -v 7 -c 2 va
	send -o -C 0 -v 8 -v 9 -c 1 va
	vcap-host stop d
	[ "$(tcpdump -nr d/core-0.pcapng vlan 7 2>/dev/null | wc -l)" -eq 4 ]
	[ "$(tcpdump -nr d/core-0.pcapng vlan 8 and vlan 9 2>/dev/null | wc -l)" -eq 2 ]
	run -0 tshark -r d/core-0.pcapng -T fields -e frame.interface_name -e frame.packet_flags \
		-e frame.len -e ip.dst
	[ "$(grep -c "^va.0x00000002.132.10.0.0.2" <<<"$output")" -eq 2 ]
	[ "$(grep -c "^vb.0x00000001.132.10.0.0.2" <<<"$output")" -eq 2 ]
	[ "$(grep -c "^vb.0x00000001.136.10.0.0.2" <<<"$output")" -eq 1 ]
}

@test "loopback packets are counted once" {
	start d -i lo
	for _ in 1 2 3; do echo x >/dev/udp/127.0.0.1/9; done
	vcap-host stop d
	cat d/core-*.pcapng >/dev/null
	seen=0
	for file in d/core-*.pcapng; do
		seen=$((seen + $(tcpdump -nr "$file" udp dst port 9 2>/dev/null | wc -l)))
	done
	[ "$seen" -eq 3 ]
}

@test "without -i: interfaces with an address, and lo" {
	ip addr add 192.0.2.1/24 dev vb
	start d
	[ "$(value interfaces | tr ' ' '\n' | sort | tr '\n' ' ')" = "lo vb " ]
}

@test "F25: the directory is 0700 and its files 0600, whatever the umask" {
	for mask in 000 077; do
		(umask $mask && vcap-run -i vb -t 100ms -R 0 -w "m/$mask" 3>&-)
		[ "$(stat -c %a "m/$mask")" = 700 ]
		[ "$(stat -c %a "m/$mask"/* | sort -u)" = 600 ]
	done
}

@test "F24: a directory that is not empty, a link, or somebody else's is refused" {
	mkdir full empty other
	touch full/precious
	ln -s empty link
	for bad in full link full/precious; do
		run -1 vcap-run -i vb -t 100ms -R 0 -w $bad
		[[ $output == *"'$bad'"* ]]
	done
	[ "$(ls full)" = precious ]
	[ -z "$(ls empty)" ]
	if chown 1 other 2>/dev/null; then
		run -1 vcap-run -i vb -t 100ms -R 0 -w other
		[[ $output == *"somebody else"* ]]
	fi
	vcap-run -i vb -t 100ms -R 0 -w empty
	run -1 vcap-run -i vb -t 100ms -R 0 -w empty
}

@test "-w -: one stream in the order of time, with a heartbeat" {
	vcap-run -i vb -i lo -t 2s -w - >stream 3>&- &
	pid=$!
	until_true test -s stream
	send -C 0 -c 3000 -r 3000 va 3>&- &
	[ "$cpus" -lt 2 ] || send -C 1 -c 3000 -r 3000 va
	wait
	[ "$(count_in stream)" -eq $((cpus < 2 ? 3000 : 6000)) ]
	capinfos -o stream | grep -q "Strict time order: *True"
	# Every interface at least each 200 ms.
	run -0 capinfos stream
	[ "$(sed -n 's/.*stat entries = //p' <<<"$output" | sort -n | head -n 1)" -ge 10 ]
}

@test "--detach returns when packets are captured, and says why if it cannot" {
	vcap-run -i vb --detach -R 0 -w d
	send -C 0 -c 3 va
	vcap-host stop d
	[ "$(value packets)" -eq 3 ]
	grep -q "3 packets" d/log
	run -1 vcap-run -i vb --detach -R 0 -w d
	[[ $output == *"not empty"* ]]
}
