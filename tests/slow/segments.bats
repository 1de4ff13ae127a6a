#!/usr/bin/env bats
# What vcap-transactions counts and measures of TCP is what tshark's analysis does, over connections on a network
# that loses, repeats and reorders (tests/lab/disorder).

bats_require_minimum_version 1.5.0

setup() {
	cd "$BATS_TEST_DIRNAME/../.." || exit
	PATH=$PWD/${VCAP_BUILD:-build}/bin:$PWD/tests:$PWD/tests/lab:$PATH
	cd "$BATS_TEST_TMPDIR" || exit
	printf 'vip 192.0.2.10 tcp/80\nserver 10.0.1.11 tcp/8080\n' >shop
}

# Break: lib/transactions/tcp_direction.c s/if (fill_holes(direction, from, to) && silence < bound)/if (0)/
# Break: lib/transactions/conversation.c s/packet->ts_ns - conn->newest_syn_ns/packet->ts_ns - conn->syn_ns/
@test "segments sent again and out of order, closed windows, and handshakes of three hundred connections" {
	for seed in 1 2 3; do
		disorder 100 $seed | mktcp >in.pcap
		vcap-transactions -S ./shop -r -o CLIENT,CRETRANS,CREORDER,CZERO,CIRTT in.pcap | sed 's/:40000//' | tr '\t' ' ' | sort >got
		tshark -r in.pcap -T fields -E 'separator=;' -e ip.src -e ip.dst -e tcp.analysis.retransmission \
			-e tcp.analysis.out_of_order -e tcp.analysis.zero_window -e tcp.analysis.initial_rtt -e tcp.flags.syn -e tcp.flags.ack |
			awk -F ';' '
			{ client = $1 == "192.0.2.10" ? $2 : $1; again[client] += $3 != ""; late[client] += $4 != ""
			  closed[client] += $5 != "" && $1 == client; if ($6 != "") rtt[client] = substr($6, 1, 8)
			  syns[client] += $7 && !$8 }
			END { for (client in again) print client, again[client], late[client], closed[client],
				syns[client] == 1 ? rtt[client] : "-" }' | sort | diff - got
		[ "$(wc -l <got)" -eq 100 ]
		awk '{ late += $3; unknown += $5 == "-" } END { exit !(late > 10 && unknown == 10) }' got
	done
}
