#!/usr/bin/env -S LAB_TRANSPORT=exec tests/lab/lab bats
# shellcheck shell=bats disable=SC2154 # the names are the lab's
# vcap-transactions over captures of both engines under load: the phases of every request are those that
# tests/lab/phases computes from tshark's fields, to the microsecond.

bats_require_minimum_version 1.5.0

setup() {
	for part in names network service control witness; do
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
