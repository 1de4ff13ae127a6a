#!/usr/bin/env -S LAB_TRANSPORT=exec tests/lab/lab bats
# shellcheck shell=bats
# Services that say where they came from, in the lab: HAProxy gets a server after the import, and captures have it, by
# witnesses on the engines. Run this from the top of the tree.

bats_require_minimum_version 1.5.0

setup() {
	for part in names network service control witness; do
		# shellcheck source=/dev/null
		. "$BATS_TEST_DIRNAME/../lab/$part.sh"
	done
	cd "$BATS_TEST_TMPDIR" || return
	mkdir config
	cp "$VCAP_CONFIG/engines" config
	export VCAP_CONFIG=$PWD/config
	# As it was when it was imported: without the second server.
	grep -v 'server s2' "$LAB_DIR/lb1.cfg" >before.cfg
	vcap import -w -E lb1,lb2 haproxy "$PWD/before.cfg" shop
	run ! grep -q "$LAB_BACK4.12" config/services/shop
	echo "from haproxy lb1 shop $LAB_DIR/lb1.cfg" >>config/services/shop
}

teardown() {
	vcap stop shop >/dev/null 2>&1 || true
	for pid in *.pid; do
		[ ! -e "$pid" ] || kill -TERM "$(cat "$pid")" 2>/dev/null || true
	done
}

news="lb1 has servers that the file of service 'shop' lacks, which are captured, too: '10.9.1.12 tcp/8080', '2001:db8:1::12 tcp/8080'"

# Break: lib/controller/origin.c s/else if (addition.count)/else if (0)/
# bats test_tags=slow
@test "from: a server that came after the import is in the capture, whole" {
	lab_witness_all
	run -0 --separate-stderr vcap start shop -t 5
	[ "$stderr" = "vcap start: $news" ]
	lab_mark m1
	lab_traffic 1
	lab_mark m2
	run -0 vcap stop shop
	run -0 vcap export shop .
	lab_collect shop.*.pcapng client server
	lab_compare client server
	# One that is imported again has nothing to say.
	run -0 vcap import -w -E lb1,lb2 haproxy "$LAB_DIR/lb1.cfg" shop
	run -0 --separate-stderr vcap start shop -t 5
	[ -z "$stderr" ]
}

# Break: cmd/vcap-live.c s/params_cli_tell_origin(&cli, warn);/;/
# Break: lib/controller/live.c s/params->word, NULL/"nobody", NULL/
@test "from: so it is in a stream, and joined with its clients" {
	vcap live shop -t 60 "$LAB_FRONT4.5" >live.pcapng 2>live.err 3>&- &
	live=$!
	lab_wait 'stream of both engines' eval 'capinfos -I live.pcapng | grep -q "Name = lb1/eth1" && capinfos -I live.pcapng | grep -q "Name = lb2/eth1"'
	# One of the engines has half of them, and its servers take turns.
	for round in {1..12}; do
		lab_get 5 "/small/$round" >/dev/null
	done
	whole() { [ "$(tshark -nr live.pcapng -Y "http.request and ip.dst == $LAB_BACK4.12" 2>/dev/null | wc -l)" -ge 1 ]; }
	lab_wait 'request to the new server' whole
	kill -INT $live
	wait $live
	grep -qF "$news" live.err
}
