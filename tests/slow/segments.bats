#!/usr/bin/env bats
# What vcap-transactions counts of TCP is what tshark's analysis counts, over connections on a network that
# loses, repeats and reorders (tests/lab/disorder).

bats_require_minimum_version 1.5.0

setup() {
	cd "$BATS_TEST_DIRNAME/../.." || exit
	PATH=$PWD/${VCAP_BUILD:-build}/bin:$PWD/tests:$PWD/tests/lab:$PATH
	cd "$BATS_TEST_TMPDIR" || exit
	printf 'vip 192.0.2.10 tcp/80\nserver 10.0.1.11 tcp/8080\n' >shop
}

# Break: lib/transactions/tcp_direction.c s/fill_holes(direction, from, to) && silence < bound/silence < bound/
@test "segments sent again and closed windows of three hundred connections" {
	for seed in 1 2 3; do
		disorder 100 $seed | mktcp >in.pcap
		vcap-transactions -S ./shop -r -o CLIENT,CRETRANS,CZERO in.pcap | sed 's/:40000//' | tr '\t' ' ' | sort >got
		tshark -r in.pcap -T fields -E 'separator=;' -e ip.src -e ip.dst -e tcp.analysis.retransmission \
			-e tcp.analysis.zero_window | awk -F ';' '
			{ client = $1 == "192.0.2.10" ? $2 : $1; again[client] += $3 != ""; closed[client] += $4 != "" && $1 == client }
			END { for (client in again) print client, again[client], closed[client] }' | sort | diff - got
		[ "$(wc -l <got)" -eq 100 ]
	done
}
