#!/usr/bin/env bats
# vcap-filter's programs in the kernel: iptables, tc, and a capture of tagged packets.

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
}

teardown() {
	ip link del dev va 2>/dev/null || true
	iptables -F OUTPUT 2>/dev/null || true
	tc qdisc del dev lo clsact 2>/dev/null || true
}

@test "iptables' bpf match takes --comma and matches what it should" {
	iptables -A OUTPUT -m bpf --bytecode "$(vcap-filter -y RAW --comma 127.0.0.4-127.0.0.6)" -j DROP
	for host in 3 4 5 6 7; do
		{ echo x > /dev/udp/127.0.0.$host/9; } 2>/dev/null || true
	done
	[ "$(iptables -L OUTPUT -vnx | awk '/DROP/ { print $1 }')" -eq 3 ]
}

@test "tc takes --comma" {
	program=$(vcap-filter --comma 127.0.0.4-127.0.0.6)
	tc qdisc add dev lo clsact
	tc filter add dev lo egress bpf bytecode "$program" flowid 1:1
	tc filter show dev lo egress | grep -qF "bytecode '$program'"
}

# Every other address from 127.0.0.3 on: too many, so what is captured has those in between.
@test "a list that does not fit: roughly in the kernel, then exactly" {
	seq 0 5119 | awk '{ printf "127.0.%d.%d\n", $1 / 128, $1 % 128 * 2 + 3 }' | sed 's/\.257$/.255/' > list
	vcap-filter --widen --specs list > program
	vcap-run -i lo -f program -t 30s -R 0 -w rough.d --detach 3>&-
	for host in 1 2 3 4 5 6 7 8; do
		{ echo x > /dev/udp/127.0.0.$host/9; } 2>/dev/null || true
	done
	# The datagrams to 3-8, each with the ICMP error that answers it.
	for _ in $(seq 500); do
		vcap-host status rough.d > now
		if grep -q "^packets 12$" now; then break; fi
		sleep .02
	done
	vcap-host stop rough.d | grep -q "^packets 12$"
	vcap-merge -w - rough.d | vcap-filter -r - -w exact.pcapng --specs list
	[ "$(tcpdump -nr exact.pcapng udp 2>/dev/null | sed 's/.*> \([0-9.]*\)\.9:.*/\1/' | tr '\n' ' ')" = \
		"127.0.0.3 127.0.0.5 127.0.0.7 " ]
}

# The addresses of `send`.
@test "packets whose tags the kernel takes off match as untagged ones do" {
	ip link add dev va type veth peer name vb
	ip link set va up
	ip link set vb up
	vcap-filter -e 'udp' 10.0.0.2 > program
	vcap-filter -x -e 'udp' 10.0.0.2 > rest
	for name in program rest; do
		vcap-run -i vb -f $name -t 30s -R 0 -w $name.d --detach 3>&-
	done
	send -c 2 va
	send -c 3 -v 7 va
	send -c 4 -v 8 -v 9 va
	for _ in $(seq 500); do
		vcap-host status program.d > now
		if grep -q "^packets 9$" now; then break; fi
		sleep .02
	done
	vcap-host stop program.d | grep -q '^packets 9$'
	vcap-host stop rest.d > now
	vcap-merge -w rest.pcapng rest.d
	[ -z "$(tcpdump -nr rest.pcapng 'udp or (vlan and (udp or (vlan and udp)))' 2>/dev/null)" ]
}
