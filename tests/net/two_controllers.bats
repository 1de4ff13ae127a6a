#!/usr/bin/env bats
# Two controllers that know nothing of each other and draw the same id, as two crontabs do: on their engine,
# which is this host, too, each has a capture of its own.

# shellcheck disable=SC2086 # an id is a word
bats_require_minimum_version 1.5.0
load ../until

setup() {
	grep -q netns-run /proc/1/cmdline || {
		echo "these tests capture: run them by tests/netns-run"
		return 1
	}
	build=$(cd "$BATS_TEST_DIRNAME/../../${VCAP_BUILD:-build}" && pwd)
	PATH=$build/bin:$build/tests/tools:$PATH:/usr/sbin:/sbin
	cd "$BATS_TEST_TMPDIR" || return
	ip link set lo up
	mkdir -p config/services
	echo "a dir=$PWD/runs exec env" >config/engines
	printf '%s\n' 'vip 127.0.0.1 udp/5000' 'server 127.0.0.2 udp/6000' 'engine a' >config/services/shop
	id=shop.20260101_000000
}

teardown() {
	local name
	for name in one two above; do
		[ ! -d $name ] || by $name vcap-ls -r -o ID | while read -r left; do by $name vcap-rm --give-up "$left"; done
	done
}

by() { # CONTROLLER COMMAND...
	local config=config
	[ "$1" != above ] || config=above-config
	VCAP_CONFIG=$PWD/$config VCAP_SPOOL=$PWD/$1 "${@:2}" 3>&-
}

# Nobody listens: each is answered by an ICMP error, which belongs to the service, too.
send_packets() { # COUNT
	local n
	for ((n = 0; n < $1; n++)); do echo "$n" >/dev/udp/127.0.0.1/5000; done 2>/dev/null
}

counted() { # ID SENT
	grep -qx "packets $((2 * $2))" "runs/$1.a/status"
}

packets_in() { # FILE
	tcpdump -nr "$1" udp 2>/dev/null | wc -l
}

# Break: lib/controller/start.c s/rc = engine_id_renumber(entry, &engines, why)/rc = 0/
# Break: lib/controller/following.c s/engine_id(following->entry, engine->name)/following->entry->id/
# Break: cmd/vcap-fetch.c s/is_there ? engine_id(&entry, request->engine->name) : request->id/request->id/
@test "one id: both capture, and the one that ends leaves the other's packets" {
	by one vcap-start -t 300 --id $id shop
	run -0 --separate-stderr by two vcap-start -t 300 --id $id shop
	[ "$output" = $id ]
	[ -z "$stderr" ]
	[ "$(cd runs && echo *)" = "$id-2.a $id.a" ]
	grep -qx "known-as a $id-2" two/captures/$id/capture
	send_packets 3
	until_true counted $id 3
	until_true counted $id-2 3
	run -0 --separate-stderr by two vcap-stop $id
	[ -z "$stderr" ]
	[ "$(packets_in "$output")" -eq 3 ]
	[ "$(by two vcap-ls -r -o STATE,ID)" = $'done\t'$id ]
	[ "$(cd runs && echo *)" = $id.a ]
	send_packets 2
	until_true counted $id 5
	run -0 --separate-stderr by one vcap-stop $id
	[ "$(packets_in "$output")" -eq 5 ]
	[ "$(by one vcap-ls -r -o STATE)" = "done" ]
	[ -z "$(ls runs)" ]
}

# Break: lib/controller/leftover.c s/engine_id(entry, name)/entry->id/
@test "what is left of it is named as it is called there" {
	by one vcap-start -t 300 --id $id shop
	by two vcap-start -t 300 --id $id shop
	# The engine cannot be asked.
	sed -i 's/exec env/exec false/' config/engines
	run by two vcap-rm --give-up $id
	[[ $output == *"'$PWD/runs/$id-2.a'"* ]]
	sed -i 's/exec false/exec env/' config/engines
	vcap-host stop "$PWD/runs/$id-2.a" >/dev/null
	vcap-host remove "$PWD/runs/$id-2.a"
}

# Break: lib/controller/engine_id.c s/"': File exists"/"nothing"/
@test "a region that has the id already has it with a number" {
	mkdir -p above-config/services
	grep -v engine config/services/shop >above-config/services/shop
	echo 'engine west' >>above-config/services/shop
	echo "west region exec env VCAP_CONFIG=$PWD/config VCAP_SPOOL=$PWD/one" >above-config/engines
	by one vcap-start -t 300 --id $id shop
	run -0 --separate-stderr by above vcap-start -t 300 --id $id shop
	[ -z "$stderr" ]
	[ "$(by one vcap-ls -r -o ID | sort)" = "$id"$'\n'"$id-2" ]
	send_packets 3
	until_true counted $id-2 3
	run -0 by above vcap-stop $id
	[ "$(packets_in "${lines[-1]}")" -eq 3 ]
	[ "$(by one vcap-ls -r -o ID,STATE)" = "$id"$'\t'capturing ]
}

snapshots_of_one_second() {
	by one vcap-snapshot --after 1s shop >one.id 2>one.err &
	local first=$!
	by two vcap-snapshot --after 1s shop >two.id 2>two.err
	wait $first
	cmp one.id two.id
}

# Break: lib/controller/snapshot_entry.c s/ | engine_id_copy_ring(ring, facts)//
# Break: lib/controller/snapshot_engines.c s/int rc = engine_id_renumber(entry, &renumbered, why)/int rc = 0/
@test "snapshots of one second: each is of its own ring" {
	# An engine that removes nothing for now, so that the first of them is there when the other is taken.
	cat >engine <<-'END'
		#!/bin/sh
		[ -e free ] || case "$*" in *'vcap-host remove'*) exit 1 ;; esac
		exec env "$@"
	END
	chmod 755 engine
	echo "a dir=$PWD/runs exec $PWD/engine" >config/engines
	by one vcap-start --rolling 2m --id $id shop
	by two vcap-start --rolling 2m --id $id shop
	send_packets 3
	until_true counted $id 3
	until_true counted $id-2 3
	# Which second they are taken in, each looks up for itself.
	until_true snapshots_of_one_second
	local name
	for name in one two; do
		# They have not been kept for two minutes yet.
		run -3 --separate-stderr by $name vcap-wait "$(cat $name.id)"
		[[ $stderr == *"had not kept the first"* ]]
		[ "$(packets_in "$output")" -eq 3 ]
	done
	grep -qx "ring-known-as a $id-2" "two/captures/$(cat two.id)/capture"
	[ "$(cat {one,two}/captures/"$(cat one.id)"/capture | grep -c "^known-as a $(cat one.id)-2$")" -eq 1 ]
	[ -z "$(cat one.err two.err)" ]
	: >free
}
