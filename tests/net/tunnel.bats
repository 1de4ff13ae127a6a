#!/usr/bin/env bats
# HAProxy with a server behind a tunnel that the kernel makes: its packets are captured on the interface below, by
# a program in the kernel, and a client is followed into it.

bats_require_minimum_version 1.5.0
load ../until

CLIENTS=9

setup_file() {
	grep -q netns-run /proc/1/cmdline || {
		echo "these tests make namespaces: run them by tests/netns-run"
		return 1
	}
	PATH=$PATH:/usr/sbin:/sbin
	cd "$BATS_FILE_TMPDIR" || return
	for n in $(seq $CLIENTS) 100; do
		ip addr add "10.77.0.$n/32" dev lo
	done
	ip netns add far
	ip link add below type veth peer name below netns far
	ip addr add 10.79.0.1/24 dev below
	ip addr add fd79::1/64 dev below nodad
	ip link set below up
	ip -n far addr add 10.79.0.2/24 dev below
	ip -n far addr add fd79::2/64 dev below nodad
	ip -n far link set below up
	ip -n far link set lo up
	cat >haproxy.cfg <<-'END'
		defaults
		  mode http
		  timeout connect 5s
		  timeout client 30s
		  timeout server 30s
		  option forwardfor
		  http-reuse never
		frontend shop
		  bind 10.77.0.100:80
		  default_backend behind
		backend behind
		  server s 10.78.0.11:8080
	END
	printf '%s\n' 'defaults' ' mode http' ' timeout client 30s' 'frontend web' ' bind :8080' \
		' http-request return status 200 content-type text/plain lf-string "%[path]\n"' >server.cfg
	ip netns exec far haproxy -db -f server.cfg >/dev/null 2>&1 3>&- &
	echo $! >pids
	haproxy -db -f haproxy.cfg >/dev/null 2>&1 3>&- &
	echo $! >>pids
}

teardown_file() {
	while read -r pid; do kill "$pid"; done <"$BATS_FILE_TMPDIR/pids" || true
	ip netns del far
}

setup() {
	build=$BATS_TEST_DIRNAME/../../${VCAP_BUILD:-build}
	PATH=$(cd "$build/bin" && pwd):$PATH:/usr/sbin:/sbin
	cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
	for pid in $(pgrep -x vcap-run; pgrep -x tcpdump); do
		kill -9 "$pid" 2>/dev/null || true
	done
	ip link del tunnel 2>/dev/null || true
	ip -n far link del tunnel 2>/dev/null || true
}

# tunnel: to the far namespace, where the server is, over addresses that end in 1 and 2.
tunnel() { # PREFIX TYPE OPTION...
	local prefix=$1
	shift
	ip link add tunnel type "$@" remote "${prefix}2" || return
	ip addr add 10.78.0.1/24 dev tunnel
	ip link set tunnel up
	ip -n far link add tunnel type "$@" remote "${prefix}1"
	ip -n far addr add 10.78.0.11/24 dev tunnel
	ip -n far link set tunnel up
	until_true curl -sf -m 1 -o /dev/null http://10.77.0.100/ready
}

# What is captured of the service is what tshark takes for it in all that tcpdump saw, and of a client what it asked for.
follows() { # VIA FILTER-OF-TSHARK DECODE
	printf '%s\n' 'vip 10.77.0.100 tcp/80' "server 10.78.0.11 tcp/8080 via $1" 'source 10.78.0.1' >shop
	vcap-filter -S ./shop >program 2>said
	tcpdump -i below -U -w all.pcap 2>tcpdump.err 3>&- &
	tcpdump_pid=$!
	vcap-run -b 32M -f program -i lo -i below -R 0 -w run 3>&- 2>run.err &
	run_pid=$!
	until_true grep -q running run/status
	until_true grep -q 'listening on' tcpdump.err
	for n in $(seq $CLIENTS); do
		curl -sf -m 5 --interface "10.77.0.$n" -o /dev/null "http://10.77.0.100/of$n"
	done
	# The last packet is in tcpdump's file, and with it all before.
	echo endendend >/dev/udp/10.79.0.2/9
	until_true grep -aq endendend all.pcap
	kill $run_pid
	until_true grep -q '^state done' run/status
	kill $tcpdump_pid
	wait $tcpdump_pid || true
	vcap-merge -S ./shop -w merged.pcapng lb1=run
	fields='-T fields -e tcp.srcport -e tcp.dstport -e tcp.seq_raw -e tcp.flags'
	# shellcheck disable=SC2086 # words
	tshark -n $3 -r all.pcap -Y "$2 && tcp.port == 8080" $fields 2>/dev/null | sort >want
	[ "$(wc -l <want)" -ge $((6 * CLIENTS)) ]
	# shellcheck disable=SC2086 # words
	tshark -n $3 -r merged.pcapng -Y 'frame.interface_name == "lb1/below/server"' $fields 2>/dev/null | sort | diff want -
	# One client: its request, on both sides.
	vcap-join -S ./shop -r merged.pcapng -w one.pcapng 10.77.0.7 2>said || { cat said; return 1; }
	grep -q " 1 wanted, $((CLIENTS - 1)) not, 0 undecided" said || { cat said; return 1; }
	# shellcheck disable=SC2086 # words
	[ "$(tshark -n $3 -r one.pcapng -Y http.request -T fields -e http.request.uri 2>/dev/null | sort | tr '\n' ' ')" = '/of7 /of7 ' ]
}

# Break: lib/packet/tunnel.c s/if (!(flags & VXLAN_HAS_VNI))/if (flags)/
@test "a client is followed to a server behind VXLAN" {
	tunnel 10.79.0. vxlan id 5 dstport 4789 dev below
	follows vxlan vxlan ''
}

@test "... over IPv6, on the port of an overlay" {
	tunnel fd79:: vxlan id 5 dstport 8472 dev below
	follows vxlan:8472 'vxlan && ipv6' '-d udp.port==8472,vxlan'
}

@test "... behind Geneve" {
	tunnel 10.79.0. geneve id 5 || skip "geneve: the kernel has none"
	follows geneve geneve ''
}
