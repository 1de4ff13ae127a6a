#!/usr/bin/env bats
# bats file_tags=net
# Packets that the kernel really drops, between namespaces: each with its reason, and no others.
# shellcheck disable=SC2016 # dollars for perl

bats_require_minimum_version 1.5.0
load ../until

setup_file() {
	export PATH=$PATH:/usr/sbin:/sbin
	grep -q netns-run /proc/1/cmdline || {
		echo "these tests make namespaces: run them by tests/netns-run"
		return 1
	}
	make_hosts
}

setup() {
	build=$BATS_TEST_DIRNAME/../../${VCAP_BUILD:-build}
	PATH=$(cd "$build/bin" && pwd):$PATH
	command -v vcap-drops >/dev/null || skip "vcap-drops was not built: needs clang and libbpf"
	cd "$BATS_TEST_TMPDIR" || return
	export VCAP_CONFIG=$PWD/config
	mkdir -p config/services
	printf '%s\n' 'vip 192.0.2.10 tcp/443' 'vip 192.0.2.10 tcp/80-89' 'vip 192.0.2.10 udp/53-59' \
		'vip 2001:db8::10 tcp/443' 'server 10.0.0.2-10.0.0.3 tcp/8080' \
		'server 10.0.0.2-10.0.0.3 udp/8080-8089' >config/services/shop
	printf '%s\n' 'vip 192.0.2.10 tcp/9443' 'server 10.0.0.2 tcp/9090' >config/services/other
	vcap-drops -S shop -c 1 -t 1ms -w - >probe.pcapng 2>err || {
		grep -q 'user namespace\|CAP_BPF' err || { cat err; return 1; }
		skip "bpf programs need the host's root"
	}
}

end_others() { # that send datagrams in the background
	pkill -P "$others" || true
	wait "$others" || true
	others=
}

teardown() {
	[ -z "${pid-}" ] || kill "$pid" 2>/dev/null || true
	[ -z "${others-}" ] || end_others
	nft flush ruleset
	cd / || return
	! mountpoint -q "$BATS_TEST_TMPDIR/disk" || umount -l "$BATS_TEST_TMPDIR/disk"
}

teardown_file() {
	for name in client server elsewhere; do
		ip netns del $name 2>/dev/null || true
	done
}

# An engine between a client and a server, and another namespace with the same addresses.
make_hosts() {
	for name in client server elsewhere; do
		ip netns add $name
		ip -n $name link set lo up
	done
	ip link add c0 type veth peer name e0 netns client
	ip link add s0 type veth peer name e0 netns server
	ip addr add 192.0.2.1/24 dev c0
	ip addr add 192.0.2.10/32 dev lo
	ip addr add 2001:db8::10/64 dev c0 nodad
	ip addr add 10.0.0.1/24 dev s0
	ip -n client addr add 192.0.2.100/24 dev e0
	ip -n client addr add 10.9.9.9/32 dev lo
	ip -n client addr add 2001:db8::100/64 dev e0 nodad
	ip -n server addr add 10.0.0.2/24 dev e0
	for end in 'c0' 's0'; do ip link set $end up; done
	for name in client server; do ip -n $name link set e0 up; done
	ip -n client route add default via 192.0.2.1
	ip route add 10.9.9.0/24 dev s0
	ip -n elsewhere addr add 192.0.2.10/32 dev lo
	ip -n elsewhere addr add 10.0.0.2/32 dev lo
	sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.c0.rp_filter=1 net.ipv4.neigh.s0.mcast_solicit=1 \
		net.ipv4.neigh.s0.retrans_time_ms=20
	until_true is_up c0
	until_true is_up s0
}

is_up() { # INTERFACE
	ip link show "$1" | grep -q 'state UP'
}

start() { # OPTION...: into out.pcapng, which grows as packets come
	vcap-drops -n lb1 "$@" -w - >out.pcapng 2>err 3>&- &
	pid=$!
	until_true is_attached
}

# It has dropped its privileges: that comes after attaching.
is_attached() {
	grep -q '^Seccomp:.2' /proc/"$pid"/status
}

ended() { # STATUS
	local got=0
	wait "$pid" || got=$?
	pid=
	[ "$got" -eq "$1" ] || { echo "exit status $got"; cat err; false; }
}

stop() {
	kill -TERM "$pid"
	ended 0
}

connect() { # NAMESPACE ADDRESS PORT
	ip netns exec "$1" perl -MIO::Socket::IP -e '
		IO::Socket::IP->new(PeerHost => $ARGV[0], PeerPort => $ARGV[1], Timeout => 0.05)' "$2" "$3"
}

# Sends datagrams from inside a namespace, or "-" for this one.
datagrams() { # NAMESPACE ADDRESS PORT COUNT [TTL [SOURCE]]
	local in=(ip netns exec "$1")
	[ "$1" != - ] || in=()
	shift
	"${in[@]}" perl -MSocket=:all -e '
		my ($to, $port, $count, $ttl, $from) = @ARGV;
		socket(my $socket, AF_INET, SOCK_DGRAM, 0) or die;
		setsockopt($socket, IPPROTO_IP, IP_TTL, pack("i", $ttl)) if $ttl;
		bind($socket, pack_sockaddr_in(0, inet_aton($from))) or die if $from;
		my $address = pack_sockaddr_in($port, inet_aton($to));
		send($socket, "datagram", 0, $address) for 1 .. $count' "$@"
}

# A SYN whose checksum is wrong.
damaged_syn() { # ADDRESS PORT
	ip netns exec client perl -MSocket=:all -e '
		socket(my $socket, AF_INET, SOCK_RAW, 6) or die;
		send($socket, pack("nnNNnnnn", 40000, $ARGV[1], 1, 0, 0x5002, 1000, 0xbad, 0), 0,
			pack_sockaddr_in(0, inet_aton($ARGV[0])))' "$@"
}

# "INTERFACE DESTINATION PORT REASON" of each packet, once each.
seen() { # FILE
	tshark -r "$1" -T fields -E occurrence=l -e frame.interface_name -e ip.dst -e ipv6.dst -e tcp.dstport -e udp.dstport \
		-e frame.comment 2>/dev/null | tr -s '\t' ' ' | sed 's/vcap: dropped by the kernel: //' | sort -u
}

has_reason() { # REASON
	grep -aq "kernel: $1 " out.pcapng
}

# Break: bpf/dropprobe.bpf.c s/netns == rules.netns/1/
# Break: bpf/dropprobe.bpf.c s/ends->source_key |= word16(head);/return 0;/
@test "each real drop of the service is there with its reason, device and packet, and no other" {
	nft -f - <<-'END'
		table inet t {
			chain in { type filter hook input priority 0; tcp dport { 443, 9443 } ip saddr 192.0.2.100 drop; icmp code port-unreachable drop; }
			chain through { type filter hook forward priority 0; tcp dport { 8080, 9090 } drop; }
			chain out { type filter hook output priority 0; udp dport 8089 drop; }
		}
	END
	start -S shop
	connect client 192.0.2.10 443
	connect client 192.0.2.10 9443
	connect client 10.0.0.2 8080
	connect client 10.0.0.2 9090
	connect client 192.0.2.10 80
	connect client 2001:db8::10 443
	connect elsewhere 192.0.2.10 81
	datagrams elsewhere 10.0.0.2 8081 3
	damaged_syn 192.0.2.10 82
	datagrams client 10.0.0.2 8082 1 1
	datagrams client 192.0.2.10 54 1 64 10.9.9.9
	datagrams - 10.0.0.2 8089 1
	# The second one is the error that quotes it.
	datagrams - 192.0.2.10 56 1
	datagrams - 10.0.0.3 8083 1
	# Room for some of a hundred.
	perl -MSocket=:all -e '
		socket(my $socket, AF_INET, SOCK_DGRAM, 0) or die;
		setsockopt($socket, SOL_SOCKET, SO_RCVBUF, 1);
		bind($socket, pack_sockaddr_in(53, inet_aton("192.0.2.10"))) or die;
		system(@ARGV)' ip netns exec client perl -MSocket=:all -e '
		socket(my $socket, AF_INET, SOCK_DGRAM, 0) or die;
		send($socket, "datagram", 0, pack_sockaddr_in(53, inet_aton("192.0.2.10"))) for 1 .. 100'
	for reason in NEIGH_FAILED SOCKET_RCVBUFF TCP_CSUM; do until_true has_reason $reason; done
	stop
	seen out.pcapng >seen
	diff seen - <<-END
		lb1/dropped/client 192.0.2.10 443 NETFILTER_DROP (c0)
		lb1/dropped/client 192.0.2.10 53 SOCKET_RCVBUFF (c0)
		lb1/dropped/client 192.0.2.10 54 IP_RPFILTER (c0)
		lb1/dropped/client 192.0.2.10 56 NETFILTER_DROP (lo)
		lb1/dropped/client 192.0.2.10 56 NO_SOCKET (lo)
		lb1/dropped/client 192.0.2.10 80 NO_SOCKET (c0)
		lb1/dropped/client 192.0.2.10 82 TCP_CSUM (c0)
		lb1/dropped/client 2001:db8::10 443 NO_SOCKET (c0)
		lb1/dropped/server 10.0.0.2 8080 NETFILTER_DROP (c0)
		lb1/dropped/server 10.0.0.2 8082 IP_INHDR (c0)
		lb1/dropped/server 10.0.0.2 8089 NETFILTER_DROP (s0)
		lb1/dropped/server 10.0.0.3 8083 NEIGH_FAILED (s0)
	END
}

# A line of the last statistics' comment.
counted() { # KEY REASON
	tail -c 2048 out.pcapng | strings -n 8 | grep -o "$1 $2 [0-9]*" | sed 's/.* //'
}

packets_in() { # FILE [FILTER]
	tshark -r "$1" -Y "${2-frame}" 2>/dev/null | wc -l
}

has_packets() { # COUNT
	[ "$(packets_in out.pcapng)" -ge "$1" ]
}

nobody_listened() { # datagrams of which that is so
	nstat -asz UdpNoPorts | awk 'END { print $2 + 0 }'
}

are_on_their_way() { # SINCE
	[ "$(nobody_listened)" -gt $(($1 + 1000)) ]
}

# Break: lib/drops/dropprobe.c s/\.interval_ns = .*/.interval_ns = 0,/
# Break: bpf/dropprobe.bpf.c s/found = STRANGE;/found = WANTED;/
@test "drops of others take no room; of the service's a rate is kept, and the rest counted" {
	start -S shop
	before=$(nobody_listened)
	datagrams - 192.0.2.10 60 300000 3>&- &
	others=$!
	until_true are_on_their_way "$before"
	datagrams - 192.0.2.10 55 10
	kill -0 $others
	until_true has_packets 10
	wait $others
	others=
	stop
	[ "$(packets_in out.pcapng)" -eq 10 ]
	[ "$(counted dropped NO_SOCKET)" -eq 10 ]
	[ ! -s err ]

	start -S shop
	datagrams - 192.0.2.10 55 20000
	stop
	kept=$(packets_in out.pcapng)
	[ "$kept" -ge 1000 ]
	[ "$(counted dropped NO_SOCKET)" -eq 20000 ]
	[ "$(counted not-kept NO_SOCKET)" -eq $((20000 - kept)) ]
	[ "$(cat err)" = "vcap-drops: $((20000 - kept)) more were dropped, counted only: beyond 1000 a second for one reason" ]
	[ "$(vcap-stat out.pcapng | awk '$2 == "dropped" { print $3, $4, $6 }')" = "client $kept $((20000 - kept))" ]
}

# Break: lib/drops/dropmatch.c s/filter->set, DROPEVENT_IN_SET/filter->set, 1/
@test "addresses select clients, and another service is another one's" {
	printf '%s\n' 'vip 192.0.2.10 tcp/80-89' 'server 10.0.0.2 tcp/8080' 'source client' >config/services/seen
	ip -n client addr add 192.0.2.101/24 dev e0
	start -S seen 192.0.2.101 198.51.100.0-198.51.100.77
	run -0 ip netns exec client perl -MSocket=:all -MIO::Socket::INET -e '
		IO::Socket::INET->new(LocalAddr => $_, PeerAddr => "192.0.2.10:85", Timeout => 1)
			for "192.0.2.100", "192.0.2.101"'
	connect client 192.0.2.10 443
	until_true has_reason NO_SOCKET
	stop
	[ "$(seen out.pcapng)" = "lb1/dropped/client 192.0.2.10 85 NO_SOCKET (c0)" ]
	[ "$(packets_in out.pcapng ip.src==192.0.2.101)" -eq "$(packets_in out.pcapng)" ]
}

@test "two capabilities are enough, and none is left; it ends by time, count and signal" {
	# Where anybody may read.
	cp -R config "$(command -v vcap-drops)" /run
	chmod -R a+rX /run/config /run/vcap-drops
	export VCAP_CONFIG=/run/config
	run -1 --separate-stderr capsh --drop=cap_perfmon -- -c 'vcap-drops -S shop -w - | cat; exit "${PIPESTATUS[0]}"'
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ "$stderr" == *"CAP_PERFMON is missing (grant it with 'setcap cap_bpf,cap_perfmon=ep "* ]]
	local both=+bpf,+perfmon
	setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps $both --ambient-caps $both --bounding-set -all,$both \
		/run/vcap-drops -S shop -n lb1 -w - >out.pcapng 2>err 3>&- &
	pid=$!
	until_true is_attached
	grep -q '^CapPrm:.0*$' /proc/"$pid"/status
	grep -q '^CapEff:.0*$' /proc/"$pid"/status
	grep -q '^NoNewPrivs:.1' /proc/"$pid"/status
	datagrams - 192.0.2.10 55 3
	until_true has_reason NO_SOCKET
	stop
	[ "$(packets_in out.pcapng)" -eq 3 ]

	# A file appears when it is whole, and its name is its own.
	vcap-drops -S shop -n lb1 -c 2 -w file.pcapng 3>&- &
	pid=$!
	until_true is_attached
	[ ! -e file.pcapng ]
	datagrams - 192.0.2.10 55 9
	ended 0
	[ "$(packets_in file.pcapng)" -eq 2 ]
	timeout 60 vcap-drops -S shop -t 100ms -w file.pcapng
	[ "$(packets_in file.pcapng)" -eq 0 ]
	[ -z "$(find . -name ".*file*" -o -name "file*.*" ! -name file.pcapng)" ]

	# Merged with what was captured, each keeps its label.
	vcap-run -n lb1 -i lo -t 1ms -w run 2>/dev/null
	vcap-merge -w all.pcapng out.pcapng run/core-*.pcapng
	[ "$(vcap-stat all.pcapng | awk '$4 > 0 { print $1, $2, $3, $4 }' | tail -n +2)" = "lb1 dropped client 3" ]
	run -2 vcap-drops -S shop
	run -2 env SUDO_USER=nobody SUDO_UID=65534 SUDO_GID=65534 SUDO_COMMAND=vcap-drops vcap-drops -S shop -w x.pcapng
	[ ! -e x.pcapng ]
}

# A capture with what is dropped beside it; its job has the service of these tests, and of its packets those that
# the expression means.
begin() { # EXPRESSION OPTION...: into ./run
	{
		vcap-filter -ddd -S shop -e "$1"
		printf '\n%s\n\n\n' "$(cat config/services/shop)"
	} >job
	vcap-run -n lb1 -i c0 --drops -f - -w run "${@:2}" <job 2>err 3>&- &
	pid=$!
	until_true grep -qsx 'state running' run/status
}

status_of() { # KEY
	sed -n "s/^$1 //p" run/status
}

has_dropped() { # in ./run
	grep -aq 'kernel: NETFILTER_DROP' run/dropped.pcapng
}

# Without the errors that answer datagrams nobody listens for.
drop_datagrams() {
	nft add table inet t
	nft add chain inet t in '{ type filter hook input priority 0; }'
	nft add rule inet t in meta l4proto udp drop
}

# Break: lib/capture/dropproc.c s/fileio_close(&drops->life);/;/
# Break: lib/drops/dropcapture.c s/!bpf_run(program/bpf_run(program/
# Break: lib/merge/coredir.c s/if (rc == 0 && has_dropped(fd))/if (0)/
# Break: lib/transactions/transactions_cmd.c s/if (place->is_dropped)/if (0)/
@test "beside a capture: its file has what was dropped, the status says how much, and it ends with the capture" {
	local inputs=()
	drop_datagrams
	begin 'not udp port 56'
	datagrams client 192.0.2.10 60 5
	datagrams client 192.0.2.10 56 4
	datagrams client 192.0.2.10 55 3
	until_true has_dropped
	stop
	[ "$(status_of state)" = "done" ]
	[ "$(status_of packets)" -eq 3 ]
	[ "$(status_of kernel-drops)" -eq 3 ]
	[ "$(status_of kernel-drops-bytes)" -eq "$(status_of bytes)" ]
	[ "$(stat -c %a run/dropped.pcapng)" = 600 ]
	run ! pgrep -x vcap-drops
	vcap-merge -S shop -w all.pcapng lb1=run
	[ "$(seen all.pcapng | sed 's/ $//')" = 'lb1/c0/client 192.0.2.10 55
lb1/dropped/client 192.0.2.10 55 NETFILTER_DROP (c0)' ]
	[ "$(packets_in all.pcapng)" -eq 6 ]
	# Who asks what became of them is told of each packet once.
	for file in run/core-*; do inputs+=("lb1=$file"); done
	vcap-merge -S shop -w plain.pcapng "${inputs[@]}"
	vcap-transactions -S shop plain.pcapng >wanted
	[ "$(wc -l <wanted)" -gt 1 ]
	vcap-transactions -S shop all.pcapng | diff wanted -
	vcap-host remove "$PWD/run"
	[ ! -e run ]
}

# Break: lib/drops/dropcapture.c s/if (options->cuts)/if (0)/
# Break: lib/capture/dropproc.c s/job_open(wanted->job, command.more + 1, why)/0/
@test "beside a capture of headers there is no payload, and of some clients nothing of others" {
	drop_datagrams
	begin udp -s headers
	datagrams client 192.0.2.10 55 3
	until_true has_dropped
	stop
	run ! grep -aq datagram run/dropped.pcapng
	[ "$(status_of kernel-drops-bytes)" -eq $((3 * (14 + 20 + 8))) ]

	rm -r run
	ip -n client addr add 192.0.2.102/24 dev e0
	{
		vcap-filter -ddd -S shop
		printf '\n%s\n\n192.0.2.102\n\n' "$(cat config/services/shop)"
	} >job
	vcap-run -n lb1 -i c0 --drops -f - -w run <job 2>err 3>&- &
	pid=$!
	until_true grep -qsx 'state running' run/status
	datagrams client 192.0.2.10 55 3
	datagrams client 192.0.2.10 55 2 64 192.0.2.102
	until_true has_dropped
	stop
	[ "$(status_of packets)" -eq 5 ]
	[ "$(status_of kernel-drops)" -eq 2 ]
}

# Break: lib/capture/capture.c s/dropped packets are missing/nothing is/
# Break: lib/capture/dropproc.c s/LOSS_FILE, 0)/"none", 0)/
@test "without vcap-drops, or its privileges, packets are captured, and what is missing is said" {
	mkdir bin
	cp "$(command -v vcap-run)" bin/
	printf '#!/bin/sh\necho "vcap-drops: CAP_BPF is missing" >&2; exit 1\n' >bin/vcap-drops
	chmod 755 bin/vcap-drops
	PATH=$PWD/bin:$PATH begin udp -t 100ms
	ended 3
	[ "$(status_of state)" = partial ]
	[ "$(status_of message)" = "'vcap-drops' ended with status 1: dropped packets are missing" ]
	grep -q 'CAP_BPF is missing' err
	[ ! -e run/dropped.pcapng ]
	vcap-merge -w all.pcapng run

	# One that is killed meanwhile.
	rm -r run
	begin udp
	pkill -KILL -x -P "$(pgrep -P "$pid")" vcap-drops
	until_true grep -q '^message .*dropped packets are missing' run/status
	kill -TERM "$pid"
	ended 3
	vcap-merge -w all.pcapng run

	printf '1\n6 0 0 262144\n' >program
	run -1 vcap-run -i lo --drops -f program -t 1ms -w none
	[[ $output == *"takes a job with a service"* ]]
	[ ! -e none ]
	run -2 vcap-run -i lo --drops -w -
	for words in '--keep 1G -S shop' '--keep 1G x' '-S shop -w x --max-size 1G' '-S shop -w x --rolling 9s' '--keep x' \
		'--keep 1G --rolling 1s'; do
		# shellcheck disable=SC2086 # words
		run -2 vcap-drops $words
	done
}

in_ring() { # PACKETS: the status says that the ring has so many
	[ "$(status_of kernel-drops)" = "$1" ]
}

inodes() { # DIR
	stat -c %i "$1"/dropped.*.pcapng | sort
}

has_no_ring() {
	! compgen -G 'run/dropped.*'
}

is_past() { # TIME: the capture is
	[ "$(status_of counted)" \> "$1" ]
}

# Of the last seconds, in s, into FILE.
snapshot() { # FILE
	to=$(date +%s.%N)
	from=$(bc <<<"$to - 4")
	vcap-host snapshot run s "$from" "$to" >status 3>&- &
	local asked=$!
	if [ $# -gt 1 ]; then
		"${@:2}"
	fi
	wait $asked
	grep -qx 'state done' status
	vcap-merge -S shop --since "$from" --until "$to" -w "$1" lb1=s
}

goes_on() {
	until_true is_past "$(bc <<<"$to + 2")"
	[ ! -e s ]
	kill -CONT "$drops"
}

# Break: lib/capture/ringfiles.c s/file->core = RINGFILES_DROPPED;/return false;/
# Break: lib/drops/dropring.c s/rotation->rolling_ns = options->rolling_ns/rotation->rolling_ns = 1000 * options->rolling_ns/
# Break: lib/merge/coredir.c s/fnmatch(LOSS_STEM/0 \&\& fnmatch(LOSS_STEM/
# Break: lib/capture/state.c s/dropproc_written(drops)/INT64_MAX/
@test "beside a rolling capture: what is dropped rolls with it, and a snapshot has what there is of its window" {
	drop_datagrams
	begin udp --rolling 8s
	datagrams client 192.0.2.10 55 3
	datagrams client 192.0.2.10 60 5
	until_true in_ring 3
	# It waits for what is on its way.
	drops=$(pgrep -x -P "$(pgrep -P "$pid")" vcap-drops)
	kill -STOP "$drops"
	datagrams client 192.0.2.10 55 1
	snapshot first.pcapng goes_on
	[ "$(seen first.pcapng | sed 's/ $//')" = 'lb1/c0/client 192.0.2.10 55
lb1/dropped/client 192.0.2.10 55 NETFILTER_DROP (c0)' ]
	[ "$(packets_in first.pcapng)" -eq 8 ]
	[ "$(inodes run | comm -12 - <(inodes s) | wc -l)" -ge 1 ]
	[ "$(stat -c %a s/dropped.0.pcapng)" = 600 ]
	# The ring has gone on, and has them no more; the snapshot stays.
	until_true in_ring 0
	[ ! -e run/dropped.0.pcapng ]
	[ "$(inodes run | wc -l)" -le 11 ]
	awk -v to="$to" '$1 == "complete-since" { exit !($2 > to) }' run/status
	vcap-merge -S shop --since "$from" --until "$to" -w again.pcapng lb1=s
	vcap-print first.pcapng >printed
	[ "$(wc -l <printed)" -eq 8 ]
	vcap-print again.pcapng | diff printed -
	datagrams client 192.0.2.10 55 2
	stop
	[ "$(status_of state)" = "done" ]
	[ -z "$(status_of kernel-drops-lost)" ]
	vcap-merge -S shop -w all.pcapng lb1=run
	[ "$(packets_in all.pcapng 'frame.interface_name == "lb1/dropped/client"')" -eq "$(status_of kernel-drops)" ]
	run ! pgrep -x vcap-drops
	for dir in run s; do vcap-host remove "$PWD/$dir"; done
	[ ! -e run ] && [ ! -e s ]
}

# Break: lib/capture/dropproc.c s/remove_files(drops);$/;/g
# Break: lib/drops/dropring.c s/PCAPNG_END_PROMISED/PCAPNG_END_OPEN/
# Break: lib/capture/snapshot.c s/DROPPROC_LOST_KEY/"x"/
@test "beside a rolling capture: where vcap-drops is killed, a snapshot has what there was, says so, and it goes in its time" {
	drop_datagrams
	begin udp --rolling 6s
	datagrams client 192.0.2.10 55 3
	until_true in_ring 3
	pkill -KILL -x -P "$(pgrep -P "$pid")" vcap-drops
	until_true grep -q '^kernel-drops-lost ' run/status
	run -3 snapshot first.pcapng
	[[ $output == *"cut short"* ]]
	[ "$(packets_in first.pcapng 'frame.interface_name == "lb1/dropped/client"')" -eq 3 ]
	grep -q "^kernel-drops-lost 'vcap-drops' " status
	diff <(grep '^kernel-drops-lost ' status) <(grep '^kernel-drops-lost ' run/status)
	[ "$(status_of state)" = running ]
	until_true has_no_ring
	[ -z "$(status_of kernel-drops)" ] || until_true in_ring ''
	kill -TERM "$pid"
	ended 3
	vcap-merge -w all.pcapng run
}

ring_size() { # KiB of the files of the ring
	du -ck run/dropped.* | tail -n 1 | cut -f 1
}

has_late() { # once there is room again, and in the bucket
	datagrams client 192.0.2.10 56 1
	vcap-merge -S shop -w ../late.pcapng lb1=run 2>/dev/null || [ $? -eq 3 ]
	[ "$(packets_in ../late.pcapng "$dropped and udp.dstport == 56")" -ge 1 ]
}

has_reserve() { # since more has come
	datagrams - 192.0.2.10 55 100
	[ "$(df --output=avail . | tail -n 1)" -ge 256 ]
}

has_shrunk() {
	[ ! -e run/dropped.0.pcapng ]
}

# Break: lib/drops/dropring.c s/rotation->quota = &ring->quota;/;/
# Break: lib/capture/dropproc.c s/strvec_pushf(&words, "--max-size/0 ? (void)0 : strvec_pushf(\&words, "--max-size=1G%.0s/
@test "beside a rolling capture: dropped packets keep to its limits, and go on when there is room again" {
	dropped='frame.interface_name == "lb1/dropped/client"'
	mkdir disk
	mount -t tmpfs -o size=16m none disk
	cd disk || return
	cp -r ../config .
	drop_datagrams
	begin udp --rolling 60s --max-size 512k -R 256k
	# A thousand at once, and a thousand a second.
	datagrams - 192.0.2.10 55 100000000 3>&- &
	others=$!
	until_true has_shrunk
	[ "$(ring_size)" -le 600 ]
	end_others
	# Others fill the disk, and leave it.
	dd if=/dev/zero of=other bs=64k 2>/dev/null || true
	until_true has_reserve
	rm other
	until_true has_late
	vcap-host snapshot run s >status
	grep -qx 'state done' status
	stop
	[ -z "$(status_of kernel-drops-lost)" ]
	vcap-merge -S shop -w all.pcapng lb1=run
	[ "$(packets_in all.pcapng "$dropped")" -eq "$(status_of kernel-drops)" ]
}
