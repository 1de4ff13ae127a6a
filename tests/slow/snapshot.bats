#!/usr/bin/env -S tests/lab/lab bats
# Snapshots where something fails: an engine, a vcap-run, a vcap-wait, a ring that is too young.
#
# shellcheck disable=SC2154,SC1008,SC2030,SC2031 # the names come from the lab

bats_require_minimum_version 1.5.0
load ../until

setup() {
	for part in names network service control; do
		# shellcheck source=/dev/null
		. "$BATS_TEST_DIRNAME/../lab/$part.sh"
	done
	preloaded=$(cd "$BATS_TEST_DIRNAME/../../${VCAP_BUILD:-build}/tests/preload" && pwd)
	cd "$BATS_TEST_TMPDIR" || return
	cp -rL "$LAB_DIR/near" config
	export VCAP_CONFIG=$PWD/config VCAP_SPOOL=$PWD/spool
	PATH=$LAB_DIR/bin:$PATH
	# An engine that is out of reach as long as there is a file `down`, and whose clock is set by so many seconds,
	# milliseconds after the beginning of each of its processes, if `clock` says so.
	cat >reach <<-END
		#!/bin/sh
		[ ! -e "$PWD/down" ] || exit 255
		if [ -e "$PWD/clock" ]; then
			read -r CLOCK_STEP CLOCK_AFTER <"$PWD/clock"
			export CLOCK_STEP CLOCK_AFTER LD_PRELOAD=$preloaded/clock.so
		fi
		exec ip netns exec lb2 "\$@"
	END
	chmod +x reach
	sed -i "s|exec ip netns exec lb2|exec $PWD/reach|" config/engines
}

teardown() {
	rm -f down
	for each in disk/other full/other; do [ ! -e $each ] || rm $each; done
	[ -z "${clients-}" ] || kill "${clients[@]}" 2>/dev/null || true
	for id in $(vcap-ls -r -o ID 2>/dev/null); do vcap-rm --give-up "$id" >/dev/null 2>&1 || true; done
	for each in disk full; do ! mountpoint -q $each || umount -l $each; done
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

small_disk() { # DIR: little more than what is always left alone
	mkdir "$1"
	mount -t tmpfs -o mode=755,size=1100m tmpfs "$1"
}

has_shed() { # ENGINE'S DIR: files, for want of room
	grep -q '^removed [1-9]' "$1"/*/status
}

is_taken() { # COUNT
	[ "$(vcap-ls -r -o SNAPSHOT-OF shop | grep -cx "$ring")" -eq "$1" ]
}

newest() {
	vcap-ls -r -o ID,SNAPSHOT-OF shop | sed -n "s/\t$ring$//p" | sort | tail -n 1
}

# Break: lib/capture/output.c s/return lacks_room(writer);/return 0;/
@test "an engine's disk is full when a trigger asks: its ring goes on, its part is missing; with room it is whole again" {
	small_disk disk
	: >app.log
	sed -i -e "s| bin=| watch=$PWD/app.log bin=|" -e "/^lb2/s| dir=[^ ]*| dir=$PWD/disk|" config/engines
	traffic
	begun=$EPOCHREALTIME
	run -0 vcap-start shop --rolling 5s --cooldown 1s --on "file:$PWD/app.log:fatal"
	ring=${lines[-1]}
	until_true is_older 6
	fallocate -l 200m disk/other
	until_true has_shed disk
	echo fatal >>app.log
	until_true is_taken 1
	id=$(newest)
	run -3 vcap-wait "$id"
	[[ $output == *"engine 'lb2'"* ]]
	[[ $(fact message "$id") != *"engine 'lb1'"* ]]
	[[ "$(engines_in "$id")" == lb1* ]]
	[ "$(vcap-status -r "$ring" | cut -f 4 | sort -u)" = capturing ]
	rm disk/other
	begun=$EPOCHREALTIME
	until_true is_older 8
	echo fatal >>app.log
	until_true is_taken 2
	id=$(newest)
	run -0 vcap-wait "$id"
	[ "$(engines_in "$id")" = "lb1 lb2" ]
	run -0 vcap-stop "$ring"
	[ -z "$(left_of "$ring")" ]
	[ -z "$(find disk -mindepth 1)" ]
}

@test "the disk of the spool is full: what triggers and people ask for is kept on the engines until there is room" {
	small_disk full
	export VCAP_SPOOL=$PWD/full/spool
	: >app.log
	sed -i "s| bin=| watch=$PWD/app.log bin=|" config/engines
	traffic
	begun=$EPOCHREALTIME
	run -0 vcap-start shop --rolling 5s --cooldown 1s --on "file:$PWD/app.log:fatal"
	ring=${lines[-1]}
	until_true is_older 6
	fallocate -l 200m full/other
	run -0 vcap-snapshot --after 1s shop
	asked=$output
	run -1 vcap-wait "$asked"
	[[ $output == *"make room, then run 'vcap wait $asked'"* ]]
	echo fatal >>app.log
	until_true is_taken 2
	id=$(newest)
	run -1 vcap-wait "$id"
	[ -n "$(left_of "$asked")" ]
	[ -n "$(left_of "$id")" ]
	rm full/other
	for each in "$asked" "$id"; do
		run -0 vcap-wait "$each"
		[ "$(engines_in "$each")" = "lb1 lb2" ]
		[ -z "$(left_of "$each")" ]
	done
	[ "$(vcap-status -r "$ring" | cut -f 4 | sort -u)" = capturing ]
	run -0 vcap-stop "$ring"
	[ -z "$(left_of "$ring")" ]
}

# Break: lib/controller/snapshot_window.c s/else if (keyval_get(state, "clock-step") &&/else if (0 \&\&/
@test "an engine's clock is set while it keeps the last minutes: its snapshot says so, and the other engine is whole" {
	echo 600 5000 >clock
	traffic
	run -0 vcap-start shop --rolling 5s
	ring=${lines[-1]}
	until_true grep -q '^clock-step ' "$LAB_DIR/lb2.run/$ring.lb2/status"
	# Whatever begins there now has that clock.
	echo 600 0 >clock
	run -0 vcap-snapshot --after 0s shop
	id=${lines[-1]}
	run -3 vcap-wait "$id"
	[[ $(fact message "$id") == *"engine 'lb2': its clock was set by +600."* ]]
	[[ $(fact message "$id") != *"engine 'lb1'"* ]]
	[[ "$(engines_in "$id")" == lb1* ]]
	[ -z "$(left_of "$id")" ]
	[ "$(vcap-status -r "$ring" | cut -f 4 | sort -u)" = capturing ]
	rm clock
	run vcap-stop "$ring"
	[ -z "$(left_of "$ring")" ]
}
