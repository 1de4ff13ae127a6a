#!/usr/bin/env bats
# vcap-run --rolling TIME, and vcap-host snapshot.
#
# shellcheck disable=SC2154 # cpus is of veth

bats_require_minimum_version 1.5.0
load ../until
load veth

now() {
	date +%s.%N
}

numbers() { # FROM TO DIR: of the packets of that window, in order; send begins each payload with one
	vcap-merge --since "$1" --until "$2" -w - "$3" | "$BATS_TEST_DIRNAME/../frames" -f payload - | cut -c 1-8
}

inodes() { # DIR
	stat -c %i "$1"/core-*.pcapng | sort
}

is_later() { # TIME
	[ "$(now)" \> "$1" ]
}

says_pair() { # PORT: the proxy's log does, and it is kept
	echo "vcap=1700000000000000,10.1.0.2,$1,192.0.2.20,80,10.2.0.1,9,10.2.0.2,8080 x" >>log
	until_true grep -qs "10.1.0.2:$1 " d/pairs d/pairs.1
}

has_no_pair() { # PORT
	! grep -q "10.1.0.2:$1 " d/pairs d/pairs.1
}

has_none_of() { # DIR DIR: the first has no file of the second; one may go while it is looked at
	[ -z "$(inodes "$2" | comm -12 - <(inodes "$1" 2>/dev/null))" ]
}

is_complete_since() { # TIME: no longer than that
	[ "$(value complete-since)" \> "$1" ]
}

# Break: lib/capture/output.c s/if (rotation_is_due(rotation))$/if (0)/
# Break: lib/capture/ringfiles.c s/list\[i + 1\].begun_ns < window->from_ns/list[i + 1].begun_ns > window->from_ns/
# Break: lib/flows/pairout.c s/now - out->begun_ns < out->rolling_ns/1/
# Break: lib/merge/inputs.c s/merge_reached(merge, i) >= until_ns/0/
@test "the last seconds are kept, and a snapshot has what a whole capture has of the window" {
	vcap-run -b 8M -R 0 -i vb -w whole 2>/dev/null 3>&- &
	whole=$!
	touch log
	start d -i vb --rolling 4s -n lb1 --flows "log:$PWD/log"
	until_true grep -q running whole/status
	says_pair 6
	send -r 2000 -c 16000 va >/dev/null 3>&- &
	sender=$!
	until_true test -e d/core-0.9.pcapng
	says_pair 7
	to=$(now)
	from=$(bc <<<"$to - 2")
	# It waits by itself for what is on its way.
	vcap-host snapshot d s "$from" "$to" >status
	grep -qx 'state done' status
	grep -qx 'snapshot-of d' status
	grep -q '^pairs [1-9]' status
	vcap-host pairs s | grep -q '10.1.0.2:7 '
	[ "$(value complete-since s)" \< "$from" ]
	[ "$(inodes s | comm -12 - <(inodes d) | wc -l)" -gt "$cpus" ]
	run -0 --separate-stderr vcap-merge --since "$from" --until "$to" -w /dev/null lb1=s
	[ -z "$stderr" ]
	numbers "$from" "$to" s >got
	[ "$(wc -l <got)" -gt 3000 ]
	# Asked again, it is the same one; another is not overwritten.
	vcap-host snapshot d s "$from" "$to" | cmp - status
	run -1 --separate-stderr vcap-host snapshot d s "$from" "$to" - 0123456789abcdef
	[[ $stderr == *"another capture's"* ]]
	wait $sender
	# The ring has gone on, and has none of these files any more.
	until_true has_none_of d s
	until_true is_complete_since "$to"
	# So have the pairs, of which it keeps no more either; the snapshot's stay.
	until_true has_no_pair 6
	until_true has_no_pair 7
	vcap-host pairs s | grep -q '10.1.0.2:7 '
	files=(d/core-*.pcapng)
	[ "${#files[@]}" -le $((11 * cpus)) ]
	[ "$(value removed)" -gt 4000 ]
	numbers "$from" "$to" s | cmp - got
	kill $whole
	wait $whole || true
	numbers "$from" "$to" whole | cmp - got
	# kill -9 leaves a ring that can be read, and of which there can be a snapshot.
	kill -9 "$pid"
	wait "$pid" || true
	pid=
	[ "$(vcap-host status d | sed -n 's/^state //p')" = partial ]
	vcap-host snapshot d t >status
	grep -qx 'state done' status
	vcap-merge -w all t || [ $? -eq 3 ]
	# Each goes as captures go, and takes nothing with it that is the other's.
	vcap-host remove d
	numbers "$from" "$to" s | cmp - got
	vcap-host remove s
	vcap-host remove t
	[ ! -e d ] && [ ! -e s ] && [ ! -e t ]
}

# Break: lib/capture/output.c s/(!writer->is_stream && !output->rotation.rolling_ns)/!writer->is_stream/
@test "a snapshot of a ring without packets is whole, and waits for no other file" {
	start d -i vb --rolling 8m -n lb1
	send -c 10 va >/dev/null
	to=$(now)
	from=$(bc <<<"$to - 1")
	vcap-host snapshot d s "$from" "$to" >status
	grep -qx 'state done' status
	[ ! -e d/core-0.1.pcapng ]
	run -0 --separate-stderr vcap-merge --since "$from" --until "$to" -w /dev/null lb1=s
	[ -z "$stderr" ]
}

# Break: lib/capture/output.c s/if (shed(output).*/if (!writer->stop)/
# Break: lib/capture/snapshot_room.c s/if (before + more <= limits->max_size)/if (1)/
# bats test_tags=slow
@test "a disk that is full empties the ring, which goes on; snapshots hold each file once, and so much" {
	disk size=2m
	start disk/d -i vb --rolling 3s --max-size 1m -n lb1
	send -r 3000 -c 6000 -s 500 va >/dev/null
	until_true grep -q '^removed [1-9]' disk/d/status
	[ "$(value state disk/d)" = running ]
	[ "$(du -sk --exclude=status disk/d | cut -f 1)" -le 1100 ]
	for each in 1 2 3 4 5 6 7 8 9 10; do vcap-host snapshot disk/d "disk/s$each" >/dev/null; done
	[ "$(du -sk disk | cut -f 1)" -le 1400 ]
	send -r 3000 -c 1500 -s 500 va >/dev/null
	# What the snapshots hold is as much as a ring may have: no more.
	run -1 --separate-stderr vcap-host snapshot disk/d disk/t
	[[ $stderr == *"snapshots of 'disk/d' already hold"* ]]
	[ ! -e disk/t ]
	for each in 1 2 3 4 5 6 7 8 9 10; do vcap-host remove "disk/s$each"; done
	vcap-host snapshot disk/d disk/t >/dev/null
	# Others fill the disk: nothing can be kept for a while, and then again.
	dd if=/dev/zero of=disk/other bs=64k 2>/dev/null || true
	send -r 3000 -c 3000 -s 500 va >/dev/null
	vcap-host remove disk/t
	rm disk/other
	sent=$(now)
	until_true is_later "$(bc <<<"$sent + 1")"
	[ "$(value state disk/d)" = running ]
	send -c 100 va >/dev/null
	until_true eval 'vcap-host snapshot disk/d disk/u | grep -qx "state done"'
	vcap-merge -w all lb1=disk/u 2>err || [ $? -eq 3 ]
	[ "$(vcap-stat -j all 2>/dev/null | jq '[.origins[].packets] | add')" -ge 100 ]
	vcap-host stop disk/d >/dev/null
	ended 0
}

is_set() { # DIR: its clock was, as long as its files tell of that
	[ -n "$(value clock-step "$1")" ]
}

is_not_set() { # DIR
	[ -z "$(value clock-step "$1")" ]
}

span() { # DIR: the seconds between its first packet and its last, by the kernel's clock
	vcap-merge -w - "$1" 2>/dev/null | "$BATS_TEST_DIRNAME/../frames" -f time - | sed -n '1p; $p' | xargs |
		awk '{ print $2 - $1 }'
}

# Break: lib/capture/output.c s/boot_ns = clock_boottime_ns();/boot_ns = clock_realtime_ns();/
# Break: lib/capture/runstate.c s/now - runstate->step_boot > kept_ns/0/
# bats test_tags=slow
@test "a clock that is set removes nothing of the ring; snapshots tell it as long as the ring has files from before" {
	[ -e "$build/tests/preload/clock.so" ] || skip "make tests"
	send -C 0 -r 500 -c 60000 va >/dev/null 3>&- &
	sender=$!
	for step in 3600 -3600; do
		LD_PRELOAD=$build/tests/preload/clock.so CLOCK_STEP=$step CLOCK_AFTER=10000 \
			vcap-run -b 8M -i vb --rolling 4s -R 0 -w "d$step" 2>"err$step" 3>&- &
		pids+=($!)
	done
	# These look at a clock that is set from the beginning.
	export CLOCK_AFTER=0
	for step in 3600 -3600; do
		until_true is_set "d$step"
		LD_PRELOAD=$build/tests/preload/clock.so CLOCK_STEP=$step vcap-host snapshot "d$step" "s$step" >status
		grep -qx 'state done' status
		value clock-step "s$step" | awk -v step="$step" '{ exit !($1 > step - 1 && $1 < step + 1) }'
		span "s$step" | awk '{ exit !($1 > 3) }'
	done
	for step in 3600 -3600; do
		until_true is_not_set "d$step"
		LD_PRELOAD=$build/tests/preload/clock.so CLOCK_STEP=$step vcap-host snapshot "d$step" "t$step" >status
		grep -qx 'state done' status
		[ -z "$(value clock-step "t$step")" ]
	done
	kill "${pids[@]}" $sender
	wait "${pids[@]}"
}
