#!/usr/bin/env bats
# Connects that fail, which are no health checks, and health checks that are: what vcap-join makes of
# either, and who counts the first. Each connection has an engine's port of its own, by which tcpdump
# tells what belongs: from 5000 what failed or cannot be told, from 6000 checks, from 7000 clients'.

bats_require_minimum_version 1.5.0

setup() {
	tools=$BATS_TEST_DIRNAME/..
	build=$PWD/${VCAP_BUILD:-build}
	PATH=$build/bin:$PATH
	cd "$BATS_TEST_TMPDIR" || exit
	printf '%s\n' 'vip 192.0.2.10 tcp/80' 'server 10.0.1.11-10.0.1.12 tcp/8080' 'source 10.0.9.0/24' \
		'monitor empty' 'monitor http /health' 'monitor local' >shop
	connections | "$tools/mktcp" >in.pcap
}

# conversation PORT LINE...: a connection between engine and server, a line:
# TIME >|< FLAGS SEQ ACK [TEXT], or TIME !N for an ICMP error from 10.0.9.25N
conversation() {
	local port=$1 line
	shift
	for line; do
		# shellcheck disable=SC2086
		set -- $line
		case $2 in
		'>') echo "$1 10.0.9.1:$port 10.0.1.11:8080 ${line#*> }" ;;
		'<') echo "$1 10.0.1.11:8080 10.0.9.1:$port ${line#*< }" ;;
		!*) echo "$1 10.0.9.25${2#!} 10.0.9.1 unreachable 10.0.9.1:$port 10.0.1.11:8080" ;;
		esac
	done
}
connections() {
	# Failed: refused, not answered, unreachable, given up before the answer came, twice between the
	# same ends, with a request in the SYN, refused after all, behind an answer that was an old
	# connection's, given up for another.
	conversation 5000 '0.001 > S 100 0' '0.002 < RA 0 101'
	conversation 5001 '0.001 > S 100 0' '1.001 > S 100 0' '3.001 > S 100 0' '5 > S 100 0'
	conversation 5002 '0.001 > S 100 0' '0.002 !5'
	conversation 5003 '0.001 > S 100 0' '0.500 < SA 900 101' '0.501 > R 101 0'
	conversation 5004 '0.001 > S 100 0' '0.002 < RA 0 101' '0.301 > S 7000 0' '0.302 < RA 0 7001'
	conversation 5005 '0.001 > S 100 0 GET /health HTTP/1.0\r\n\r\n' '0.002 < RA 0 101'
	conversation 5006 '0.001 > S 100 0' '0.002 < SA 900 101' '0.003 < R 901 0'
	conversation 5007 '0.001 > S 100 0' '0.002 < A 70000 90000' '0.003 > R 90000 0' '1.001 > S 100 0' \
		'1.002 < RA 0 101'
	conversation 5008 '0.001 > S 100 0' '0.301 > S 7000 0' '0.302 < RA 0 7001'
	# Not known to have failed: only the answer was captured, or not what came after the handshake.
	conversation 5500 '0.001 < SA 900 101'
	conversation 5501 '4.990 > S 100 0' '4.991 < SA 900 101' '4.992 > A 101 901'
	conversation 5502 '4.999 > S 100 0'
	# Health checks: closed by FIN, by RST, by the server; seen in one direction; answered late.
	conversation 6000 '0.001 > S 100 0' '0.002 < SA 900 101' '0.003 > A 101 901' '0.004 > FA 101 901' \
		'0.005 < FA 901 102' '0.006 > A 102 902'
	conversation 6001 '0.001 > S 100 0' '0.002 < SA 900 101' '0.003 > RA 101 901'
	conversation 6002 '0.001 > S 100 0' '0.002 < SA 900 101' '0.003 > A 101 901' '0.004 < RA 901 101'
	conversation 6003 '0.001 > S 100 0' '0.003 > A 101 901' '0.004 > RA 101 901'
	conversation 6004 '0.001 > S 100 0' '0.002 !4' '1.001 > S 100 0' '1.002 < SA 900 101' '1.003 > RA 101 901'
	conversation 6005 '0.001 > S 100 0' '0.002 < SA 900 101' '0.003 > A 101 901' \
		'0.004 > PA 101 901 GET /health HTTP/1.0\r\n\r\n' '0.005 < PA 901 125 HTTP/1.0 200 OK\r\n\r\n' '0.006 > RA 125 920'
	conversation 6006 '0.001 > S 100 0' '0.002 < SA 900 101' '0.003 > A 101 901' \
		'0.004 > PA 101 901 \r\n\r\n\x00\r\nQUIT\n\x20\x00\x00\x00' '0.006 > RA 117 901'
	# Clients': bytes that were not captured, a client that asks for the path of the checks, begun before.
	conversation 7000 '0.001 > S 100 0' '0.002 < SA 900 101' '0.003 > A 101 901' '0.005 > FA 140 960' '0.006 < FA 960 141'
	conversation 7001 '0.001 > S 100 0' '0.002 < SA 900 101' '0.003 > A 101 901' \
		'0.004 > PA 101 901 GET /health HTTP/1.0\r\n' '0.005 > PA 123 901 X-Forwarded-For: 10.1.0.7\r\n\r\n' '0.006 < FA 901 155' '0.007 > FA 155 902'
	conversation 7002 '0.001 > FA 101 901' '0.002 < FA 901 102'
	echo '5 10.1.0.7:5000 192.0.2.10:80 S 1 0'
}

checks='(portrange 6000-6999 or host 10.0.9.254)'

lines() { # FILE EXPRESSION
	tcpdump -tttt -nnr "$1" "${2-}" 2>/dev/null || true
}

# both EXPRESSION ARG...: of a file and of a stream vcap-join keeps what the expression says.
both() {
	lines in.pcap "$1" >wanted
	for live in '' --live; do
		# shellcheck disable=SC2086 # a word or none
		vcap-join -S ./shop $live "${@:2}" -r in.pcap -w out.pcap 2>err
		lines out.pcap >got
		diff got wanted
	done
}

# Break: lib/join/monitor.c s/return jc->has_client ? NO : UNKNOWN;/return YES;/
@test "what failed and what cannot be told is kept with none, and is not in only" {
	both "not $checks"
	both '' -m include
	both "$checks" -m only
	both 'not portrange 7000-7999 and not port 80' -m only --undecided keep
}

# A server's address selects whatever is sent to it; for a client's a table has to say whose it is.
# Break: lib/join/weigh.c s/jc->by_addresses = is_wanted ? YES : NO;/jc->by_addresses = YES;/
@test "with addresses, what failed goes by the evidence" {
	both "not $checks and not port 80" 10.0.1.11
	both "not $checks and not port 80" -P 10.0.1.11
	both 'port 1' 10.0.1.12
	both 'port 1' -P 10.0.1.12
	both 'port 7001 or port 80' 10.1.0.7
	both 'portrange 5000-5999 or host 10.0.9.255 or port 7000 or port 7001 or port 7002 or port 80' --undecided keep 10.1.0.7
	for port in 5000 5001 5002; do
		echo "1700000000.000000000 new tcp 10.1.0.7:$port 192.0.2.10:80 10.0.9.1:$port 10.0.1.11:8080"
	done >pairs
	both 'portrange 5000-5002 or host 10.0.9.255 or port 7001 or port 80' -t pairs 10.1.0.7
	both "not $checks" -t pairs
}

# Break: lib/join/decide.c s/conn->is_replaced ? INT64_MAX/conn->is_replaced ? 0/
# Break: lib/packet/connwatch.c s/if (!is_unknown(watch, entry))/if (1)/
# Break: lib/packet/connwatch.c s/entry->last_ns = ts_ns;/;/
# Break: lib/capfile/file_section.c s/line + 6, NULL, 10) > 0/line + 6, NULL, 10) >= 0/
@test "join and stat count alike what failed, and the file says it" {
	said='11 failed connects to 10.0.1.11:8080'
	vcap-merge -w in.pcapng lb1=in.pcap
	vcap-join -S ./shop -r in.pcapng -w out.pcapng 2>err
	grep -Fx "vcap-join: $said" err
	grep -aF "vcap-join: $said" out.pcapng
	vcap-join -S ./shop <in.pcapng 2>err >out.pcapng
	grep -Fx "vcap-join: $said" err
	grep -aF "vcap-join: $said" out.pcapng
	vcap-merge -S ./shop -w merged.pcapng lb1=in.pcap
	run --separate-stderr -0 vcap-stat merged.pcapng
	[ "$stderr" = "vcap-stat: $said" ]
	[[ "$output" != *failed* ]]
	# With -c an answer may be missing for another reason: what is answered by nothing has to have been asked again.
	conversation 5001 '0.001 > S 100 0' '1.001 > S 100 0' '3.001 > S 100 0' '5 > S 100 0' >again
	conversation 5500 '0.001 > S 100 0' >once
	conversation 5004 '0.001 > S 100 0' '0.002 < RA 0 101' '4 > S 7000 0' >refused
	for part in again once refused; do
		echo '5 10.1.0.7:5000 192.0.2.10:80 S 1 0' | cat $part - | sort -n | "$tools/mktcp" >$part.pcap
		vcap-merge -S ./shop -w $part.all lb1=$part.pcap
		editcap --capture-comment 'lb1: count 0' $part.all $part.all0
		editcap --capture-comment 'lb1: count 1000' $part.all $part.1000
	done
	tells() { # FILE MESSAGE
		run --separate-stderr vcap-stat "$1"
		[ "$stderr" = "${2:+vcap-stat: $2}" ] || { echo "$1: $stderr"; false; }
	}
	for all in all all0; do
		tells again.$all '1 failed connect to 10.0.1.11:8080'
		tells once.$all '1 failed connect to 10.0.1.11:8080'
		tells refused.$all '2 failed connects to 10.0.1.11:8080'
	done
	tells again.1000 '1 failed connect to 10.0.1.11:8080'
	tells once.1000 ''
	tells refused.1000 '1 failed connect to 10.0.1.11:8080'
	# Where no side is known all ends count: the client was not answered either.
	run --separate-stderr -0 vcap-stat -j in.pcap
	[ "$stderr" = "vcap-stat: $said"$'\n''vcap-stat: 1 failed connect to 192.0.2.10:80' ]
}
