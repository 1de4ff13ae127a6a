#!/usr/bin/env bats
# A capture from start to file: two engines that are network namespaces, real packets, and what can
# go wrong with an engine or with the controller on the way. The numbers F7 to F29 are faults that a
# capture has to survive.
# shellcheck disable=SC2016 # dollars for the shell of an engine

bats_require_minimum_version 1.5.0
load tcpdump
load ../until
load rings

setup_file() {
	grep -q netns-run /proc/1/cmdline || {
		echo "these tests make namespaces: run them by tests/netns-run"
		return 1
	}
	PATH=$PATH:/usr/sbin:/sbin
	for engine in a b; do
		ip netns add $engine
		ip -n $engine link set lo up
	done
}

teardown_file() {
	ip netns del a
	ip netns del b
}

setup() {
	build=$BATS_TEST_DIRNAME/../../${VCAP_BUILD:-build}
	PATH=$(cd "$build/bin" && pwd):$PATH:/usr/sbin:/sbin
	cd "$BATS_TEST_TMPDIR" || return
	small_rings "$PWD/small"
	export VCAP_CONFIG=$PWD/config VCAP_SPOOL=$PWD/spool
	mkdir -p config/services
	engines "$in a" "$in b"
	printf '%s\n' 'vip 127.0.0.1 udp/5000' 'server 127.0.0.2 udp/6000' 'monitor tcp/1' \
		'engine a' 'engine b' >config/services/shop
}

teardown() {
	for pid in $(pgrep -x 'vcap-wait|vcap-run|dumpcap'); do
		kill -9 "$pid" 2>/dev/null || true
	done
	until_true gone 'vcap-wait|vcap-run|dumpcap'
	# What a test that failed has left mounted.
	for place in full spool; do
		! grep -q " $PWD/$place " /proc/self/mountinfo || umount -l $place
	done
}

engines() { # PREFIX of a, of b
	printf '%s\n' "a dir=$PWD/run exec $1" "b dir=$PWD/run exec $2" >config/engines
}

# An engine b whose transport does what it is told when a command's name comes by.
wayward() { # COMMAND SCRIPT
	printf '#!/bin/sh\nPATH=${0%%/*}/small:$PATH\nreal() { ip netns exec b "$@"; }\n[ "$1 $2" != "vcap-host answer" ] || { echo "vcap-answer $3"; shift 4; }\ncase $1 in %s) %s ;; esac\nexec ip netns exec b "$@"\n' \
		"$1" "$2" >wayward
	chmod 755 wayward
	engines "$in a" "$PWD/wayward"
}

kill_waiter() {
	local pid
	until_true pgrep -x vcap-wait
	for pid in $(pgrep -x vcap-wait); do
		kill -9 "$pid"
	done
}

gone() { # NAME: of processes
	! pgrep -x "$1"
}

begin() { # ARG...: of vcap-start; sets id
	id=$(vcap-start "$@" 2>start.err 3>&-)
}

# One datagram to the VIP and one to a server are four packets: each is refused by ICMP.
talk() { # ENGINE COUNT
	ip netns exec "$1" bash -c 'for i in $(seq '"$2"'); do
		echo x >/dev/udp/127.0.0.1/5000; echo x >/dev/udp/127.0.0.2/6000; echo x >/dev/udp/127.0.0.1/7000
	done' 2>/dev/null
}

fact() { # KEY
	sed -n "s/^$1 //p" "$VCAP_SPOOL/captures/$id/capture"
}

fields() { # FIELD,... FILE
	"$BATS_TEST_DIRNAME/../frames" -f "$@"
}

packets_in() { # FILE
	tcpdump -nr "$1" 2>/dev/null | wc -l
}

file() {
	echo "$VCAP_SPOOL/captures/$id/$id.pcapng"
}

nothing_left() { # on the engines
	until_true gone vcap-run
	[ -z "$(find run -mindepth 1 2>/dev/null)" ]
}

@test "start, stop, file: all packets of both engines, none else, and nothing left behind" {
	begin shop -t 5
	talk a 10
	talk b 5
	run vcap-stop "$id"
	[ "$status" -eq 0 ]
	[ "$output" = "$(file)" ]
	vcap-stat "$(file)"
	[ "$(packets_in "$(file)")" -eq 60 ]
	[ "$(fact packets)" = 60 ]
	[ "$(vcap-stat "$(file)" | awk '$3 == "client" || $3 == "server" { print $1, $2, $3, $4 }')" = \
		$'a lo client 20\na lo server 20\nb lo client 10\nb lo server 10' ]
	fields time "$(file)" | sort -c -n
	nothing_left
	until_true gone vcap-wait
	[ "$(ls "$VCAP_SPOOL/captures/$id/engines")" = $'a.state\nb.state' ]
	[ -z "$(find "$VCAP_SPOOL" \( -type f ! -perm 600 \) -o \( -type d ! -perm 700 \))" ]
	[ "$(vcap-ls -r | cut -f 2,4-9)" = $'shop\t60\t0\ta,b\t-\tdone\t'"$id" ]
}

# Break: lib/controller/commands.c s/strvec_push(words, FRAMED);/;/
# bats test_tags=slow
@test "an engine whose login shell prints: all packets of both engines, and vcap check shows it" {
	printf '#!/bin/sh\nPATH=${0%%/*}/small:$PATH\nprintf "Welcome\\nto b"\nexec ip netns exec b "$@"\n' >loud
	chmod 755 loud
	engines "$in a" "$PWD/loud"
	run -0 vcap-check -r shop
	[[ ${lines[0]} != *prints* ]]
	[[ ${lines[1]} == $'b\tready\t'*"what reaches b prints: 'Welcome'" ]]
	begin shop -t 5
	talk a 10
	talk b 5
	run -0 vcap-stop "$id"
	[ "$(packets_in "$(file)")" -eq 60 ]
	[ "$(fact state)" = "done" ]
	nothing_left
}

@test "a time limit, in the foreground: the id, then the path" {
	run --separate-stderr vcap-capture shop -t 1s 3>&-
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 2 ]
	id=${lines[0]}
	[ "${lines[1]}" = "$(file)" ]
	[[ "$stderr" == *"a capturing"* ]]
	[ "$(fact state)" = "done" ]
	nothing_left
}

@test "^C ends the capture and collects it" {
	env --default-signal=INT setsid vcap-capture shop -t 5 >out 2>err 3>&- &
	until_true grep -q 'a capturing' err
	talk a 3
	kill -INT -- -$!
	wait $!
	id=$(head -n 1 out)
	[ "$(fact state)" = "done" ]
	[ "$(fact packets)" = 12 ]
	[ "$(tail -n 1 out)" = "$(file)" ]
}

# bats test_tags=slow
@test "^C while the engines are starting ends it too, a second one detaches" {
	mkfifo gate
	wayward vcap-run 'timeout 10 cat gate'
	env --default-signal=INT setsid vcap-capture shop -t 5 >out 2>err 3>&- &
	until_true pgrep -f 'cat gate'
	kill -INT -- -$!
	# Whether somebody waits at it or not.
	: <>gate
	wait $!
	id=$(head -n 1 out)
	[ "$(fact state)" = "done" ]
	[ "$(tail -n 1 out)" = "$(file)" ]

	wayward vcap-host 'while [ -e held ]; do sleep 0.05; done'
	: >held
	export TMPDIR=$PWD/temporary
	mkdir temporary
	env --default-signal=INT setsid vcap-capture shop -t 5 >out 2>err 3>&- &
	until_true grep -q 'capturing' err
	kill -INT -- -$!
	until_true grep -q 'ending the capture' err
	kill -INT -- -$!
	# Not by run: its subshell is not the parent that may wait.
	status=0
	wait $! || status=$?
	[ "$status" -eq 1 ]
	grep -q 'detached' err
	id=$(head -n 1 out)
	[ -z "$(ls -A temporary)" ]
	rm held
	vcap-wait "$id"
}

@test "a count per core, a snaplen, addresses" {
	begin shop -c 5 -s 30
	for cpu in $(seq 0 $(($(nproc) - 1))); do
		talk_on() { taskset -c "$cpu" ip netns exec "$1" bash -c 'for i in 1 2 3 4 5 6; do echo x >/dev/udp/127.0.0.1/5000; done' 2>/dev/null; }
		talk_on a
		talk_on b
	done
	vcap-wait "$id"
	[ "$(fact packets)" = $((2 * 5 * $(nproc))) ]
	[ "$(fields kept "$(file)" | sort -u)" = 30 ]
	begin shop -t 5 -P 127.0.0.2
	talk a 4
	vcap-stop "$id"
	[ "$(fact packets)" = 8 ]
}

# Break: lib/controller/start.c s/? START_UNKNOWN$/? START_REFUSED/
# bats test_tags=slow
@test "F9: an engine that cannot start is missing, and named" {
	engines "$in a" false
	run begin shop -t 5
	[ "$status" -eq 3 ]
	[ "$(cat start.err)" = "vcap-start: engine 'b' has not said that it captures: exit status 1" ]
	id=$(vcap-ls -r | cut -f 9)
	talk a 2
	run vcap-stop "$id"
	[ "$status" -eq 3 ]
	[[ "$output" == *"engine 'b' is missing: exit status 1"* ]]
	[ "$(packets_in "$(file)")" -eq 8 ]
	[ "$(vcap-ls -r | cut -f 6-8)" = $'a\tb\tpartial' ]
	vcap-ls | grep -q 'missing b'
}

# bats test_tags=slow
@test "no engine can start: a failure, and not in the way of the next capture" {
	engines false no-such-program
	run vcap-start shop -t 5
	[ "$status" -eq 1 ]
	[[ "$output" == *"engine 'b' does not capture: not reached: "*"'no-such-program'"* ]]
	[ -z "$(vcap-ls -r)" ]
	engines "$in a" "$in b"
	begin shop -t 5
	vcap-stop "$id"
}

# bats test_tags=slow
@test "F1: a spool without room takes nothing, and keeps nothing of it" {
	mkdir full
	# Bytes are held back as a reserve; what can still run out is the number of files.
	for files in 4 5 6 7 8 9; do
		mount -t tmpfs -o size=1100M,nr_inodes=$files tmpfs full
		VCAP_SPOOL=$PWD/full/spool run -1 vcap-start shop -t 5
		[ "${#lines[@]}" -eq 1 ]
		[[ "$output" == "vcap-start: cannot "*": No space left on device" ]]
		[ -z "$(ls -A full/spool/captures)" ]
		umount full
	done
	mount -t tmpfs -o size=8k tmpfs full
	VCAP_SPOOL=$PWD/full/spool run -1 vcap-start shop -t 5
	[[ "$output" == "vcap-start: the disk of this host has only 0 MiB free for "* ]]
	[ -z "$(ls -A full/spool/captures)" ]
	umount full
}

# bats test_tags=slow
@test "F7: an unlimited capture is not over because its engines are out of reach" {
	begin shop --patience 100ms
	talk a 2
	talk b 2
	cp config/engines reachable
	engines false false
	state=spool/captures/$id/engines/a.state
	until_true grep -q '^exit 1' "$state"
	touch asked
	until_true test "$state" -nt asked
	[ "$(vcap-ls -r | cut -f 8)" = capturing ]
	mv reachable config/engines
	run -0 vcap-stop "$id"
	[ "$(packets_in "$(file)")" -eq 16 ]
}

# bats test_tags=slow
@test "F9: an engine that is lost during the capture is given up, the other is there" {
	begin shop -t 5 --patience 300ms
	talk a 2
	talk b 2
	engines "$in a" false
	run vcap-stop "$id"
	[ "$status" -eq 3 ]
	[[ "$output" == *"engine 'b' is missing: exit status 1"* ]]
	[ "$(packets_in "$(file)")" -eq 8 ]
	[ "$(vcap-status -r "$id" | cut -f 3,4)" = $'a\tmerged\nb\tmissing' ]
}

# Break: lib/controller/mergedfile.c s/if (spool_entry_has_merged(entry))/if (0)/
# Break: lib/controller/leftover.c s/rc = spool_entry_mark_kept.*/rc = 0;/
# bats test_tags=slow
@test "F9: what a lost engine has is fetched by the next wait and merged with the rest" {
	begin shop -t 5 --patience 300ms
	talk a 2
	talk b 3
	engines "$in a" false
	run vcap-stop "$id"
	[ "$status" -eq 3 ]
	[[ "$output" == *"engine 'b' may still have its part: 'vcap wait $id' fetches it"* ]]
	run vcap-wait "$id"
	[ "$status" -eq 3 ]
	[ "$(packets_in "$(file)")" -eq 8 ]
	# It sends its part, and is lost again.
	wayward vcap-host '[ "$2" != remove ] || exit 1'
	vcap-wait "$id" 2>err
	[ "$(fact state)" = "done" ]
	grep -qx "vcap-wait: engine 'b' keeps a copy that could not be removed: 'vcap wait $id' or 'vcap rm $id' removes it" err
	[ "$(fact packets)" = 20 ]
	fields time "$(file)" | sort -c -n
	[ "$(vcap-stat "$(file)" | awk '$3 == "client" || $3 == "server" { print $1, $2, $3, $4 }')" = \
		$'a lo client 4\na lo server 4\nb lo client 6\nb lo server 6' ]
	[ "$(find spool -name '*.pcapng')" = "${VCAP_SPOOL#"$PWD/"}/captures/$id/$id.pcapng" ]
	engines "$in a" "$in b"
	vcap-wait "$id"
	[ -z "$(fact kept)$(fact message)$(fact late)$(fact replace)" ]
	nothing_left
}

# bats test_tags=slow
@test "an engine whose answer was lost while starting takes part after all" {
	wayward vcap-run 'real "$@"; exit 255'
	run begin shop -t 5
	[ "$status" -eq 3 ]
	id=$(vcap-ls -r | cut -f 9)
	talk b 2
	run vcap-stop "$id"
	[ "$status" -eq 0 ]
	[ "$(fact packets)" = 8 ]
	nothing_left
}

# bats test_tags=slow
@test "F23: a second capture by the same request is refused with the id of the first" {
	begin shop -t 5
	run vcap-start shop -t 5
	[ "$status" -eq 1 ]
	[ "${lines[-1]}" = "vcap-start: 'shop' is being captured already by the same request: '$id'" ]
	sed 's/5000/7000/' config/services/shop >config/services/other
	first=$id
	begin other -t 5
	talk a 2
	vcap-stop "$first"
	vcap-stop "$id"
	[ "$(fact packets)" = 8 ]
}

# Break: lib/controller/spool.c s/if (!ids.1.)/if (1)/
@test "several captures of a service at once: each has its own packets; its name alone is not enough" {
	begin shop -t 50
	first=$id
	talk a 2
	begin shop -t 60 -E a
	talk a 3
	for command in vcap-stop vcap-wait 'vcap-export -w -'; do
		# shellcheck disable=SC2086 # words
		run -2 $command shop
		[[ $output == *": several captures of 'shop' are unfinished: '"*"', '"*"'" ]]
		[[ $output == *"'$first'"* && $output == *"'$id'"* ]]
	done
	[ "$(vcap-status -nr shop | cut -f 1 | sort | uniq -c | tr -d '\n' | tr -s ' ')" = " 2 $first 1 $id" ] ||
		[ "$(vcap-status -nr shop | cut -f 1 | sort | uniq -c | tr -d '\n' | tr -s ' ')" = " 1 $id 2 $first" ]
	vcap-stop "$first"
	[ "$(id=$first fact packets)" = 20 ]
	vcap-stop shop
	[ "$(fact packets)" = 12 ]
	nothing_left
}

# Not a bare wait: among the shell's children may be what ends a test that takes too long.
wait_for_started() {
	wait "${started[@]}" || true
	started=()
}

# Break: lib/controller/spool.c s/strcmp(own, request) == 0/0/
# Twenty with VCAP_SLOW, five without.
# bats test_tags=slow
@test "F23: many captures of different services at once, and of each a second one is refused" {
	many=5
	[ -z "${VCAP_SLOW-}" ] || many=20
	numbers=$(seq 10 $((9 + many)))
	for n in $numbers; do
		sed "s/5000/50$n/; s/6000/60$n/" config/services/shop >"config/services/s$n"
	done
	for n in $numbers; do
		vcap-start "s$n" -t 5 >"s$n.id" 2>"s$n.err" 3>&- &
		started+=($!)
	done
	wait_for_started
	for n in $numbers; do
		[ "$(wc -l <"s$n.id")" -eq 1 ] || { cat "s$n.err"; false; }
	done
	[ "$(vcap-ls -r -o STATE | sort | uniq -c | tr -s ' ')" = " $many capturing" ]
	[ "$(pgrep -cx vcap-run)" -ge $((2 * many)) ]

	for n in $numbers; do
		{ vcap-start "s$n" -t 5 >"s$n.second" 2>&1 3>&- || echo $? >>"s$n.second"; } &
		started+=($!)
	done
	wait_for_started
	for n in $numbers; do
		[ "$(cat "s$n.second")" = "vcap-start: 's$n' is being captured already by the same request: '$(cat "s$n.id")'"$'\n1' ] || {
			cat "s$n.second"
			false
		}
	done

	# As many as its number.
	for engine in a b; do
		# shellcheck disable=SC2086 # words
		ip netns exec $engine bash -c 'for n; do
			for i in $(seq $n); do echo x >/dev/udp/127.0.0.1/50$n; done; done' - $numbers 2>/dev/null
	done
	for n in $numbers; do
		vcap-stop "$(cat "s$n.id")" >"s$n.file" 2>"s$n.err" 3>&- &
		started+=($!)
	done
	wait_for_started
	for n in $numbers; do
		# Each is refused: two packets, on two engines.
		tcpdump -nr "$(cat "s$n.file")" 2>/dev/null >"s$n.text"
		[ "$(wc -l <"s$n.text")" -eq $((4 * n)) ] || { cat "s$n.err"; false; }
		[ "$(grep -c "50$n" "s$n.text")" -eq $((4 * n)) ]
	done
	[ "$(vcap-ls -r -o STATE | sort | uniq -c | tr -s ' ')" = " $many done" ]
	nothing_left
}

# bats test_tags=slow
@test "F23: of two that start a service at once, one does, and the other is told which" {
	rounds=2
	[ -z "${VCAP_SLOW-}" ] || rounds=10
	for _ in $(seq $rounds); do
		for who in x y; do
			vcap-start shop -t 5 >$who.id 2>$who.err 3>&- &
			started+=($!)
		done
		wait_for_started
		id=$(cat x.id y.id)
		[ "$(wc -l <<<"$id")" -eq 1 ]
		[ "$(cat x.err y.err)" = "vcap-start: 'shop' is being captured already by the same request: '$id'" ]
		vcap-stop "$id"
		vcap-rm "$id"
	done
}

# bats test_tags=slow
@test "F8: a waiter that is killed while engines capture is followed by the next" {
	begin shop -t 5
	kill_waiter
	talk a 2
	vcap-stop "$id"
	[ "$(fact state)" = "done" ]
	[ "$(fact packets)" = 8 ]
}

# bats test_tags=slow
@test "F8: a waiter that is killed while fetching is followed by the one status leaves behind" {
	wayward vcap-merge 'touch fetching; while [ ! -e go ]; do sleep 0.02; done'
	begin shop -t 100ms
	until_true test -e fetching
	[ "$(fact state)" = fetching ]
	kill_waiter
	until_true gone vcap-wait
	touch go
	[ "$(vcap-status -r "$id" | wc -l)" -eq 2 ]
	vcap-wait "$id"
	[ "$(fact state)" = "done" ]
	nothing_left
}

# bats test_tags=slow
@test "F27: an engine that sends garbage, or without end, or less than it has, is missing" {
	for script in 'echo garbage; exit' 'exec yes' 'real "$@" | head -c 300; exit' 'exit'; do
		rm -rf spool run
		wayward vcap-merge "$script"
		begin shop -t 5
		talk a 2
		talk b 2
		run vcap-stop "$id"
		[ "$status" -eq 3 ]
		[[ "$output" == *"engine 'b' is missing: "* ]]
		[ "$(packets_in "$(file)")" -eq 8 ]
		[ "$(du -s "$VCAP_SPOOL" | cut -f 1)" -lt 2000 ]
		# What could not be fetched stays where it is.
		[ "$(ls run)" = "$id.b" ]
	done
}

# bats test_tags=slow
@test "a fetch that breaks once is made again" {
	wayward vcap-merge '[ -e broken ] || { touch broken; real "$@" | head -c 200; exit 1; }'
	begin shop -t 5
	talk b 2
	vcap-stop "$id"
	[ "$(fact packets)" = 8 ]
}

@test "F4: an engine's vcap-run that is killed leaves what it had, and the file is partial" {
	begin shop -t 5
	talk a 2
	talk b 2
	until_true grep -q '^packets 8' "run/$id.b/status"
	kill -9 "$(sed -n 's/^pid //p' "run/$id.b/status")"
	run vcap-stop "$id"
	[ "$status" -eq 3 ]
	[[ "$output" == *"engine 'b'"* ]]
	[ "$(packets_in "$(file)")" -eq 16 ]
}

@test "export: a copy under its name, never over another, as pcap, as a stream" {
	begin shop -t 5
	talk a 2
	run vcap-export shop .
	[ "$status" -eq 1 ]
	[[ "$output" == *"is still running"* ]]
	vcap-stop shop
	[ "$(vcap-export shop .)" = "./$id.pcapng" ]
	cmp "$id.pcapng" "$(file)"
	run vcap-export "$id" .
	[ "$status" -eq 1 ]
	[ "$output" = "vcap-export: './$id.pcapng' exists already" ]
	vcap-export -F pcap "$id" .
	[ "$(packets_in "$id.pcap")" -eq 8 ]
	vcap-export -w - shop | cmp - "$(file)"
	vcap-export -w there shop
	cmp there "$(file)"
	run vcap-export -w nowhere/there shop
	[ "$status" -eq 1 ]
	[ -z "$(find . -maxdepth 1 -name '.*.tmp')" ]
}

@test "rm: not one that goes on; then all of it" {
	begin shop -t 5
	run vcap-rm "$id"
	[ "$status" -eq 1 ]
	vcap-stop "$id"
	vcap-rm "$id"
	[ -z "$(ls "$VCAP_SPOOL/captures")" ]
	run vcap-rm "$id"
	[ "$status" -eq 1 ]
	[ "$output" = "vcap-rm: there is no capture '$id'" ]
}

# Break: lib/controller/poll.c s/spool_entry_is_given_up(entry)/0/
# bats test_tags=slow
@test "rm --give-up: ends a capture in any state, and says what an engine keeps" {
	begin shop -t 5
	engines "$in a" false
	run timeout 20 vcap-rm --give-up "$id"
	[ "$status" -eq 3 ]
	[ "$output" = "vcap-rm: engine 'b' keeps its part of '$id' in '$PWD/run/$id.b', and may capture still: run 'vcap-on b vcap-host stop $PWD/run/$id.b', then 'vcap-on b vcap-host remove $PWD/run/$id.b'" ]
	[ -z "$(ls "$VCAP_SPOOL/captures")" ]
	until_true gone vcap-wait
	engines "$in a" "$in b"
	vcap-on b vcap-host stop "$PWD/run/$id.b" >/dev/null
	vcap-on b vcap-host remove "$PWD/run/$id.b"
	nothing_left
}

# Break: cmd/vcap-wait.c s/if (was_over .*/if (!spool_entry_is_over(\&entry))/
# bats test_tags=slow
@test "a capture that failed is tried again; rm removes its parts from the engines" {
	begin shop -t 5
	talk a 2
	mkdir "$(file)"
	run vcap-stop "$id"
	[ "$status" -eq 1 ]
	rmdir "$(file)"
	vcap-wait "$id"
	[ "$(fact packets)" = 8 ]
	nothing_left
	begin shop -t 5
	mkdir "$(file)"
	run vcap-stop "$id"
	until_true gone vcap-wait
	[ "$(fact state)" = failed ]
	vcap-rm "$id"
	nothing_left
}

@test "vcap-fetch alone: keeps the engine's copy, or removes it" {
	begin shop -t 5 -E a
	talk a 2
	kill_waiter
	vcap-on a vcap-host stop "$PWD/run/$id.a"
	vcap-fetch -k a "$id" one.pcapng
	[ "$(packets_in one.pcapng)" -eq 8 ]
	[ -d "run/$id.a" ]
	vcap-fetch a "$id" two.pcapng
	cmp one.pcapng two.pcapng
	[ ! -e "run/$id.a" ]
	run vcap-fetch a "$id" three.pcapng
	[ "$status" -eq 1 ]
	[ ! -e three.pcapng ]
}

# bats test_tags=slow
@test "vcap-fetch -z, --bwlimit: the same file, less on the way, no faster than that" {
	begin shop -t 5 -E b
	talk b 300
	kill_waiter
	vcap-on b vcap-host stop "$PWD/run/$id.b"
	vcap-fetch -k b "$id" plain.pcapng
	[ "$(packets_in plain.pcapng)" -eq 1200 ]
	wayward vcap-merge 'echo "$@" >>asked; real "$@" | tee sent; exit'
	vcap-fetch -k -z b "$id" packed.pcapng
	cmp plain.pcapng packed.pcapng
	zstd -dc sent | cmp - plain.pcapng
	[ "$(wc -c <sent)" -lt $(($(wc -c <plain.pcapng) / 2)) ]
	# Twice as much as may come in a second.
	size=$(wc -c <plain.pcapng)
	before=$(date +%s%N)
	vcap-fetch -k --bwlimit $((size / 2)) b "$id" slow.pcapng
	[ $((($(date +%s%N) - before) / 1000000)) -ge 1900 ]
	cmp plain.pcapng slow.pcapng
	# The engines file says so for good, and that it takes ten minutes; the command line knows better.
	sed -i "s|^b |b compress=zstd bwlimit=$((size / 600)) |" config/engines
	rm asked
	timeout 300 vcap-fetch -k --bwlimit 0 b "$id" again.pcapng
	cmp plain.pcapng again.pcapng
	sed -i "s|bwlimit=[0-9]*|bwlimit=$size|" config/engines
	grep -q -- '-w - -z ' asked
	# It was not this controller that ended it.
	run -3 vcap-wait "$id"
	[[ $output == *"is partial"*"vcap-wait: engine 'b': ended before its time, without a request from here"* ]]
	cmp <(fields time,data "$(file)") <(fields time,data plain.pcapng)
	nothing_left
	run vcap-fetch --bwlimit x b "$id" x
	[ "$status" -eq 2 ]
}

# bats test_tags=slow
@test "vcap-fetch -z: what is cut short, damaged, without end or no zstd is no file" {
	begin shop -t 5 -E b
	talk b 30
	kill_waiter
	vcap-on b vcap-host stop "$PWD/run/$id.b"
	for script in 'real "$@" | head -c 500; exit 0' 'real "$@" | head -c -1; exit 0' 'exit 0' 'exit 1' \
		'echo garbage; exit 0' 'real vcap-merge -w - "$5"; exit 0' 'exec yes' 'yes | zstd -c; exit 0' \
		'real "$@" | perl -0pe "substr(\$_, 300, 1) ^= chr(1)"; exit 0'; do
		wayward vcap-merge "$script"
		run vcap-fetch -z b "$id" x.pcapng
		[ "$status" -eq 1 ] || { echo "$status: $script: $output"; false; }
		[ -z "$(find . -maxdepth 1 -name '*x.pcapng*')" ]
		[[ $output == *"vcap-fetch: engine 'b'"* ]]
		[ -d "run/$id.b" ]
	done
	engines "$in a" "$in b"
	vcap-fetch -z b "$id" x.pcapng
	[ "$(packets_in x.pcapng)" -eq 120 ]
}

# bats test_tags=slow
@test "--at: waits, says so, and begins at its time; its id tells when" {
	begin shop -t 1s -c 1000 -s 60 -m include --at +8s 127.0.0.0/8
	at=$(fact at) at=${at%.*}
	[ "$id" = "shop.$(date -u -d "@$at" +%Y%m%d_%H%M%S)" ]
	[ "$(fact state)" = waiting ]
	run vcap-status -r "$id"
	[ "$(cut -f 2-4,7 <<<"$output")" = $'waiting\ta\twaiting\t'"$(date -d "@$at" '+%F %T')"$'\nwaiting\tb\twaiting\t'"$(date -d "@$at" '+%F %T')" ]
	[ "$(vcap-ls -r | cut -f 8)" = waiting ]
	run vcap-export shop .
	[ "$status" -eq 1 ]
	[ -z "$(pgrep -x vcap-run)" ]
	[ ! -e run ]
	# What is asked of the engines is what would have been at once.
	kill_waiter
	run --separate-stderr vcap-wait "$id"
	[ "$status" -eq 0 ]
	[ "$output" = "$(file)" ]
	began=$(fact started)
	[ "${began%.*}" -ge "$at" ]
	[ "${began%.*}" -lt $((at + 20)) ]
	[ "$(fact state)" = "done" ]
	nothing_left
}

# bats test_tags=slow
@test "--at: an engine is asked for the same as without it" {
	printf '#!/bin/sh\nPATH=${0%%/*}/small:$PATH\n[ "$1 $2" != "vcap-host answer" ] || { echo "vcap-answer $3"; shift 4; }\ncase $1 in vcap-run) echo "$@" | sed "s/shop[.][0-9_]*/ID/g; s/--token=[0-9a-f]*/--token=T/" >>%s/asked ;; esac\nexec ip netns exec b "$@"\n' "$PWD" >wayward
	chmod 755 wayward
	engines "$in a" "$PWD/wayward"
	options="-t 1s -c 1000 -s 60 -m include -x -e tcp 127.0.0.0/8"
	# shellcheck disable=SC2086 # words
	begin shop $options
	vcap-wait "$id"
	# shellcheck disable=SC2086 # words
	begin shop $options --at +1s
	vcap-wait "$id"
	[ "$(wc -l <asked)" -eq 2 ]
	[ "$(uniq asked | wc -l)" -eq 1 ]
}

# bats test_tags=slow
@test "--at: cancelled, it leaves nothing; by its waiter or without one" {
	for waiter in there killed; do
		begin shop --at +1h
		until_true pgrep -x vcap-wait
		[ $waiter = there ] || kill_waiter
		run vcap-stop "$id"
		[ "$status" -eq 0 ]
		[ "$output" = "vcap-stop: capture '$id' is cancelled" ]
		[ -z "$(ls "$VCAP_SPOOL/captures")" ]
		until_true gone vcap-wait
	done
	run --separate-stderr vcap-capture shop --at soon
	[ "$status" -eq 2 ]
	env --default-signal=INT setsid vcap-capture shop --at +1h >out 2>err 3>&- &
	until_true grep -q 'a waiting' err
	kill -INT -- -$!
	rc=0
	wait $! || rc=$?
	[ "$rc" -eq 1 ]
	grep -q "was cancelled before it began" err
	[ -z "$(ls "$VCAP_SPOOL/captures")" ]
}

# A spool with room for so many MiB above the gibibyte that stays free.
spool_with_room() { # MIB
	mkdir -p spool
	mount -t tmpfs -o size=$((1024 + $1))M,mode=700 tmpfs spool
}

@test "the reserve holds on the spool: nothing starts below it" {
	spool_with_room 8
	head -c 9M /dev/zero >spool/filler
	run vcap-start shop -t 1
	[ "$status" -eq 1 ]
	[ "$output" = "vcap-start: the disk of this host has only 1023 MiB free for '$VCAP_SPOOL/captures', and 1024 MiB are to stay free" ]
	[ -z "$(ls spool/captures)" ]
	umount spool
}

# bats test_tags=slow
@test "the reserve holds on the spool: what does not fit stays on the engines until there is room" {
	spool_with_room 8
	begin shop -t 5
	talk a 300
	talk b 5
	head -c 8M /dev/zero >spool/filler
	run vcap-stop "$id"
	[ "$status" -eq 1 ]
	[[ $output == *"capture '$id' is incomplete: the disk of this host has only 102"*"MiB are to stay free: 1 MiB more do not fit (make room, then run 'vcap wait $id')" ]]
	until_true gone vcap-wait
	[ "$(fact state)" = fetching ]
	[ -z "$(find spool -name '*.pcapng*')" ]
	[ "$(find run -mindepth 1 -maxdepth 1 | wc -l)" -eq 2 ]
	run vcap-status "$id"
	[[ $output == *"fetching"*"the disk of this host"* ]]
	rm spool/filler
	run vcap-wait "$id"
	[ "$status" -eq 0 ]
	[ "$(packets_in "$(file)")" -eq 1220 ]
	[ "$(fact state)" = "done" ]
	[ -z "$(fact message)" ]
	nothing_left
	umount spool
}

# bats test_tags=slow
@test "the reserve holds on the spool: somebody who fills it in the middle of a fetch ends that" {
	spool_with_room 8
	wayward vcap-merge 'touch fetching; until [ -e go ]; do sleep 0.02; done'
	begin shop -t 5
	talk b 5
	vcap-stop "$id" >out 2>&1 3>&- &
	until_true test -e fetching
	head -c 8M /dev/zero >spool/filler
	rc=0
	wait $! || rc=$?
	[ "$rc" -eq 1 ]
	cat out
	grep -q "capture '$id' is incomplete: the disk of this host" out
	[ "$(fact state)" = fetching ]
	[ -d "run/$id.b" ]
	[ -z "$(find spool -name '*b.pcapng*')" ]
	rm spool/filler
	touch go
	vcap-wait "$id"
	[ "$(fact packets)" = 20 ]
	nothing_left
	umount spool
}

# An engine b whose clock is 40 ms ahead: the shim moves what it says of the time, and every time in
# the stream that it sends of its packets. The kernel has one clock, so it is the transport that lies.
ahead_by_40_ms() {
	cat >ahead.pl <<-'END'
		use strict;
		binmode $_ for *STDIN, *STDOUT;
		$| = 1;
		sub moved { my $t = ($_[0] << 32 | $_[1]) + 40_000_000; ($t >> 32, $t & 0xffffffff) }
		while (read(STDIN, my $head, 8) == 8) {
			my ($type, $size) = unpack 'VV', $head;
			read STDIN, my $rest, $size - 8;
			# Packets and statistics: interface, time in two halves.
			substr($rest, 4, 8) = pack 'VV', moved(unpack 'VV', substr $rest, 4, 8) if $type == 5 || $type == 6;
			print $head, $rest;
		}
	END
	cat >ahead <<-'END'
		#!/bin/sh
		PATH=${0%/*}/small:$PATH
		[ "$1 $2" != "vcap-host answer" ] || { echo "vcap-answer $3"; shift 4; }
		case "$1 $2" in
		'vcap-host clock' | 'vcap-host follow') ip netns exec b "$@" | perl -pe 'BEGIN { $| = 1 }
			s/^(time )?(\d+)\.(\d{9})$/$n = "$2$3" + 40000000; sprintf "$1%d.%09d", int($n \/ 1e9), $n % 1000000000/e' ;;
		'vcap-merge -w') ip netns exec b "$@" | perl "$(dirname "$0")/ahead.pl" ;;
		*) exec ip netns exec b "$@" ;;
		esac
	END
	chmod 755 ahead
	engines "$in a" "$PWD/ahead"
}

# tcpdump cannot run without root; dumpcap can. It says that it captures before it does.
witness() { # ENGINE
	ip netns exec "$1" dumpcap -q -i lo -f 'udp port 5000' -w - 2>"$1.err" >"$1.pcapng" 3>&- &
	until_true sees "$1"
}

sees() { # ENGINE
	ip netns exec "$1" bash -c 'echo ready >/dev/udp/127.0.0.9/5000' 2>/dev/null
	tcpdump -nr "$1.pcapng" 2>/dev/null | grep -q 127.0.0.9
}

# Time and payload of each datagram to the VIP, in the order of the file.
datagrams() { # FILE
	fields protocol,destination,time,payload "$1" | sed -n 's/^17 127\.0\.0\.1 //p'
}

# Break: lib/controller/clock_correct.c s/clock_offset_correct(engine, -offset->offset_ns, options)/clock_offset_correct(engine, 0, options)/
# bats test_tags=slow
@test "a clock that is 40 ms off: true order to the error that is told, as witnesses have it" {
	ahead_by_40_ms
	begin shop -t 5
	witness a
	witness b
	# In turn, closer together than the clocks are.
	for engine in a b; do
		mkfifo say.$engine
		ip netns exec $engine bash -c 'while read -r word; do echo "$word" >/dev/udp/127.0.0.1/5000; done' \
			<say.$engine 2>/dev/null 3>&- &
	done
	exec 5>say.a 6>say.b
	for i in $(seq 100 199); do
		echo "$i" >&$((5 + i % 2))
		sleep 0.004
	done
	exec 5>&- 6>&-
	until_true eval '[ "$(for e in a b; do datagrams $e.pcapng; done | wc -l)" -eq 100 ]'
	for pid in $(pgrep -x dumpcap); do kill -INT "$pid"; done
	until_true gone dumpcap
	run -0 vcap-stop "$id"

	datagrams "$(file)" >merged
	[ "$(wc -l <merged)" -eq 100 ]
	for engine in a b; do datagrams $engine.pcapng; done | sort -n >true
	clocks=$(fact clocks)
	echo "$clocks"
	[[ $clocks =~ ^a\ (-?[0-9.]+)\ ([0-9.]+),\ b\ (-?[0-9.]+)\ ([0-9.]+)$ ]]
	# Each clock is what it is said to be, and each time is right, to the error that is told; two
	# packets that are further apart than both errors are in their order.
	awk -v oa="${BASH_REMATCH[1]}" -v ea="${BASH_REMATCH[2]}" -v ob="${BASH_REMATCH[3]}" -v eb="${BASH_REMATCH[4]}" '
		function off(x) { return x < 0 ? -x : x }
		BEGIN {
			if (off(oa) > ea || off(ob - 0.04) > eb || eb >= 0.04) { print "clocks"; bad = 1 }
			within["a"] = ea + off(oa); within["b"] = eb
		}
		# Whole seconds apart, since a double has not the digits for both.
		{ split($1, t, "."); if (!base) base = t[1]; now = t[1] - base + ("0." t[2]) }
		FNR == NR { true[$2] = now; n++; next }
		{
			# The third digit says who has sent it.
			engine = substr($2, 5, 2) % 2 ? "b" : "a"
			if (off(now - true[$2]) > within[engine] + 1e-6) { print $2, now, true[$2]; bad = 1 }
			if (latest - true[$2] > within["a"] + within["b"]) { print $2, "out of order"; bad = 1 }
			if (true[$2] > latest) latest = true[$2]
		}
		END { print n, "packets, right to", within["a"], within["b"]; exit bad || n != 100 }' true merged
	capinfos -o "$(file)" | grep -q 'Strict time order: *True'

	# Said in the file, and by vcap-ls.
	read -r _ _ _ _ offset error <<<"$clocks"
	grep -qaF "b: clock ahead by $offset s, wrong by $error s at most, corrected" "$(file)"
	[ "$(vcap-ls -j | jq -r '.captures[0].clocks')" = "$clocks" ]
}

# Bytes and packets that it says it has; 5 MiB would fit were it not for the merged file.
# Break: lib/controller/collect.c s/const bool fits = .*/const bool fits = true;/
# bats test_tags=slow
@test "F27: an engine that says it has more than the disk could hold does not hold up the others" {
	spool_with_room 8
	for lie in bytes:5242880 bytes:4611686018427387904 packets:18446744073709551615; do
		wayward vcap-host "real \"\$@\" | sed -u 's/^${lie%:*} .*/${lie/:/ }/'; exit"
		begin shop -t 5
		talk a 3
		talk b 3
		run vcap-stop "$id"
		[ "$status" -eq 3 ] || { echo "$lie: $output"; false; }
		[[ $output == *"capture '$id' is partial"*": engine 'b' is missing: it reports "*" MiB, more than the disk of this host can hold"* ]]
		[ "$(packets_in "$(file)")" -eq 12 ]
		[ "$(fact state)" = partial ]
		[ "$(vcap-ls -r -o ENGINES,MISSING)" = $'a\tb' ]
		[ "$(ls run)" = "$id.b" ]
		rm -r run
		vcap-rm "$id"
	done
	# Who waits for b sees that there is nothing to wait for any more.
	until_true umount spool
}

# bats test_tags=slow
@test "F27: a count that is no number, or too large for one, is not believed" {
	for lie in 'bytes 18446744073709551616' 'packets -1'; do
		wayward vcap-host "real \"\$@\" | sed -u 's/^${lie% *} .*/$lie/'; exit"
		begin shop -t 5
		talk a 3
		talk b 3
		run vcap-stop "$id"
		[ "$status" -eq 3 ] || { echo "$lie: $output"; false; }
		[[ $output == *"engine 'b' is missing: vcap-fetch: engine 'b' kept "*" packets of "*" bytes, but sent 12 of "* ]]
		[ "$(packets_in "$(file)")" -eq 12 ]
		rm -r run
		vcap-rm "$id"
	done
}

# What the crontab in vcap(7) has cron run, for a second instead of five minutes.
crontab_command() {
	mandoc -T utf8 -O width=200 "$BATS_TEST_DIRNAME/../../man/vcap.7" | col -bx |
		sed -nE 's|^ *[*]/5 [*] [*] [*] [*] ||p' | sed 's/ -t 280s;/ -t 1s;/'
}

as_cron() { # COMMAND
	env -i HOME="$PWD" LOGNAME=ops SHELL=/bin/sh "PATH=$PATH" VCAP_CONFIG="$VCAP_CONFIG" VCAP_SPOOL="$VCAP_SPOOL" \
		/bin/sh -c "$1" </dev/null 3>&-
}

ended() { # ID DAYS-AGO SIZE
	(umask 077 && mkdir -p "spool/captures/$1/engines")
	printf '%s\n' 'state done' "size $3" "ended $(($(date +%s) - $2 * 86400)).0" >"spool/captures/$1/capture"
}

# Break: cmd/vcap-capture.sh s/exec >.dev.null/:/
# bats test_tags=slow
@test "cron: the crontab of vcap(7) is silent when all is well, and keeps a week in 10 GiB" {
	command=$(crontab_command)
	[ "$(wc -l <<<"$command")" -eq 1 ]
	[[ $command == *' -t 1s;'* && $command != *%* ]]
	gib=$((1 << 30))
	ended shop.20260105_000000 1 $((9 * gib))
	ended shop.20260104_000000 2 $((2 * gib))
	ended shop.20260103_000000 8 1
	ended web.20260101_000000 30 1
	vcap import -w -f -E a,b haproxy - <<-END
		defaults
		  mode tcp
		frontend shop
		  bind 127.0.0.1:5000
		  default_backend web
		backend web
		  server one 127.0.0.2:6000 check
	END
	for engine in a b; do
		ip netns exec $engine bash -c ': >/dev/tcp/127.0.0.1/5000' 2>/dev/null || true
	done
	run -0 as_cron "$command"
	[ -z "$output" ] || { echo "$output"; false; }
	[ "$(vcap-ls -r -o STATE shop | uniq -c | tr -s ' ')" = ' 2 done' ]
	vcap-ls -r -o ID | grep -qx shop.20260105_000000
	vcap-ls -r -o ID | grep -qx web.20260101_000000
	nothing_left
}

# Break: lib/controller/emptiness.c s/emptiness->unseen = misplaced/(void)misplaced/
# Break: lib/controller/emptiness.c s/service->server_count == 0/0/
# Break: lib/controller/emptiness.c s/if (is_set(entry, "invert", "yes"))$/if (0)/
# Break: lib/controller/params.c s/"expect-packets", "yes"/"expect-packets", "no"/
# Break: lib/controller/status_table.c s/"saw no packets, others did"/""/
# bats test_tags=slow
@test "a captured nothing is said with its likely cause, and is 3 where packets could not be seen" {
	cd config/services
	for engine in a b; do ip -n $engine addr add 192.0.2.1/32 dev lo; done
	sed 's/127.0.0.1/192.0.2.99/' shop >astray
	sed 's/127.0.0.1/192.0.2.1/; /^server/d' shop >serverless
	cd ../..
	local -A expected=(
		[0 shop]="no packet was captured: there was no traffic"
		[0 shop -x 10.0.0.1]="no packet was captured: there was nothing but what '-x' leaves out"
		[0 shop 10.0.0.1]="no packet was captured: the given addresses had none"
		[3 --expect-packets shop -m only]="no packet was captured: there were no health checks"
		[3 astray]="nothing of a client was captured, as '192.0.2.99' is no address of 'a', 'b'"
		[3 serverless]="service 'serverless' has no server line")
	for case in "${!expected[@]}" "0 --quiet shop -e udp"; do
		# shellcheck disable=SC2086 # words
		{ vcap capture ${case#* } -t 1s >"out.$case" 2>"err.$case" || echo $? >>"out.$case"; } 3>&- &
	done
	wait
	for case in "${!expected[@]}"; do
		echo "$case"; cat "err.$case"
		grep -F "${expected[$case]}" "err.$case"
		[[ $case == 0* ]] || [ "$(tail -n 1 "out.$case")" = 3 ]
		[[ $case == 3* ]] || ! grep -x 3 "out.$case"
	done
	# Complete all the same, as vcap wait says; one that was to have packets is not.
	[ "$(vcap-ls -r -o ID,STATE | grep -c '^\(astray\|serverless\).*done$')" -eq 2 ]
	[ "$(vcap-ls -r -o STATE | grep -c partial)" -eq 1 ]
	run -0 --separate-stderr vcap-wait astray
	# shellcheck disable=SC2154 # stderr is bats'
	[[ $stderr == *"is no address of 'a', 'b'"* ]]
	run -3 --separate-stderr vcap-wait --strict serverless
	[ ! -s "out.0 --quiet shop -e udp" ]
	[ ! -s "err.0 --quiet shop -e udp" ]
	# One that stands by is no news.
	begin shop -t 5
	talk a 1
	run -0 --separate-stderr vcap stop "$id"
	[ -z "$stderr" ]
	vcap status -r "$id" | grep $'\tb\t.*saw no packets, others did'
	run -0 --separate-stderr vcap wait -v "$id"
	[ "$stderr" = "vcap wait: engine 'b' saw no packets, others did" ]
}

# bats test_tags=slow
@test "cron: what is missing is a line a fact, and a status" {
	wayward vcap-merge 'exit 1'
	capture=$(crontab_command)
	capture=${capture%%;*}
	run -3 as_cron "$capture"
	# A line a fact.
	[ "${#lines[@]}" -le 3 ] || { echo "$output"; false; }
	[[ ${lines[0]} == "vcap capture: capture 'shop."*"' is partial" ]]
	[[ ${lines[1]} == "vcap capture: engine 'b' is missing: "* ]]
	rm -r run
	# None at all: the reasons, and the end.
	engines false false
	run -1 as_cron "$capture"
	[ "${lines[-1]}" = "vcap capture: no engine of 'shop' captures; something may have begun on 'a', 'b'" ]
	# One that goes on is not in the way.
	engines "$in a" "$in b"
	begin shop -t 5
	as_cron "$capture"
	vcap-stop "$id"
}

# Puts a command on a terminal of 100 columns and so many rows; what that shows is in `typescript`.
on_terminal() { # ROWS COMMAND
	TERM=xterm script -qfec "stty rows $1 cols 100; $2" typescript >/dev/null 3>&- </dev/null &
	terminal=$!
}

# Break: cmd/vcap-capture.sh s/"$id" >&4 2/"$id" 2/
# bats test_tags=slow
@test "progress: the terminal shows the id, one table, and the file's path last, whatever its size" {
	export TERM=xterm-256color
	talk a 3 &
	for size in '24 80 a' '50 200 b'; do
		read -r rows columns engine <<<"$size"
		script -qfec "stty rows $rows cols $columns; vcap capture shop -E $engine -t 2s" "$engine" >/dev/null 3>&- </dev/null &
		shown[columns]=$!
	done
	for size in '24 80 a' '50 200 b'; do
		read -r rows columns engine <<<"$size"
		wait "${shown[columns]}" || [ $? -eq 3 ]
		sed '1d;$d' "$engine" | "$build/tests/tools/screen" "$rows" "$columns" >screen
		cat screen
		id=$(head -n 1 screen)
		[[ $id =~ ^shop\.[0-9]{8}_[0-9]{6}(-[0-9])?$ ]]
		# A path may be longer than a line.
		[[ $(tail -n +2 screen | tr -d '\n') == *"$(file)" ]]
		[ "$(grep -c ENGINE screen)" -eq 1 ]
		grep -q "^done  *$engine  *merged" screen
	done
}

# bats test_tags=slow
@test "progress: on a terminal a table in place, and on stdout what a pipe wants" {
	on_terminal 24 'vcap-capture shop -t 3s -c 100000 >out'
	until_true grep -q capturing typescript
	talk a 5
	wait $terminal
	id=$(head -n 1 out)
	[ "$(cat out)" = "$id"$'\n'"$(file)" ]
	tr -d '\r' <typescript >screen
	grep -qE '^STATE +ENGINE +DOING +PACKETS +BYTES +DROPS +LEFT +AGE +NOTE' screen
	grep -qE '^capturing +a +capturing .*[0-9]s( or [0-9]+ packets)?' screen
	grep -qE '^done +a +merged +20 ' screen
	# Each table takes the place of the one before, which had as many lines.
	[ "$(grep -c $'\e\\[3A\e\\[J' screen)" -eq $(($(grep -c ENGINE screen) - 1)) ]
	[ "$(grep -c ENGINE screen)" -ge 3 ]
	run ! grep -q "vcap-capture: a" screen
}

# bats test_tags=slow
@test "progress: no more lines than the terminal has; none of that on a dumb one" {
	for n in $(seq 12); do
		echo "x$n dir=$PWD/run exec false"
		echo "engine x$n" >>config/services/shop
	done >>config/engines
	on_terminal 8 'vcap-capture shop -t 1s >out'
	wait $terminal || true
	tr -d '\r' <typescript | grep -q '^\.\.\. and 9 more$'
	tr -d '\r' <typescript | grep -q "^vcap-capture: engine 'x1' is missing"
	[ "$(grep -o $'\e\\[[0-9]*A' typescript | sort -u)" = $'\e[7A' ]
	vcap-rm "$(head -n 1 out)" || [ $? -eq 3 ]
	on_terminal 24 'TERM=dumb vcap-capture shop -E a -t 1s >out'
	wait $terminal
	run ! grep -q $'\e' typescript
	grep -q 'vcap-capture: a capturing' typescript
}
