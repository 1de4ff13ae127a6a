#!/usr/bin/env bats
# keepalived moves a VIP between two engines while both capture: every packet of the VIP that tcpdump
# sees on an engine is in that engine's file, and once.

bats_require_minimum_version 1.5.0
load ../until

# Two engines and a client on one wire, which is a bridge in a namespace of its own.
setup() {
	build=$BATS_TEST_DIRNAME/../../${VCAP_BUILD:-build}
	PATH=$build/bin:$PATH:/usr/sbin:/sbin
	grep -q netns-run /proc/1/cmdline || {
		echo "these tests make interfaces: run them by tests/netns-run"
		return 1
	}
	cd "$BATS_TEST_TMPDIR" || return
	mkdir -p /run/netns
	sysctl -qw net.ipv6.conf.default.disable_ipv6=1
	for host in wire lb1 lb2 client; do
		ip netns add $host
		ip -n $host link set lo up
	done
	ip -n wire link add dev br0 type bridge
	ip netns exec wire sysctl -qw net.bridge.bridge-nf-call-iptables=0 2>/dev/null || true
	ip -n wire link set br0 up
	for host in lb1 lb2 client; do
		ip netns exec $host sysctl -qw net.ipv6.conf.default.disable_ipv6=1
		ip -n $host link add dev eth0 type veth peer name $host netns wire
		ip -n $host link set eth0 up
		ip -n wire link set $host up master br0
	done
	ip -n lb1 addr add 10.9.0.1/24 dev eth0
	ip -n lb2 addr add 10.9.0.2/24 dev eth0
	ip -n client addr add 10.9.0.9/24 dev eth0
}

teardown() {
	# shellcheck disable=SC2013
	for process in $(cat pids 2>/dev/null); do kill -9 "$process" 2>/dev/null || true; done
	for host in wire lb1 lb2 client; do
		for process in $(ip netns pids $host 2>/dev/null); do kill -9 "$process"; done
		ip netns del $host 2>/dev/null || true
	done
}

on() { # HOST COMMAND...
	local host=$1
	shift
	ip netns exec "$host" "$@"
}

# Begins a process on a host; $! is its number.
begin() { # HOST COMMAND...
	local host=$1
	shift
	ip netns exec "$host" "$@" 3>&- &
	echo $! >>pids
}

# The VIP is on an interface without another address, a veth within the engine, so that nothing but
# the address says that it is of use.
engine() { # NUMBER PRIORITY
	on lb"$1" ip link add dev vip0 type veth peer name vip1
	on lb"$1" ip link set vip0 up
	on lb"$1" ip link set vip1 up
	cat >lb"$1".conf <<-END
		global_defs {
			router_id lb$1
			vrrp_garp_master_delay 1
		}
		vrrp_instance shop {
			interface eth0
			virtual_router_id 7
			priority $2
			advert_int 0.1
			virtual_ipaddress {
				10.9.0.100/24 dev eth0
				10.9.0.101/32 dev vip0
			}
		}
	END
	begin lb"$1" vcap-run -R 0 -w "$PWD/lb$1" -n lb"$1" >lb"$1".out 2>&1
	begin lb"$1" tcpdump -Z root -U -i any -y LINUX_SLL2 -w lb"$1".pcap 2>lb"$1".seen
	echo $! >lb"$1".tcpdump
	cat >haproxy"$1".cfg <<-END
		defaults
			mode http
			timeout client 5s
			timeout server 5s
			timeout connect 5s
		frontend shop
			bind :80
			http-request return status 200 content-type text/plain string lb$1
	END
	begin lb"$1" haproxy -db -f haproxy"$1".cfg >/dev/null 2>&1
	until_true grep -q running lb"$1"/status
	until_true grep -q listening lb"$1".seen
}

has_ended() { # PROCESS
	! kill -0 "$1"
}

# tcpdump leaves what is still in its ring when it is ended; advertisements go on.
has_written_past() { # TIME FILE
	tshark -nr "$2" -Y "frame.time_epoch > $1" 2>/dev/null | grep -q .
}

advertise() { # NUMBER
	begin lb"$1" keepalived -n -l -P -f "$PWD/lb$1.conf" -p "$PWD/lb$1.pid" -r "$PWD/lb$1.vrrp" >lb"$1".log 2>&1
}

is_served_by() { # ENGINE
	[ "$(on client curl -s -m 1 http://10.9.0.100/)" = "$1" ]
}

# The packets of the VIPs up to the time, in no order: each interface gives one that is sent a time of
# its own.
packets() { # TIME EXCEPT-INDEX FILE...
	local until=$1 except=$2
	shift 2
	for file in "$@"; do
		tshark -o ip.defragment:FALSE -nr "$file" -T fields -e ip.src -e ip.id -e tcp.seq_raw -e tcp.flags -e arp.src.proto_ipv4 -e arp.dst.proto_ipv4 \
			-Y "frame.time_epoch < $until && !(sll.ifindex == $except) && (ip.addr in {10.9.0.100, 10.9.0.101} || arp.src.proto_ipv4 in {10.9.0.100, 10.9.0.101} || arp.dst.proto_ipv4 in {10.9.0.100, 10.9.0.101})" 2>/dev/null
	done | sort
}

# Break: lib/capture/ifwatch.c s/RTMGRP_LINK | RTMGRP_IPV4_IFADDR/RTMGRP_LINK/
# bats test_tags=slow
@test "keepalived fails over: each engine's file has every packet of the VIP, once" {
	command -v keepalived >/dev/null || skip "no keepalived here"
	engine 1 200
	engine 2 100
	advertise 1
	until_true is_served_by lb1
	advertise 2
	kill "$(cat lb1.pid)"
	until_true is_served_by lb2
	for engine in lb1 lb2; do
		vcap-host stop $engine
	done
	for engine in lb1 lb2; do
		ended=$(sed -n 's/^ended //p' $engine/status)
		until_true has_written_past "$ended" $engine.pcap
		kill "$(cat $engine.tcpdump)"
		until_true has_ended "$(cat $engine.tcpdump)"
		# Its other end sees the gratuitous ARP as well.
		other=$(ip netns exec $engine cat /sys/class/net/vip1/ifindex)
		packets "$ended" "$other" $engine.pcap >seen
		packets "$ended" 0 $engine/core-*.pcapng >kept
		[ -s seen ]
		diff seen kept
		grep -q "^change-[0-9]* [0-9.]* came eth0 10.9.0.100$" $engine/status
		grep -q "^change-[0-9]* [0-9.]* came vip0 10.9.0.101$" $engine/status
		grep -q "^change-[0-9]* [0-9.]* came vip0$" $engine/status
	done
	grep -q "^change-[0-9]* [0-9.]* went eth0 10.9.0.100$" lb1/status
}
