#!/usr/bin/env bats
# What hosts lose while a capture runs: the kernel's counters, in its status, its file and in words.
# shellcheck disable=SC2016 # dollars for perl

bats_require_minimum_version 1.5.0
load ../until

setup() {
	build=$BATS_TEST_DIRNAME/../../${VCAP_BUILD:-build}
	PATH=$(cd "$build/bin" && pwd):$(cd "$build/tests/tools" && pwd):$PATH:/usr/sbin:/sbin
	grep -q netns-run /proc/1/cmdline || {
		echo "these tests make namespaces: run them by tests/netns-run"
		return 1
	}
	cd "$BATS_TEST_TMPDIR" || return
	export VCAP_CONFIG=$PWD/config VCAP_SPOOL=$PWD/spool
	mkdir -p config/services run
	for engine in a b; do
		ip netns add $engine
		ip -n $engine link set lo up
		ip -n $engine addr add 192.0.2.10/32 dev lo
		echo "$engine dir=$PWD/run exec ip netns exec $engine"
	done >config/engines
	printf '%s\n' 'vip 192.0.2.10 tcp/443' 'server 10.0.0.1' 'engine a' 'engine b' >config/services/shop
	# Without cookies a full queue of half-open connections drops.
	ip netns exec a sysctl -qw net.ipv4.tcp_syncookies=0
	ip netns exec a nft -f - <<-'END'
		table inet t {
			chain out { type filter hook output priority 0; tcp sport 444 tcp flags & (syn | ack) == syn | ack drop; }
		}
	END
}

teardown() {
	[ -z "${pid-}" ] || kill "$pid" 2>/dev/null || true
	for engine in a b; do
		ip netns del $engine
	done
}

# Asks a listener that accepts nothing, on a, for more connections than fit in its queue, until its input
# ends; prints a line for each round.
ask() { # PORT QUEUE
	ip netns exec a perl -MSocket=:DEFAULT,SOCK_NONBLOCK -e '
		my ($port, $queue) = @ARGV;
		my $to = pack_sockaddr_in($port, inet_aton("192.0.2.10"));
		socket(my $listener, AF_INET, SOCK_STREAM, 0);
		bind($listener, $to) && listen($listener, $queue) or die "cannot listen: $!";
		my @asking;
		while (1) {
			for (1 .. 8) {
				socket(my $socket, AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
				connect($socket, $to);
				push @asking, $socket;
			}
			syswrite(STDOUT, "asked\n");
			vec(my $bits, 0, 1) = 1;
			last if select($bits, undef, undef, 0.2) && !sysread(STDIN, my $byte, 1);
		}' "$1" "$2"
}

grew() { # COUNTER: on a
	[ "$(ip netns exec a nstat -asz "$1" | awk 'NR > 1 { print $2 + 0 }')" -gt 0 ]
}

has_seen() { # TEXT: in the status of a
	grep -q "$1" run/*.a/status
}

# Break: lib/capture/losses.c s/count->grown += more/count->grown += 0/
# Break: lib/capture/listenqueues.c s/idiag_rqueue > listener->idiag_wqueue/idiag_rqueue < listener->idiag_wqueue/
# Break: lib/capture/output.c s/facts.lost = output->lost/facts.lost = 0/
# Break: lib/merge/lossnotes.c s/strvec_has(lines, line)/0/
@test "losses: full queues of a listener, by engine, in status, file and words; nothing of another's" {
	vcap-start -t 60 shop >id
	id=$(cat id)
	until_true test -e "$(echo run/*.a/status)"
	mkfifo go
	ask 443 1 <go >asked &
	pid=$!
	exec 9>go
	until_true grew TcpExtListenOverflows
	until_true has_seen 'ListenOverflows 192.0.2.10:443$'
	exec 9>&-
	wait "$pid"
	pid=
	# None of these is answered: the queue of half-open ones is full.
	ask 444 4 </dev/null >/dev/null
	until_true grew TcpExtTCPReqQFullDrop
	until_true has_seen TCPReqQFullDrop
	run -0 vcap-stop "$id"
	[[ $output == *"engine 'a': "*" SYNs dropped, an accept queue was full: 192.0.2.10:443"* ]]
	[[ $output != *"engine 'b': "*dropped* ]]

	# All say the same, and the kernel no less.
	in_state=$(sed -n 's/^lost-[0-9]* //p' "spool/captures/$id/engines/a.state")
	all=$(ip netns exec a nstat -asz TcpExtListenOverflows | awk 'NR > 1 { print $2 + 0 }')
	told=$(sed -n 's/ ListenOverflows .*//p' <<<"$in_state")
	[ "$told" -gt 0 ]
	[ "$told" -le "$all" ]
	run -0 vcap-status "$id"
	[[ $output == *"$told SYNs dropped, an accept queue was full: 192.0.2.10:443"* ]]
	[ -z "$(sed -n '/^lost-/p' "spool/captures/$id/engines/b.state")" ]
	ln -s "spool/captures/$id/$id.pcapng" f.pcapng
	run -0 --separate-stderr vcap-stat f.pcapng
	[ "$(grep -c "a: $told SYNs dropped, an accept queue was full: 192.0.2.10:443$" <<<"$stderr")" -eq 1 ]
	[[ $stderr != *b:* ]]
}

# Break: lib/capture/hostlosses.c s/losses_refresh(losses);/(void)losses;/
# Break: lib/controller/enginecheck_table.c s/LOSTLINES_ALL, "right now: "/LOSTLINES_ALL, ""/
@test "losses: vcap check --losses says what grows right now" {
	mkfifo go
	ask 443 1 <go >asked &
	pid=$!
	exec 9>go
	until_true grew TcpExtListenOverflows
	run -0 vcap-check --losses shop
	[[ $output == *"right now: "*" dropped, an accept queue was full: 192.0.2.10:443"* ]]
	run -0 vcap-check -j --losses shop
	[[ $(jq -r '.engines[] | select(.engine == "a") | .note' <<<"$output") == "right now: "* ]]
	[ "$(jq -r '.engines[] | select(.engine == "b") | .note // ""' <<<"$output")" = "" ]
	run -0 vcap-check -j shop
	[[ $output != *"right now"* ]]
	exec 9>&-
	wait "$pid"
	pid=
}

# Break: lib/capture/losscounters.c s/{3, LOSS_RX_DROPPED}/{4, LOSS_RX_DROPPED}/
@test "losses: what an interface drops, as the kernel counts it" {
	ip link add dev va netns b type veth peer name vb netns a
	ip -n b link set va up
	ip -n a link set vb up mtu 500
	ip netns exec a vcap-run -n a -i vb -b 8M -R 0 -w d 2>err 3>&- &
	pid=$!
	until_true grep -qs running d/status
	# Longer than what it takes.
	for _ in 1 2 3; do ip netns exec b send -C 0 -s 1000 -c 1 va >/dev/null 2>&1 || true; done
	until_true grep -q ' rx_dropped vb$' d/status
	kill -INT "$pid"
	wait "$pid"
	pid=
	all=$(ip netns exec a cat /sys/class/net/vb/statistics/rx_dropped)
	[ "$all" -ge 3 ]
	run -0 --separate-stderr vcap-stat d
	[[ $stderr == *"a: $all packets dropped on receipt: vb"* ]]
}

in_conntrack() { # COLUMN: of a, over all processors
	ip netns exec a awk -v name="$1" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) at = i; next }
		{ print "0x" $at }' /proc/net/stat/nf_conntrack | xargs printf '%d\n' | awk '{ sum += $1 } END { print sum + 0 }'
}

# Break: lib/capture/losscounters.c s/{"early_drop", LOSS_CONNTRACK_EARLY}/{"early", LOSS_CONNTRACK_EARLY}/
# bats test_tags=slow
@test "losses: conntrack's table is full, of this namespace" {
	most=$(ip netns exec a cat /proc/sys/net/netfilter/nf_conntrack_max) || skip "no nf_conntrack"
	[ "$most" -gt 0 ] && [ "$most" -le 600000 ] || skip "nf_conntrack's table has room for $most connections"
	printf 'table inet c {\n\tchain in {\n\t\ttype filter hook input priority 0\n\t\tct state invalid drop\n\t}\n}\n' |
		ip netns exec a nft -f -
	ip -n a link add dev d0 type veth peer name d1
	ip -n a link set d0 up
	ip netns exec a vcap-run -n a -i d0 -b 8M -R 0 -w d 2>err 3>&- &
	pid=$!
	until_true grep -qs running d/status
	# Each to another address and port.
	ip netns exec a perl -MSocket=:all -e '
		socket(my $socket, AF_INET, SOCK_DGRAM, 0) or die;
		setsockopt($socket, SOL_SOCKET, SO_SNDBUF, 1 << 20);
		for my $n (0 .. $ARGV[0] + 2000) {
			send($socket, "x", 0, pack_sockaddr_in(5000 + $n % 50000, pack("CCCC", 127, 1, 1, 1 + $n / 50000)));
		}' "$most"
	[ "$(in_conntrack drop)" -gt 0 ] || [ "$(in_conntrack early_drop)" -gt 0 ]
	until_true grep -qE '^lost-[0-9]+ [1-9][0-9]* conntrack_(early_)?drop$' d/status
	kill -INT "$pid"
	wait "$pid"
	pid=
	run -0 --separate-stderr vcap-stat d
	[[ $stderr == *"conntrack's table was full"* ]]
	for name in drop early_drop; do
		told=$(sed -n "s/^lost-[0-9]* \([0-9]*\) conntrack_$name\$/\1/p" d/status)
		[ "${told:-0}" -eq "$(in_conntrack $name)" ]
	done
}

is_past() { # TIME
	[ "$(bc <<<"$EPOCHREALTIME > $1")" = 1 ]
}

# Break: lib/capture/losstimes.c s/time.to_ns <= from_ns/0/
# Break: lib/merge/coredir.c s/strvec_pushf(&lines, LOSS_LINE "%s", pair->value)/(void)0/
# bats test_tags=slow
@test "losses: a snapshot tells those of its window, and no others" {
	ring=$(vcap-start --rolling 2s shop)
	until_true test -e "$(echo run/*.a/status)"
	mkfifo go
	ask 443 1 <go >asked &
	pid=$!
	exec 9>go
	until_true has_seen '^lost-at-0 .* ListenOverflows 192.0.2.10:443$'
	id=$(vcap-snapshot --after 1s shop)
	run vcap-wait "$id"
	exec 9>&-
	wait "$pid"
	pid=
	[[ $output == *"engine 'a': "*" dropped, an accept queue was full: 192.0.2.10:443"* ]]
	# Processors are the whole host's, and may be too slow for others.
	[[ $output != *"engine 'b': "*queue* ]]
	told=$(sed -n 's/^lost-[0-9]* \([0-9]*\) ListenOverflows.*/\1/p' "spool/captures/$id/engines/a.state")
	all=$(ip netns exec a nstat -asz TcpExtListenOverflows | awk 'NR > 1 { print $2 + 0 }')
	[ "$told" -gt 0 ]
	[ "$told" -le "$all" ]
	# Its file says so, as that of any capture does.
	vcap-export -w snapshot.pcapng "$id" || [ $? -eq 3 ]
	run -0 --separate-stderr vcap-stat snapshot.pcapng
	[ "$(grep -c 'an accept queue was full: 192.0.2.10:443' <<<"$stderr")" -eq 1 ]
	[[ $stderr == *"a: $told SYN"* ]]
	[[ $stderr != *"b: "*queue* ]]
	# The ring still knows of it, but it is not in this window.
	to=$(sed -n 's/^lost-at-[0-9]* [0-9.]* \([0-9.]*\) .*/\1/p' run/"$ring".a/status | sort | tail -n 1)
	until_true is_past "$(bc <<<"$to + 3")"
	id=$(vcap-snapshot --after 1s shop)
	run vcap-wait "$id"
	[[ $output != *queue* ]]
	vcap-export -w later.pcapng "$id" || [ $? -eq 3 ]
	run -0 --separate-stderr vcap-stat later.pcapng
	[[ $stderr != *queue* ]]
	grep -q '^lost-at-0 ' run/"$ring".a/status
	vcap-stop "$ring"
}
