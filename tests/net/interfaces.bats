#!/usr/bin/env bats
# Interfaces and addresses that come and go while vcap-run captures without -i, and what is waited for.
# tcpdump -i any is the witness: of a packet that it saw, the capture has one.

bats_require_minimum_version 1.5.0
load tcpdump
load ../until
load veth
load events

changes() { # what came and went, without the times
	sed -n 's/^change-[0-9]* [0-9.]* //p' d/status
}

has_change() { # TEXT
	changes | grep -qx "$1"
}

# What was sent belongs to the time before any event to come: the capture has looked since.
settle() {
	local now
	now=$(date +%s%N)
	until_true is_counted_after "$now"
}

is_counted_after() { # NANOSECONDS
	[ "$(value counted | tr -d .)" -gt "$1" ]
}

is_kept() { # COUNT
	[ "$(value packets)" -eq "$1" ]
}

# The numbers of the packets to port 9, each as often as it was captured.
numbers() { # FILE...
	for file in "$@"; do
		tshark -nr "$file" -Y 'udp.dstport == 9' -T fields -e udp.payload 2>/dev/null
	done | cut -c 1-16 | sort
}

# Break: lib/capture/ifwatch.c s/RTMGRP_LINK | RTMGRP_IPV4_IFADDR/RTMGRP_LINK/
# bats test_tags=slow
@test "an address that comes to an interface without one: captured from then on, and told" {
	start d
	[ "$(value interfaces)" = lo ]
	send -C 0 -c 3 va
	settle
	ip addr add 192.0.2.10/24 dev vb
	send -C 0 -c 5 va
	until_true has_change "came vb 192.0.2.10"
	ip addr del 192.0.2.10/24 dev vb
	send -C 0 -c 6 va
	until_true has_change "went vb 192.0.2.10"
	has_change "came vb"
	stopped
	[ "$(numbers d/core-*.pcapng | wc -l)" -eq 11 ]
	[ "$(value interfaces)" = "lo vb" ]
	[ "$(value packets)" -eq 11 ]
	[ "$(value received)" -eq 11 ]
	tshark -nr d/core-0.pcapng -Y frame.number==1 -T fields -e frame.interface_name | grep -qx vb
	came=$(sed -n 's/^change-[0-9]* \([0-9.]*\) came vb$/\1/p' d/status)
	grep -aq "came $came" d/core-0.pcapng
}

# bats test_tags=slow
@test "one that is deleted and made again, and goes down and up" {
	ip addr add 192.0.2.1/24 dev vb
	start d
	send -C 0 -c 3 va
	ip link del dev va
	until_true has_change "went vb"
	ip link add dev va type veth peer name vb
	ip link set va up
	ip addr add 192.0.2.1/24 dev vb
	ip link set vb up
	until_true is_up va
	send -C 0 -c 4 va
	ip link set vb down
	ip link set vb up
	until_true is_up va
	send -C 0 -c 5 va
	stopped
	[ "$(value packets)" -eq 12 ]
	[ "$(value interfaces | tr ' ' '\n' | sort | tr '\n' ' ')" = "lo vb " ]
	[ "$(value state)" = "done" ]
}

# Break: lib/capture/ifrule.c s/iface_has_name(iface, names\[i\])/false/
# bats test_tags=slow
@test "--wait: one that is not there yet, by an alternative name" {
	start d --wait the-uplink
	grep -q "'the-uplink' is waited for" err
	send -C 0 -c 3 va
	settle
	ip link property add dev vb altname the-uplink
	until_true has_change "came vb"
	send -C 0 -c 4 va
	stopped
	[ "$(value packets)" -eq 4 ]
	vcap-run -b 8M -i the-uplink -t 1ms -R 0 -w e 2>/dev/null
	[ "$(value interfaces e)" = vb ]
	# As long as the kernel lets a name be.
	longest=$(printf 'n%.0s' {1..127})
	ip link property add dev vb altname "$longest"
	vcap-run -b 8M -i "$longest" -t 1ms -R 0 -w g 2>/dev/null
	[ "$(value interfaces g)" = vb ]
	ip link property del dev vb altname "$longest"
	run -1 vcap-run -b 8M -i "$longest" -t 1ms -R 0 -w h
	[[ $output == *"no interface '$longest'"* ]]
	run -1 vcap-run -b 8M -i vb -i nothing -t 1ms -R 0 -w f
}

# Break: lib/capture/filterproc.c s/iftable_find(filter->interfaces, name)/(uint32_t)(strcmp(name, "lo") != 0) * IFTABLE_NONE/
# bats test_tags=slow
@test "one that comes behind a filter command, and in a rotation" {
	vcap-filter '192.0.2.0/24' >/dev/null
	vcap-run -b 32M -R 0 -C 64k -W 3 -w d -- cat >/dev/null 2>err 3>&- &
	pid=$!
	until_true grep -q running d/status
	ip addr add 192.0.2.10/24 dev vb
	send -C 0 -c 1000 -s 500 va
	stopped
	[ "$(value received)" -eq 1000 ]
	[ $(($(value packets) + $(value removed))) -eq 1000 ]
	for file in d/core-0.*.pcapng; do
		[ "$(capinfos -TmQM "$file" 2>&1 | grep -c .)" -ge 1 ]
		[ "$(numbers "$file" | uniq -d | wc -l)" -eq 0 ]
	done
}

# Break: lib/capture/notices.c s/ifwatch_left_out(&capture->watch, name)/0/
# Break: lib/capture/ring.c s/{BPF_JMP | BPF_JEQ | BPF_K, 0, 1, PACKET_OUTGOING}/{BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 77}/
# bats test_tags=slow
@test "the loopback once, other link types not at all" {
	ip tuntap add dev tun7 mode tun || skip "no tun device here"
	ip link set tun7 up
	ip addr add 198.51.100.1/24 dev tun7
	start d
	bash -c 'for i in 1 2 3; do echo $i >/dev/udp/127.0.0.1/9; done'
	ping -c 1 -W 0.1 198.51.100.2 >/dev/null || true
	ip tuntap add dev tun8 mode tun
	ip link set tun8 up
	ip addr add 198.51.100.9/32 dev tun8
	until_true has_change "came tun8 198.51.100.9"
	stopped
	grep -qx "vcap-run: 'tun7' is left out: not an Ethernet interface" err
	grep -qx "vcap-run: 'tun8' came, and is left out: not an Ethernet interface" err
	ip link del dev tun8
	[ "$(tcpdump -nr d/core-0.pcapng 'udp dst port 9' 2>/dev/null | wc -l)" -le 3 ]
	[ "$(for file in d/core-*.pcapng; do tcpdump -nr "$file" 'udp dst port 9'; done 2>/dev/null | wc -l)" -eq 3 ]
	[ "$(for file in d/core-*.pcapng; do tcpdump -nr "$file" 'net 198.51.100.0/24'; done 2>/dev/null | wc -l)" -eq 0 ]
}

# Break: lib/capture/ifrule.c s/is_in_vrf(ifaces, iface) ? NULL : ifaces_by_index(ifaces, iface->master)/NULL/
# bats test_tags=slow
@test "random events: what tcpdump sees come in is there, and once" {
	random_events 25
	compare_with_witness
}

# Break: lib/capture/capture_loop.c s/counters->counts.dropped += share/counters->counts.dropped += 0/
@test "what the ring of all has no room for is told of the interface that it was on" {
	ip addr add 192.0.2.10/24 dev vb
	start d -b 512k
	kill -STOP "$pid"
	send -C 0 -c 20000 va
	kill -CONT "$pid"
	stopped
	[ "$(value dropped)" -gt 10000 ]
	[ $(($(value packets) + $(value dropped))) -eq 20000 ]
	value "core-0[.][0-9]*" | grep -q "^interface vb .* dropped $(value dropped) "
}

# Bytes of all its rings.
ring_bytes() { # PID
	perl -ne '/^(\w+)-(\w+) .* socket:/ and $sum += hex($2) - hex($1); END { print $sum + 0 }' "/proc/$1/maps"
}

count_sockets() { # PID
	find "/proc/$1/fd" -lname 'socket:*' | wc -l
}

# Break: lib/capture/setup.c s/capture->rings_per_core = 1;/capture->rings_per_core = taken;/
# Break: lib/capture/setup.c s|ring_divide(bytes / count,|ring_divide(bytes,|
# bats test_tags=slow
@test "rings: for a hundred interfaces what there is for one, and with -i divided among them" {
	for number in $(seq 100); do
		echo "link add dev p$number up group 7 type veth peer name q$number"
		echo "addr add 198.51.100.$number/32 dev p$number"
	done | ip -batch -
	start d -b 8M
	[ "$(value interfaces | wc -w)" -eq 101 ]
	# A ring for each CPU, and two netlink sockets.
	[ "$(count_sockets "$pid")" -le $((cpus + 3)) ]
	[ "$(ring_bytes "$pid")" -le $((8 << 20)) ]
	[ "$(ring_bytes "$pid")" -gt $((6 << 20)) ]
	stopped
	start e -b 16M -i p1 -i p2 -i p3 -i p4 -i p5 -i p6 -i p7 -i p8
	[ "$(count_sockets "$pid")" -ge $((8 * cpus)) ]
	[ "$(ring_bytes "$pid")" -le $((cpus > 8 ? 8 * cpus << 18 : 16 << 20)) ]
	[ "$(ring_bytes "$pid")" -gt $((6 << 20)) ]
	vcap-host stop e
	ended 0
	pid=
}

# What each thread may do, and what the process has open but for the files of the capture.
states() {
	local task
	for task in /proc/"$pid"/task/*; do
		echo "${task##*/} $(grep -E '^(Cap|NoNewPrivs|Seccomp|Uid|Gid|Groups)' "$task/status" | tr -s '\t\n' ' ')"
	done
	find /proc/"$pid"/fd -mindepth 1 ! -lname "*/d/*" -printf '%f %l\n' | sort
}

# Break: lib/capture/session.c s/sandbox_confine_calls(sandbox, SANDBOX_CALLS_CAPTURE, SANDBOX_OPENS_NONE, why) < 0 ||//
# bats test_tags=slow
@test "every thread has nothing but its sockets, also after an interface came" {
	start d
	states >before
	ip addr add 192.0.2.10/24 dev vb
	until_true has_change "came vb"
	send -C 0 -c 3 va
	until_true is_kept 3
	states | diff before -
	for set in CapInh CapPrm CapEff CapBnd CapAmb; do
		[ "$(grep -c " $set: 0000000000000000 " before)" -eq $((cpus + 1)) ]
	done
	# One for each CPU, and the one that waits: those that opened rings have ended.
	[ "$(grep -c ' NoNewPrivs: 1 ' before)" -eq $((cpus + 1)) ]
	[ "$(grep -c ' Seccomp: 2 ' before)" -eq $((cpus + 1)) ] || [ "$build" != "${build%asan*}" ]
	# A ring for each CPU, and two netlink sockets.
	[ "$(count_sockets "$pid")" -le $((cpus + 3)) ]
	stopped
	[ "$(value packets)" -eq 3 ]
}

# Break: lib/controller/vipmoves.c s/is_vip(service, move.vip)/!is_vip(service, move.vip)/
# Break: lib/controller/commands.c s/strvec_pushf(words, "--wait=%s", \*name)/(void)0/
# bats test_tags=slow
@test "vcap start: ring memory, an interface that is waited for, and a VIP that came" {
	export VCAP_CONFIG=$PWD/etc VCAP_SPOOL=$PWD/spool
	mkdir -p etc/services spool run
	echo "here wait=vb dir=$PWD/run local" >etc/engines
	printf 'vip 10.0.0.2 udp/9\nserver 10.0.0.3 udp/9\nengine here\n' >etc/services/shop
	ip link set vb down
	vcap start --dry-run -b 8M shop >planned
	instructions=$(vcap-filter -ddd -S shop 2>/dev/null | head -n 1)
	grep -Eq "^here +$instructions +8[.]0M +.*[+]vb" planned
	run -0 ls spool run
	[ "$output" = $'run:\n\nspool:' ]
	run -2 vcap capture --dry-run shop
	vcap start -b 8M -t 1m shop >id
	[ "$(ring_bytes "$(sed -n 's/^pid //p' run/*/status)")" -le $((8 << 20)) ]
	grep -aqx "interfaces" run/*/status || grep -q "^interfaces *$" run/*/status
	ip link set vb up
	until_true is_up va
	ip addr add 192.0.2.10/24 dev vb
	ip addr add 10.0.0.2/32 dev vb
	send -C 0 -c 3 va
	until_true status_has "the VIP 10.0.0.2 came at"
	run ! grep 192.0.2.10 noted
	vcap stop shop >file
	[ "$(numbers "$(<file)" | wc -l)" -eq 3 ]
}

status_has() { # TEXT
	vcap status -r >noted
	grep -qF "$1" noted
}
