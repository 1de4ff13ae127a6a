# shellcheck shell=bash disable=SC2016,SC2154 # words for the shell of an engine; names of bats
# Two engines that are network namespaces, a service on both, and vcap live.

setup() {
	build=$BATS_TEST_DIRNAME/../../${VCAP_BUILD:-build}
	PATH=$(cd "$build/bin" && pwd):$PATH:/usr/sbin:/sbin
	grep -q netns-run /proc/1/cmdline || {
		echo "these tests make namespaces: run them by tests/netns-run"
		return 1
	}
	cd "$BATS_TEST_TMPDIR" || return
	small_rings "$PWD/small"
	export VCAP_CONFIG=$PWD/config
	mkdir -p config/services
	for engine in a b; do
		ip netns add $engine
		ip -n $engine link set lo up
		echo "$engine dir=$PWD/run exec $in $engine"
	done >config/engines
	printf '%s\n' 'vip 127.0.0.1 udp/5000' 'server 127.0.0.2 udp/6000' 'monitor tcp/1' \
		'engine a' 'engine b' >config/services/shop
}

teardown() {
	local pid
	for pid in $(pgrep -x vcap-live) $(pgrep -x vcap-run) $(pgrep -x vcap-merge); do
		kill -9 "$pid" 2>/dev/null || true
	done
	until_true gone vcap-run
	ip netns del a
	ip netns del b 2>/dev/null || true
}

gone() { # NAME: of processes
	! pgrep -x "$1"
}

# Of a parent that is stopped.
only_zombies() { # NAME
	! pgrep -r D,R,S,T -x "$1"
}

# The capture, in the background: its stream into live.pcapng, until both engines capture.
begin() { # ARG...
	vcap-live "$@" >live.pcapng 2>err 3>&- &
	live=$!
	until_true has_interfaces
}

has_interfaces() {
	capinfos -I live.pcapng | grep -q 'Name = a/lo$' && capinfos -I live.pcapng | grep -q 'Name = b/lo$'
}

# Each datagram, to the VIP or to a server, is refused: two packets.
talk() { # ENGINE COUNT TEXT
	ip netns exec "$1" bash -c 'for i in $(seq '"$2"'); do
		echo '"$3"' $i >/dev/udp/127.0.0.1/5000; echo '"$3"' $i >/dev/udp/127.0.0.2/6000
		echo '"$3"' $i >/dev/udp/127.0.0.1/7000; done' 2>/dev/null
}

fields() { # FIELD,... FILE
	"$BATS_TEST_DIRNAME/../frames" -f "$@"
}

# One line for each datagram that was seen, but those of the witness.
datagrams() { # FILE
	fields protocol,destination,time,payload "$1" | awk '$1 == 17 && $2 != "127.0.0.9" { print $3, $4 }'
}

holds() { # COUNT, of what is written so far
	[ "$(tcpdump -nr live.pcapng udp 2>/dev/null | wc -l)" -ge "$1" ]
}

# Whether the file tells of the engine's N packets.
sums_to() { # ENGINE PACKETS
	[ "$(vcap-stat live.pcapng 2>/dev/null | awk -v engine="$1" '$1 == engine { sum += $4 } END { print sum + 0 }')" -eq "$2" ]
}

end() { # [STATUS]: by ^C
	local status=0
	kill -INT $live
	wait $live || status=$?
	[ "$status" -eq "${1-0}" ] || {
		echo "status $status"
		cat err
		return 1
	}
	until_true gone vcap-run
	until_true gone vcap-merge
}

witness() { # ENGINE
	ip netns exec "$1" dumpcap -q -i lo -f 'port 5000 or port 6000' -P -w - 2>"$1.err" >"$1.pcap" 3>&- &
	until_true grep -q '^File:\|Capturing on' "$1.err"
	# It says so before it does: until a packet of no interest to the capture shows up there.
	until_true sees "$1"
}

sees() { # ENGINE
	ip netns exec "$1" bash -c 'echo ready >/dev/udp/127.0.0.9/5000' 2>/dev/null
	tcpdump -nr "$1.pcap" 2>/dev/null | grep -q 127.0.0.9
}

said() { # COUNT PATTERN
	[ "$(grep -c "$2" err)" -eq "$1" ]
}

# Both engines at once, three times; until all is in the stream.
talk_before_witnesses() {
	witness a
	witness b
	for i in 1 2 3; do
		talk a 20 "a$i" &
		talk b 20 "b$i"
		wait $!
	done
	until_true holds 240
}
