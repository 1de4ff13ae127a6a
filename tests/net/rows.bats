#!/usr/bin/env -S LAB_TRANSPORT=exec tests/lab/lab bats
# shellcheck shell=bats disable=SC2154 # the names are the lab's
# vcap-transactions over captures of both engines under load: the phases of every request are those that
# tests/lab/phases computes from tshark's fields, to the microsecond.

bats_require_minimum_version 1.5.0

setup() {
	for part in names network service control witness http2; do
		# shellcheck source=/dev/null
		. "$BATS_TEST_DIRNAME/../lab/$part.sh"
	done
	PATH=$BATS_TEST_DIRNAME/../lab:$PATH
	cd "$BATS_TEST_TMPDIR" || return
}

# same FILE: the rows of a file are the oracle's, and whole.
same() {
	phases "$1" "$LAB_PORT" "$LAB_SERVER_PORT" >wanted
	vcap transactions -r -o PATH,CSYN,IDLE,WAIT,CONNECT,TTFB,RELAY,TRANSFER,DRAIN,TOTAL "$2" |
		tr '\t' ' ' | LC_ALL=C sort >got
	LC_ALL=C sort wanted | diff - got
}

# Break: lib/transactions/phases.c s/server->response.first.ns, client->response.first.ns/server->response.last.ns, client->response.first.ns/
@test "every request of twenty clients, on connections that carry several, has its phases" {
	vcap start shop -t 60 3>&-
	lab_in client "$(command -v clients)" -k 4 rows 20 16 "$LAB_FRONT4" "$LAB_FRONT6" \
		"$LAB_VIP4:$LAB_PORT" "[$LAB_VIP6]:$LAB_PORT"
	lab_in client curl -s -o /dev/null "http://$LAB_VIP4:$LAB_PORT/large"
	vcap stop shop
	vcap wait shop
	same "$(echo "$VCAP_SPOOL"/captures/shop.*/shop.*.pcapng)" shop
	[ "$(wc -l <got)" -eq 321 ]
	vcap transactions -r -o UNIT,CONFIDENCE,FROM,STATUS,END shop | sort | uniq -c >kinds
	[ "$(tr -s ' \t' ' ' <kinds)" = " 321 request header server 200 complete" ]
}

# Both sides, the server's, the client's.
# Break: lib/transactions/dialogue_http2.c s/exchange->signature = header_block_signature(block)/exchange->method[0] = 0/
@test "HTTP/2 on either side: each stream has its phases, on connections that carry many of many clients" {
	lab_http2
	head -c 40000 /dev/zero >body
	vcap start h2 -t 60 3>&-
	pids=()
	for port in 87 89; do
		lab_in client "$(command -v h2clients)" $port 6 16 8 "$LAB_FRONT4" "$LAB_VIP4:$port" 3>&- &
		pids+=($!)
	done
	lab_in client "$(command -v clients)" -k 4 88 6 16 "$LAB_FRONT4" "$LAB_FRONT6" "$LAB_VIP4:88" 3>&- &
	pids+=($!)
	for pid in "${pids[@]}"; do
		wait "$pid"
	done
	for port in 87 88 89; do
		http2=--http2-prior-knowledge
		[ $port != 88 ] || http2=--http1.1
		lab_in client curl -sSf $http2 -o /dev/null "http://$LAB_VIP4:$port/$port/large"
	done
	lab_in client curl -sSf --http2-prior-knowledge -T body -o /dev/null "http://$LAB_VIP4:87/87/body"
	vcap stop h2
	vcap wait h2
	for sides in '87=http2 8087=http2' '88=http 8087=http2' '89=http2 8088=http'; do
		# shellcheck disable=SC2086 # words
		streams "$(echo "$VCAP_SPOOL"/captures/h2.*/h2.*.pcapng)" $sides
	done | LC_ALL=C sort >wanted
	vcap transactions -r -o PATH,METHOD,STATUS,CSYN,REQHEAD,REQBODY,WAIT,CONNECT,TTFB,RELAY,TRANSFER,DRAIN,TOTAL h2 |
		tr '\t' ' ' | LC_ALL=C sort | diff wanted -
	[ "$(wc -l <wanted)" -eq 292 ]
	vcap transactions -r -o UNIT,CONFIDENCE,FROM,STATUS,END h2 | sort | uniq -c >kinds
	[ "$(tr -s ' \t' ' ' <kinds)" = " 292 request header server 200 complete" ]
}
