#!/usr/bin/env -S tests/lab/lab bats
# Services as interfaces of tshark, in the lab: what it captures, what it says, and what the profile shows.
# All tests of this file share one lab; run it from the top of the tree.

bats_require_minimum_version 1.5.0
load ../until
load extcap

# Break: lib/extcap/dialog.c s/add_option(argv, "-E", dialog->engines)//
# bats test_tags=slow
@test "extcap: tshark lists services, and captures what the witnesses on the engines saw; two at a time" {
	run -0 --separate-stderr tshark -D
	[[ "$output" == *". vcap-shop (vcap: shop ($LAB_VIP4, $LAB_VIP6))"* ]]
	run -0 --separate-stderr tshark -L -i vcap-shop
	[[ "$output" == *'EN10MB (Ethernet)'* ]]
	lab_witness_all
	begin out.pcapng -f "tcp port $LAB_PORT or tcp port $LAB_SERVER_PORT" -o extcap.vcap_shop.monitors:include
	first=$shark
	# Health checks of one engine alone, headers only; the checks' packets are all that is in it.
	engines=lb2 begin checks.pcapng -o extcap.vcap_shop.monitors:only -o extcap.vcap_shop.engines:lb2 \
		-o extcap.vcap_shop.headersonly:true
	lab_mark m1
	lab_traffic 1
	lab_mark m2
	until_true grep -aq 'GET /m2' out.pcapng
	kill -INT "$shark"
	wait "$shark"
	kill -INT "$first"
	shark=$first
	ended 0 >said
	[ ! -s said ]
	lab_collect out.pcapng client server
	lab_compare client server
	[ "$(cut -d ' ' -f 1 frames | sort -u)" = \
		"$(printf '%s\n' lb1/eth0/client lb1/eth1/server lb2/eth0/client lb2/eth1/server)" ]
	cut -d ' ' -f 2 frames | sort -c
	lab_frames checks.pcapng >checks
	[ "$(cut -d ' ' -f 1 checks | sort -u)" = lb2/eth1/monitor ]
	run -1 grep -aq 'GET /' checks.pcapng
}

# bats test_tags=slow
@test "extcap: what is wrong is said: a filter, an engine, the engines file" {
	run -1 --separate-stderr tshark -i vcap-shop -f 'bogus host' -w out.pcapng
	[[ "$stderr" == *"Error by extcap pipe: "*"expression 'bogus host': can't parse filter expression"* ]]
	cp -r "$VCAP_CONFIG" config
	export VCAP_CONFIG=$PWD/config
	sed -i 's/^lb2 .*/lb2 exec false/' config/engines
	engines=lb1 begin out.pcapng -c 5
	lab_get 201 /x
	ended 0 >said
	grep -q "engine 'lb2' does not capture" out.pcapng.err
	echo 'lb1 nowhere' >>config/engines
	run -0 --separate-stderr tshark -D
	[[ "$output" == *'. vcap-shop ('* ]]
	run -1 --separate-stderr tshark -i vcap-shop -w out.pcapng
	[[ "$stderr" == *"config/engines:3: unknown transport 'nowhere'"* ]]
	# Services are listed all the same, and the file's fault is said.
	run -2 --separate-stderr vcap services -r
	[[ "$output" == shop* ]]
	[[ "$stderr" == *"config/engines:3: unknown transport 'nowhere'"* ]]
}

# Break: share/wireshark/vcap.lua s/list\[low\].id/list[1].id/
# bats test_tags=slow
@test "extcap: the profile shows both sides of each of 200 transactions by one number" {
	vcap start shop -t 5 >id 2>err 3>&-
	# Ten on each connection.
	for client in $(seq 10); do
		# shellcheck disable=SC2046 # words
		lab_in client curl -sSfg --interface "$LAB_FRONT4.$client" \
			$(printf "http://$LAB_VIP4:$LAB_PORT/t/$client.%d " $(seq 10)) \
			--next -sSfg --interface "$LAB_FRONT6:$client" \
			$(printf "http://[$LAB_VIP6]:$LAB_PORT/t/$client.%d.6 " $(seq 10)) >/dev/null
	done
	vcap stop shop >/dev/null
	vcap export shop . >/dev/null
	vcap-transactions -r --mark marked.pcapng shop.*.pcapng >rows 2>err
	tshark -C vcap -r marked.pcapng -T fields -e vcap.engine -e vcap.interface -e vcap.side -e vcap.transaction \
		-e http.request.uri -e http.response_for.uri -e frame.interface_name -e tcp.stream 2>/dev/null >fields
	awk -F '\t' '$1 "/" $2 "/" $3 != $7 { exit 1 }' fields
	# By URL: one number, on both sides, in requests and responses; and no other URL has it.
	perl -F'\t' -lane '
		($url) = "$F[4]$F[5]" =~ m,(/t/[\d.]+), or next;
		$number{$url}{$F[3]}++; $owner{$F[3]}{$url}++; $where{$url}{$F[2] . ($F[4] ? ">" : "<")}++;
		END {
			print scalar keys %number;
			for (keys %number) {
				print "$_: ", join " ", %{$number{$_}} if keys %{$number{$_}} != 1 || exists $number{$_}{""};
				print "$_: ", join " ", sort keys %{$where{$_}} if keys %{$where{$_}} != 4;
			}
			for (keys %owner) { print "$_: ", join " ", keys %{$owner{$_}} if keys %{$owner{$_}} != 1 }
		}' fields >report
	[ "$(cat report)" = 200 ] || { head report; false; }
	# On a connection one transaction follows another, with the packets that have no mark of their own.
	awk -F '\t' '$4 && $4 != last[$8] { if (seen[$8, $4]++) exit 1; last[$8] = $4 }' fields
	# Of each connection all packets from the first request on, and with two passes the handshake, too.
	awk -F '\t' '$4 { known[$8] = 1 } !$4 && known[$8] { exit 1 }' fields
	[ "$(tshark -2 -C vcap -r marked.pcapng -Y 'tcp && !vcap.transaction' 2>/dev/null | wc -l)" -eq 0 ]
	run -0 --separate-stderr tshark -C vcap -r marked.pcapng -Y 'vcap.transaction == 7'
	[[ "$output" == *' client '*' server '* ]]
}

# Break: share/wireshark/vcap-extcap.sh s/-ge 60/-ge 0/
# bats test_tags=slow
@test "extcap: a controller elsewhere, by ssh alone" {
	export HOME=$PWD/desk
	mkdir -p "$HOME" bin
	# In the place of ssh: takes the destination and one command for a shell, as sshd does.
	cat >bin/ssh <<-END
		#!/bin/sh
		while [ "\$1" != -- ]; do shift; done
		echo "\$2: \$3" >>"$PWD/asked"
		exec sh -c "\$3"
	END
	chmod 755 bin/ssh
	PATH=$PWD/bin:$PATH
	sh "$BATS_TEST_DIRNAME/../../share/wireshark/vcap-extcap.sh" --install --controller admin@there
	for _ in 1 2; do
		run -0 --separate-stderr tshark -D
		[[ "$output" == *'. vcap (vcap: a service of admin@there)'* ]]
	done
	[ "$(grep -c '^admin@there: vcap extcap .*--extcap-config' asked)" -eq 1 ]
	tshark -i vcap -o extcap.vcap.service:shop -o extcap.vcap.perpacket:true -o "extcap.vcap.spec:10.0.0.0/8 $LAB_FRONT6:/32" \
		-f "tcp port $LAB_PORT" -w out.pcapng >/dev/null 2>out.pcapng.err 3>&- &
	shark=$!
	until_true grep -aq lb2/eth0 out.pcapng
	lab_get 201 /its
	until_true grep -aq 'GET /its' out.pcapng
	kill -INT "$shark"
	ended 0 >said
	[ ! -s said ] || { cat said; false; }
	vcap-stat out.pcapng 2>/dev/null | grep -q '^lb1 *eth0 *client'
	# One that was killed leaves nothing either.
	tshark -i vcap -o extcap.vcap.service:shop -w kill.pcapng >/dev/null 2>&1 3>&- &
	shark=$!
	until_true grep -aq lb2/eth0 kill.pcapng
	kill -KILL "$shark"
	wait "$shark" || true
	until_true gone
}
