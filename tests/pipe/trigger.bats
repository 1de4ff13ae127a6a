#!/usr/bin/env bats
# What a rolling capture is frozen upon: what is refused, what an engine is told, and how lines are counted.
#
# shellcheck disable=SC2016 # dollars that must stay

bats_require_minimum_version 1.5.0

setup() {
	PATH="$BATS_TEST_DIRNAME/../../${VCAP_BUILD:-build}/bin:$PATH"
	cd "$BATS_TEST_TMPDIR" || return
	export VCAP_CONFIG=$PWD/config VCAP_SPOOL=$PWD/spool
	mkdir -p config/services
	printf '#!/bin/sh\ncat >/dev/null\necho "$@" >>"%s/asked"\n' "$PWD" >engine
	chmod 755 engine
	printf '%s\n' "a dir=/d flows=haproxy:/run/h.sock watch=/l/x,/l/y exec $PWD/engine" >config/engines
	printf '%s\n' 'vip 192.0.2.10 tcp/80' 'server 10.0.0.1' 'engine a' >config/services/shop
}

# Nobody is to wait any more for what the stub has begun.
give_up() {
	local id
	for id in $(vcap-ls -r -o ID 2>/dev/null); do timeout 30 vcap-rm --give-up "$id" >/dev/null 2>&1 || true; done
}

teardown() {
	give_up
}

refused() { # MESSAGE ARG...
	run vcap-start shop "${@:2}"
	[ "$status" -eq 2 ] || { echo "$status: $output"; false; }
	[[ "$output" == *"$1"* ]] || { echo "$output"; false; }
	[ "${#lines[@]}" -eq 1 ]
	[ ! -e spool ]
	[ ! -e asked ]
}

# Break: lib/controller/trigger_params.c s/if (spec->kind == TRIGGER_FILE .. !watches(engine, spec->path))/if (0)/
@test "a trigger that cannot be is refused with the word in quotes; one that can is told to the engine" {
	refused "go with '--rolling'" --on log:x
	refused "go with '--rolling'" --cooldown 5m
	refused "goes with '--on'" --rolling 5s --max-snapshots 5/h
	refused "'line:x'" --rolling 5s --on line:x
	refused "bad pattern '(a'" --rolling 5s --on 'log:(a'
	refused "refer back" --rolling 5s --on 'log:(a)\1'
	refused "the pattern is empty" --rolling 5s --on file:/l/x:
	refused "'file:/l/x'" --rolling 5s --on file:/l/x
	refused "engine 'a' may not watch '/etc/shadow': 'watch=/etc/shadow'" --rolling 5s --on file:/etc/shadow:x
	refused "'packets:9:tcp'" --rolling 5s --on packets:9:tcp
	refused "max-snapshots 10/m'" --rolling 5s --on log:x --max-snapshots 10/m
	refused "max-snapshots 0/h'" --rolling 5s --on log:x --max-snapshots 0/h
	refused "max-snapshots 500/h'" --rolling 5s --on log:x --max-snapshots 500/h
	refused "cooldown 10ms'" --rolling 5s --on log:x --cooldown 10ms
	refused "at most 8" --rolling 5s --on log:1 --on log:2 --on log:3 --on log:4 --on log:5 --on log:6 --on log:7 \
		--on log:8 --on log:9
	run vcap-start shop --rolling 5s --on 'packets:9/1s:tcp and and'
	[ "$status" -eq 1 ] || [ "$status" -eq 2 ]
	[[ $output == *syntax* ]]
	[ ! -e asked ]
	# What an engine is told has the words as they are, and a program.
	run vcap-start shop --rolling 5s --on 'log: {} {dir}$' --on 'packets:9/1s:ip6' --on file:/l/y:z
	grep -qF -- '--on=log: {} {dir}$ --on=packets:9/1s:32,40 0 0 12,' asked
	grep -qF -- '--on=file:/l/y:z --flows haproxy:/run/h.sock' asked
	sed -i 's|flows=[^ ]*|flows=conntrack|' config/engines
	give_up
	rm -rf spool asked
	refused "engine 'a' has no log to watch: 'flows=haproxy:SOCKET'" --rolling 5s --on log:x
}

# Break: lib/flows/linematch.c s/rc = process_keep(.*/rc = 0;/
@test "the process that matches lines has only what it reads and answers by" {
	mkfifo lines counts
	exec 8<>lines 9>other
	timeout 60 vcap-flows --match x --log - <lines >counts 3>&- &
	flows=$!
	# It says so once it has begun.
	read -r <counts
	# Its child's child: of timeout, of vcap-flows.
	matcher=$(pgrep -P "$(pgrep -P $flows)")
	ls -l "/proc/$matcher/fd" >&2
	[ "$(find "/proc/$matcher/fd" -lname '*/other' | wc -l)" -eq 0 ]
	[ "$(find "/proc/$matcher/fd" -lname '*/null' | wc -l)" -eq 2 ]
	exec 8>&- 9>&-
	kill $flows
}

# Break: lib/flows/linematch.c s/if (matcher->has_begun)/if (0)/
# Break: lib/base/linepattern.c s/#define STEPS_MOST .*/#define STEPS_MOST 2000000000/
@test "vcap-flows --match counts lines, those too that cost too much, and prints nothing of them" {
	{
		echo 'x 503 secret'
		head -c 60 /dev/zero | tr '\0' a
		echo '!'
		head -c 20000 /dev/zero | tr '\0' b
		echo
		echo 'y 503 secret'
	} >lines
	# Without the limit, longer than this host will live.
	run -0 --separate-stderr timeout 60 vcap-flows --match ' 503 ' --match '(a+)+$' --match nothing --log - <lines
	[ "${lines[0]}" = "# lines from here on" ]
	# On a busy host also what it was in between.
	[ "$(printf '%s\n' "${lines[@]:1}" | awk '{ last[$1] = $0 } END { for (i in last) print last[i] }' | sort)" = "1 2 0
2 0 1" ]
	run -2 vcap-flows --match x --conntrack
	run -2 vcap-flows --match '(a)\1' --log lines
	[[ $output == *"'(a)\\1'" ]]
}
