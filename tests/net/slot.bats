#!/usr/bin/env bats
# vcap-run ... -- FILTER: a command between the rings and the writer.

bats_require_minimum_version 1.5.0
load tcpdump
load ../until
load veth

# By these names nothing else runs here.
setup() {
	make_veth
	mkdir bin
	cp "$(command -v cat)" bin/passer
	cp "$(command -v sleep)" bin/sleeper
	PATH=$PWD/bin:$PATH
}

keep77=(vcap-filter -r - -w - -e "udp port 77")

# Ends on its own within a time that only a hang exceeds.
ends() {
	for _ in $(seq 750); do
		kill -0 "$pid" 2>/dev/null || return 0
		sleep 0.02
	done
	echo "does not end"
	return 1
}

child() { # NAME: its pid
	pgrep -x "$1"
}

gone() { # NAME
	! pgrep -x "$1"
}

# As start, with a command.
begin() { # DIR OPTION... -- COMMAND...
	dir=$1
	shift
	vcap-run -b 32M -i vb -R 0 -w "$dir" "$@" >/dev/null 2>err 3>&- &
	pid=$!
	until_true grep -q running "$dir/status"
}

@test "packets pass through it, and are kept on their own cores" {
	begin d -- "${keep77[@]}"
	for port in 77 78; do
		send -C 0 -c 2000 -p $port va
		[ "$cpus" -lt 2 ] || send -C 1 -c 1000 -p $port va
	done
	vcap-host stop d
	ended 0
	[ "$(field 0 packets)" -eq 2000 ]
	[ "$cpus" -lt 2 ] || [ "$(field 1 packets)" -eq 1000 ]
	[ "$(field 0 received)" -eq 4000 ]
	[ "$(value filter)" = vcap-filter ]
	for file in d/core-*.pcapng; do
		[ "$(tcpdump -nr "$file" not udp port 77 2>/dev/null | wc -l)" -eq 0 ]
		run -0 vcap-merge -w - "$file"
	done
	[ "$(count_in d/core-0.pcapng)" -eq 2000 ]
	# Each still says how it was seen: its core, its direction.
	[ "$(tshark -r d/core-0.pcapng -T fields -e frame.packet_flags 2>/dev/null | sort -u)" = 0x00000001 ]
}

# bats test_tags=slow
@test "-c and -s apply after it" {
	[ "$cpus" -eq 2 ] || skip "two CPUs fill both cores"
	begin d -c 100 -s 96 -- "${keep77[@]}"
	for port in 78 77; do
		send -C 0 -c 5000 -p $port -s 1000 va
		send -C 1 -c 5000 -p $port -s 1000 va
	done
	ended 0
	[ "$(value reason)" = count ]
	for core in 0 1; do
		[ "$(field $core packets)" -eq 100 ]
		[ "$(field $core full)" != - ]
		[ "$(tcpdump -nr d/core-$core.pcapng udp port 77 2>/dev/null | wc -l)" -eq 100 ]
		[ "$("$BATS_TEST_DIRNAME/../frames" -f kept,length d/core-$core.pcapng | sort -u)" = '96 1000' ]
	done
	[ "$(value truncated)" -eq 200 ]
}

# Break: lib/capture/setup.c s/options->filter ? 0 : options->snaplen/options->snaplen/
# bats test_tags=slow
@test "it is given whole packets, also those of a core that is full" {
	begin d -c 10 -s 60 -- sh -c 'tee copy'
	send -C 0 -c 50 -s 1000 va
	until_true is_at 0 10
	send -C 0 -c 50 -s 1000 va
	vcap-host stop d
	[ "$(count_in d/core-0.pcapng)" -eq 10 ]
	[ "$(count_in d/copy)" -eq 100 ]
	[ "$("$BATS_TEST_DIRNAME/../frames" -f kept d/copy | sort -u)" = 1000 ]
	# What it left there is not vcap-run's to remove.
	run ! vcap-host remove d
	rm d/copy
	vcap-host remove d
}

# Break: lib/base/supervisor.c s/(!supervised->is_privileged && priv_drop_all(&report.why) < 0)/0/
# bats test_tags=slow
@test "it has no privilege, the directory, and a process group of its own" {
	printf '\n\n10.0.0.1\n' >job
	vcap-run -b 8M -i vb -f - --detach -R 0 -w d -- sh -c 'cat specs >&2; exec passer' <job
	pid=$(value pid)
	filter=$(child passer)
	run -0 cat "/proc/$filter/status"
	for set in CapInh CapPrm CapEff CapBnd CapAmb; do
		[[ $output == *"$set:"?0000000000000000* ]] || { echo $set; false; }
	done
	[[ $output == *"NoNewPrivs:"?1* ]]
	[ "$(readlink "/proc/$filter/cwd")" = "$(realpath d)" ]
	[ "$(ps -o pgid= "$filter")" -ne "$(ps -o pgid= "$pid")" ]
	[ "$(find "/proc/$filter/fd" -mindepth 1 | wc -l)" -eq 3 ]
	vcap-host stop d
	# Its complaints are in the log.
	grep -qx 10.0.0.1 d/log
	until_true gone passer
}

@test "a stream has no directory: it reads service and specs as files 4 and 5" {
	printf '\nvip 192.0.2.1\n\n10.0.0.1\n10.0.0.2\n\n' >job
	vcap-run -b 8M -i vb -f - -t 200ms -w - -- sh -c 'cat /dev/fd/5 /dev/fd/4 /dev/fd/5 >&2; exec cat' \
		<job >/dev/null 2>err
	[ "$(head -n 5 err)" = $'10.0.0.1\n10.0.0.2\nvip 192.0.2.1\n10.0.0.1\n10.0.0.2' ]
}

# bats test_tags=slow
@test "-w -: a stream in the order of time, with heartbeats" {
	vcap-run -i vb -i lo -t 1m -w - -- "${keep77[@]}" >stream 2>err 3>&- &
	pid=$!
	until_true test -s stream
	send -C 0 -p 78 -c 1000 -r 3000 va
	send -C 0 -p 77 -c 3000 -r 3000 va 3>&- &
	sender=$!
	[ "$cpus" -lt 2 ] || send -C 1 -p 77 -c 3000 -r 3000 va
	wait $sender
	until_true has_beats stream 10
	kill "$pid"
	ended 0
	[ "$(count_in stream)" -eq $((cpus < 2 ? 3000 : 6000)) ]
	capinfos -o stream | grep -q "Strict time order: *True"
	run -0 vcap-merge -w - stream
}

# bats test_tags=slow
@test "one that cannot be run, or ends at once: exit 1, why, and nothing is left" {
	mkdir empty
	for detach in "" --detach; do
		# shellcheck disable=SC2086
		run -1 vcap-run -b 8M -i vb -R 0 $detach -w d -- nosuchcommand
		[[ $output == *"'nosuchcommand'"* ]]
		# shellcheck disable=SC2086
		run -1 vcap-run -b 8M -i vb -R 0 $detach -w d -- vcap-filter -Z
		[[ $output == *"'vcap-filter' ended with status 2"* ]]
		[[ $output == *"'-Z'"* ]]
		# shellcheck disable=SC2086
		run -1 vcap-run -b 8M -i vb -R 0 $detach -w d -- true
		[ ! -e d ]
	done
	run -2 vcap-run -i vb -w d vcap-filter -r -
	[[ $output == *"'vcap-filter'"* ]]
	# A program named by its path is the one that is there now, not in the directory.
	printf '#!/bin/sh\nexec cat\n' >mine
	chmod +x mine
	vcap-run -b 8M -i vb -R 0 -t 100ms -w d -- ./mine
	[ "$(value filter)" = ./mine ]
}

# bats test_tags=slow
@test "one that dies takes the capture with it: what came before is kept, exit 3" {
	begin d -- passer
	send -C 0 -c 20 va
	until_true is_at 0 20
	kill -9 "$(child passer)"
	ended 3
	[ "$(value state)" = partial ]
	[ "$(value reason)" = filter ]
	[[ "$(value message)" == *"signal 9"* ]]
	[ "$(count_in d/core-0.pcapng)" -eq 20 ]
	grep -q "signal 9" err
}

@test "one that ends badly when its input ends: exit 3" {
	begin d -- sh -c 'cat; exit 7'
	send -C 0 -c 20 va
	kill "$pid"
	ended 3
	[ "$(count_in d/core-0.pcapng)" -eq 20 ]
	[[ "$(value message)" == *"'sh' ended with status 7"* ]]
}

# bats test_tags=slow
@test "one that reads nothing more delays the end by its patience, and no longer" {
	begin d -b 1M -- sh -c 'exec 3<&0; passer <&3 & sleeper 1000'
	until_true child passer
	filter=$(child passer)
	kill -STOP "$filter"
	send -C 0 -c 20000 -s 1000 va
	kill "$pid"
	ends
	ended 3
	[[ "$(value message)" == *"'sh' did not end with its input"* ]]
	[ "$(value dropped)" -gt 0 ]
	# Nor does what it has started stay.
	until_true gone passer
	until_true gone sleeper
}

# Break: lib/capture/capture.c s/is_unread ? UNREAD_TIMEOUT : FILTER_TIMEOUT/FILTER_TIMEOUT/
# bats test_tags=slow
@test "--lease with one that reads nothing more ends at once" {
	mkfifo input
	vcap-run -b 8M -i vb --lease -w - -- sh -c 'sleeper 1000' <input 2>err 3>&- | cat >stream &
	exec 4>input
	until_true child sleeper
	pid=$(child vcap-run | head -n 1)
	send -C 0 -c 5000 -s 1000 va
	before=$(date +%s)
	exec 4>&-
	ends
	[ $(($(date +%s) - before)) -le 4 ]
	until_true gone sleeper
}

# Break: lib/base/supervisor.c s/kill(0, SIGKILL);/;/
# bats test_tags=slow
@test "kill -9 of vcap-run ends it too" {
	begin d -- sh -c 'passer; sleeper 1000'
	send -C 0 -c 20 va
	kill -9 "$pid"
	until_true gone passer
	until_true gone sleeper
	until_true gone vcap-run
	[ "$(vcap-host status d | sed -n 's/^reason //p')" = killed ]
}

# Break: lib/capture/filterproc.c s/if (filter->has_section)/if (0)/
# bats test_tags=slow
@test "what is not its input, less some packets, ends the capture" {
	vcap-run -b 8M -i lo -R 0 --detach -w other
	for _ in 1 2 3; do echo x >/dev/udp/127.0.0.1/9; done
	vcap-host stop other
	mkcap -n 5 >plain.pcap
	vcap-merge -w plain plain.pcap
	vcap-merge -w other.pcapng other
	for nonsense in "cat /etc/passwd" "cat $PWD/plain" "cat $PWD/other.pcapng" \
		"head -c 100000 /dev/zero"; do
		status=0
		vcap-run -b 8M -i vb -R 0 -t 20s -w d -- sh -c "$nonsense; exec cat >/dev/null" 2>err || status=$?
		[ "$status" -eq 3 ] || { echo "$nonsense: $status"; cat err; false; }
		[ "$(value reason)" = filter ]
		[ "$(value packets)" -eq 0 ]
		[ -n "$(value message)" ]
		rm -r d
	done
	# Two sections, each of them right by itself.
	status=0
	vcap-run -b 8M -i vb -R 0 -t 20s -w d -- sh -c \
		'dd bs=1M count=1 2>/dev/null >x; cat x x; exec cat >/dev/null' 2>err || status=$?
	[ "$status" -eq 3 ]
	grep -q "second section" err
}

# bats test_tags=slow
@test "vcap-join: the packets of a service and an address" {
	printf 'vip 10.0.0.2 udp/77\nserver 10.9.9.9 udp/77\nengine lb1\n' >shop
	{
		printf '\n'
		cat shop
		printf '\n10.0.0.1\n'
	} >job
	vcap-run -b 8M -i vb -f - -R 0 -w d -- vcap-join -S ./service -P --specs specs \
		<job >/dev/null 2>err 3>&- &
	pid=$!
	until_true grep -q running d/status
	send -C 0 -c 30 -p 77 va
	send -C 0 -c 30 -p 78 va
	kill "$pid"
	ended 0
	[ "$(value received)" -eq 60 ]
	[ "$(value packets)" -eq 30 ]
	[ "$(count_in d/core-*.pcapng)" -eq 30 ]
}
