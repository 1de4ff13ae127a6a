#!/usr/bin/env -S tests/lab/lab bats
# A storm of what is watched for and of requests makes one snapshot; and who is killed meanwhile.
#
# shellcheck disable=SC2154,SC1008,SC2013,SC2046 # the names come from the lab; words

bats_require_minimum_version 1.5.0
load ../until

setup() {
	for part in names network service control; do
		# shellcheck source=/dev/null
		. "$BATS_TEST_DIRNAME/../lab/$part.sh"
	done
	cd "$BATS_TEST_TMPDIR" || return
	cp -rL "$LAB_DIR/near" config
	export VCAP_CONFIG=$PWD/config VCAP_SPOOL=$PWD/spool
	PATH=$LAB_DIR/bin:$PATH
	: >app.log
	sed -i "s| bin=| watch=$PWD/app.log bin=|" config/engines
}

teardown() {
	for id in $(vcap-ls -r -o ID 2>/dev/null); do vcap-rm --give-up "$id" >/dev/null 2>&1 || true; done
}

fact() { # KEY ID
	sed -n "s/^$1 //p" "$VCAP_SPOOL/captures/$2/capture"
}

snapshots() {
	vcap-ls -r -o ID,SNAPSHOT-OF shop | sed -n "s/\t$ring$//p"
}

has_seen() { # COUNT: both engines
	grep -qx "seen 1 lb1 $1" "$VCAP_SPOOL/captures/$ring/triggers" &&
		grep -qx "seen 1 lb2 $1" "$VCAP_SPOOL/captures/$ring/triggers"
}

is_taken() { [ "$(snapshots | wc -l)" -eq 1 ]; }

waiter() { # ID: that has its lock
	pgrep -f "vcap-wait.* $1\$"
}

is_past() { # TIME
	[ "$(bc <<<"$EPOCHREALTIME > $1")" = 1 ]
}

ask() { # FIRST LAST: so many requests, four at a time
	seq "$1" "$2" | xargs -P 4 -I N vcap-snapshot --note N shop >>ids 2>>said
}

counted() { # METRIC: of the rolling capture
	vcap-metrics shop | sed -n "s/^$1{.*,capture=\"$ring\"} //p"
}

# Break: lib/controller/snapshot_entry.c s/else if (visit(spool, ring, find_recent, &search))/else if (0)/
# Break: lib/controller/snapshot_entry.c s/asked.shared += .*/asked.shared = 0;/
@test "a thousand matches and a thousand requests within the cool-down: one snapshot, and the counts" {
	run -0 vcap-start shop --rolling 5s --cooldown 10m --on "file:$PWD/app.log:fatal"
	ring=${lines[-1]}
	run -0 vcap-snapshot --after 1s shop
	id=$output
	for n in $(seq 1000); do
		echo "fatal $n"
		[ $((n % 50)) -ne 0 ] || pause 50
	done >>app.log &
	writer=$!
	ask 1 500
	# The others are for moments that it does not have.
	until_true is_past "$(fact to "$id")"
	ask 501 1000
	wait $writer
	[ "$(wc -l <ids)" -eq 1000 ]
	[ "$(sort -u ids)" = "$id" ]
	grep -q 'which does not have this moment' said
	patience=60 until_true has_seen 1000
	[ "$(snapshots)" = "$id" ]
	# The triggers made none of their own; each decision and each request has been counted.
	grep -qx 'snapshots 0' "$VCAP_SPOOL/captures/$ring/triggers"
	suppressed=$(counted vcap_snapshots_suppressed_total)
	[ "$suppressed" -ge 1 ]
	[ "$(counted vcap_snapshots_asked_total)" -eq $((1001 + suppressed)) ]
	[ "$(counted vcap_snapshots_shared_total)" -eq $((1000 + suppressed)) ]
	# Who insists gets another.
	run -0 --separate-stderr vcap-snapshot --cooldown 0 --after 1s shop
	[ "$output" != "$id" ]
	[ "$(snapshots | wc -l)" -eq 2 ]
}

is_gone() { # ID
	! waiter "$1"
}

# Its lock is free on return.
kill_waiter() { # ID
	kill -9 $(waiter "$1")
	until_true is_gone "$1"
}

@test "kill -9: of the vcap-wait that decides, and of the one that fetches when its part is linked" {
	# Its part does not come before who fetches it is killed.
	cp config/engines fast
	sed -i 's/^lb2 /&bwlimit=50 /' config/engines
	run -0 vcap-start shop --rolling 5s --cooldown 1s --on "file:$PWD/app.log:fatal"
	ring=${lines[-1]}
	echo fatal >>app.log
	until_true is_taken
	id=$(snapshots)
	until_true has_seen 1
	# What was decided about is not decided about again, and what came meanwhile is.
	kill_waiter "$ring"
	until_true test -s "$LAB_DIR/lb2.run/$id.lb2/status"
	kill_waiter "$id"
	cp fast config/engines
	run vcap-wait --quiet "$id"
	[ -s "$VCAP_SPOOL/captures/$id/$id.pcapng" ]
	[ -z "$(find "$LAB_DIR"/lb?.run -name "$id.*")" ]
	vcap-status "$ring"
	until_true waiter "$ring"
	pause 99
	pause 99
	[ "$(snapshots)" = "$id" ]
	kill_waiter "$ring"
	echo fatal >>app.log
	vcap-status "$ring"
	until_true has_seen 2
	[ "$(snapshots | wc -l)" -eq 2 ]
	run -0 vcap-stop "$ring"
	[ -z "$(find "$LAB_DIR"/lb?.run -name "$ring.*")" ]
}
