#!/usr/bin/env -S tests/lab/lab bats
# vcap start --rolling, vcap snapshot, and vcap stop --snapshot.
#
# shellcheck disable=SC2154 # the names come from the lab

bats_require_minimum_version 1.5.0
load ../until

setup() {
	for part in names network service control witness; do
		# shellcheck source=/dev/null
		. "$BATS_TEST_DIRNAME/../lab/$part.sh"
	done
	cd "$BATS_TEST_TMPDIR" || return
	export VCAP_CONFIG=$LAB_DIR/near VCAP_SPOOL=$PWD/spool
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

# Requests to an engine, some a second; the status of each to codes.
request() { # HOST
	while :; do
		lab_in client curl -s -o /dev/null -w '%{http_code}\n' --interface "$LAB_FRONT4.$1" \
			"http://$LAB_VIP4:$LAB_PORT/small" || true
		pause 10
	done >>codes 2>/dev/null 3>&-
}

is_as_old() { # SECONDS: that is what every engine has
	local state now=$EPOCHREALTIME
	for state in "$VCAP_SPOOL/captures/$ring"/engines/*.state; do
		[ "$(bc <<<"$now - $(sed -n 's/^started //p' "$state") > $1")" = 1 ] || return
	done
}

# Length and bytes of the packets between two times; of an interface whose name matches.
packets() { # FILE FROM TO [INTERFACE]
	lab_frames "$1" | awk -v from="$2" -v to="$3" -v name="${4-.}" \
		'$1 ~ name && $2 >= from && $2 < to { print $3, $4 }' | sort
}

# Break: lib/controller/mergedfile.c s/if (snapshot_window_read(&window, entry)) {/if (0) {/
# Break: lib/controller/snapshot_entry.c s/if (visit(spool, ring, find_covering, &search))/if (0)/
@test "a server dies: the snapshot has the window of both engines, as the witnesses have it, and once" {
	run -1 --separate-stderr vcap-snapshot shop
	[[ $stderr == *"'vcap start shop --rolling 2m' starts one" ]]
	for engine in $LAB_ENGINES; do
		lab_witness "$engine" eth0 "$engine.client" "$(lab_expression client)"
		lab_witness "$engine" eth1 "$engine.server" "$(lab_expression server)"
	done
	lab_witness_ready lb1.client lb1.server lb2.client lb2.server
	run -0 --separate-stderr vcap-start shop --rolling 5s -m include
	ring=$output
	[ -z "$stderr" ]
	request 201 3>&- &
	clients=($!)
	request 202 3>&- &
	clients+=($!)
	# An ordinary capture runs beside it.
	run -0 vcap-start shop -t 60
	other=${lines[-1]}
	until_true is_as_old 5.5
	kill "$(cat "$LAB_DIR/s1.pid")" "$(cat "$LAB_DIR/s2.pid")"
	until_true grep -q 503 codes
	# All within the window of the first, also where processes start slowly.
	asked=()
	for n in 1 2 3 4 5 6 7 8; do
		vcap-snapshot --after 5s --note 'out of servers' shop >"id.$n" 2>"err.$n" 3>&- &
		asked+=($!)
	done
	wait "${asked[@]}"
	id=$(cat id.1)
	[ "$(cat id.? | sort -u)" = "$id" ] || { tail id.? err.?; cat "$VCAP_SPOOL"/captures/*/capture; false; }
	run -0 --separate-stderr vcap-wait "$id"
	[[ $stderr != *"cut short"* ]]
	file=$output
	[ "$(fact state "$id")" = "done" ]
	[ "$(fact state "$ring")" = capturing ]
	[[ "$(fact comment "$id")" == snapshot\ at*": out of servers" ]]
	from=$(fact from "$id") to=$(fact to "$id")
	[ "$(bc <<<"$to - $from")" = 10.000000000 ]
	# Since the proxies ask them no more.
	for engine in $LAB_ENGINES; do lab_in "$engine" curl -s "http://$LAB_BACK4.11:$LAB_SERVER_PORT/" || true; done
	for seen in lb?.client lb?.server; do until_true lab_witness_is_past "$seen" "$to"; done
	kill "${clients[@]}"
	# What both engines saw in the window, and nothing else.
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
	# The response that HAProxy gave for want of a server is among them.
	grep -aq 'HTTP/1.1 503' "$file"
	vcap-ls -r -o ID,ROLLING,SNAPSHOT-OF shop >listed
	cat listed
	grep -q "^$ring.*5" listed
	grep -q "^$id.*$ring" listed
	vcap-status "$ring" | grep -q 'complete since'
	# The last of it; then nothing is left of the ring, here or there.
	run -0 --separate-stderr vcap-stop --snapshot "$ring"
	[ -s "$output" ]
	[ ! -e "$VCAP_SPOOL/captures/$ring" ]
	run -0 vcap-stop "$other"
	run ls -A "$LAB_DIR/lb1.run" "$LAB_DIR/lb2.run"
	[[ $output != *shop* ]]
	for server in $LAB_SERVERS; do lab_server "$server"; done
}
