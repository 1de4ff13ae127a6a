#!/usr/bin/env bats
# vcap-run on a veth pair: packets are sent into va and captured on vb. Faults are in faults.bats, the
# command that packets pass through in slot.bats.

bats_require_minimum_version 1.5.0
load tcpdump
load ../until
load veth

@test "every packet sent is kept or counted as dropped, each on its core" {
	start d -i vb -b 128M
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
	timeout 60 vcap-run -b 8M -i vb -t 500ms -R 0 -w d
	took=$((($(date +%s%N) - before) / 1000000))
	[ "$took" -ge 500 ]
	[ "$(value reason)" = time ]
	start e -i vb -t 2
	[ "$(value duration e)" = 120000000000 ]
}

@test "-s cuts packets and keeps their true length" {
	start d -i vb -s 96
	send -C 0 -c 3 -s 1400 va
	send -C 0 -c 1 -s 60 va
	vcap-host stop d
	run -0 "$BATS_TEST_DIRNAME/../frames" -f kept,length d/core-0.pcapng
	[ "$(grep -c "^96 1400$" <<<"$output")" -eq 3 ]
	[ "$(grep -c "^60 60$" <<<"$output")" -eq 1 ]
	[ "$(value truncated)" -eq 3 ]
	[ "$(value bytes)" -eq $((3 * 96 + 60)) ]
}

# Break: lib/capture/output.c s/if (output->cuts)/if (0)/
@test "-s headers keeps no payload, also behind a filter that sees it" {
	start d -i vb -s headers
	send -C 0 -c 20 -s 400 va
	vcap-host stop d
	[ "$(vcap-merge -F pcap -w - lb1=d | tshark -r - -T fields -e frame.cap_len -e frame.len 2>/dev/null | sort -u)" = $'42\t400' ]
	grep -qx 'snaplen headers' d/status
	grep -aq 'snaplen headers' d/core-0.pcapng
	vcap-run -b 32M -i vb -s headers -R 0 -w e -- vcap-filter -r - -w - -e 'udp[8:4] >= 0' >/dev/null 2>err 3>&- &
	pid=$!
	until_true grep -q running e/status
	send -C 0 -c 20 -s 400 va
	vcap-host stop e
	[ "$(vcap-merge -F pcap -w - lb1=e | tshark -r - -T fields -e frame.cap_len 2>/dev/null | sort | uniq -c | tr -s ' ')" = ' 20 42' ]
}

@test "a file says what it is: its parameters, its interface, its end" {
	vcap-run -b 8M -i vb -n lb1 -c 7 -t 300ms -s 128 -R 0 -w d
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
	vcap-run -b 8M -i vb -n lb1 -f - --detach -R 0 -w d <job
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
	run ! vcap-run -b 8M -i vb -f prog -R 0 -w d
	[[ $output == *"kernel refuses the filter"* ]]
	[ ! -e d ]
	run ! vcap-run -b 8M -i vb -f prog -R 0 --detach -w d
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
	run -1 vcap-run -b 8M -i nosuch0 -w d
	[[ $output == *"'nosuch0'"* ]]
	[ ! -e d ]
	run -1 vcap-run -b 8M -i any -w d
	ip link set vb down
	run -1 vcap-run -b 8M -i vb -w d
	[[ $output == *"'vb' is down"* ]]
}

@test "without CAP_NET_RAW: exit 1, which one and how to grant it" {
	# A copy: that of a package has the capability as a file.
	cp "$(command -v vcap-run)" .
	run -1 capsh --drop=cap_net_raw -- -c "./vcap-run -b 8M -i vb -w d"
	[[ $output == *CAP_NET_RAW*"setcap cap_net_raw=ep "*/vcap-run* ]]
	[ "${#lines[@]}" -eq 1 ]
	[ ! -e d ]
}

# Break: cmd/vcap-run.c s/program.count == 0/program.count/
@test "the ssh connection that it is run through is left out, unless it is asked for" {
	export SSH_CONNECTION='10.9.9.1 4000 10.9.9.2 22'
	run -0 --separate-stderr vcap-run -b 8M -i vb -t 10ms -w d
	[ "${stderr_lines[0]}" = "vcap-run: the ssh connection from 10.9.9.1 port 4000 is left out (--with-ssh: it is not)" ]
	run -0 --separate-stderr vcap-run -b 8M -i vb -t 10ms --with-ssh -w e
	[[ $stderr != *ssh* ]]
	echo '1,6 0 0 262144' >all
	run -0 --separate-stderr vcap-run -b 8M -i vb -t 10ms -f all -w f
	[[ $stderr != *ssh* ]]
}

@test "standard error may be a device, and standard output a terminal's" {
	vcap-run -b 8M -i vb -t 100ms -R 0 -w d 2>/dev/null
	# A terminal of its own
	run -0 script -qec "vcap-run -b 8M -i vb -t 100ms -R 0 -w e" /dev/null
	[[ $output == *"0 packets"* ]]
	[ "$(value reason e)" = time ]
	run -2 script -qec "vcap-run -i vb -t 100ms -w -" /dev/null
	[[ $output == *"terminal"* ]]
}

@test "root may write where another user's directory is" {
	[ "$(awk "{ print \$3 }" /proc/self/uid_map)" -gt 1 ] || skip "one user in this namespace"
	install -d -o 65534 -m 755 home
	vcap-run -b 8M -i vb -t 100ms -R 0 -w home/d
	[ "$(value reason home/d)" = time ]
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

@test "-w -: one stream in the order of time, with a heartbeat" {
	vcap-run -i vb -i lo -t 1m -w - >stream 3>&- &
	pid=$!
	until_true test -s stream
	send -C 0 -c 3000 -r 3000 va 3>&- &
	sender=$!
	[ "$cpus" -lt 2 ] || send -C 1 -c 3000 -r 3000 va
	wait $sender
	# Every interface tells of itself again and again.
	until_true has_beats stream 10
	kill "$pid"
	ended 0
	[ "$(count_in stream)" -eq $((cpus < 2 ? 3000 : 6000)) ]
	capinfos -o stream | grep -q "Strict time order: *True"
}

@test "--detach returns when packets are captured, and says why if it cannot" {
	vcap-run -b 8M -i vb --detach -R 0 -w d
	send -C 0 -c 3 va
	vcap-host stop d
	[ "$(value packets)" -eq 3 ]
	grep -q "3 packets" d/log
	run -1 vcap-run -b 8M -i vb --detach -R 0 -w d
	[[ $output == *"not empty"* ]]
}

# Break: lib/capture/ring.c s/{.code = BPF_RET | BPF_K, .k = 0}/{.code = BPF_RET | BPF_K, .k = 65535}/
# Break: lib/capture/ring.c s/^\tring_skip(ring);$/;/
# Break: lib/capture/capture_loop.c s/if (!input->has_begun \&\& packet->ts_ns < loop->runstate->start_ns)/if (0)/
# bats test_tags=slow
@test "no packet from before the filter is ever kept" {
	vcap-filter -P -e "udp port 77" >prog
	send -C 0 -c 2000000 -r 50000 -p 78 va >/dev/null 3>&- &
	sender=$!
	for round in 1 2 3 4 5; do
		vcap-run -b 8M -i vb -f prog -t 200ms -R 0 -w d$round
		[ "$(value packets d$round)" -eq 0 ]
		[ "$(count_in d$round/core-*.pcapng)" -eq 0 ]
	done
	kill "$sender"
}

# Break: lib/capture/ringshare.c s/(uint64_t)cores \* (64 << 20)/1/
@test "a reader that stalls costs nothing as long as the rings have room" {
	mkfifo pipe
	cat pipe >stream 3>&- &
	reader=$!
	vcap-run -i vb -t 1m -w - >pipe 2>err 3>&- &
	pid=$!
	until_true test -s stream
	kill -STOP "$reader"
	# A quarter of a second: each block of the ring is closed after some milliseconds, full or not, so
	# that a sender who is slow on a busy machine needs more of them.
	send -C 0 -c 5000 -s 1000 -r 20000 va
	kill -CONT "$reader"
	kill "$pid"
	ended 0
	wait "$reader"
	grep -q "5000 packets, 5000000 bytes, 0 dropped" err || { cat err; false; }
	[ "$(count_in stream)" -eq 5000 ]
}

# Break: lib/capture/notices.c s/iface->taken && iface->has_xdp/0/
@test "an XDP program on the interface: a warning that packets may be hidden" {
	xdp vb true || skip "xdp: no programs for this user here"
	run -0 xdp vb vcap-run -b 8M -i vb -t 100ms -R 0 -w d
	[[ $output == *"'vb' has an XDP program"* ]]
	run -0 vcap-run -b 8M -i vb -t 100ms -R 0 -w e
	[[ $output != *XDP* ]]
}

# Break: lib/capture/capture.c s/rundir_is_gone(options->dir))$/0)/
@test "a directory that is removed ends the capture: nothing else could" {
	start d -i vb
	rm -r d
	until_true grep -q 'its directory was removed' err
	ended 1
	pid=
}
