#!/usr/bin/env bats
# vcap-join over conversations whose every packet says whose it is (tests/tools/mkconv.c): tcpdump
# over the whole capture, by that mark, is the word that each result is compared with.

bats_require_minimum_version 1.5.0
load ../statistics

setup() {
	cd "$BATS_TEST_DIRNAME/../.." || exit
	build=$PWD/${VCAP_BUILD:-build}
	PATH=$build/bin:$build/tests/tools:$PATH
	cd "$BATS_TEST_TMPDIR" || exit
	cat > shop <<-END
		vip    192.0.2.10 tcp/80
		vip    2001:db8::10 tcp/80
		server 10.0.1.11-10.0.1.12 tcp/8080
		server fd00:1::11-fd00:1::12 tcp/8080
		source 10.0.9.0/24
		source fd00:9::/120
	END
	# Clients of mkconv send X-Forwarded-For, whichever header the engine writes.
	{ cat shop; echo 'header Forwarded'; } > rfc7239
}

# Packets as lines; the marks of a file's packets.
lines() { tcpdump -tttt -nnr "$1" "${2-}" 2>/dev/null || true; }

# same FILE EXPRESSION: FILE has what EXPRESSION says of in.pcap, and that is something.
same() {
	lines "$1" > got
	lines in.pcap "$2" > wanted
	[ -s wanted ]
	diff got wanted | head -5
	cmp got wanted
}

# both EXPRESSION ARG...: as a file and as a stream, whose packets are looked at unless the bytes are
# the same.
both() {
	local expression=$1
	shift
	vcap-join "$@" -r in.pcap -w out.pcap 2> err || { cat err; false; }
	same out.pcap "$expression"
	vcap-join "$@" < <(cat in.pcap) > stream.pcap 2> err || { cat err; false; }
	cmp -s out.pcap stream.pcap || same stream.pcap "$expression"
}

# To see them fail: let join/forwarded.c take the first value of a list, or join/conntable.c ignore a new SYN.
@test "one client's transactions by each kind of evidence, in pieces, out of order, ports reused" {
	for evidence in proxy1 proxy2 xff forwarded; do
		service=./shop
		[ $evidence != forwarded ] || service=./rfc7239
		for shape in '' '-s 1' '-s 7 -o'; do
			echo "# $evidence $shape"
			# shellcheck disable=SC2086
			mkconv -e $evidence $shape -p 64 > in.pcap
			both 'ip[4:2] = 7' -S $service 10.1.0.7
		done
		mkconv -e $evidence -6 -p 64 > in.pcap
		both 'ip6[2:2] = 7' -S $service 2001:db8:1::7
	done
}

@test "a named header, and no other" {
	mkconv -e named > in.pcap
	both 'ip[4:2] = 7' -S ./shop --header X-Real-IP 10.1.0.7
	{ cat shop; echo 'header X-Real-IP'; } > real
	both 'ip[4:2] = 7' -S ./real 10.1.0.7
	# Everybody claims to be 10.1.0.2.
	both 'ip[4:2] = 2' -S ./real 10.1.0.2
	{ cat shop; echo 'header none'; } > none
	vcap-join -S ./none -r in.pcap -w out.pcap 10.1.0.2 2> err
	grep -q ' 0 wanted, 0 not, 100 undecided$' err
	grep -q 'would be told by tables (flows=' err
	# The option overrides the service.
	both 'ip[4:2] = 2' -S ./none --header x-real-ip 10.1.0.2
	# Whichever the engine writes: both name client 2 in its own requests, one in all others.
	vcap-join -S ./shop -r in.pcap -w out.pcap 10.1.0.2 2> err
	grep -q ' 5 wanted, 0 not, 95 undecided; told by request headers 5$' err
}

# request CLIENT SECONDS TEXT: a connection of the client, and of the engine to the server with that request.
request() {
	local port=$((30000 + ${2/./})) from=10.0.9.1 to=10.0.1.11:8080
	cat <<-END
		$2.0 10.1.0.$1:$port 192.0.2.10:80 S 1 0
		$2.1 $from:$port $to S 100 0
		$2.2 $to $from:$port SA 500 101
		$2.3 $from:$port $to A 101 501
		$2.4 $from:$port $to PA 101 501 GET /$2 HTTP/1.1\\r\\n$3\\r\\n
		$2.5 $to $from:$port PA 501 400 HTTP/1.1 204 No Content\\r\\n\\r\\n
	END
}

# paths ARG...: what the engine asked servers for, of what is kept.
paths() {
	vcap-join -S ./shop -r in.pcap -w out.pcap "$@" 2> err || cat err
	tcpdump -Aqnr out.pcap 2>/dev/null | grep -ao 'GET /[0-9]*' | tr -d '\n'
}

# Break: lib/join/forwarded.c s/? forwarded->rule->header.hops : 1/? 1 : 1/
@test "of a header with hops that value from its end, and without so many none" {
	{
		request 1 1 'X-Forwarded-For: 10.1.0.3, 10.1.0.1, 10.1.0.2\r\n'
		request 2 2 'X-Forwarded-For: 10.1.0.1\r\n'
	} | "$OLDPWD/tests/mktcp" > in.pcap
	[ "$(paths --header 'X-Forwarded-For 2' 10.1.0.1)" = "GET /1" ]
	grep -q ' 1 wanted, 0 not, 1 undecided; told by request headers 1$' err
	echo 'header X-Forwarded-For 2' >> shop
	[ "$(paths 10.1.0.1)" = "GET /1" ]
	[ "$(paths 10.1.0.2)" = "" ]
	[ "$(paths --header 'x-forwarded-for' 10.1.0.2)" = "GET /1" ]
}

# The request that names two clients comes first, and its connection ends before anything is learned.
# Break: lib/join/join.c s/disputes_finish(.*/;/
@test "of headers that disagree the one that no request lacks counts; if that is not one, none" {
	{
		request 2 1 'Forwarded: for=10.1.0.1\r\nX-Forwarded-For: 10.1.0.1, 10.1.0.2\r\n'
		echo '1.9 10.0.9.1:30001 10.0.1.11:8080 S 9000 0'
		request 1 2 'X-Forwarded-For: 10.1.0.1\r\n'
		request 3 3 'X-Real-IP: 10.1.0.1\r\nX-Forwarded-For: 10.1.0.3\r\n'
	} | "$OLDPWD/tests/mktcp" > in.pcap
	[ "$(paths 10.1.0.1)" = "GET /2" ]
	grep -q ' 1 wanted, 2 not, 1 undecided; told by request headers 3' err
	[ "$(paths 10.1.0.2)" = "GET /1" ]
	[ "$(paths 10.1.0.3)" = "GET /3" ]
	# In a stream it is not known in time.
	[ "$(paths --live 10.1.0.2)" = "" ]
	[ "$(paths --live 10.1.0.3)" = "GET /3" ]
	# Two ways through the engine, with a header each: who asked for 4 and 5 cannot be told.
	{
		request 4 4 'X-Real-IP: 10.1.0.4\r\nX-Forwarded-For: 10.1.0.1\r\n'
		request 5 5 'X-Real-IP: 10.1.0.1\r\nX-Forwarded-For: 10.1.0.5\r\n'
		request 6 6 'X-Forwarded-For: 10.1.0.6\r\n'
		request 7 7 'X-Real-IP: 10.1.0.7\r\n'
	} | "$OLDPWD/tests/mktcp" > in.pcap
	[ "$(paths 10.1.0.1)" = "" ]
	grep -q ' 0 wanted, 2 not, 2 undecided' err
	[ "$(paths 10.1.0.7)" = "GET /7" ]
	[ "$(paths)" = "GET /4GET /5GET /6GET /7" ]
}

# The forged one comes first, before anything shows that the engine writes none of these headers.
# Break: lib/join/weigh.c s/if (join->config.set \&\& is_unwritten(join, jc))/if (0)/
@test "where a client's request has none of the headers, the engine writes none, and those that are there tell nothing" {
	local agent='User-Agent: curl/8.0\r\n'
	{
		request 2 1 "${agent}X-Forwarded-For: 10.1.0.1\\r\\n"
		request 1 2 "${agent}X-Client-IP: 10.1.0.1\\r\\n"
		request 3 3 "${agent}X-Client-IP: 10.1.0.3\\r\\nForwarded: for=10.1.0.1\\r\\nX-Real-IP: 10.1.0.1\\r\\n"
		# What another server gets is written by another proxy of the engine.
		request 1 4 "${agent}X-Forwarded-For: 10.1.0.1\\r\\n" | sed 's/10.0.1.11/10.0.1.12/g'
	} | "$OLDPWD/tests/mktcp" > in.pcap
	[ "$(paths 10.1.0.1)" = "GET /4" ]
	grep -q ' 1 wanted, 0 not, 3 undecided; told by request headers 1$' err
	grep -q 'or by the header that the engines write' err
	[ "$(paths --live 10.1.0.1)" = "GET /1GET /4" ]
	[ "$(paths --header X-Client-IP 10.1.0.1)" = "GET /2" ]
	# Health checks have none either: without a program's name, by one that checks, or for a path that says so.
	{
		request 1 1 "${agent}X-Forwarded-For: 10.1.0.1\\r\\n"
		request 9 2 ''
		request 9 3 'User-Agent: HAProxy/2.6\r\n'
		request 9 4 "$agent"
	} | "$OLDPWD/tests/mktcp" > in.pcap
	[ "$(paths 10.1.0.1)" = "" ]
	echo 'monitor http /4' >> shop
	[ "$(paths 10.1.0.1)" = "GET /1" ]
}

@test "a connection of which some request does not name its client is undecided, not another's" {
	request 1 1 'X-Forwarded-For: 10.1.0.1\r\n\r\nGET /9 HTTP/1.1\r\n' | "$OLDPWD/tests/mktcp" > in.pcap
	[ "$(paths 10.1.0.2)" = "" ]
	grep -q ' 0 wanted, 0 not, 1 undecided' err
	[ "$(paths 10.1.0.1)" = "GET /1GET /9" ]
}

# What follows is bytes that a client has sent to somebody behind the proxy.
# Break: lib/join/http1.c s/if (http->has_ended)/if (0)/
@test "what looks like a request behind Upgrade, CONNECT, or a length that cannot be read names nobody" {
	local forged='GET /9 HTTP/1.1\r\nX-Forwarded-For: 10.1.0.2\r\n'
	{
		request 1 1 "X-Forwarded-For: 10.1.0.1\\r\\nUpgrade: websocket\\r\\n\\r\\n$forged"
		request 1 2 "X-Forwarded-For: 10.1.0.1\\r\\n\\r\\n$forged" | sed 's/GET \/2/CONNECT a:1/'
		request 1 3 "X-Forwarded-For: 10.1.0.1\\r\\nContent-Length: +60\\r\\n\\r\\n$forged"
		request 2 5 'X-Forwarded-For: 10.1.0.2\r\n'
	} | "$OLDPWD/tests/mktcp" > in.pcap
	[ "$(paths 10.1.0.2)" = "GET /5" ]
	grep -q ' 1 wanted, 0 not, 3 undecided' err
	[ "$(paths 10.1.0.1)" = "GET /1GET /9GET /9GET /3GET /9" ]
	grep -q ' 3 wanted, 1 not, 0 undecided' err
}

# Break: lib/join/http1.c s/http->is_folded = http->is_unended;/http->header = HEADER_OTHER;/
@test "a header in several lines is one, and methods with a hyphen are requests" {
	{
		request 1 1 'X-Forwarded-For: 10.1.0.2,\r\n 10.1.0.1\r\n'
		request 1 2 'X-Forwarded-For: 10.1.0.2\r\n  , 10.1.0.1\r\n'
		request 1 3 'X-Forwarded-For:\r\n 10.1.0.1\r\n'
		request 1 4 'X-Other: a\r\n X-Forwarded-For: 10.1.0.2\r\nX-Forwarded-For: 10.1.0.1\r\n'
		request 2 5 'X-Forwarded-For: 10.1.0.1\r\n 10.1.0.2\r\n'
		request 2 6 'X-Forwarded-For: 10.1.0.2\r\n' | sed 's/GET/M-SEARCH/'
	} | "$OLDPWD/tests/mktcp" > in.pcap
	[ "$(paths 10.1.0.1)" = "GET /1GET /2GET /3GET /4" ]
	grep -q ' 4 wanted, 1 not, 1 undecided' err
}

# Two proxies on an engine, the second on loopback: 1 by pairs of both, 2 by a PROXY header about the
# loopback and a header behind it, 3 by such a header and the pair of the first.
# Break: lib/join/weigh.c s/pairtable_find(subject->join->pairs, &ends/if (0) pairtable_find(subject->join->pairs, \&ends/
# Break: lib/join/inspect.c s/!(service && evidence_is_inner(/!(service \&\& !evidence_is_inner(/
@test "a client is followed through two proxies on one engine, by pairs and behind PROXY headers" {
	{
		request 1 1 ''
		request 2 2 'X-Forwarded-For: 10.1.0.2\r\n' | sed 's/GET/PROXY TCP4 127.0.0.1 127.0.0.1 40002 8888\\r\\nGET/'
		request 3 3 '' | sed 's/GET/PROXY TCP4 10.0.9.1 127.0.0.1 40003 8888\\r\\nGET/'
	} | "$OLDPWD/tests/mktcp" > in.pcap
	cat > table <<-END
		1700000001.000 new tcp 10.1.0.1:30001 192.0.2.10:80 127.0.0.1:40001 127.0.0.1:8888
		1700000001.050 new tcp 127.0.0.1:40001 127.0.0.1:8888 10.0.9.1:30001 10.0.1.11:8080
		1700000003.000 new tcp 10.1.0.3:30003 192.0.2.10:80 10.0.9.1:40003 127.0.0.1:8888
	END
	for n in 1 2 3; do
		[ "$(paths -t table 10.1.0.$n)" = "GET /$n" ]
		grep -q ' 1 wanted, 2 not, 0 undecided; told by tables 2, request headers 1$' err
	done
	# Of the second alone, and without any, nobody knows whose 1 and 3 are.
	sed -i '1d;3d' table
	[ "$(paths -t table 10.1.0.1)" = "" ]
	grep -q ' 0 wanted, 1 not, 2 undecided' err
	[ "$(paths)" = "GET /1GET /2GET /3" ]
}

# Break: lib/join/evidence.c s/evidence->protocol ? evidence->protocol : //
@test "a pair of QUIC in front of TCP names a VIP of UDP" {
	request 1 1 '' | "$OLDPWD/tests/mktcp" > in.pcap
	echo '1700000001.000 new udp/tcp 10.1.0.1:30001 192.0.2.10:80 10.0.9.1:30001 10.0.1.11:8080' > table
	[ "$(paths -t table 10.1.0.1)" = "" ]
	echo 'vip 192.0.2.10 udp/80' >> shop
	[ "$(paths -t table 10.1.0.1)" = "GET /1" ]
}

@test "tables, whose pairs of older connections decide none that use the same ports" {
	mkconv -t table -p 64 > in.pcap
	both 'ip[4:2] = 7' -S ./shop -t table 10.1.0.7
	mkconv -6 -t table -p 64 > in.pcap
	both 'ip6[2:2] = 7' -S ./shop -t table 2001:db8:1::7
	# Several, one of them a pipe.
	head -n 50 table > one
	tail -n +51 table > two
	vcap-join -S ./shop -t one -t <(cat two) -r in.pcap -w out.pcap 2001:db8:1::7
	same out.pcap 'ip6[2:2] = 7'
}

# Break: cmd/vcap-join.c s/strvec_pushv(&options->tables, file->tables.list);/(void)0;/
# Break: lib/controller/fileword.c s/found.tables = spool_pairs_paths(entry);/;/
@test "--capture: one of the spool, with its service and the pairs that its engines kept" {
	mkconv -e bare -t table > in.pcap
	id=shop.20260101_000000
	kept=spool/captures/$id
	export VCAP_SPOOL=$PWD/spool
	(umask 077 && mkdir -p $kept/engines)
	printf '%s\n' 'state done' 'service shop' 'engine lb1' 'engine lb2' 'engine west' > $kept/capture
	cp shop $kept/service
	vcap-merge -S ./shop -w $kept/$id.pcapng lb1=in.pcap
	head -n 50 table > $kept/engines/lb1.pairs
	tail -n +51 table > $kept/engines/west.pairs
	for capture in shop $id; do
		vcap-join --capture "$capture" -w out.pcapng 10.1.0.7 2> err
		same out.pcapng 'ip[4:2] = 7'
		grep -q ' 0 undecided; told by tables [1-9][0-9]*$' err
	done
	# What else is named goes in their place; and a file by itself brings none.
	vcap-join --capture shop -t table -w out.pcapng 10.1.0.7 2> err
	same out.pcapng 'ip[4:2] = 7'
	vcap-join --capture shop -t /dev/null -w out.pcapng 10.1.0.7 2> err
	grep -q ' 0 wanted, 0 not, [1-9][0-9]* undecided$' err
	vcap-join -S ./shop -r $kept/$id.pcapng -w out.pcapng 10.1.0.7 2> err
	grep -q ' 0 wanted, 0 not, [1-9][0-9]* undecided$' err
	grep -q 'would be told by tables (flows=' err
	sed 's/192.0.2.10/192.0.2.99/' shop > other
	vcap-join -S ./other --capture shop -w out.pcapng 10.1.0.7 2> err
	grep -q ' 0 wanted, [1-9][0-9]* not, 0 undecided; told by tables' err
	run -2 vcap-join --capture shop -r in.pcap 10.1.0.7
	[ "$output" = "vcap-join: '--capture' names a file itself: 'in.pcap'" ]
	run -1 vcap-join --capture toys 10.1.0.7
	[ "${#lines[@]}" -eq 1 ]
	# One that has no file yet.
	sed -i 's/state done/state capturing/' $kept/capture
	run -1 vcap-join --capture shop 10.1.0.7
	[[ $output == *"capture '$id' has no file yet: run 'vcap wait $id' first" ]]
}

@test "a table that is wrong, late or not about ports is said to be" {
	mkconv -t table > in.pcap
	{ echo '# pairs'; echo; echo nonsense; cat table; } > with
	run --separate-stderr vcap-join -S ./shop -t with -r in.pcap -w out.pcap 10.1.0.7
	[ "$status" -eq 0 ]
	[[ "$stderr" == *"1 lines of the tables are not pairs: 'with': a pair has 7 words, not 1"* ]]
	same out.pcap 'ip[4:2] = 7'
	sed 's/10.0.9.1:[0-9]*/10.0.9.1:*/' table > without
	run --separate-stderr vcap-join -S ./shop -t without -r in.pcap -w out.pcap 10.1.0.7
	[[ "$stderr" == *"by address alone"* ]]
	run ! --separate-stderr vcap-join -S ./shop -t nowhere -r in.pcap -w other.pcap 10.1.0.7
	[[ "$stderr" == *"'nowhere'"* ]]
	[ ! -e other.pcap ]
}

# bats test_tags=slow
@test "ranges, subnets, lists, and what is left without them" {
	mkconv -e proxy2 > in.pcap
	both 'ip[4:2] >= 5 and ip[4:2] <= 9' -S ./shop 10.1.0.5-10.1.0.9
	both 'ip[4:2] >= 8 and ip[4:2] <= 15' -S ./shop 10.1.0.8/29
	seq -f 10.1.0.%g 3 2 11 > odd
	both 'ip[4:2] <= 11 and ip[4:2] > 1 and ip[4:2] & 1 = 1' -S ./shop --specs odd
	both 'ip[4:2] != 7' -S ./shop -x 10.1.0.7
	both 'net 10.1.0.5/32' -S ./shop -P 10.1.0.5
	tcpdump -ddd -y EN10MB 'tcp[13] & 2 != 0' > program 2>/dev/null
	both 'ip[4:2] = 7 and tcp[13] & 2 != 0' -S ./shop -f program 10.1.0.7
	both 'not (ip[4:2] = 7 and tcp[13] & 2 != 0)' -S ./shop -x -f program 10.1.0.7
}

# Connections alternate between two servers, and each client's requests with them; with -r 1 they have
# the same port, one soon after the other.
# Break: lib/join/weigh.c s/int64_t first_ns = conn->since_ns/int64_t first_ns = conn->start_ns - CONN_SLACK_NS/
@test "a server's address selects what it was sent, and the client's side of that" {
	for shape in '-e proxy2' '-e forwarded' '-e proxy2 -r 1' '-e forwarded -r 1'; do
		# shellcheck disable=SC2086 # words
		mkconv $shape -n 21 > in.pcap
		service=./shop
		[ "${shape/forwarded/}" = "$shape" ] || service=./rfc7239
		vcap-join -S $service -r in.pcap -w out.pcap 10.0.1.11 2> err
		lines in.pcap 'host 10.0.1.11' > wanted
		lines out.pcap 'host 10.0.9.1' > got
		cmp got wanted
		# Of each client connection the other end of the engine's is there.
		lines in.pcap 'host 10.0.1.11 and tcp[13] = 2' | wc -l > wanted
		lines out.pcap 'dst host 192.0.2.10 and tcp[13] = 2' | wc -l > got
		cmp got wanted
		vcap-join -S $service -r in.pcap --live -w live.pcap 10.0.1.11 2> err
		cmp out.pcap live.pcap
	done
	mkconv -e xff > in.pcap
	run --separate-stderr vcap-join -S ./shop -r in.pcap -w out.pcap 10.0.1.11
	[[ "$stderr" == *"by address alone"* ]]
	# The engine's own address is on every connection to a server.
	mkconv -e proxy1 > in.pcap
	both tcp -S ./shop 10.0.9.1
}

# bats test_tags=slow
@test "two services on the same servers" {
	mkconv -2 -e proxy2 -t table > in.pcap
	both 'ip[4:2] & 1 = 0' -S ./shop
	run --separate-stderr vcap-join -S ./shop -r in.pcap -w out.pcap 10.1.0.7
	[[ "$stderr" == *'server connections: 0 wanted, 100 not, 0 undecided'* ]]
	[ -z "$(lines out.pcap)" ]
	mkconv -2 -e none > in.pcap
	both 'ip[4:2] & 1 = 0' -S ./shop -t table
	# A server's or an engine's address selects what is this service's.
	for shape in '-e proxy1' '-e proxy2 -s 3' '-e none'; do
		# shellcheck disable=SC2086
		mkconv -2 -t table $shape > in.pcap
		both 'ip[4:2] & 1 = 0' -S ./shop -t table 10.0.9.1
		[ "$shape" = '-e none' ] || both 'ip[4:2] & 1 = 0' -S ./shop 10.0.9.1
		both 'ip[4:2] & 1 = 0 and ip[4:2] != 8' -S ./shop -t table -x 10.1.0.8
	done
	# X-Forwarded-For names no service: all of the servers' connections are kept, and that is said.
	mkconv -2 -e xff > in.pcap
	run --separate-stderr vcap-join -S ./shop -r in.pcap -w out.pcap
	same out.pcap 'ip[4:2] & 1 = 0 or host 10.0.9.1'
	[[ "$stderr" == *"without their service"* ]]
}

@test "a server connection that clients share stays whole in a file, and from the request on in a stream" {
	mkconv -e xff -k 4 -n 8 -q 3 > in.pcap
	vcap-join -S ./shop -r in.pcap -w out.pcap 10.1.0.3 2>/dev/null
	same out.pcap 'ip[4:2] = 3 or (host 10.0.9.1 and ip[4:2] <= 4)'
	vcap-join -S ./shop -r in.pcap --live -w out.pcap 10.1.0.3 2>/dev/null
	same out.pcap 'ip[4:2] = 3 or (host 10.0.9.1 and ip[4:2] = 4)'
}

# bats test_tags=slow
@test "each kind of monitor, with none, include and only" {
	mkconv -e proxy2 -c 10 -s 9 > in.pcap
	local mark=61001
	for line in empty 'http /health' local; do
		{ cat shop; echo "monitor $line"; } > with
		both "ip[4:2] != $mark" -S ./with
		both tcp -S ./with -m include
		both "ip[4:2] = $mark" -S ./with -m only
		both 'ip[4:2] = 7' -S ./with 10.1.0.7
		both "ip[4:2] = $mark and host 10.0.1.11" -S ./with -m only 10.0.1.11
		both "ip[4:2] != $mark and host 10.0.9.1" -S ./with -P 10.0.9.1
		mark=$((mark + 1))
	done
	printf 'monitor %s\n' empty 'http /health' local >> shop
	both 'ip[4:2] < 61000' -S ./shop
	both 'ip[4:2] > 61000' -S ./shop -m only
}

# Break: lib/join/decide.c s/(jc->inspect && inspect_awaits_request(jc->inspect))/false/
@test "what comes before the first request belongs to it in a stream, too: settings of HTTP/2, PROXY headers" {
	cat <<-'END' | "$OLDPWD/tests/mkh2" | "$OLDPWD/tests/mktalk" | "$OLDPWD/tests/mktcp" > in.pcap
		conn a 10.0.9.1:50001 10.0.1.11:8080
		conn b 10.0.9.1:50002 10.0.1.11:8080
		conn c 10.0.9.1:50003 10.0.1.11:8080
		conn d 10.0.9.1:50004 10.0.1.11:8080
		0.0 a open
		0.0 b open
		0.0 c open
		0.0 d open
		0.1 a > [[preface]][[settings]]
		0.1 b > [[preface]][[settings]]
		0.1 c > PROXY UNKNOWN\r\n
		0.1 d > PROXY UNKNOWN\r\n
		0.2 a < [[settings]]
		0.2 b < [[settings]]
		0.2 c <
		0.2 d <
		0.3 a > [[headers 1 eh :method=GET :path=/a x-forwarded-for=10.1.0.7]]
		0.3 b > [[headers 1 eh :method=GET :path=/b x-forwarded-for=10.1.0.8]]
		0.3 c > GET /c HTTP/1.1\r\nX-Forwarded-For: 10.1.0.7\r\n\r\n
		0.3 d > GET /d HTTP/1.1\r\nX-Forwarded-For: 10.1.0.8\r\n\r\n
	END
	both 'port 50001 or port 50003' -S ./shop 10.1.0.7
	grep -q ' 2 wanted, 2 not, 0 undecided; told by request headers 4$' err
}

# Break: lib/join/http2.c s/:path/:Path/
@test "a health check of gRPC is one by its path, over HTTP/2" {
	echo 'monitor http /grpc.health.v1.Health/Check' >> shop
	cat <<-'END' | "$OLDPWD/tests/mkh2" | "$OLDPWD/tests/mktalk" | "$OLDPWD/tests/mktcp" > in.pcap
		conn h 10.0.9.1:50000 10.0.1.11:8080
		conn s 10.0.9.1:50001 10.0.1.11:8080
		0.0 h open
		0.0 s open
		0.1 h > [[preface]][[settings]][[headers 1 eh :method=POST :path=/grpc.health.v1.Health/Check]]
		0.1 s > [[preface]][[settings]][[headers 1 eh :method=POST :path=/grpc.shop.Cart/Add x-forwarded-for=10.1.0.7]]
		0.2 h < [[settings]][[headers 1 eh :status=200]]
		0.2 s < [[settings]][[headers 1 eh :status=200]]
	END
	both 'port 50001' -S ./shop
	both 'port 50000' -S ./shop -m only
	both tcp -S ./shop -m include
	both 'port 50001' -S ./shop 10.1.0.7
	grep -q ' 1 wanted, 0 not, 0 undecided, 1 health checks; told by request headers 1$' err
}

@test "connections that cannot be told are dropped and counted, or kept" {
	mkconv -e bare > in.pcap
	both 'host 10.1.0.7' -S ./shop 10.1.0.7
	[[ "$(cat err)" == *' 0 wanted, 0 not, 100 undecided'* ]]
	both 'host 10.1.0.7 or host 10.0.9.1' -S ./shop --undecided=keep 10.1.0.7
	both tcp -S ./shop
}

@test "a flood of connections that never are: what came before and after is complete" {
	mkconv -e xff -f 60000 -s 100 > in.pcap
	both 'ip[4:2] = 7' -S ./shop --memory 1M 10.1.0.7
	[[ "$(cat err)" == *'5 wanted, 95 not, 60000 undecided'* ]]
}

# peak ARG...: the memory in KiB that vcap-join has had when it has read in.pcap as a stream.
peak() {
	mkfifo in
	vcap-join -S ./shop "$@" <in >out.pcap 2>err &
	local join=$!
	exec 9>in
	cat in.pcap >&9
	sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' /proc/$join/status >peak
	exec 9>&-
	wait $join
	rm in
	cat peak
}

# bats test_tags=slow
@test "a flood takes no more memory than --memory says" {
	[[ $build != *-asan* && $build != *-thread* ]] || skip "sanitizers have memory of their own"
	[ -z "${VCAP_EMULATED-}" ] || skip "emulation has memory of its own"
	mkconv -e xff -f 300000 -s 100 > in.pcap
	small=$(peak --memory 4M 10.1.0.7)
	same out.pcap 'ip[4:2] = 7'
	large=$(peak --memory 256M 10.1.0.7)
	same out.pcap 'ip[4:2] = 7'
	echo "$small KiB, with more $large KiB"
	# The program itself has as much as that.
	[ "$small" -lt $(((4 + 8) * 1024)) ]
	[ "$large" -gt $((40 * 1024)) ]
}

@test "the counts are a comment of the last statistics, and nothing else of the capture is lost" {
	mkconv -e proxy1 > in.pcap
	vcap-merge -w in.pcapng lb1=in.pcap
	vcap-join -S ./shop -r in.pcapng -w out.pcapng 10.1.0.7 2> err
	run capinfos -M out.pcapng
	same out.pcapng 'ip[4:2] = 7'
	grep -aq 'server connections: 5 wanted, 95 not, 0 undecided' out.pcapng
	grep -q 'server connections: 5 wanted, 95 not, 0 undecided' err
	grep -aq lb1/ out.pcapng
}

# Break: lib/capfile/copy.c s/statistics = STATISTICS_INIT/statistics = {.start_ns = INT64_MIN, .end_ns = INT64_MIN}/
@test "statistics that only hold the counts have no counters" {
	mkconv -e proxy1 > in.pcap
	editcap -F pcapng in.pcap in.pcapng
	vcap-join -S ./shop -r in.pcapng -w out.pcapng 10.1.0.7 2> err
	grep -aq 'server connections: 5 wanted' out.pcapng
	[ "$(statistics out.pcapng)" = options: ]
}

@test "a damaged capture is judged as far as it goes, and bytes that are none are refused" {
	mkconv -e proxy1 > whole.pcap
	head -c 30000 whole.pcap > in.pcap
	for live in '' --live; do
		# shellcheck disable=SC2086
		run -3 vcap-join -S ./shop $live -r in.pcap -w out.pcap 10.1.0.7
		same out.pcap 'ip[4:2] = 7'
	done
	echo nonsense > in.pcap
	run -1 vcap-join -S ./shop -r in.pcap -w none.pcap 10.1.0.7
	[ ! -e none.pcap ]
}

@test "wrong usage" {
	mkconv > in.pcap
	run -2 vcap-join -r in.pcap -w out.pcap
	[[ "$output" == *'needs a service or addresses'* ]]
	run -2 vcap-join -S ./shop -x -r in.pcap -w out.pcap
	run -2 vcap-join -S ./shop --undecided=maybe -r in.pcap -w out.pcap
	[[ "$output" == *"'maybe'"* ]]
	run -2 vcap-join -S ./shop --memory 1k -r in.pcap -w out.pcap
	run -2 vcap-join -S ./shop -r in.pcap -w out.pcap nobody
	run -2 vcap-join -S ./shop - < in.pcap
	: > empty
	run -2 vcap-join -S ./shop --specs empty -r in.pcap -w out.pcap
}
