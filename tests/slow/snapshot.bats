#!/usr/bin/env -S tests/lab/lab bats
# Snapshots where something fails: an engine, a vcap-run, a vcap-wait, a ring that is too young.
#
# shellcheck disable=SC2154,SC1008 # the names come from the lab

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
	# An engine that is out of reach as long as there is a file `down`.
	cat >reach <<-END
		#!/bin/sh
		[ ! -e "$PWD/down" ] || exit 255
		exec ip netns exec lb2 "\$@"
	END
	chmod +x reach
	sed -i "s|exec ip netns exec lb2|exec $PWD/reach|" config/engines
}

teardown() {
	rm -f down
	[ -z "${clients-}" ] || kill "${clients[@]}" 2>/dev/null || true
	for id in $(vcap-ls -r -o ID 2>/dev/null); do vcap-rm --give-up "$id" >/dev/null 2>&1 || true; done
}

fact() { # KEY ID
	sed -n "s/^$1 //p" "$VCAP_SPOOL/captures/$2/capture"
}

request() { # HOST
	while :; do
		lab_in client curl -s -o /dev/null --interface "$LAB_FRONT4.$1" "http://$LAB_VIP4:$LAB_PORT/small" || true
	done >/dev/null 2>&1 3>&-
}

traffic() {
	request 201 3>&- &
	clients=($!)
	request 202 3>&- &
	clients+=($!)
}

is_older() { # SECONDS
	[ "$(bc <<<"$EPOCHREALTIME - $begun > $1")" = 1 ]
}

engines_in() { # ID: that have packets in the file
	vcap-stat -j "$VCAP_SPOOL/captures/$1/$1.pcapng" 2>/dev/null |
		jq -r '.origins[] | select(.packets > 0).engine' | sort -u | xargs
}

left_of() { # ID
	find "$LAB_DIR"/lb?.run -name "$1.*"
}

@test "an engine is out of reach when a snapshot is asked for, and its part comes when it is back" {
	traffic
	begun=$EPOCHREALTIME
	run -0 vcap-start shop --rolling 5s
	ring=${lines[-1]}
	until_true is_older 7
	touch down
	run -0 vcap-snapshot --after 1s shop
	id=${lines[-1]}
	run -3 vcap-wait "$id"
	[[ $(fact message "$id") == *"engine 'lb2' is missing"* ]]
	[ "$(engines_in "$id")" = lb1 ]
	rm down
	run vcap-wait "$id"
	[ "$(engines_in "$id")" = "lb1 lb2" ]
	[[ $(fact message "$id") != *missing* ]]
	[ -z "$(left_of "$id")" ]
	run -0 vcap-stop "$ring"
	[ -z "$(left_of "$ring")" ]
}

@test "kill -9: of the vcap-wait that takes it, and of a vcap-run; and a ring that is too young" {
	traffic
	begun=$EPOCHREALTIME
	run -0 vcap-start shop --rolling 6s
	ring=${lines[-1]}
	run -0 vcap-snapshot --after 0s shop
	young=${lines[-1]}
	run -3 vcap-wait "$young"
	[[ $(fact message "$young") == *"engine 'lb1': it had not kept the first"* ]]
	until_true is_older 8
	run -0 vcap-snapshot --after 3s --note 'killed' shop
	id=${lines[-1]}
	until_true pgrep -f "vcap-wait.* $id"
	kill -9 $(pgrep -f "vcap-wait.* $id")
	run -0 vcap-wait "$id"
	[ "$(engines_in "$id")" = "lb1 lb2" ]
	[ -z "$(left_of "$id")" ]
	# Without its vcap-run, a ring is there and whole, but ends before the window.
	killed=$(sed -n 's/^pid //p' "$LAB_DIR/lb1.run/$ring.lb1/status")
	kill -9 "$killed"
	until_true is_older 14
	run -0 vcap-snapshot --after 0s shop
	id=${lines[-1]}
	run -3 vcap-wait "$id"
	[[ $(fact message "$id") == *"engine 'lb1': its ring had ended"* ]]
	[ "$(engines_in "$id")" = "lb1 lb2" ]
	run -0 vcap-stop "$ring"
	[ -z "$(left_of "$ring")" ]
}
