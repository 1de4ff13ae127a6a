#!/usr/bin/env -S LAB_TRANSPORT=exec tests/lab/lab bats
# shellcheck shell=bats disable=SC2154 # the names are the lab's
# The rows of vcap-transactions where clients, engines and servers wait, each in its own way: every phase is, to the
# microsecond, what tests/lab/truth computes from the segments that tshark lists.

bats_require_minimum_version 1.5.0

parts() {
	for part in names network service control evidence tls truth; do
		# shellcheck source=/dev/null
		. "$BATS_TEST_DIRNAME/../lab/$part.sh"
	done
	PATH=$BATS_TEST_DIRNAME/../lab:$PATH
}

setup_file() {
	parts
	lab_tls_certificate
	lab_truth
	lab_truth_gateways
}

setup() {
	parts
	cd "$BATS_TEST_TMPDIR" || return
	export LC_ALL=C
}

# ask TARGET WAY PATH... [, WAY PATH...]...
ask() {
	lab_in client "$(command -v various)" "$LAB_FRONT4.201" "$@"
}

# captured SERVICE: ends its capture; the file's name.
captured() {
	lab_no_connection_at_all || lab_wait 'end of all connections' lab_no_connection_at_all
	vcap stop "$1" >/dev/null
	vcap wait "$1" >/dev/null
	vcap ls -r -o FILE "$1" | tail -n 1
}

COLUMNS_OF_ALL=PATH,METHOD,STATUS,SSTATUS,CSYN,IDLE,REQHEAD,REQBODY,WAIT,CONNECT,TTFB,RELAY,TRANSFER,DRAIN,STALL,TOTAL

# same SERVICE PORT...: every row is that of the segments, and there is one for each path.
same() {
	truth "$(captured "$1")" "${@:2}" >wanted
	vcap transactions -r -o $COLUMNS_OF_ALL "$1" | tr '\t' ' ' | sort | diff wanted -
	wc -l <wanted
}

# of SERVICE PATH COLUMNS: of the row with that path.
of() { vcap transactions -r -o "PATH,$3" "$1" | grep -F "$2" | cut -f 2- | tr '\t' ' '; }

# Break: lib/transactions/phases.c s/client->request.first.ns, client->request.head.ns/client->request.head.ns, client->request.head.ns/
# Break: lib/transactions/phases.c s/later_of(client->request.head.ns, client->before_ns)/client->request.head.ns/
# Break: lib/transactions/conversation.c s/exchange->stalled_ns += to_ns - from_ns/(void)0/
# Break: lib/transactions/dialogue_http.c s/http->status < 200 \&\& http->status != 101/0/
@test "slow clients, engines and servers: each phase of every request is what the segments say" {
	vcap start truth -t 60 3>&-
	ask "$LAB_VIP4:92" get /at-once/1 /wait/20/1 /wait/200/1 /slow/1 /chunked/1 , kept /kept/1 /wait/20/2 /kept/3 , \
		pipelined /wait/20/pipelined/1 /pipelined/2 /pipelined/3 , opened /opened/1 , halves /halves/1 , upload /upload/1 , upload /early/1 , \
		upload /buffered/1 , continue /continue/1 , reads /large/1 , halfclosed /wait/20/half/1 , upgraded /upgrade/1 , leaves /part-held/1 , \
		get /part-reset/1 /denied/1 /redirected/1 /refused/1 /dead/1 /dead/2 /dead/3 , kept /shared/1 /shared/2 , get /shared/3 , \
		parallel /parallel/1 /parallel/2 /parallel/3
	[ "$(same truth 92 8092 8098)" -eq 34 ]
	[ "$(of truth /early/1 FLAGS)" = early ]
	[ "$(of truth /buffered/1 FLAGS)" = buffered ]
	[ "$(of truth /continue/1 FLAGS,STATUS)" = '1xx 200' ]
	[ "$(of truth /pipelined/2 FLAGS)" = pipelined ]
	[ "$(of truth /half/1 FLAGS,END)" = '- complete' ]
	[ "$(of truth /upgrade/1 FLAGS,STATUS,END)" = 'tunnel 101 client fin' ]
	[ "$(of truth /part-held/1 END)" = 'client rst' ]
	[ "$(of truth /part-reset/1 END)" = 'server rst' ]
	[ "$(of truth /denied/1 STATUS,FROM,ATTEMPTS)" = '403 engine 0' ]
	[ "$(of truth /redirected/1 STATUS,FROM,ATTEMPTS)" = '302 engine 0' ]
	[ "$(of truth /refused/1 STATUS,ATTEMPT)" = "503 $LAB_BACK4.11:8098 refused" ]
	vcap transactions -r -o PATH,STATUS,ATTEMPTS,ATTEMPT truth | grep -P "^/dead/.\t200\t2\t$LAB_BACK4.11:8098 refused$"
	[ "$(of truth /large/1 CZERO)" -gt 0 ]
	[ "$(bc <<<"$(of truth /large/1 STALL) > 0.001")" -eq 1 ]
	# The engine let two of them wait at least: they were all there before the server began its 20 ms.
	[ "$(vcap transactions -r -o PATH,WAIT truth | awk '/parallel/ && $2 >= 0.02' | wc -l)" -ge 2 ]
}

# Break: lib/transactions/row.c s/phases_of_request(row, NULL, server, server)/(void)0/
@test "TLS on the client's side alone: requests to servers, whose phases are there, and a client by the handshake" {
	vcap start truth -t 60 3>&-
	for n in 1 2; do
		lab_in client curl -skf -o /dev/null --interface "$LAB_FRONT4.201" "https://$LAB_VIP4:494/wait/20/tls/$n" "https://$LAB_VIP4:494/tls/$n"
	done
	file=$(captured truth)
	truth "$file" 494 8092 8098 | cut -d ' ' -f 1,2,4,10,11 >wanted
	[ "$(wc -l <wanted)" -eq 4 ]
	vcap transactions -r -o PATH,METHOD,SSTATUS,CONNECT,TTFB truth | tr '\t' ' ' | sort | diff wanted -
	[ "$(vcap transactions -r -o STATUS,WAIT,RELAY,TRANSFER,TOTAL truth | sort -u)" = $'-\t-\t-\t-\t-' ]
	handshakes "$file" 494 | awk '{ print $2 }' | sort >wanted
	vcap transactions -r -o CTLS truth | grep -v '^-' | sort | diff wanted -
}

# Break: lib/transactions/relate.c s/pair_conns(t, client, conn, CONFIDENCE_SEQUENCE)/(void)0/
@test "a gateway that translates addresses: one connection seen twice, and how long it took to go on" {
	vcap start gate -t 60 3>&-
	ask "$LAB_SECOND4:80" get /wait/20/1 /slow/1 , kept /kept/1 /kept/2 , upload /upload/1 , halfclosed /half/1 , get /part-reset/1
	export TRUTH_NAT=1
	[ "$(same gate 80 "$LAB_BARE_PORT")" -eq 7 ]
	[ "$(vcap transactions -r -o UNIT,CONFIDENCE gate | sort -u)" = $'nat\tsequence' ]
	[ "$(of gate /part-reset/1 END)" = 'server rst' ]
}

# Break: lib/transactions/row.c s/if (!is_oneway(conn))/if (1)/
@test "direct routing: what clients send passes the gateway, what the server answers does not, and nothing is told of that" {
	vcap start direct -t 60 3>&-
	ask "$LAB_THIRD4:80" get /wait/20/1 , kept /kept/1 /kept/2 , upload /upload/1 , halves /halves/1
	[ "$(same direct 80)" -eq 5 ]
	# Both interfaces have the packet, and the responses are on neither.
	[ "$(tshark -r "$(echo "$VCAP_SPOOL"/captures/direct.*/direct.*.pcapng)" -Y "ip.src == $LAB_THIRD4" | wc -l)" -eq 0 ]
	[ "$(tshark -r "$(echo "$VCAP_SPOOL"/captures/direct.*/direct.*.pcapng)" -Y tcp.flags.syn==1 | wc -l)" -eq 8 ]
	[ "$(vcap transactions -r -o STATUS,RESBYTES,CRETRANS,END,FLAGS direct | sort -u)" = $'-\t0\t0\tcut\toneway' ]
	# Its client pauses three times, of 10 ms at least.
	[ "$(bc <<<"$(of direct /upload/1 REQBODY) >= 0.03")" -eq 1 ]
}
