#!/usr/bin/env -S tests/lab/lab bats
# vcap start --rolling --on: what engines count becomes a snapshot by itself.
#
# shellcheck disable=SC2154,SC1008 # the names come from the lab

bats_require_minimum_version 1.5.0
load ../until

setup() {
	for part in names network service control witness; do
		# shellcheck source=/dev/null
		. "$BATS_TEST_DIRNAME/../lab/$part.sh"
	done
	cd "$BATS_TEST_TMPDIR" || return
	cp -rL "$LAB_DIR/near" config
	export VCAP_CONFIG=$PWD/config VCAP_SPOOL=$PWD/spool
	PATH=$LAB_DIR/bin:$PATH
}

teardown() {
	[ -z "${clients-}" ] || kill "${clients[@]}" 2>/dev/null || true
	for id in $(vcap-ls -r -o ID 2>/dev/null); do vcap-rm --give-up "$id" >/dev/null 2>&1 || true; done
	for file in *.client *.server; do [ ! -e "$file.pid" ] || kill "$(cat "$file.pid")" 2>/dev/null || true; done
}

fact() { # KEY ID
	sed -n "s/^$1 //p" "$VCAP_SPOOL/captures/$2/capture"
}

request() { # HOST
	while :; do
		lab_in client curl -s -o /dev/null --interface "$LAB_FRONT4.$1" "http://$LAB_VIP4:$LAB_PORT/small" || true
	done >/dev/null 2>&1 3>&-
}

# The engine's proxy with a ring that vcap-flows reads, and a file that may be watched.
ringed() { # ENGINE
	kill "$(cat "$LAB_DIR/$1.pid")"
	tail --pid="$(cat "$LAB_DIR/$1.pid")" -f /dev/null
	sed -i -e '/^defaults/i ring vcap\n    format raw\n    size 1048576' \
		-e '/^    mode http/a \    log ring@vcap local0\n    log-format "vcap=%[date(0,us)],%ci,%cp,%fi,%fp,%bi,%bp,%si,%sp %ST %tsc %Tt"' "$LAB_DIR/$1.cfg"
	lab_run "$1" "$1" haproxy -db -f "$LAB_DIR/$1.cfg"
	: >"$PWD/$1.log"
	sed -i "s|^$1 |$1 flows=haproxy:$LAB_DIR/$1.sock watch=$PWD/app.log |" config/engines
	lab_wait "healthy servers on $1" lab_proxy_ready "$1"
}

is_as_old() { # SECONDS: that is what every engine has
	local state now=$EPOCHREALTIME
	for state in "$VCAP_SPOOL/captures/$ring"/engines/*.state; do
		[ "$(bc <<<"$now - $(sed -n 's/^started //p' "$state") > $1")" = 1 ] || return
	done
}

packets() { # FILE FROM TO [INTERFACE]
	lab_frames "$1" | awk -v from="$2" -v to="$3" -v name="${4-.}" \
		'$1 ~ name && $2 >= from && $2 < to { print $3, $4 }' | sort
}

snapshots() {
	vcap-ls -r -o ID,SNAPSHOT-OF shop | sed -n "s/\t$ring$//p"
}

no_matcher() { [ -z "$(pgrep -f "vcap-flows.*--match")" ]; }
is_taken() { [ -n "$(snapshots)" ]; }
is_suppressed() { grep -q '^suppressed [1-9]' "$VCAP_SPOOL/captures/$ring/triggers"; }

# Break: lib/controller/trigger_watch.c s/has_grown |= now->matches > before->matches;/has_grown = false;/
@test "a server is killed: the proxies' 503 freeze the window of both engines, once" {
	: >app.log
	for engine in $LAB_ENGINES; do ringed "$engine"; done
	# What cannot be is said before anything starts.
	run -2 vcap-start shop --rolling 5s --on 'log:(a)\1'
	[[ $output == *"may not refer back"* ]]
	run -2 vcap-start shop --rolling 5s --on 'file:/etc/shadow:root'
	[[ $output == *"'lb1' may not watch '/etc/shadow': 'watch=/etc/shadow'"* ]]
	run -2 vcap-start shop --on 'log: 503 '
	for engine in $LAB_ENGINES; do
		lab_witness "$engine" eth0 "$engine.client" "$(lab_expression client)"
		lab_witness "$engine" eth1 "$engine.server" "$(lab_expression server)"
	done
	lab_witness_ready lb1.client lb1.server lb2.client lb2.server
	run -0 --separate-stderr vcap-start shop --rolling 5s -m include --cooldown 5m --on 'log: 503 ' \
		--on "file:$PWD/app.log:^fatal" --on 'packets:100000/10s:udp and port 53'
	ring=$output
	[[ $stderr == *logasap* ]]
	request 201 3>&- &
	clients=($!)
	request 202 3>&- &
	clients+=($!)
	until_true is_as_old 5.5
	[ -z "$(snapshots)" ]
	kill "$(cat "$LAB_DIR/s1.pid")" "$(cat "$LAB_DIR/s2.pid")"
	until_true is_taken
	id=$(snapshots)
	run -0 --separate-stderr vcap-wait "$id"
	file=$output
	[[ $stderr != *"cut short"* ]]
	[ "$(fact state "$id")" = "done" ]
	# Who saw how many, and nothing of what the lines say.
	comment=$(fact comment "$id")
	echo "$comment"
	[[ $comment =~ ^snapshot\ at\ .*:\ \'log:\ 503\ \'\ \(lb[12]\ [0-9]+(,\ lb[12]\ [0-9]+)?\)$ ]]
	until_true grep -q '^seen 1 lb1 [1-9]' "$VCAP_SPOOL/captures/$ring/triggers"
	until_true grep -q '^seen 1 lb2 [1-9]' "$VCAP_SPOOL/captures/$ring/triggers"
	from=$(fact from "$id") to=$(fact to "$id")
	[ "$(bc <<<"$to - $from")" = 15.000000000 ]
	# The storm goes on: it is counted, and nothing more.
	until_true is_suppressed
	echo 'fatal: also' >>app.log
	until_true grep -q '^seen 2 lb1 1' "$VCAP_SPOOL/captures/$ring/triggers"
	[ "$(snapshots)" = "$id" ]
	metric='service="shop",capture="'$ring'"'
	vcap-metrics shop >metrics
	grep "^vcap_snapshots_suppressed_total{$metric} [1-9]" metrics
	grep "^vcap_trigger_matches_total{$metric,engine=\"lb2\",trigger=\"2\"} 1$" metrics
	vcap-status "$ring" | grep '1 snapshot,'
	# Since the proxies ask them no more.
	for engine in $LAB_ENGINES; do lab_in "$engine" curl -s "http://$LAB_BACK4.11:$LAB_SERVER_PORT/" || true; done
	for seen in lb?.client lb?.server; do until_true lab_witness_is_past "$seen" "$to"; done
	kill "${clients[@]}"
	for engine in $LAB_ENGINES; do
		for side in client server; do
			packets "$engine.$side" "$from" "$to" >seen
			packets "$file" "$from" "$to" "^$engine/eth[01]/$side$" >kept
			echo "$engine $side $(wc -l <seen) $(wc -l <kept)"
			[ "$(wc -l <seen)" -gt 5 ]
			cmp seen kept
		done
	done
	lab_frames "$file" | awk -v from="$from" -v to="$to" '$2 < from || $2 >= to' >outside
	[ ! -s outside ]
	grep -aq 'HTTP/1.1 503' "$file"
	run -0 vcap-stop "$ring"
	until_true no_matcher
	run ls -A "$LAB_DIR/lb1.run" "$LAB_DIR/lb2.run"
	[[ $output != *shop* ]]
}
