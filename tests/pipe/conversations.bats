#!/usr/bin/env bats
# vcap-transactions --conversations: every packet is in one row, and both sides of a connection are one.

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
		monitor icmp
	END
}

talk() { mktalk | mktcp >in.pcap; }

# talks [ARG...]: without ID, BEGAN, DURATION and ENGINE, sorted.
talks() { vcap-transactions -S ./shop -r --conversations "$@" in.pcap 2>err | cut -f 4-7,9- | tr '\t' ' ' | LC_ALL=C sort; }

# Break: lib/transactions/settle.c s/connlist_carry(t->config.connlist, attempt->conn->entry,/(void)(0,/
# Break: lib/transactions/connlist.c s/entry->is_shared = true/(void)0/
# Break: lib/transactions/relate.c s/connlist_translate(/connlist_carry(/
# Break: lib/transactions/connlist_table.c s/? PARTY_CLIENT : PARTY_SERVER/? PARTY_SERVER : PARTY_CLIENT/
@test "both sides are a row: with the server that answered; those that failed, or were shared, apart" {
	talk <<-'END'
		conn c 10.1.0.7:40000 192.0.2.10:80
		conn x 10.0.9.1:50001 10.0.1.12:8080
		conn s 10.0.9.1:50000 10.0.1.11:8080
		conn a 10.1.0.8:40000 192.0.2.10:80
		conn b 10.1.0.9:40000 192.0.2.10:80
		conn u 10.0.9.1:50002 10.0.1.13:8080
		conn n 10.1.0.6:40000 192.0.2.10:80 7777 8888
		conn o 10.0.9.1:40000 10.0.1.12:8080 7777 8888
		conn e 10.1.0.5:40000 192.0.2.10:80
		conn p 10.0.9.1:50009 10.0.1.13:8080
		conn q 10.1.0.4:40000 192.0.2.10:80
		# One that is refused, and another server.
		0.00 c open
		0.01 c > GET / HTTP/1.1\r\n\r\n
		0.02 x >S
		0.03 x <RA
		0.04 s open
		0.05 s > GET / HTTP/1.1\r\nX-Forwarded-For: 10.1.0.7\r\n\r\n
		0.06 s < HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n
		0.07 c < HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n
		0.08 c >
		0.09 c >F
		0.10 s >F
		# A connection that two clients share, one after the other.
		1.00 a open
		1.01 a > GET /a HTTP/1.1\r\n\r\n
		1.02 u open
		1.03 u > GET /a HTTP/1.1\r\nX-Forwarded-For: 10.1.0.8\r\n\r\n
		1.04 u < HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n
		1.05 a < HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n
		1.06 a >
		1.10 b open
		1.11 b > GET /b HTTP/1.1\r\n\r\n
		1.12 u > GET /b HTTP/1.1\r\nX-Forwarded-For: 10.1.0.9\r\n\r\n
		1.13 u < HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n
		1.14 b < HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n
		1.15 b >
		# Address translation: the server ends it.
		2.00 n >S
		2.01 o >S
		2.02 o <SA
		2.03 n <SA
		2.04 n >
		2.05 o >
		2.06 o <R
		2.07 n <R
		# Nobody asks: a connection that carries nothing, one that waits, one without an answer.
		3.00 e open
		3.01 e <F
		3.02 p open
		3.03 q >S
		3.04 q >again
	END
	diff - <(talks) <<-'END'
		client tcp 10.1.0.4:40000 192.0.2.10:80 - - 2 108 1 0 open
		client tcp 10.1.0.5:40000 192.0.2.10:80 - - 4 216 1 0 engine fin
		client tcp 10.1.0.8:40000 192.0.2.10:80 - - 6 381 1 0 open
		client tcp 10.1.0.9:40000 192.0.2.10:80 - - 6 381 1 0 open
		nat tcp 10.1.0.6:40000 192.0.2.10:80 10.0.9.1:40000 10.0.1.12:8080 8 432 1 1 server rst
		pair tcp 10.1.0.7:40000 192.0.2.10:80 10.0.9.1:50000 10.0.1.11:8080 13 841 1 1 client fin
		server tcp - - 10.0.9.1:50009 10.0.1.13:8080 3 162 0 0 open
		server tcp 10.1.0.7:40000 - 10.0.9.1:50001 10.0.1.12:8080 2 108 0 0 server refused
		shared tcp - - 10.0.9.1:50002 10.0.1.13:8080 7 546 0 0 open
	END
	[ "$(talks -n 1 | cut -d ' ' -f 3)" = 10.1.0.7:40000 ]
	[ "$(talks 10.0.1.12 | wc -l)" = 2 ]
	[ "$(vcap-transactions -S ./shop --conversations -j in.pcap | jq '[.conversations[].packets] | add')" = 51 ]
	[ "$(vcap-transactions -S ./shop --conversations in.pcap | awk 'NR == 2 { print $1, $4, $5 }')" = '1 pair tcp' ]
	for wrong in '-o ID' '--by path' '--sort total' '--slow 1s' '--failed' '--mark out' '--packets 1'; do
		# shellcheck disable=SC2086 # words
		run -2 vcap-transactions --conversations $wrong in.pcap
	done
}

# Break: lib/transactions/transactions.c s/return sideconn_of(conn)->entry;/return CONNLIST_NONE;/
# Break: lib/transactions/transactions.c s/from_one = tuple.source.value < tuple.destination.value;//
@test "what is no connection: datagrams, ICMP about one and about nothing, health checks, fragments, what is not IP" {
	talk <<-'END'
		conn c 10.1.0.7:40000 192.0.2.10:80
		0.0 c >S
		0.1 192.0.2.10 10.1.0.7 unreachable 10.1.0.7:40000 192.0.2.10:80
		0.2 192.0.2.10 10.1.0.6 unreachable 10.1.0.6:40000 192.0.2.10:80
		1.0 10.1.0.8:999 192.0.2.10:53 udp hello
		1.1 192.0.2.10:53 10.1.0.8:999 udp hi
		2.0 172.16.0.1:70 172.16.0.2:71 udp not the service's
		2.1 172.16.0.2:71 172.16.0.1:70 udp nor this
	END
	# ARP, the later fragments of a datagram, and an echo.
	{
		printf '0000 ffffffffffff 020000000001 0806 0001 0800 06 04 0001 020000000001 0a000101 000000000000 0a000102\n'
		printf '0000 020000000002 020000000001 0800 4500 0020 0001 00b9 40 11 0000 0a010008 c000020a 000102030405060708090a0b\n'
		printf '0000 020000000002 020000000001 0800 4500 001c 0001 0000 40 01 0000 0a000901 0a00010b 0800000000010001\n'
		printf '0000 020000000001 020000000002 0800 4500 001c 0001 0000 40 01 0000 0a00010b 0a000901 0000000000010001\n'
	} | sed -E 's/ //g; s/^0000//; s/../& /g; s/^/0000 /' | text2pcap -q -F pcap - more.pcap
	mergecap -F pcap -w both.pcap in.pcap more.pcap
	mv both.pcap in.pcap
	talks >got
	grep -x 'client tcp 10.1.0.7:40000 192.0.2.10:80 - - 2 [0-9]* 1 1 unreachable' got
	grep -x 'client icmp 10.1.0.6 192.0.2.10 - - 1 [0-9]* 0 0 -' got
	grep -x 'client udp 10.1.0.8:999 192.0.2.10:53 - - 2 [0-9]* 1 0 [a-z0-9 ]*' got
	grep -x 'client udp 10.1.0.8 192.0.2.10 - - 1 [0-9]* 0 0 -' got
	grep -x 'monitor icmp 10.0.1.11 10.0.9.1 - - 2 [0-9]* 0 0 -' got
	grep -x 'other udp 172.16.0.1:70 172.16.0.2:71 - - 2 [0-9]* 0 0 -' got
	grep -x 'other - - - - - 1 [0-9]* 0 0 -' got
	[ "$(wc -l <got)" = 7 ]
}

# counted FILE: what vcap-stat counts in all; listed FILE [ARG...]: and what the rows have.
counted() { vcap-stat -j "$1" | jq -c '[([.origins[].packets] | add), ([.origins[].bytes] | add)]'; }
listed() { vcap-transactions -j --conversations "${@:2}" "$1" | jq -c '[([.conversations[].packets] | add), ([.conversations[].bytes] | add)]'; }

# Break: lib/transactions/connlist.c s/entry->bytes += packet->len/entry->bytes += packet->caplen/
# Break: lib/transactions/connlist_table.c s/continue; .. it is in the client's ..//
@test "of generated conversations each is as tshark counts it, with the server that carried it" {
	mkconv -n 60 -q 3 -e xff -c 5 -b 3000 -s 500 >a.pcap
	mkconv -n 40 -6 -e proxy2 >b.pcap
	cat >conv <<-END
		vip 192.0.2.10 tcp/80
		vip 192.0.2.20 tcp/80
		vip 2001:db8::10 tcp/80
		vip 2001:db8::20 tcp/80
		server 10.0.1.11-10.0.1.12 tcp/8080
		server fd00:1::11-fd00:1::12 tcp/8080
		source 10.0.9.1
		source fd00:9::1
	END
	vcap-merge -S ./conv -w m.pcapng lb1=a.pcap lb2=b.pcap
	vcap-transactions -S ./conv -r --conversations m.pcapng >got
	[ "$(counted m.pcapng)" = "$(listed m.pcapng -S ./conv)" ]
	# Both sides apart, as tshark has them: packets in all, and of each client's connection the one to a server. Whose it is,
	# says the number that each packet has.
	tshark -r m.pcapng -n -T fields -E separator=' ' -e ip.src -e ipv6.src -e tcp.srcport -e ip.dst -e ipv6.dst -e tcp.dstport -e ip.id -e ipv6.flow -e frame.len |
		awk '
		{ to_service = $4 == 80 || $4 == 8080; client = to_service ? $1 " " $2 : $3 " " $4; other = to_service ? $3 " " $4 : $1 " " $2
		  key = client " " other; packets[key]++; bytes[key] += $NF }
		END { for (key in packets) print key, packets[key], bytes[key] }' | LC_ALL=C sort >tshark
	# A row of both has the packets of both.
	awk -F '\t' 'function split_port(end) { sub(/:[0-9]+$/, " &", end); sub(/ :/, " ", end); gsub(/[][]/, "", end); return end }
		FNR == NR { split($0, part, " "); count[part[1] " " part[2] " " part[3] " " part[4]] = part[5]; next }
		{ sum = 0; if ($6 != "-" && $7 != "-") sum += count[split_port($6) " " split_port($7)]
		  if ($9 != "-") sum += count[split_port($9) " " split_port($10)]
		  if (sum != $11) { print "not", sum, $0; bad = 1 }
		  pairs += $4 == "pair" }
		END { exit bad || pairs != 380 }' tshark got
	[ "$(awk -F '\t' '{ sum += $11 } END { print sum }' got)" = "$(awk '{ sum += $5 } END { print sum }' tshark)" ]
	# Each row of transactions is of one of them.
	[ "$(awk -F '\t' '{ sum += $13 } END { print sum }' got)" = "$(vcap-transactions -S ./conv -r m.pcapng | wc -l)" ]
}

# flood SYNS: a.pcap.
flood() {
	mkconv -n 1 -f "$1" >a.pcap
	printf 'vip 192.0.2.10 tcp/80\nserver 10.0.1.11-10.0.1.12 tcp/8080\nsource 10.0.9.0/24\n' >flood
}

# bats test_tags=slow
# Break: lib/transactions/connlist.c s/list->rest++/(void)0/
@test "more conversations than there is room for: the later ones are counted together, and said" {
	flood 140000
	run -3 --separate-stderr sh -c 'vcap-transactions -S ./flood -r --conversations a.pcap >got'
	rest=$(sed -nE 's/.*: ([0-9]+) packets of later ones are in none.*/\1/p' <<<"$stderr")
	[ "$(wc -l <got)" = 131072 ] || [ "$(wc -l <got)" = 131071 ]
	[ "$(awk -F '\t' -v rest="$rest" '{ sum += $11 } END { print sum + rest }' got)" = "$(tcpdump -nnr a.pcap 2>/dev/null | wc -l)" ]
}

# bats test_tags=slow
# Break: lib/transactions/transactions_cmd.c s/^.transactions_free(run->transactions);$//
@test "a flood of half a million SYNs: memory is bounded" {
	[[ $build != *-asan* && $build != *-thread* ]] || skip "sanitizers have memory of their own"
	flood 500000
	mkfifo rows
	vcap-transactions -S ./flood -r --conversations a.pcap >rows 2>/dev/null 3>&- &
	transactions=$!
	# Rows come when all has been read.
	{
		read -r _
		sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' /proc/$transactions/status >peak
		wc -l
	} <rows >count
	wait "$transactions" || [ $? -eq 3 ]
	[ "$(cat count)" -gt 100000 ]
	[ "$(cat peak)" -lt $((200 << 10)) ]
}
