#!/usr/bin/env bats
# vcap-transactions over conversations that are written down here with their times (tests/mktalk): each
# phase is the difference of two of these.

bats_require_minimum_version 1.5.0

setup() {
	cd "$BATS_TEST_DIRNAME/../.." || exit
	build=$PWD/${VCAP_BUILD:-build}
	PATH=$build/bin:$build/tests/tools:$PWD/tests:$PATH
	cd "$BATS_TEST_TMPDIR" || exit
	cat >shop <<-END
		vip    192.0.2.10 tcp/80
		vip    192.0.2.10 udp/53
		server 10.0.1.11-10.0.1.13 tcp/8080
		server 10.0.1.11 udp/53
		source 10.0.9.1
		monitor http /health
	END
}

# talk: in.pcap, of what stdin says.
talk() { mktalk | mktcp >in.pcap; }

# rows COLUMNS [ARG...]: without what is said on stderr.
rows() { vcap-transactions -S ./shop -r -o "$@" in.pcap 2>err | tr '\t' ' '; }

# A request with all its phases, over a server that refuses, a body that is late, and a client that closes
# its window.
story() {
	cat <<-'END'
		conn c 10.1.0.7:40000 192.0.2.10:80
		conn x 10.0.9.1:50001 10.0.1.12:8080
		conn s 10.0.9.1:50000 10.0.1.11:8080
		0.000000 c >S
		0.000010 c <SA
		0.010010 c >
		0.015000 c > POST /a?q=1 HT
		0.016000 c > TP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n
		0.025000 c > hello
		0.026000 x >S
		0.026100 x <RA
		0.027000 s >S
		0.028000 s <SA
		0.028010 s >
		0.028020 s > POST /a?q=1 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nX-Forwarded-For: 10.1.0.7\r\n\r\nhello
		0.128020 s < HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody
		0.128520 c < HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbo
		0.128600 c >Z
		0.129400 c >
		0.129520 c < dy
		0.229520 c <again
		0.239520 c >
	END
}

# Break: lib/transactions/phases.c s/client->response.first.ns, client->response.last.ns/client->response.first.ns, client->acked_ns/
# Break: lib/transactions/relate.c s/conn->bare->is_tentative = true/return/
# Break: lib/transactions/conversation.c s/exchange->stalled_ns += to_ns - from_ns/(void)0/
@test "each phase of a request is the time between the packets that its definition names" {
	story | talk
	[ "$(rows CSYN,IDLE,REQHEAD,REQBODY,WAIT,CONNECT,TTFB,RELAY,TRANSFER,DRAIN,STALL,TOTAL)" = \
		"0.010000 0.004990 0.001000 0.009000 0.010000 0.002000 0.100000 0.000500 0.001000 0.110000 0.100800 0.114520" ]
	[ "$(rows UNIT,CONFIDENCE,CLIENT,SERVER,ATTEMPTS,ATTEMPT,FROM,METHOD,PATH,URL,STATUS,SSTATUS,END,FLAGS,CRETRANS,CZERO)" = \
		"request header 10.1.0.7:40000 10.0.1.11:8080 2 10.0.1.12:8080 refused server POST /a /a?q=1 200 200 complete buffered 1 1" ]
	[ ! -s err ]
	# As JSON, and as a stream.
	vcap-transactions -S ./shop -j in.pcap | jq -e '.total == 0.11452 and .method == "POST" and .ctls == null'
	vcap-transactions -S ./shop -r - < <(cat in.pcap) | diff - <(vcap-transactions -S ./shop -r in.pcap)
}

# Break: lib/transactions/dialogue_http.c s/conn->answering = answered->next;/conn->answering = NULL;/
@test "pipelined requests, 100 Continue, chunks, an early response, a body up to the end, an upgrade" {
	talk <<-'END'
		conn c 10.1.0.7:40000 192.0.2.10:80
		0.0 c open
		0.1 c > GET /1 HTTP/1.1\r\n\r\nHEAD /2 HTTP/1.1\r\n\r\n
		0.2 c < HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n
		0.3 c < 0\r\n\r\n
		0.4 c < HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n
		0.41 c >
		0.5 c > PUT /3 HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n
		0.6 c < HTTP/1.1 100 Continue\r\n\r\n
		0.7 c > abc
		0.8 c < HTTP/1.1 204 No Content\r\n\r\n
		0.81 c >
		0.9 c > PUT /4 HTTP/1.1\r\nContent-Length: 6\r\n\r\nabc
		1.0 c < HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n
		1.1 c > def
		1.2 c > GET /5 HTTP/1.0\r\n\r\n
		1.3 c < HTTP/1.0 200 OK\r\n\r\nabc
		1.4 c < def
		1.5 c <F
		1.6 c >F
		1.7 c <
		conn w 10.1.0.8:40000 192.0.2.10:80
		2.0 w open
		2.1 w > GET /6 HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n
		2.2 w < HTTP/1.1 101 Switching Protocols\r\n\r\n
		2.3 w < GET /no HTTP/1.1\r\n\r\n
		9.4 w >R
	END
	diff - <(rows PATH,STATUS,IDLE,REQBODY,TRANSFER,TOTAL,DURATION,END,FLAGS) <<-'END'
		/1 200 0.100000 0.000000 0.100000 0.200000 0.310000 complete -
		/2 200 - 0.000000 0.000000 0.300000 0.310000 complete pipelined
		/3 204 0.100000 0.200000 0.000000 0.300000 0.310000 complete 1xx
		/4 413 0.100000 0.200000 0.000000 0.100000 0.200000 complete -
		/5 200 0.200000 0.000000 0.100000 0.200000 0.400000 complete -
		/6 101 0.100000 0.000000 - - 0.100000 client rst tunnel
	END
}

# Break: lib/transactions/closing.c s/ns < first->ns/ns > first->ns/
@test "who ended it: the first to close, over both sides" {
	for who in 'c >R' 'c <R' 's <R' 's >R' 's <F' 'c <F'; do
		talk <<-END
			conn c 10.1.0.7:40000 192.0.2.10:80
			conn s 10.0.9.1:50000 10.0.1.11:8080
			0.0 c open
			0.1 c > GET / HTTP/1.1\\r\\n\\r\\n
			0.2 s open
			0.3 s > GET / HTTP/1.1\\r\\nX-Forwarded-For: 10.1.0.7\\r\\n\\r\\n
			0.4 s < HTTP/1.1 200 OK\\r\\nContent-Length: 9\\r\\n\\r\\nabc
			0.5 c < HTTP/1.1 200 OK\\r\\nContent-Length: 9\\r\\n\\r\\nabc
			0.6 $who
			0.7 c <R
			0.8 s >R
		END
		rows END
	done >got
	diff got - <<-'END'
		client rst
		engine rst
		server rst
		engine rst
		server fin
		engine fin
	END
	# A half-closed client waits; nobody closed; a response of the engine's own.
	talk <<-'END'
		conn c 10.1.0.7:40000 192.0.2.10:80
		conn d 10.1.0.8:40000 192.0.2.10:80
		conn e 10.1.0.9:40000 192.0.2.10:80
		0.0 c open
		0.1 c > GET /half HTTP/1.1\r\n\r\n
		0.2 c >F
		0.0 d open
		0.3 d > GET /silent HTTP/1.1\r\n\r\n
		11.0 e open
		12.1 e > GET /own HTTP/1.1\r\n\r\n
		12.2 e < HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n
		12.3 e >F
	END
	diff - <(rows PATH,STATUS,FROM,END,FLAGS) <<-'END'
		/half - - silent 12s halfclose
		/silent - - silent 12s -
		/own 503 engine complete -
	END
	[ "$(rows PATH --failed | tr '\n' ' ')" = "/half /silent /own " ]
}

@test "the same path from one address: what tells requests apart is used, and nothing is guessed" {
	for cookie in 'Cookie: 2' 'Cookie: 1'; do
		talk <<-END
			conn c 10.1.0.7:40000 192.0.2.10:80
			conn d 10.1.0.7:40001 192.0.2.10:80
			conn s 10.0.9.1:50000 10.0.1.11:8080
			0.0 c open
			0.0 d open
			0.1 c > GET / HTTP/1.1\\r\\nCookie: 1\\r\\n\\r\\n
			0.2 d > GET / HTTP/1.1\\r\\n$cookie\\r\\n\\r\\n
			0.3 s open
			0.4 s > GET / HTTP/1.1\\r\\n$cookie\\r\\nX-Forwarded-For: 10.1.0.7\\r\\n\\r\\n
			0.5 s < HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n
			0.6 d < HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n
			0.7 d >
		END
		rows CONFIDENCE,CLIENT,SERVER,TTFB,END
	done >got
	diff got - <<-'END'
		? 10.1.0.7:40000 - - open
		header 10.1.0.7:40001 10.0.1.11:8080 0.100000 complete
		? 10.1.0.7:40000 - - open
		? 10.1.0.7:40001 - - complete
		client 10.1.0.7 10.0.1.11:8080 0.100000 complete
	END
}

# Break: lib/join/tcp_reassembly.c s/if (.stream->has_begun || ahead >= WINDOW)/if (1)/
@test "bytes that the capture lost: what is not known is not said, and the exit status is 3" {
	talk <<-'END'
		conn c 10.1.0.7:40000 192.0.2.10:80
		0.0 c open
		0.1 c > GET /1 HTTP/1.1\r\n\r\n
		0.2 c < HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n
		0.3 c <lost abc
		0.4 c < def
		0.5 c >
		0.6 c > GET /2 HTTP/1.1\r\n\r\n
		0.7 c <lost HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc
		0.8 c >
		0.9 c > GET /3 HTTP/1.1\r\n\r\n
		1.0 c < HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc
		1.1 c >
		1.2 c > GET /4 HTTP/1.1\r\n\r\nGET /5 HTTP/1.1\r\n\r\n
		1.3 c <lost HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n
		1.4 c < HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n
		1.5 c >
		1.6 c > GET /6 HTTP/1.1\r\n\r\n
		1.7 c < HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n
		1.8 c >
	END
	run -3 --separate-stderr vcap-transactions -S ./shop -r -o PATH,STATUS,TRANSFER,TOTAL,END in.pcap
	diff - <(tr '\t' ' ' <<<"$output") <<-'END'
		/1 200 0.200000 0.300000 complete
		/2 - - - cut
		/3 200 0.000000 0.100000 complete
		/4 - - - cut
		/5 - - - cut
		/6 200 0.000000 0.100000 complete
	END
	[[ "$stderr" == *"4 rows lack bytes"* ]]
	# Headers alone: transport phases stay.
	mktalk <<-'END' | mktcp | editcap -s 54 - headers.pcap
		conn c 10.1.0.7:40000 192.0.2.10:80
		0.0 c >S
		0.1 c <SA
		0.3 c >
		0.4 c > GET /1 HTTP/1.1\r\n\r\n
		0.5 c < HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n
		0.6 c <F
		0.7 c >F
	END
	run vcap-transactions -S ./shop -r -o UNIT,CSYN,METHOD,STATUS,TOTAL,RESBYTES,END headers.pcap
	[ "$(tr '\t' ' ' <<<"${lines[0]}")" = "connection 0.200000 - - - 38 engine fin" ]
}

# Break: lib/transactions/settle.c s/ || exchange->conn->listed > LINGER_MAX//
@test "many requests within a second on one connection, of which nobody knows what carried them" {
	{
		echo 'conn c 10.1.0.7:40000 192.0.2.10:80'
		echo '0.0 c open'
		for n in {100..699}; do
			printf '%s\n' "1.$n c > GET /$n HTTP/1.1\r\n\r\n" \
				"1.${n}4 c < HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" "1.${n}6 c >"
		done
	} | talk
	[ "$(rows STATUS,END | uniq -c | tr -s ' ')" = " 600 200 complete" ]
}

# Break: lib/transactions/conversation.c s/if (!is_counted)/if (0)/
# mktalk's numbers are chosen: those of the client wrap within the request, the port is used again.
@test "numbers that wrap, ports that are used again, a start in the middle, segments out of order" {
	talk <<-'END'
		conn c 10.1.0.7:40000 192.0.2.10:80 4294967290 4294967280
		0.0 c open
		0.1 c > GET /wraps HTTP/1.1\r\n\r\n
		0.2 c < HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc
		0.3 c >
		0.4 c >F
		0.5 c <F
		0.6 c >
		conn d 10.1.0.7:40000 192.0.2.10:80 7000 8000
		0.7 d open
		0.8 d > GET /again HTTP/1.1\r\n\r\n
		0.9 d < HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n
		1.0 d >
		conn m 10.1.0.8:40000 192.0.2.10:80
		1.1 m < abc\r\n
		1.2 m > GET /midway HTTP/1.1\r\n\r\n
		1.3 m < HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n
		1.4 m >
		2.0 10.1.0.9:1 192.0.2.10:80 S 100 0
		2.1 192.0.2.10:80 10.1.0.9:1 SA 200 101
		2.2 10.1.0.9:1 192.0.2.10:80 A 107 201 HTTP/1.1\r\n\r\n
		2.201 10.1.0.9:1 192.0.2.10:80 A 101 201 GET /
		2.202 10.1.0.9:1 192.0.2.10:80 A 106 201 \x20
		2.3 192.0.2.10:80 10.1.0.9:1 A 201 119 HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n
		2.4 10.1.0.9:1 192.0.2.10:80 A 119 239
	END
	diff - <(rows PATH,STATUS,REQHEAD,TOTAL,CREORDER,CRETRANS,CIRTT,END,FLAGS) <<-'END'
		/wraps 200 0.000000 0.100000 0 0 0.000000 complete -
		/again 200 0.000000 0.100000 0 0 0.000000 complete -
		/midway 200 0.000000 0.100000 0 0 - complete midway
		/ 200 - 0.099000 2 0 0.200000 complete -
	END
}

# Break: lib/transactions/pairing.c s/client->conn.handshake.has_other_isn ||//
@test "one initial sequence number by chance is no address translation" {
	talk <<-'END'
		conn c 10.1.0.7:40000 192.0.2.10:80 7777 8888
		conn s 10.0.9.1:50000 10.0.1.11:8080 7777 9999
		0.0 c open
		0.1 s open
		0.2 c > GET /a HTTP/1.1\r\n\r\n
		0.3 s > GET /b HTTP/1.1\r\n\r\n
		0.4 s < HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n
	END
	run ! grep -q nat <(rows UNIT)
}

# Break: cmd/vcap-transactions.c s/strvec_pushv(&options.tables, file.tables.list);/(void)0;/
@test "tables, PROXY headers, address translation, datagrams, health checks" {
	talk <<-'END'
		conn c 10.1.0.7:40000 192.0.2.10:80
		conn s 10.0.9.1:50000 10.0.1.11:8080
		conn d 10.1.0.7:40001 192.0.2.10:80
		conn t 10.0.9.1:50001 10.0.1.11:8080
		conn h 10.0.9.1:50002 10.0.1.11:8080
		conn n 10.1.0.9:40000 192.0.2.10:80 7777 8888
		conn o 10.0.9.1:40000 10.0.1.12:8080 7777 8888
		0.0 c open
		0.0 d open
		0.1 c > GET / HTTP/1.1\r\n\r\n
		0.1 d > GET / HTTP/1.1\r\n\r\n
		0.2 s open
		0.3 s > GET / HTTP/1.1\r\n\r\n
		0.4 t open
		0.5 t > PROXY TCP4 10.1.0.7 192.0.2.10 40001 80\r\nGET / HTTP/1.1\r\n\r\n
		0.6 s < HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n
		0.7 t < HTTP/1.1 201 OK\r\nContent-Length: 0\r\n\r\n
		0.8 c < HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n
		0.8 d < HTTP/1.1 201 OK\r\nContent-Length: 0\r\n\r\n
		0.9 c >
		0.9 d >
		0.2 h open
		0.3 h > GET /health HTTP/1.1\r\n\r\n
		0.4 h < HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n
		2.0 n >S
		2.001 o >S
		2.002 o <SA
		2.003 n <SA
		2.1 n >
		2.101 o >
		2.2 n > GET /nat HTTP/1.1\r\n\r\n
		2.201 o > GET /nat HTTP/1.1\r\n\r\n
		2.3 o < HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n
		2.302 n < HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n
		2.4 n >
	END
	echo '1700000000.2 new tcp 10.1.0.7:40000 192.0.2.10:80 10.0.9.1:50000 10.0.1.11:8080 haproxy=----/200' >table
	diff - <(rows UNIT,CONFIDENCE,CLIENT,PATH,STATUS,WAIT,CONNECT,TTFB,RELAY,END -t table) <<-'END'
		request table 10.1.0.7:40000 / 200 0.100000 0.000000 0.300000 0.200000 complete
		request proxy 10.1.0.7:40001 / 201 0.300000 0.000000 0.200000 0.100000 complete
		nat sequence 10.1.0.9:40000 /nat 200 0.001000 0.001000 0.099000 0.002000 complete
	END
	[ "$(rows PATH 192.0.2.99 | wc -l)" = 0 ]
	[ "$(rows PATH -t table 10.0.1.12)" = /nat ]
	[ "$(rows PROXY -t table 10.1.0.7 | tr '\n' ' ')" = "200 ---- - " ]
	# Of a capture the pairs that its engines kept, unless there are others.
	id=shop.20260101_000000
	export VCAP_SPOOL=$PWD/spool
	(umask 077 && mkdir -p spool/captures/$id/engines)
	printf '%s\n' 'state done' 'service shop' 'engine lb1' 'engine lb2' >spool/captures/$id/capture
	vcap-merge -S ./shop -w spool/captures/$id/$id.pcapng lb1=in.pcap
	cp shop spool/captures/$id/service
	cp table spool/captures/$id/engines/lb2.pairs
	kept() { vcap-transactions -r -o UNIT,CONFIDENCE,CLIENT "$@" $id | tr '\t' ' '; }
	[ "$(kept | head -n 1)" = 'request table 10.1.0.7:40000' ]
	run ! grep -q ' table ' <(kept -t /dev/null)
}

# sharers COUNT [HEADER]: so many clients, within a second one after the other, on one connection to a server, each with a pair in the table.
sharers() {
	: >table
	{
		printf '%s\n' 'conn s 10.0.9.1:50000 10.0.1.11:8080' '0.5 s open'
		for ((n = 1; n <= $1; n++)); do
			at=1.$(printf %02d "$n")
			printf '%s\n' "conn c$n 10.1.0.$n:40000 192.0.2.10:80" "${at}0 c$n open" "${at}1 c$n > GET /$n HTTP/1.1\r\n\r\n" \
				"${at}3 s > GET /$n HTTP/1.1\r\n${2:+$2: 10.1.0.$n\r\n}\r\n" \
				"${at}4 s < HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" \
				"${at}5 c$n < HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" "${at}6 c$n >"
			echo "170000000${at}4 new tcp 10.1.0.$n:40000 192.0.2.10:80 10.0.9.1:50000 10.0.1.11:8080" >>table
		done
	} | talk
	seq 1 "$1" | sed 's,.*,10.1.0.&:40000 /& 10.0.1.11:8080 table,' | sort >wanted
	rows CLIENT,PATH,SERVER,CONFIDENCE -t table | sort | diff wanted -
}

# Break: lib/transactions/pairing.c s/is_named(search->exchange, evidence->client.addr)/0/
@test "a connection to a server that many clients share: the pair counts whose client the head names" {
	sharers 90 X-Forwarded-For
	# Without a head that names it the client is one of them that waits.
	sharers 40
}

# Break: lib/transactions/settle.c s/conn->confidence = CONFIDENCE_NONE;/;/
# Break: lib/transactions/conversation.c s/if (is_first)/if (0)/
# Break: lib/transactions/transactions.c s/#define FLOW_NS .*/#define FLOW_NS (60 * NS_PER_SECOND)/
@test "flows of datagrams: half a minute of silence ends one, a table pairs both sides, and TCP's words are not said" {
	talk <<-'END'
		0.0 10.1.0.7:5000 192.0.2.10:53 udp one
		0.1 10.0.9.1:6000 10.0.1.11:53 udp one
		0.2 10.0.1.11:53 10.0.9.1:6000 udp answer
		0.3 192.0.2.10:53 10.1.0.7:5000 udp answer
		29.3 10.1.0.7:5000 192.0.2.10:53 udp two
		29.4 10.0.9.1:6000 10.0.1.11:53 udp two
		40.0 10.1.0.8:5000 192.0.2.10:53 udp another
		60.0 10.1.0.7:5000 192.0.2.10:53 udp three
		60.1 10.0.9.1:6001 10.0.1.11:53 udp three
	END
	echo '1700000000.0 new udp 10.1.0.7:5000 192.0.2.10:53 10.0.9.1:6000 10.0.1.11:53' >table
	diff - <(rows UNIT,CONFIDENCE,CLIENT,SOURCE,DURATION,REQBYTES,RESBYTES,CRETRANS,SRETRANS,CZERO,TOTAL,END,FLAGS -t table) <<-'END'
		flow table 10.1.0.7:5000 10.0.9.1:6000 29.400000 6 6 - - - - silent 30s -
		flow ? 10.1.0.8:5000 - 0.000000 7 0 - - - - silent 20s -
		flow ? 10.1.0.7:5000 - 0.000000 5 0 - - - - open -
		flow ? - 10.0.9.1:6001 0.000000 5 0 - - - - open -
	END
	[ "$(rows PATH --failed)" = "" ]
	# All of its payload, as tshark counts it.
	[ "$(rows REQBYTES,RESBYTES 10.1.0.7 | awk '{ n += $1 + $2 } END { print n }')" = \
		"$(tshark -r in.pcap -Y 'ip.addr == 10.1.0.7' -T fields -e udp.length | awk '{ n += $1 - 8 } END { print n }')" ]
}

# Break: lib/transactions/dialogue_http.c s/while (conn->first)$/while (0)/
@test "another protocol makes no requests: its connections are pairs" {
	for said in 'HELO there\n' 'hello' '\x01\x02' 'AMQP\x00\x00\x09\x01'; do
		talk <<-END
			conn c 10.1.0.7:40000 192.0.2.10:80
			conn s 10.0.9.1:50000 10.0.1.11:8080
			0.0 c open
			0.1 c > $said
			0.2 s open
			0.3 s > PROXY TCP4 10.1.0.7 192.0.2.10 40000 80\\r\\n$said
			0.4 s < answer
			0.5 c < answer
			0.6 c >F
			0.7 s >F
		END
		[ "$(rows UNIT,CONFIDENCE,CLIENT,SERVER,METHOD,RESBYTES,END)" = "pair proxy 10.1.0.7:40000 10.0.1.11:8080 - 6 client fin" ]
	done
}

# The response goes from the server to the client; the engine has the request on two interfaces.
# Break: lib/transactions/row.c s/if (!is_oneway(conn))/if (1)/
@test "direct routing: what the unseen direction would show is not known, and nothing was lost" {
	mktalk <<-'END' | sed '/^[^ ]* 192.0.2.10:80 /d' >seen
		conn c 10.1.0.7:40000 192.0.2.10:80
		0.0 c open
		0.2 c > GET /1 HTTP/1.1\r\n\r\n
		0.3 c < HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc
		0.4 c >
		0.5 c > GET /2 HTTP/1.1\r\n\r\n
		0.6 c < HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc
		0.7 c >F
		0.8 c <F
		0.9 c >
		conn d 10.1.0.8:40000 192.0.2.10:80
		2.0 d open
		2.1 d > \x16nothing that can be read\n
		2.2 d < abc
		2.3 d >F
		conn e 10.1.0.9:40000 192.0.2.10:80
		3.0 e >S
	END
	mktcp <seen >in.pcap
	columns=UNIT,PATH,STATUS,FROM,CSYN,IDLE,REQHEAD,TTFB,TRANSFER,TOTAL,RESBYTES,END,FLAGS
	run -0 --separate-stderr vcap-transactions -S ./shop -r -o $columns in.pcap
	[ -z "$stderr" ]
	diff - <(tr '\t' ' ' <<<"$output") <<-'END'
		request /1 - - - - 0.000000 - - - 0 cut oneway
		request /2 - - - - 0.000000 - - - 0 cut oneway
		connection - - - - - - - - - 0 cut oneway
		connection - - - - - - - - - 0 open -
	END
	# On a second interface, too.
	awk '{ $1 += .00001; print }' seen | mktcp >second.pcap
	mergecap -w both.pcapng -I none in.pcap second.pcap
	mv both.pcapng in.pcap
	rows $columns | diff <(tr '\t' ' ' <<<"$output") -
	[ "$(rows CRETRANS | tr '\n' ' ')" = '0 0 0 0 ' ]
}

# Break: lib/transactions/listing.c s/strcmp(cells, EMPTY) == 0 || !\*cells ? "-" : cells/strcmp(cells, EMPTY) == 0 ? NULL : cells/
@test "columns, sorting, limits, sums, and what is wrong usage" {
	{ story; story | sed 's/10\.1\.0\.7/10.1.0.8/; s/:5000/:5100/; s/0.128020 s/0.118020 s/; s,/a?q=1,/a/12/x,
		s/conn [csx]/&2/; s/^\(0[^ ]* [csx]\) /\12 /'; } | talk
	[ "$(rows TTFB --sort ttfb | tr '\n' ' ')" = "0.100000 0.090000 - - " ] # nobody knows whose the failed connects were
	[ "$(rows TTFB --sort ttfb -n 1)" = 0.100000 ]
	# No cell is empty: awk has each by its number.
	[ "$(vcap-transactions -S ./shop -o TTFB,STLS,STATUS --sort ttfb in.pcap | awk '{ print NF }' | sort -u)" = 3 ]
	[ "$(rows PATH --slow 100ms | wc -l)" = 2 ]
	[ "$(rows PATH --slow 1s)" = "" ]
	vcap-transactions -S ./shop --by path -r in.pcap | grep -P '^/a/\{n\}/x\t1\t0\tTTFB\t1\t0.090000\t0.090000\t0.090000\t0.090000$'
	vcap-transactions -S ./shop --by server -r in.pcap | grep -P '^10.0.1.11:8080\t2\t0\tTTFB\t2\t0.090000\t0.100000\t0.100000\t0.100000$'
	for wrong in '-o NOPE' '--sort NOPE' '-n 0' '--by colour' '--slow x' '--by path -n 1'; do
		# shellcheck disable=SC2086 # words
		run -2 vcap-transactions $wrong in.pcap
	done
	run -1 vcap-transactions nowhere.pcap
	run -2 vcap-transactions in.pcap 10.1.0.7
	[ "$output" = "vcap-transactions: not an address: 'in.pcap' (what is read comes last: '10.1.0.7')" ]
}

# Break: lib/base/table.c s/form != TABLE_HUMAN ||/1 ||/
# Break: lib/transactions/listing.c s/listing->printed == 0 && listing->form == TABLE_HUMAN/0/
@test "nothing to tell: the heading for people, and nothing, or an empty list, for scripts" {
	talk </dev/null
	heading='ID BEGAN CLIENT SERVER METHOD PATH STATUS WAIT CONNECT TTFB TRANSFER TOTAL END'
	[ "$(vcap-transactions -S ./shop in.pcap)" = "$heading" ]
	[ "$(vcap-transactions -S ./shop - < <(cat in.pcap))" = "$heading" ]
	[ "$(vcap-transactions -S ./shop -o PATH --sort path -n 3 in.pcap)" = PATH ]
	[ "$(vcap-transactions -S ./shop --by path in.pcap)" = 'GROUP COUNT ERRORS PHASE SAMPLES MEDIAN P95 P99 MAX' ]
	for how in -r -j '-r --by path'; do
		# shellcheck disable=SC2086 # words
		run -0 vcap-transactions -S ./shop $how in.pcap
		[ -z "$output" ]
	done
	[ "$(vcap-transactions -S ./shop -j --by path in.pcap)" = '{"groups": []}' ]
}

# Break: lib/transactions/marks.c s/is_mark ? EARLIER : ""/""/
# Break: lib/transactions/settle.c s/exchange->request.last.packet/exchange->request.first.packet/
# Break: lib/capfile/copy.c s/section.is_edited |= .*;/;/
# Break: lib/merge/proxynotes.c s/are_believed(notes->inputs) \&\&/1 \&\&/
@test "a marked copy says of which transaction the first packet of each message is, and behind a request what the proxy said" {
	story | talk
	vcap-transactions -S ./shop --mark out.pcapng -r in.pcap >rows 2>err
	tshark -r out.pcapng -Y frame.comment -T fields -e frame.number -e frame.comment | tr '\t' ' ' |
		diff - <(printf '%s vcap: transaction 1\n' 4 12 13 14)
	cmp <(tshark -r in.pcap -x) <(tshark -r out.pcapng -x)
	vcap-transactions -S ./shop --mark again.pcapng -r out.pcapng | diff - rows
	tshark -r again.pcapng -Y 'frame.number == 4' -T fields -e frame.comment |
		grep -qF 'earlier: vcap: transaction 1,vcap: transaction 1'
	echo '1700000000.2 new tcp 10.1.0.7:40000 192.0.2.10:80 10.0.9.1:50000 10.0.1.11:8080 haproxy=CD--/200' >table
	vcap-transactions -S ./shop -t table --mark said.pcapng in.pcap >/dev/null
	[ "$(tshark -r said.pcapng -Y 'frame.comment contains haproxy' -T fields -e frame.number -e frame.comment)" = \
		$'6\tvcap: haproxy 200 CD--' ]
	# How many of each vcap-stat says, of a file that vcap-transactions wrote.
	vcap-stat said.pcapng 2>said.err >/dev/null
	grep -qx 'vcap-stat: haproxy: 200 CD-- of 1 request' said.err
	editcap -a '4:vcap: haproxy 503 SC--' in.pcap forged.pcapng
	vcap-stat forged.pcapng 2>said.err >/dev/null
	run ! grep haproxy said.err
	vcap-transactions -S ./shop --mark marked.pcapng forged.pcapng >/dev/null
	vcap-stat marked.pcapng 2>said.err >/dev/null
	run ! grep haproxy said.err
	run -1 vcap-transactions -S ./shop --mark no.pcapng - < <(cat in.pcap)
	[ ! -e no.pcapng ]
}

# Break: lib/transactions/span.c s/exchange->number == 0/0/
# Break: lib/transactions/span.c s/row->ending != ENDING_COMPLETE/0/
# Break: lib/transactions/marks.c s/!marks->only ||/1 ||/
@test "the packets of one transaction: of both sides, with its handshakes or its end, and marks" {
	{
		story
		cat <<-'END'
			0.3 c > GET /b HTTP/1.1\r\n\r\n
			0.4 s > GET /b HTTP/1.1\r\nX-Forwarded-For: 10.1.0.7\r\n\r\n
			conn o 10.1.0.9:40000 192.0.2.10:80
			0.41 o >S
			0.5 s < HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc
			0.6 s <R
			0.61 c <R
		END
	} | talk
	[ "$(rows ID,PATH,END | tr '\n' ' ')" = '1 /a complete 2 /b server rst 3 - open ' ]
	# Without the connection that was refused, and of the other requests and clients nothing.
	vcap-transactions -S ./shop --packets 1 in.pcap >one.pcapng
	first='frame.time_relative < 0.25 and not tcp.port == 50001'
	cmp <(tshark -r in.pcap -Y "$first" -T fields -e frame.time_epoch) <(tshark -r one.pcapng -T fields -e frame.time_epoch)
	[ "$(tshark -r one.pcapng -Y frame.comment -T fields -e frame.comment | sort | uniq -c | tr -s ' ')" = ' 4 vcap: transaction 1' ]
	vcap-transactions -S ./shop --packets 2 in.pcap >two.pcapng
	cmp <(tshark -r in.pcap -Y 'frame.time_relative > 0.25 and not ip.addr == 10.1.0.9' -T fields -e frame.time_epoch) \
		<(tshark -r two.pcapng -T fields -e frame.time_epoch)
	run -1 vcap-transactions -S ./shop --packets 4 in.pcap
	[[ $output == *'no transaction 4: the last is 3' ]]
	for wrong in '--packets 0' '--packets x' '--packets 1 --mark x' '--packets 1 -n 1'; do
		# shellcheck disable=SC2086 # words
		run -2 vcap-transactions $wrong in.pcap
	done
	run -1 vcap-transactions -S ./shop --packets 1 - < <(cat in.pcap)
}

# Break: cmd/vcap-report.sh s/^\[ ! -d "$page" \].*//
# Break: cmd/vcap-report.sh s/"$page" = - \]/"$page" = x ]/
# Break: libexec/report.awk s/width = wider(width, phase_server\[i\])/width = 20/
# Break: libexec/report.awk s/phase_server\[++phase_count\] = $1/phase_server[++phase_count] = shorter($1, 24)/
# Break: cmd/vcap-report.sh s/^umask 077$//
# Break: cmd/vcap-report.sh s/"$1" | LC_ALL=C tr -c [^)]*/"$1"/
@test "a report has the percentiles, the slowest, what failed, and is a page" {
	story | sed 's,/a?q=1,/<a>,' | talk
	vcap-report -S ./shop in.pcap >report
	grep -q '^in.pcap: 1 rows in 0.000 s, 1 request$' report
	grep -qE '^10.0.1.11:8080 +1 +1 TTFB +0.100000 +0.100000 +0.100000 +0.100000$' report
	grep -qE '^ +1 10.1.0.7:40000 +10.0.1.11:8080 +POST /<a> +200 +0.010000 +0.100000 +0.001000 +0.114520 complete$' report
	grep -qF '1 attempt: 10.0.1.12:8080 refused' report
	# What is short fits into 80 columns, and what is long is whole: pseudonyms of addresses that differ in the end.
	[ "$(sed -n "/^SERVER/,/^$/p" report | awk "length > 80")" = "" ]
	mkconv -n 4 -e xff -6 -s 100 >six.pcap
	printf '%s\n' 'vip 2001:db8::10 tcp/80' 'server fd00:1::11 tcp/8080' 'server fd00:1::12 tcp/8080' >six
	(umask 077 && printf '%064d\n' 7 >key)
	vcap-merge -S ./six -w six.pcapng lb1=six.pcap
	vcap-anonymize -k key -w away.pcapng six.pcapng
	[ "$(vcap-report away.pcapng | sed -n 's/\(:8080\) .* CONNECT .*/\1/p' | sort -u)" = \
		"$(vcap-transactions -r -o SERVER away.pcapng | grep -vx -e - | sort -u)" ]
	(umask 022 && vcap-report -S ./shop --html page in.pcap)
	[ "$(stat -c %a page)" = 600 ]
	grep -qF '<title>transaction 1: POST /&lt;a&gt; 200, 0.114520 s, complete</title>' page
	vcap-report -S ./shop --html - in.pcap | cmp - page
	mkdir folder
	for where in folder nowhere/page /dev/full; do
		run -1 vcap-report -S ./shop --html $where in.pcap
		[[ $output == "vcap-report: cannot write '$where': "* ]] && [ "${#lines[@]}" -eq 1 ]
	done
	[ -z "$(ls folder)" ]
	for wrong in '' 'a b' '--html' '-x a' -; do
		# shellcheck disable=SC2086 # words
		run -2 vcap-report $wrong
	done
	run -1 vcap-report nowhere.pcap
	# The name of a file is a stranger's, too.
	cp in.pcap $'a\e[31m\\033[31m&.pcap'
	run -0 vcap-report -S ./shop $'a\e[31m\\033[31m&.pcap'
	[[ ${lines[0]} == 'a?[31m\033[31m&.pcap: 1 rows in'* && $output != *$'\e'* ]]
}

# Break: lib/transactions/transactions_cmd.c s/run.listing.runs = cmd->aside;//
# Break: lib/transactions/listing.c s/listing_row_compare(aside, held) < 0/aside/
# bats test_tags=slow
@test "a flood of half a million SYNs: memory is bounded, and no row is lost, in whatever order they are wanted" {
	[[ $build != *-asan* && $build != *-thread* ]] || skip "sanitizers have memory of their own"
	mkconv -n 1000 -q 2 -e xff -f 500000 >in.pcap
	printf 'vip 192.0.2.10 tcp/80\nserver 10.0.1.11-10.0.1.12 tcp/8080\nsource 10.0.9.0/24\n' >shop
	for how in '' '--sort duration' '--sort client -n 300000'; do
		# shellcheck disable=SC2086 # words
		run -3 bash -c "TMPDIR=/nowhere vcap-transactions -S ./shop -r $how in.pcap >all 2>/dev/null"
		mkfifo rows
		# shellcheck disable=SC2086
		vcap-transactions -S ./shop -r $how in.pcap >rows 2>/dev/null 3>&- &
		transactions=$!
		# Rows come when all has been read.
		{
			read -r first && echo "$first"
			sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' /proc/$transactions/status >peak
			cat
		} <rows >got
		wait "$transactions" || [ $? -eq 3 ]
		rm rows
		cmp all got
		[ "$(cat peak)" -lt $((200 << 10)) ]
	done
	# Each connection to a server is somewhere, if only as one of the attempts of a request that waited alone.
	tcpdump -nr in.pcap 'tcp[13] = 2 and dst port 8080' 2>/dev/null | cut -d ' ' -f 3,5 | sort -u >ends
	vcap-transactions -S ./shop -r -o ATTEMPTS in.pcap 2>/dev/null >attempts || [ $? -eq 3 ]
	[ "$(awk '{ sum += $1 } END { print sum }' attempts)" -eq "$(wc -l <ends)" ]
	# For people the same, below a heading.
	[ "$(vcap-transactions -S ./shop in.pcap 2>/dev/null | wc -l)" -eq $(($(wc -l <attempts) + 1)) ]
}
