#!/usr/bin/env bats
# vcap-flows: pairs from connection tracking and from HAProxy, against what was on the wire.

# shellcheck disable=SC2016 # programs of perl

bats_require_minimum_version 1.5.0
load tcpdump
load ../until

teardown_file() {
	kill "$(cat "$BATS_FILE_TMPDIR/server.pid")"
}

# This namespace is the engine; the client and the server have one each.
setup_file() {
	grep -q netns-run /proc/1/cmdline || {
		echo "these tests make interfaces: run them by tests/netns-run"
		return 1
	}
	PATH=$PATH:/usr/sbin:/sbin
	sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv4.ip_forward=1
	for side in client server; do
		net=$([ $side = client ] && echo 1 || echo 2)
		ip netns add $side
		ip netns exec $side sysctl -qw net.ipv6.conf.default.accept_dad=0
		ip link add dev to-$side type veth peer name eth0 netns $side
		ip addr add "10.$net.0.1/24" dev to-$side
		ip addr add "fd0$net::1/64" dev to-$side
		ip link set dev to-$side up
		ip -n $side addr add "10.$net.0.2/24" dev eth0
		ip -n $side addr add "fd0$net::2/64" dev eth0
		ip -n $side link set dev eth0 up
		ip -n $side link set dev lo up
		ip -n $side route add default via "10.$net.0.1"
		ip -n $side route add default via "fd0$net::1"
	done
	ip -n client addr add 10.1.0.3/24 dev eth0
	sysctl -qw net.ipv6.conf.all.forwarding=1
	ip addr add 192.0.2.20/32 dev lo
	ip addr add 2001:db8::20/128 dev lo
	cat >"$BATS_FILE_TMPDIR/server.cfg" <<-END
	defaults
	    mode http
	    timeout client 60s
	    timeout http-keep-alive 60s
	frontend web
	    bind :8080,:::8080 v6only
	    http-request return status 200 content-type text/plain string "ok\n"
	END
	ip netns exec server haproxy -db -f "$BATS_FILE_TMPDIR/server.cfg" >/dev/null 2>&1 3>&- &
	echo $! >"$BATS_FILE_TMPDIR/server.pid"
	disown
}

setup() {
	build=$BATS_TEST_DIRNAME/../../${VCAP_BUILD:-build}
	PATH=$build/bin:$build/tests/tools:$PATH:/usr/sbin:/sbin
	cd "$BATS_TEST_TMPDIR" || return
	export ASAN_OPTIONS=detect_leaks=0
	pids=
	until_true curl -sf -o /dev/null http://10.2.0.2:8080/
}

teardown() {
	# shellcheck disable=SC2086 # words
	[ -z "$pids" ] || kill -9 $pids 2>/dev/null || true
	# Tests look for theirs by name.
	until_true not pgrep -x "vcap-flows|vcap-join|vcap-run"
	nft flush ruleset
}

not() { # COMMAND...
	! "$@"
}

in_background() { # COMMAND...
	"$@" <&0 3>&- &
	pid=$!
	disown
	pids="$pids $pid"
}

# The gateway: two VIPs, each of both families, to one server.
gateway() {
	nft -f - <<-'END'
	table inet gateway {
		chain in {
			type nat hook prerouting priority dstnat;
			ip daddr 192.0.2.10 meta l4proto { tcp, udp } th dport 80 dnat ip to 10.2.0.2:8080
			ip daddr 192.0.2.11 tcp dport 80 dnat ip to 10.2.0.2:8080
			ip6 daddr 2001:db8::10 tcp dport 80 dnat ip6 to [fd02::2]:8080
		}
		chain out {
			type nat hook postrouting priority srcnat;
			oifname "to-server" masquerade random
		}
	}
	END
	conntrack -F 2>/dev/null
}

only_syns='tcp[13] & 18 == 2 or (ip6[6] = 6 and ip6[53] & 18 == 2)'

# SYNs that come from the client, and those that go to the server: what each end saw.
watch_wire() {
	for side in client server; do
		in_background dumpcap -q -P -i to-$side -w $side.pcap -f "$only_syns" 2>$side.err
		until_true grep -q ^File: $side.err
	done
}

syns() { # FILE: ADDR:PORT ADDR:PORT of each
	tcpdump -tnr "$1" "$only_syns" 2>/dev/null |
		sed -E 's/^IP ([0-9.]+)\.([0-9]+) > ([0-9.]+)\.([0-9]+):.*/\1:\2 \3:\4/
			s/^IP6 ([0-9a-f:]+)\.([0-9]+) > ([0-9a-f:]+)\.([0-9]+):.*/[\1]:\2 [\3]:\4/'
}

wire_has() { # CONNECTIONS
	[ "$(syns client.pcap | wc -l)" -ge "$1" ] && [ "$(syns server.pcap | wc -l)" -ge "$1" ]
}

# The pairs of connections made one after the other.
wire_pairs() {
	paste -d ' ' <(syns client.pcap) <(syns server.pcap)
}

pairs() { # EVENT [FILE]: CLIENT VIP SOURCE SERVER of each, once
	sed -n "s/^[0-9]*\.[0-9]\{9\} $1 tcp //p" "${2-flows}" | awk '!seen[$0]++'
}

pair_count() { # EVENT COUNT
	[ "$(pairs "$1" | wc -l)" -ge "$2" ]
}

# Starts vcap-flows, or $flows, which is current on return.
flows() { # OPTION...
	in_background "${flows:-vcap-flows}" "$@" >flows 2>err
	flows_pid=$pid
	until_true grep -q "^#" flows
}

visit() { # URL...: as the client, one after the other
	for url; do
		ip netns exec client curl -sgf -m 30 -o /dev/null "$url"
	done
}

# A connection from the client that stays.
hold() { # ADDRESS PORT FILE
	in_background ip netns exec client bash -c \
		"exec 5<>/dev/tcp/$1/$2 && echo >$3; exec sleep 60"
	until_true test -s "$3"
}

tells_beginnings_and_ends() { # of both families
	gateway
	watch_wire
	flows --conntrack
	visit http://192.0.2.10/ http://192.0.2.11/ 'http://[2001:db8::10]/' http://192.0.2.10/
	until_true pair_count new 4
	until_true wire_has 4
	diff <(wire_pairs) <(pairs new)
	conntrack -F 2>/dev/null
	until_true pair_count end 4
	diff <(wire_pairs | sort) <(pairs end | sort)
	[ "$(grep -vc '^#' flows)" -eq 8 ]
}

# Break: lib/flows/conntrack.c s/NF_NETLINK_CONNTRACK_NEW |/0 |/
# bats test_tags=slow
@test "conntrack: connections that begin and end, both families" {
	tells_beginnings_and_ends
}

@test "conntrack: those that were there first, and nothing that was not translated" {
	gateway
	hold 192.0.2.10 80 one
	hold 2001:db8::10 80 two
	ip netns exec client bash -c 'echo x >/dev/udp/192.0.2.10/80'
	visit http://10.2.0.2:8080/
	flows --conntrack
	run -0 sed -n '/^#/q; p' flows
	[ "${#lines[@]}" -eq 3 ]
	# The other program that reads the same table.
	conntrack -L -o extended 2>/dev/null | awk '/dst=(192.0.2.10|2001:db8:)/ {
		for (i = n = 0; ++i <= NF;)
			if (split($i, part, "=") == 2 && part[1] ~ /^(src|dst|sport|dport)$/) value[++n] = part[2]
		split("1 3 2 4 6 8 5 7", at, " ")
		line = "new " $3
		for (i = 1; i < 8; i += 2) {
			address = value[at[i]]
			line = line " " (address ~ /:/ ? "[" address "]" : address) ":" value[at[i + 1]]
		}
		print line
	}' >expected
	cat expected
	conntrack -L -f ipv6 -o extended 2>/dev/null | grep -c 2001:db8 || true
	grep -c 'udp 10.1.0.2' expected
	diff <(cut -d ' ' -f 2- flows | grep new | sort) <(sort expected)
}

static_flows() {
	flows=$build/libexec/vcap/$(uname -m)/vcap-flows
	[ -x "$flows" ] || skip "static: not in this build"
}

# Break: lib/flows/conntrack_tool.c s/NEW,DESTROY/DESTROY/
# bats test_tags=slow
@test "conntrack, static: connections that begin and end, both families" {
	static_flows
	tells_beginnings_and_ends
	[ "$(cat err)" = "vcap-flows: this program has no libnetfilter_conntrack: the 'conntrack' tool reads connection tracking for it" ]
}

# Break: lib/flows/conntrack_tool.c s/stream == ERRORS/true/
# bats test_tags=slow
@test "conntrack, static: the same table as the library reads" {
	static_flows
	gateway
	hold 192.0.2.10 80 one
	hold 2001:db8::10 80 two
	ip netns exec client bash -c 'echo x >/dev/udp/192.0.2.10/80'
	visit http://10.2.0.2:8080/
	flows --conntrack
	sed '/^#/q' flows | cut -d ' ' -f 2- | sort >by-tool
	flows='' flows --conntrack
	sed '/^#/q' flows | cut -d ' ' -f 2- | sort | diff - by-tool
	[ "$(grep -c ^new by-tool)" -eq 3 ]
}

# bats test_tags=slow
@test "conntrack, static: the tool ends with it, and without the tool it says so" {
	static_flows
	gateway
	flows --conntrack
	pgrep -f "conntrack -E"
	kill -9 "$flows_pid"
	until_true not pgrep -f "conntrack -E"
	flows --conntrack
	kill "$(pgrep -f "conntrack -E")"
	until_true not kill -0 "$flows_pid"
	[ "$(tail -n 1 err)" = "vcap-flows: the 'conntrack' tool has ended" ]
	mkdir empty
	mount --bind empty /usr/sbin
	PATH=/usr/bin:/bin run -1 "$flows" --conntrack
	umount /usr/sbin
	[[ $output == *"that cannot be run: install the package conntrack" ]]
	[ "${#lines[@]}" -eq 1 ]
}

# Bursts that nobody reads: the kernel drops events, and says so.
# Break: lib/flows/conntrack.c s/conntrack->is_due = true;/;/
# bats test_tags=slow
@test "conntrack: events that were dropped are made up for" {
	gateway
	conntrack -F 2>/dev/null
	flows --conntrack
	kill -STOP "$flows_pid"
	# Each has a port of its own, and is a connection. More of them than the buffer takes.
	ip netns exec client perl -MSocket -e '
		for my $port (1025 .. 60000) {
			socket(my $s, AF_INET, SOCK_DGRAM, 0) or die;
			bind($s, sockaddr_in($port, INADDR_ANY)) or next;
			send($s, "x", 0, sockaddr_in(80, inet_aton("192.0.2.10"))) or die "$!";
		}'
	[ "$(conntrack -C)" -gt 40000 ]
	kill -CONT "$flows_pid"
	until_true grep -q "dropped some events" err
	until_true all_told
}

all_told() {
	[ "$(grep ' udp ' flows | cut -d ' ' -f 4-7 | sort -u | wc -l)" -ge \
		"$(conntrack -L -p udp 2>/dev/null | grep -c 192.0.2.10)" ]
}

# HAProxy in this namespace: VIP 192.0.2.20 and 2001:db8::20; 8080 is HTTP, 8081 TCP.
proxy() { # [GLOBAL-LINE...]
	{
		printf 'global\n    nbthread 2\n    stats socket %s mode 600 level operator\n' "$PWD/sock"
		printf '    %s\n' "$@"
		cat <<-END
		ring vcap
		    format raw
		    size 65536
		defaults
		    mode http
		    timeout connect 2s
		    timeout client 60s
		    timeout server 60s
		    option logasap
		    log ring@vcap local0
		    log $PWD/log.sock format rfc3164 local0
		    log-format "vcap=%[date(0,us)],%ci,%cp,%fi,%fp,%bi,%bp,%si,%sp %ST %Tt"
		frontend http
		    bind 192.0.2.20:8080
		    bind 2001:db8::20:8080
		    default_backend servers
		backend servers
		    http-reuse never
		    server v4 10.2.0.2:8080
		frontend tcp
		    mode tcp
		    bind 192.0.2.20:8081
		    bind 2001:db8::20:8081
		    default_backend others
		backend others
		    mode tcp
		    server v6 fd02::2:8080
		END
	} >proxy.cfg
	in_background haproxy -W -db -f proxy.cfg >proxy.err 2>&1
	proxy_pid=$pid
	until_true curl -sf http://192.0.2.20:8080/
}

ask() { # COMMAND: what HAProxy answers
	perl -MIO::Socket::UNIX -e '
		my $socket = IO::Socket::UNIX->new("sock") or exit 1;
		print $socket "$ARGV[0]\n";
		print while <$socket>' "$1"
}

# bats test_tags=slow
@test "haproxy: connections to the servers, HTTP and TCP, both families" {
	proxy
	watch_wire
	flows --haproxy sock
	visit http://192.0.2.20:8080/ 'http://[2001:db8::20]:8080/' http://192.0.2.20:8081/ \
		'http://[2001:db8::20]:8081/'
	until_true wire_has 4
	until_true pair_count new 5
	diff <(wire_pairs) <(pairs new | grep -v "^192.0.2.20")
}

# Break: lib/flows/haproxy_sess.c s/session->source = find_end(line, " addr=");/;/
# bats test_tags=slow
@test "haproxy: what the ring had, and sessions that are older" {
	proxy
	watch_wire
	hold 192.0.2.20 8081 one
	hold 2001:db8::20 8081 two
	# The ring has room for a few hundred lines: these push the others out.
	ip netns exec client curl -sf -m 30 -o /dev/null -H "Connection: close" \
		"http://192.0.2.20:8080/[1-1200]"
	ask "show events vcap" >ring
	run ! grep -q ,8081, ring
	[ "$(grep -c vcap= ring)" -gt 100 ]
	flows --haproxy sock
	until_true pair_count new "$(grep -c vcap= ring)"
	until_true wire_has 1202
	diff <(wire_pairs | grep :8081) <(pairs new | grep :8081)
	[ "$(pairs new | grep -c 192.0.2.20:8080)" -ge "$(grep -c vcap= ring)" ]
	# No pair that the wire does not have.
	run -1 grep -vxFf <(wire_pairs) <(pairs new | grep ^10.1)
}

# Break: lib/flows/haproxy_ring.c s/connection->repeats = !is_first .. ring->newest_ns != INT64_MIN;/;/
# bats test_tags=slow
@test "haproxy: nothing is told twice, or lost, when it closes an idle connection" {
	proxy "stats timeout 1s"
	watch_wire
	flows --haproxy sock
	for i in 1 2 3; do
		visit http://192.0.2.20:8080/
		until_true pair_count new $((i + 1))
		# Idle until it has hung up, and we have called again.
		before=$(calls)
		asked=0
		until_true has_called_again
	done
	until_true wire_has 3
	diff <(wire_pairs) <(pairs new | grep ^10.1)
	[ "$(grep -c 10.1.0.2 flows)" -eq 3 ]
	[ ! -s err ]
}

calls() { # connections to the socket so far, this one included
	ask "show info" | sed -n 's/^CumConns: //p'
}

has_called_again() { # somebody else than this test
	asked=$((asked + 1))
	[ "$(calls)" -gt $((before + asked)) ]
}

answering() { # the process behind the socket
	ask "show info" | sed -n 's/^Pid: //p'
}

is_another() { # PID
	[ "$(answering)" != "$1" ]
}

workers_are() { # COUNT
	[ "$(pgrep -P "$proxy_pid" | wc -l)" -eq "$1" ]
}

# Break: lib/flows/haproxy_ring.c s/dial(ring, probe, ASK_PROCESS, &why);/;/
# bats test_tags=slow
@test "haproxy: a reload: the new process is listened to, and the old one let go" {
	proxy "hard-stop-after 60s"
	watch_wire
	flows --haproxy sock
	hold 192.0.2.20 8081 one
	for i in 1 2; do
		old=$(answering)
		kill -USR2 "$proxy_pid"
		until_true is_another "$old"
		visit http://192.0.2.20:8080/ http://192.0.2.20:8080/
		until_true pair_count new $((1 + 2 * i))
	done
	until_true wire_has 5
	diff <(wire_pairs) <(pairs new | grep ^10.1)
	[ ! -s err ]
	# The first holds its session; the second has nothing but us, and not for long.
	patience=60 until_true workers_are 2
}

# bats test_tags=slow
@test "haproxy: it is waited for when it is gone" {
	proxy
	flows --haproxy sock
	kill -9 "$proxy_pid" $(pgrep -P "$proxy_pid")
	until_true grep -q "waiting for it" err
	proxy
	until_true grep -q "answers again" err
	watch_wire
	visit http://192.0.2.20:8080/
	until_true wire_has 1
	until_true grep -q "new tcp $(wire_pairs)" flows
	[ "$(wc -l <err)" -eq 2 ]
}

# bats test_tags=slow
@test "haproxy: what is missing is said in one line" {
	run -1 vcap-flows --haproxy /nowhere/sock
	[ "$output" = "vcap-flows: cannot connect to HAProxy at '/nowhere/sock': No such file or directory" ]
	proxy
	run -1 vcap-flows --haproxy sock --ring other
	[[ $output == *"no log ring 'other'"*"log ring@other"* ]]
	[ "${#lines[@]}" -eq 1 ]
	kill "$proxy_pid"
	until_true not kill -0 "$proxy_pid"
	sed 's/level operator/level user/' proxy.cfg >user.cfg
	in_background haproxy -W -db -f user.cfg >proxy.err 2>&1
	until_true ask "show info"
	run -1 vcap-flows --haproxy sock
	[ "$output" = "vcap-flows: HAProxy's socket 'sock' is not of level operator" ]
}

# A syslog daemon's part: datagrams to lines of a file, which is opened again on SIGHUP.
syslogd() {
	rm -f log.sock
	in_background perl -MSocket -e '
		socket(my $s, AF_UNIX, SOCK_DGRAM, 0) or die $!;
		bind($s, sockaddr_un("log.sock")) or die $!;
		my $out;
		sub reopen { open($out, ">>", "haproxy.log") or die $!; $out->autoflush(1) }
		reopen();
		$SIG{HUP} = \&reopen;
		while (1) {
			defined recv($s, my $line, 65536, 0) or next;
			$line =~ s/^<\d+>//;
			print $out "$line\n";
		}'
	syslogd_pid=$pid
	until_true test -S log.sock
}

# Break: lib/flows/logtail.c s/notice_truncation(&tail->now);/;/
# bats test_tags=slow
@test "log: lines as they are written, renamed, cut" {
	syslogd
	proxy
	watch_wire
	flows --log haproxy.log
	visit http://192.0.2.20:8080/
	until_true pair_count new 2
	mv haproxy.log haproxy.log.1
	# To the old one, which has another name.
	visit http://192.0.2.20:8080/
	until_true pair_count new 3
	kill -HUP "$syslogd_pid"
	visit http://192.0.2.20:8080/
	until_true pair_count new 4
	: >haproxy.log
	visit http://192.0.2.20:8081/
	until_true pair_count new 5
	until_true wire_has 4
	diff <(wire_pairs) <(pairs new | grep ^10.1)
	grep -q "haproxy.*: vcap=" haproxy.log
	# What there was, and up to the end of a pipe.
	run -0 timeout 10 vcap-flows --log - <haproxy.log.1
	[ "$(grep -c ' new tcp 10.1.0.2' <<<"$output")" -eq 2 ]
	[ "${lines[0]:0:1}" != "#" ]
}

# bats test_tags=slow
@test "log: a megabyte of what there was, and lines that are wrong are said once" {
	line='vcap=1700000000000000,10.1.0.2,PORT,192.0.2.20,80,10.2.0.1,9,10.2.0.2,8080 x'
	awk -v line="$line" 'BEGIN { for (i = 10000; i <= 30000; i++) { now = line; sub("PORT", i, now); print now } }' >big.log
	flows --log big.log
	[ "$(grep -c new flows)" -eq $((1048576 / (${#line} + 2))) ]
	[ "$(tail -n 2 flows | head -n 1 | cut -d ' ' -f 4)" = 10.1.0.2:30000 ]
	printf 'vcap=nonsense\nvcap=1,2\n%s\n' "${line/PORT/7}" >>big.log
	until_true grep -q 10.1.0.2:7 flows
	[ "$(wc -l <err)" -eq 1 ]
	grep -q "nonsense\|vcap=" err
	run -1 vcap-flows --log nosuch.log
	[ "$output" = "vcap-flows: cannot read 'nosuch.log': No such file or directory" ]
}

# Break: lib/base/priv.c s/drop_all_but(has ? values\[power\] : -1, why)/0/
# bats test_tags=slow
@test "it keeps one capability, and can do nothing else" {
	gateway
	syslogd
	proxy
	for source in "--conntrack 0000000000001000" "--haproxy sock 0000000000000002" \
		"--log haproxy.log 0000000000000004"; do
		expected=${source##* }
		# shellcheck disable=SC2086 # words
		flows ${source% *}
		run -0 cat "/proc/$flows_pid/status"
		for set in CapPrm CapEff; do
			[[ $output == *"$set:"?$expected* ]] || { echo "$source: $set"; false; }
		done
		for set in CapInh CapBnd CapAmb; do
			[[ $output == *"$set:"?0000000000000000* ]] || { echo "$source: $set"; false; }
		done
		[[ $output == *"NoNewPrivs:"?1* && $output == *"Seccomp:"?2* ]]
		kill "$flows_pid"
	done
	run -1 setpriv --bounding-set -net_admin vcap-flows --conntrack
	[[ $output == *"CAP_NET_ADMIN is missing"*"setcap cap_net_admin=ep "*/vcap-flows* ]]
	[ "${#lines[@]}" -eq 1 ]
}

@test "-S: pairs of the service's VIPs and servers, and no other" {
	gateway
	printf 'vip 192.0.2.10 tcp/80\nserver 10.9.9.9 tcp/80\nengine lb1\n' >one
	printf 'vip 192.0.2.99 tcp/80\nserver 10.2.0.2 tcp/8080\nengine lb1\n' >two
	in_background vcap-flows -S ./two --conntrack >second
	until_true grep -q "^#" second
	flows -S ./one --conntrack
	visit http://192.0.2.11/ http://192.0.2.10/ 'http://[2001:db8::10]/'
	until_true pair_count new 1
	until_true grep -q 192.0.2.10 second
	[ "$(grep -c new flows)" -eq 1 ]
	grep -q " 192.0.2.10:80 " flows
	[ "$(grep -c new second)" -eq 2 ]
}

@test "it ends when nobody reads it any more" {
	gateway
	run -0 bash -c 'set -o pipefail; timeout 10 vcap-flows --conntrack | head -n 1'
	[[ ${lines[0]} == "#"* ]]
}

@test "wrong usage" {
	for options in "" "--conntrack --haproxy /x" "--log" "--ring x --conntrack" \
		"--haproxy /x --ring x;y" "--conntrack x"; do
		# shellcheck disable=SC2086 # words
		run -2 vcap-flows $options
		[ "${#lines[@]}" -eq 1 ] || { echo "$options: $output"; false; }
	done
}

# vcap-run --flows SOURCE -- vcap-join: the transactions of one client of two, both sides.
capture() { # SOURCE VIP PORT
	printf 'vip %s tcp/%s\nserver 10.2.0.2 tcp/8080\nserver fd02::2 tcp/8080\nengine lb1\n' \
		"$2" "$3" >shop
	watch_wire
	{ echo && cat shop && printf '\n10.1.0.3\n'; } >job
	in_background vcap-run -b 8M -i to-client -i to-server -f - -R 0 -w d --flows "$1" -- \
		vcap-join -S ./service -t /dev/fd/3 --specs specs <job >/dev/null 2>run.err
	run_pid=$pid
	until_true grep -q running d/status
}

state() { # KEY
	sed -n "s/^$1 //p" d/status
}

packets_are() { # COUNT, or more
	[ "$(state packets)" -ge "$1" ]
}

is_after() { # NANOSECONDS since 1970
	[ "$(date +%s%N)" -gt "$1" ]
}

# Ends the capture, and compares it with the wire: N transactions of the wanted client.
is_client_only() { # N
	# More than those of all but one of them: what waits for its pair is not counted yet.
	until_true packets_are $((13 * $1))
	kill "$run_pid"
	until_true grep -q '^state \(done\|partial\)' d/status
	vcap-merge -w all.pcapng d
	syns all.pcapng | sort >kept
	wire_pairs | grep ^10.1.0.3 | tr ' ' '\n' | paste -d ' ' - - | sort >expected
	[ "$(wc -l <expected)" -eq $((2 * $1)) ]
	diff expected kept
	! tcpdump -nr all.pcapng host 10.1.0.2 2>/dev/null | grep .
}

two_clients() { # URL
	for address in 10.1.0.2 10.1.0.3 10.1.0.2 10.1.0.3; do
		ip netns exec client curl -sf -m 30 --interface $address -o /dev/null "$1"
	done
	until_true wire_has 4
}

# bats test_tags=slow
@test "vcap-run --flows conntrack: one client's transactions" {
	gateway
	capture conntrack 192.0.2.10 80
	flows_pid=$(pgrep -x vcap-flows)
	[ "$(state flows)" = conntrack ]
	# vcap-flows: its own group, one capability; vcap-run: none, and vcap-join neither.
	[ "$(ps -o pgid= "$flows_pid")" -ne "$(ps -o pgid= "$run_pid")" ]
	grep -q "CapEff:.*0000000000001000" "/proc/$flows_pid/status"
	for process in "$run_pid" "$(pgrep -x vcap-join)"; do
		grep -q "CapEff:.*0000000000000000" "/proc/$process/status"
		grep -q "CapPrm:.*0000000000000000" "/proc/$process/status"
	done
	two_clients http://192.0.2.10/
	is_client_only 2
	[ "$(state state)" = "done" ]
	until_true not pgrep -x vcap-flows
	[ "$(grep -c ' new tcp .* 10.2.0.2:8080$' d/pairs)" -eq 4 ]
}

@test "vcap-run --flows haproxy: one client's transactions" {
	proxy
	capture "haproxy:$PWD/sock" 192.0.2.20 8081
	two_clients http://192.0.2.20:8081/
	is_client_only 2
	[ "$(state state)" = "done" ]
}

# bats test_tags=slow
@test "vcap-run --flows log: one client's transactions" {
	syslogd
	proxy
	capture "log:$PWD/haproxy.log" 192.0.2.20 8080
	two_clients http://192.0.2.20:8080/
	is_client_only 2
	[ "$(state state)" = "done" ]
}

# Lines of HAProxy tell what became of requests that no server was asked, too.
# Break: lib/flows/pairout.c s/connpair_print(pair, out->kept);/;/
# bats test_tags=slow
@test "vcap-run --flows: pairs are kept with and without a filter, and removed with the capture" {
	proxy
	sed -i 's/ %ST %Tt"/ %ST %tsc %Tt"/; s/option logasap/no option logasap/
		s/^    bind 192.0.2.20:8080/    http-request deny if { path \/no }\n&/' proxy.cfg
	kill "$proxy_pid"
	until_true not curl -sf http://192.0.2.20:8080/
	in_background haproxy -W -db -f proxy.cfg >proxy.err 2>&1
	until_true curl -sf http://192.0.2.20:8080/
	in_background vcap-run -b 8M -i to-client -R 0 -w d --flows "haproxy:$PWD/sock" --token 0123456789abcdef 2>run.err
	run_pid=$pid
	until_true grep -q running d/status
	ip netns exec client curl -s -o /dev/null http://192.0.2.20:8080/
	ip netns exec client curl -s -o /dev/null http://192.0.2.20:8080/no
	until_true grep -q 'haproxy=PR--/403$' d/pairs
	vcap-host pairs d 0123456789abcdef >kept
	grep -q ' new tcp 10.1.0.[0-9]*:[0-9]* 192.0.2.20:8080 [0-9.]*:[0-9]* 10.2.0.2:8080 haproxy=----/200$' kept
	grep -q ' 192.0.2.20:8080 - - haproxy=PR--/403$' kept
	run -1 vcap-host pairs d 0123456789abcdee
	kill "$run_pid"
	until_true grep -q '^state done' d/status
	[ "$(state pairs)" -eq "$(stat -c %s d/pairs)" ]
	[ "$(stat -c %a d/pairs)" = 600 ]
	until_true not pgrep -x vcap-flows
	vcap-host remove d
	[ ! -e d ]
	# A source that is not there is no reason to capture nothing, if nothing depends on it.
	in_background vcap-run -b 8M -i to-client -R 0 -w d --flows haproxy:/nowhere/sock 2>run.err
	run_pid=$pid
	until_true grep -q running d/status
	kill "$run_pid"
	until_true grep -q '^state done' d/status
	grep -q "cannot connect to HAProxy" run.err
	[ "$(vcap-host pairs d)" = "" ]
}

# A client's connection that says a line whenever it is told to.
talker() { # NAME ADDRESS PORT FROM
	mkfifo "$1.in"
	in_background ip netns exec client perl -MIO::Socket::IP -e '
		my $socket = IO::Socket::IP->new(PeerAddr => $ARGV[0], PeerPort => $ARGV[1], LocalAddr => $ARGV[2])
			or die $!;
		print "here\n";
		STDOUT->flush;
		while (<STDIN>) { print $socket "GET / HTTP/1.1\r\nHost: x\r\n\r\n"; $socket->flush }
	' "$2" "$3" "$4" <>"$1.in" >"$1.out"
	until_true test -s "$1.out"
}

# Both clients have a connection before the capture begins, and talk later.
are_followed() { # SOURCE VIP PORT
	for from in 2 3; do
		talker t$from "$2" "$3" 10.1.0.$from
	done
	capture "$@"
	# Longer after what there was had been told than a new connection's pair may be.
	until_true is_after $(($(date +%s%N) + 1500000000))
	echo >t2.in
	echo >t3.in
	until_true packets_are 6
	kill "$run_pid"
	until_true grep -q '^state done' d/status
	vcap-merge -w all.pcapng d
	# The request, on both sides.
	tcpdump -tnr all.pcapng 'dst port 8080 or dst port 80 or dst port 8081' 2>/dev/null |
		grep "length 27" >kept
	[ "$(wc -l <kept)" -eq 2 ]
	[ "$(grep -c "^IP 10.1.0.3" kept)" -eq 1 ]
	! tcpdump -nr all.pcapng host 10.1.0.2 2>/dev/null | grep .
}

# Break: lib/join/weigh.c s/.or_before = !conn->handshake.has_isn/.or_before = false/
# bats test_tags=slow
@test "vcap-run --flows conntrack: connections that are older than the capture" {
	gateway
	are_followed conntrack 192.0.2.10 80
}

# bats test_tags=slow
@test "vcap-run --flows haproxy: connections that are older than the capture" {
	proxy
	are_followed "haproxy:$PWD/sock" 192.0.2.20 8081
}

# Break: lib/capture/capture.c s/watch_commands(capture);/;/
# bats test_tags=slow
@test "vcap-run --flows: it dies, and the capture goes on" {
	gateway
	capture conntrack 192.0.2.10 80
	two_clients http://192.0.2.10/
	kill -9 "$(pgrep -x vcap-flows)"
	until_true grep -q "^message 'vcap-flows' was ended by signal 9: pairs are missing" d/status
	[ "$(state state)" = running ]
	is_client_only 2
	[ "$(state state)" = partial ]
}

# bats test_tags=slow
@test "vcap-run --flows: kill -9 of vcap-run ends it" {
	gateway
	capture conntrack 192.0.2.10 80
	kill -9 "$run_pid"
	until_true not pgrep -x "vcap-flows|vcap-join|vcap-run"
}

@test "vcap-run --flows: one that cannot be had: exit 1, why, and nothing is left" {
	for detach in "" --detach; do
		# shellcheck disable=SC2086 # a word or none
		run -1 vcap-run -b 8M -i to-client -R 0 $detach -w d --flows haproxy:/nowhere/sock -- cat
		[[ $output == *"cannot connect to HAProxy at '/nowhere/sock'"* ]]
		[[ $output == *"'vcap-flows' ended with status 1"* ]]
		[ ! -e d ]
	done
	run -2 vcap-run -i to-client -w - --flows conntrack >stream
	run -2 vcap-run -i to-client -w d --flows nonsense -- cat
	[[ $output == *"'nonsense'"* ]]
}
