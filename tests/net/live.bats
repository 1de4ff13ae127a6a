#!/usr/bin/env bats
# vcap live: two engines that are network namespaces, real packets, and a reader at the other end.
# shellcheck disable=SC2016 # words for eval, and for the shell of an engine

bats_require_minimum_version 1.5.0
load tcpdump
load ../until
load rings
load live

@test "live: in the order of time, every packet once, as a witness on each engine saw them" {
	begin shop
	talk_before_witnesses
	end
	for pid in $(pgrep -x dumpcap); do kill -INT "$pid"; done
	until_true gone dumpcap
	capinfos -o live.pcapng | grep -q 'Strict time order: *True'
	for engine in a b; do
		sums_to $engine 240
		datagrams $engine.pcap | cut -d ' ' -f 2
	done | sort >seen
	[ "$(wc -l <seen)" -eq 240 ]
	datagrams live.pcapng | cut -d ' ' -f 2 | sort | diff seen -
	# Nothing is missing, and the file says so: drops are known to be none.
	[ "$(vcap-stat live.pcapng | awk '$2 == "lo" && $3 == "client" && $6 == 0' | wc -l)" -eq 2 ]
}

ages_are() { # COUNT
	[ "$(grep -vc ready ages)" -ge "$1" ]
}

# What the reader at the end of the pipe measures: a packet's age when it has it in hand.
# bats test_tags=slow
@test "live: delay from a packet's time to its reader" {
	vcap-live shop 2>err 3>&- | perl -MTime::HiRes=time -e '
		binmode STDIN; $| = 1; my $buffer = "";
		while (sysread STDIN, $buffer, 65536, length $buffer) {
			while (length $buffer >= 8) {
				my ($type, $size) = unpack "VV", $buffer;
				last if length $buffer < $size;
				my (undef, undef, undef, $high, $low) = unpack "V5", $buffer;
				printf "%.1f\n", 1000 * (time - ($high * 2**32 + $low) / 1e9) if $type == 6;
				print "ready\n" if $type == 1;
				substr($buffer, 0, $size) = "";
			}
		}' >ages &
	until_true eval '[ "$(grep -c ready ages)" -ge 2 ]'
	# Each comes without another one behind it.
	for i in $(seq 10); do
		talk a 1 a
		talk b 1 b
		until_true ages_are $((8 * i))
	done
	kill -INT "$(pgrep -x vcap-live)"
	until_true gone vcap-live
	grep -v ready ages | sort -n | awk '{ age[NR] = $1 } END {
		printf("# delay in ms: median %s, 99 of 100 below %s, largest %s (%d packets)\n",
			age[int((NR + 1) / 2)], age[int(NR * 0.99)], age[NR], NR) }' >&3
}

# bats test_tags=slow
@test "live: an engine that stops for a while holds nobody up, and its packets are placed late" {
	begin shop
	talk a 5 before
	talk b 5 before
	until_true holds 20
	stopped=$(pgrep -f '/vcap-run -b 4M -n b')
	kill -STOP "$stopped"
	since=$SECONDS
	talk b 10 late
	talk a 10 meanwhile
	until_true grep -q "'b' is silent" err
	until_true holds 40
	rounds=0
	while [ $((SECONDS - since)) -le 5 ]; do
		rounds=$((rounds + 1))
		talk a 1 "later $rounds"
		until_true holds $((40 + 2 * rounds))
		pause 30
	done
	kill -CONT "$stopped"
	until_true grep -q "'b' is back" err
	until_true holds $((60 + 2 * rounds))
	end 3
	grep -q "'b' came late: [0-9]* packets were placed late" err
	sums_to a $((60 + 4 * rounds))
	sums_to b 60
	[ "$(datagrams live.pcapng | sort -u | wc -l)" -eq $((60 + 2 * rounds)) ]
}

# The kernel has one clock: b only says that it is ahead, and what its packets are moved by shows it.
# Break: lib/controller/live.c s/live->streams.list\[i\].correction_ns, &argv/0, \&argv/
# bats test_tags=slow
@test "live: a clock that is ahead is corrected, with a message" {
	cat >ahead <<-'END'
		#!/bin/sh
		case "$*" in
		*'vcap-host clock') "$@" | perl -pe 'BEGIN { $| = 1 }
			s/^(\d+)\.(\d{9})$/$n = "$1$2" + 700000000; sprintf "%d.%09d", int($n \/ 1e9), $n % 1000000000/e' ;;
		*) exec "$@" ;;
		esac
	END
	chmod 755 ahead
	sed -i "s|^b .*|b dir=$PWD/run exec $PWD/ahead $in b|" config/engines
	begin shop
	until_true grep -q "engine 'b': its clock is off by 0\.[67][0-9]* s, which is corrected" err
	run ! grep -q "engine 'a': its clock" err
	witness a
	witness b
	talk a 3 a
	talk b 3 b
	until_true holds 12
	end
	for pid in $(pgrep -x dumpcap); do kill -INT "$pid"; done
	until_true gone dumpcap
	# Two datagrams of each payload: four pairs.
	for engine in a b; do
		join -j 2 -o 1.1,2.1 <(datagrams live.pcapng | sort -k 2) <(datagrams $engine.pcap | sort -k 2) |
			awk -v engine=$engine -v wanted="$([ $engine = a ] && echo 0 || echo 0.7)" '
				{ off = $2 - $1 - wanted; n++; if (off < -0.2 || off > 0.2) { print engine, $0; bad = 1 } }
				END { exit bad || n != 12 }'
	done
	capinfos -o live.pcapng | grep -q 'Strict time order: *True'
}

# bats test_tags=slow
@test "live: an engine that does not send its time is merged without correction" {
	sed -i "s|^b .*|b dir=$PWD/run exec $PWD/mute $in b|" config/engines
	printf '#!/bin/sh\ncase "$*" in *"vcap-host clock") exit 1 ;; esac\nexec "$@"\n' >mute
	chmod 755 mute
	begin shop
	talk b 3 b
	until_true holds 6
	end
	grep -q "engine 'b' did not send its time" err
}

# bats test_tags=slow
@test "live: tshark reads it as it comes" {
	vcap-live shop 2>err 3>&- | tshark -l -r - -T fields -e frame.interface_name -e udp.payload >text 2>/dev/null 3>&- &
	until_true pgrep -f '/vcap-run -b 4M -n b'
	until_true eval 'talk a 1 x; talk b 1 y; grep -q ^a/lo/client text && grep -q ^b/lo/server text'
	kill -INT "$(pgrep -x vcap-live)"
	until_true gone vcap-live
	until_true gone tshark
	until_true gone vcap-run
}

# Break: cmd/vcap-live.c s/if (!live_has_reader() ||/if (/
# Break: lib/controller/live.c s/ \&\& !live_has_reader()/ \&\& 0/
@test "live: a reader that goes away ends it all, and is no failure" {
	{ vcap-live shop 2>err 3>&-; echo $? >status; } | head -c 100 >some &
	until_true eval '[ -s some ]'
	until_true eval '[ -s status ]'
	[ "$(cat status)" -eq 0 ]
	run ! grep -v "clock is off" err
	# Its children are init's by now, which has yet to reap them.
	until_true gone vcap-run
	until_true gone vcap-merge
}

# bats test_tags=slow
@test "live: killed, or stopped for longer than the lease, leaves nothing on the engines" {
	begin shop
	kill -9 "$live"
	until_true gone vcap-run
	until_true gone vcap-merge
	begin --lease 1s shop
	kill -STOP "$live"
	until_true only_zombies vcap-run
	kill -9 "$live"
}

# Break: lib/controller/live.c s/live->streams.wake = live->heartbeat.fd/live->streams.wake = -1/
# Break: lib/controller/live.c s/return state == HEARTBEAT_LASTS/return true/
# bats test_tags=slow
@test "live: with --heartbeat it ends with whoever sends them, as by ^C, and says so if they are missing" {
	mkfifo beats
	exec 5<>beats
	vcap-live --heartbeat 1h shop <beats >live.pcapng 2>err 3>&- 5>&- &
	live=$!
	until_true has_interfaces
	talk a 3 x
	until_true holds 6
	echo >&5
	kill -0 "$live"
	exec 5>&-
	wait "$live"
	until_true gone vcap-run
	capinfos -o live.pcapng | grep -q 'Strict time order: *True'
	run ! grep heartbeat err
	# Nobody reads what it writes either.
	exec 5<>beats
	mkfifo full
	exec 6<>full
	vcap-live --heartbeat 3s shop <beats >full 2>err 3>&- 5>&- 6>&- &
	live=$!
	until_true pgrep -x vcap-run
	until_true gone vcap-run
	until_true gone vcap-live
	wait "$live" || true
	grep -q 'no heartbeat came in time: the capture is ended' err
	exec 5>&- 6>&-
	run -2 vcap-live --heartbeat 1s shop - </dev/null
	[[ $output == *"standard input has the heartbeats: give the specs in a file, '--specs FILE', not as '-'"* ]]
}

# Break: lib/controller/livestream.c s/if (!livestream_has_failed(livestream))/if (1)/
# Break: lib/merge/merge_cmd.c s/if (!cmd->live || cmd->live->control.fd < 0 ||/if (1 ||/
# Break: cmd/vcap-live.c s/livestream->status != 128 + SIGPIPE/1/
# bats test_tags=slow
@test "live: what has failed is said once, by whom it concerns" {
	run -1 sh -c 'vcap-live -i nosuch -t 5s shop >live.pcapng'
	[ "$(sort <<<"$output")" = "$(for engine in a b; do
		echo "vcap-live: engine '$engine' does not capture: status 1"
		echo "vcap-live: engine '$engine': vcap-run: no interface 'nosuch'"
	done)" ]
	run -1 sh -c 'vcap-live -t 5s shop >/dev/full'
	[ "$output" = 'vcap-merge: cannot write the capture: No space left on device' ]
}

# bats test_tags=slow
@test "live: an engine that cannot be reached is said, the other flows" {
	ip netns del b
	vcap-live shop >live.pcapng 2>err 3>&- &
	live=$!
	until_true grep -q "engine 'b' does not capture" err
	until_true eval 'talk a 1 x; holds 1'
	end 3
	ip netns del a
	run -1 vcap-live shop
	[[ $output == *"engine 'a' does not capture"* ]]
	[[ $output != *"connecting again"* ]]
	ip netns add a
}

# bats test_tags=slow
@test "live: limits and specs are those of start" {
	begin -t 2s -P shop 127.0.0.2
	talk a 3 x
	wait $live
	sums_to a 6
	run -2 vcap-live shop 10.0.0.300
	run -2 vcap-live none
	run -2 vcap-live -E c shop
}

# Engine b by a way that is logged, and closed as long as there is a file `closed`; a capture is refused as long as
# there is `refuses`, and killed once if there is `dies`.
by_a_way() {
	cat >way <<-END
		#!/bin/sh
		case "\$*" in *vcap-run*) echo "\$*" >>"$PWD/runs" ;; esac
		[ ! -e "$PWD/closed" ] || { echo >>"$PWD/tries"; printf 'way: closed\\r\\n' >&2; echo way: sorry >&2; exit 255; }
		case "\$*" in *vcap-run*)
			[ ! -e "$PWD/refuses" ] || { echo "vcap-run: unknown option '-x'" >&2; exit 2; }
			[ ! -e "$PWD/dies" ] || { rm "$PWD/dies"; kill -9 \$\$; } ;;
		esac
		exec "\$@"
	END
	chmod 755 way
	sed -i "s|^b .*|b dir=$PWD/run exec $PWD/way $in b|" config/engines
}

has_lines() { # COUNT FILE, or more
	[ "$(wc -l <"$2")" -ge "$1" ]
}

comments() { # of live.pcapng: "TIME INTERFACE COMMENT"
	tshark -r live.pcapng -Y frame.comment -T fields -E separator=' ' -e frame.time_epoch -e frame.interface_name -e frame.comment 2>/dev/null
}

# bats test_tags=slow
# Break: lib/controller/livestreams.c s/is_lost = !streams->is_ending/is_lost = 0/
# Break: lib/controller/livestreams.c s/usual_ns \/ 2 + /100 * usual_ns + /
# Break: lib/merge/outage.c s/outage->state = OUTAGE_LASTS;/;/
# Break: lib/merge/stream_control.c s/merge_begin_outage(control->merge, i)/;/
# Break: lib/controller/livestream.c s/livestream->is_lost \&\& has_said/0 \&\& has_said/
@test "live: an engine that is lost is connected again, twice; the others go on, and the gaps are said" {
	by_a_way
	begin shop
	talk a 3 "before 0"
	talk b 3 "before 0"
	until_true holds 12
	packets=12
	for round in 1 2; do
		: >tries
		touch closed
		kill -9 "$(pgrep -f '/vcap-run -b 4M -n b')"
		until_true said $round "engine 'b' was lost: connecting again"
		# Two attempts that fail say the same, which is said once.
		until_true has_lines 4 tries
		talk b 3 "missed $round"
		talk a 3 "meanwhile $round"
		packets=$((packets + 6))
		until_true holds $packets
		rm closed
		until_true said $round "nothing of 'b' from 20[^ ]*Z to 20[^ ]*Z: its stream had ended"
		talk b 3 "after $round"
		talk a 3 "after $round"
		packets=$((packets + 12))
		until_true holds $packets
	done
	end 3
	cat err
	said 2 "'b' is back"
	said 2 "engine 'b': way: closed"
	said 0 "'b' is silent"
	said 0 "late"
	capinfos -o live.pcapng | grep -q 'Strict time order: *True'
	run ! grep -aq missed live.pcapng
	# A comment on the first packet after each gap, that none of b's is in.
	comments >marked
	cat marked
	[ "$(cut -d ' ' -f 2 marked | cut -d / -f 1 | sort | uniq -c | tr -s ' ')" = ' 2 b' ]
	tshark -r live.pcapng -T fields -e frame.time_epoch -e frame.interface_name 2>/dev/null | awk -F '\t' '$2 ~ /^b/ { print $1 }' >times.b
	while read -r time _ _ _ _ _ _ from _ to _; do
		from=$(date -d "$from" +%s.%N) to=$(date -d "${to%:}" +%s.%N)
		awk -v from="$from" -v to="$to" -v time="$time" '
			$1 > from + 0.000001 && $1 < to - 0.000001 { bad = 1 }
			$1 >= to && first == "" { first = $1 }
			END { exit bad || from >= to || first != time }' times.b
	done <marked
}

# bats test_tags=slow
# Break: lib/controller/live.c s/params.duration_ns -= clock_monotonic_ns() - live->begun_ns/;/
# Break: lib/controller/livestream.c s/strcmp(reason, "time") == 0/0/
@test "live: what is connected again has what is left of the time; whose time is over is not" {
	by_a_way
	begin -t 3s shop
	kill -9 "$(pgrep -f '/vcap-run -b 4M -n b')"
	until_true has_lines 2 runs
	wait "$live" || status=$?
	[ "$status" -eq 3 ] || { cat err; false; }
	[ "$(wc -l <runs)" -eq 2 ]
	sed 's/.* -t\([0-9.]*\)s.*/\1/' runs | awk '{ time[NR] = $1 } END { exit !(time[1] > time[2] && time[2] > 0) }'
	until_true gone vcap-run
}

begin_without_b() { # ARG...: until a captures, and b is known not to
	vcap-live "$@" shop >live.pcapng 2>err 3>&- &
	live=$!
	until_true grep -q "engine 'b' does not capture" err
	until_true eval 'capinfos -I live.pcapng | grep -q "Name = a/lo$"'
}

# Break: lib/controller/livestreams.c s/again_ns \&\& streams->has_begun)/again_ns \&\& engine->stream.has_begun)/
# Break: lib/controller/livestream.c s/livestream->is_lost \&\& has_said/0 \&\& has_said/
# Break: lib/controller/livestream.c s/end\[-1\] == '.r'/0/
@test "live: an engine that cannot be reached at first is connected later; the others flow, and it is said once" {
	by_a_way
	: >tries
	touch closed
	begin_without_b -v
	said 1 "'b' is waited for"
	talk a 3 alone
	talk b 3 missed
	until_true holds 6
	until_true has_lines 6 tries
	rm closed
	until_true said 1 "nothing of 'b' before 20[^ ]*Z: its stream began late"
	talk b 3 there
	talk a 3 again
	until_true holds 18
	end 3
	cat err
	said 1 "engine 'b' does not capture: status 255"
	said 1 "engine 'b': connecting again"
	said 1 "'b' has begun"
	said 1 "engine 'b': way: closed\$"
	said 1 "engine 'b': way: sorry"
	said 0 "did not send its time"
	said 0 "was lost"
	said 0 "late: "
	run ! grep -aq missed live.pcapng
	sums_to a 24
	sums_to b 12
	capinfos -o live.pcapng | grep -q 'Strict time order: *True'
	# The first of its packets says so.
	[ "$(comments | cut -d ' ' -f 2- | sed 's/20[^ ]*Z/TIME/')" = \
		"b/lo/client vcap: nothing of 'b' before TIME: its stream began late" ]
}

# Break: lib/controller/livestreams.c s/livestream_may_return(&engine->stream)/engine->stream.has_begun/
# bats test_tags=slow
@test "live: an engine that is lost before its first word, or its first packet, is connected again" {
	by_a_way
	touch dies
	vcap-live shop >live.pcapng 2>err 3>&- &
	live=$!
	until_true said 1 "engine 'b' does not capture: status 137"
	until_true has_interfaces
	kill -9 "$(pgrep -f '/vcap-run -b 4M -n b')"
	until_true said 1 "engine 'b' was lost: connecting again"
	until_true said 2 "nothing of 'b' before 20[^ ]*Z: its stream began late"
	[ "$(wc -l <runs)" -eq 3 ]
	talk a 3 x
	talk b 3 x
	until_true holds 12
	end 3
	[ "$(comments | wc -l)" -eq 1 ]
}

# Break: lib/controller/live.c s/until_ns = live->end_ns - OVERTIME_NS;/until_ns = INT64_MAX;/
# Break: lib/controller/livestreams.c s/hope = HOPE_FOR_ONE_ATTEMPT;/;/
# Break: lib/controller/livestream.c s/case EXIT_MISUSE:/case 300:/
# bats test_tags=slow
@test "live: an engine that stays out of reach is waited for no longer than the time, the count, ^C" {
	by_a_way
	touch closed
	begin_without_b -t 3s
	patience=15 until_true gone vcap-live
	wait "$live" || [ $? -eq 3 ]
	begin_without_b -c 3
	until_true eval 'talk a 3 x; gone vcap-run'
	patience=15 until_true gone vcap-live
	wait "$live" || [ $? -eq 3 ]
	begin_without_b
	end 3
	# Of one that refuses there is no second attempt.
	rm closed
	touch refuses
	begin_without_b -c 3
	until_true eval 'talk a 3 x; gone vcap-run'
	patience=15 until_true gone vcap-live
	wait "$live" || [ $? -eq 3 ]
	[ "$(wc -l <runs)" -eq 1 ]
	run ! grep 'cut off' err
	# The only one, when its time is over.
	rm refuses
	vcap-live -E b -t 3s shop >live.pcapng 2>err 3>&- &
	live=$!
	until_true eval 'capinfos -I live.pcapng | grep -q "Name = b/lo$"'
	touch closed
	kill -9 "$(pgrep -f '/vcap-run -b 4M -n b')"
	patience=15 until_true gone vcap-live
	wait "$live" || [ $? -eq 3 ]
	said 1 "engine 'b' was lost: connecting again"
}

# Engine b, which does this in the place of a capture, behind the line by which vcap-host answers.
does() { # SCRIPT
	cat >odd <<-END
		#!/bin/bash
		case "\$*" in *vcap-run*)
			while [ "\$1" != answer ]; do shift; done
			printf 'vcap-answer %.16s\n' "\$2"
			$1
			exit
			;;
		esac
		exec "\$@"
	END
	chmod 755 odd
	sed -i "s|^b .*|b dir=$PWD/run exec $PWD/odd $in b|" config/engines
}

# Break: lib/merge/stream_control.c s/control->fd >= 0 \&\& merge_outcome/0 \&\& merge_outcome/
# Break: lib/controller/livestream.c s/kill(-livestream->child.pid, SIGTERM)/(void)0/
# Break: lib/merge/merge_live.c s/stream_control_end(&live->control);/;/
# Break: lib/capfile/pcap_read.c s/.check = read_magic,//
# Break: lib/capfile/reader_common.c s/return give_up(file, why);/;/
# bats test_tags=slow
@test "live: an engine that sends no capture is named and let go at once; the others go on" {
	"$build/tests/tools/mkcap" -f pcapng -n 3 >head.pcapng
	for script in 'echo garbage' 'echo garbage; sleep 60' yes 'cat /dev/zero' "cat $PWD/head.pcapng; yes" \
		"cat $PWD/head.pcapng /dev/urandom"; do
		echo "$script"
		wants=1 reason='is not a capture file'
		[[ "$script" != *head* ]] || wants=3 reason='is damaged at byte'
		does "$script"
		vcap-live shop >live.pcapng 2>err 3>&- &
		live=$!
		until_true said 1 "engine 'b': what it sends cannot be merged: it is let go"
		until_true eval '! pgrep -f "^/bin/bash $PWD/odd "'
		until_true eval 'talk a 1 later; grep -aq "later 1" live.pcapng'
		kill -0 "$live"
		end 3
		cat err
		said 1 "let go"
		said 1 "'b' $reason"
		run ! grep "cut off\|connecting again" err
		# Alone it is the end.
		run -$wants --separate-stderr vcap-live -E b -t 1h shop
		[[ "$stderr" == *"engine 'b': what it sends cannot be merged: it is let go"* ]]
	done
}

# Break: lib/merge/merge_live.c s/ || reader_is_passing(live->inputs->list\[i\].file)//
# bats test_tags=slow
@test "live: an engine that sends nonsense by and by holds nobody up" {
	"$build/tests/tools/mkcap" -f pcapng -n 3 >head.pcapng
	does "cat $PWD/head.pcapng; while printf %99s nonsense; do read -rt 0.05; done"
	vcap-live shop >live.pcapng 2>err 3>&- &
	live=$!
	until_true eval 'talk a 1 later; grep -aq "later 1" live.pcapng'
	grep -q "'b' is silent: going on without it" err
	end 3
	grep -q "'b' is damaged at byte" err
}

captures_on() { # IFACE...: of both engines, and on nothing else
	[ "$(capinfos -I live.pcapng | sed -n 's/.*Name = //p' | sort -u)" = \
		"$(for engine in a b; do printf "$engine/%s\n" "$@"; done | sort)" ]
}

# Break: lib/controller/params_cli.c s/strvec_pushv(&names, cli->interfaces.list)/strvec_push(\&names, "x1")/
# Break: lib/controller/params_cli.c s/engine->awaited = NULL/engine->awaited = calloc(2, sizeof(char *)), engine->awaited[0] = strdup("lo")/
@test "live: -i is in the place of what the engines file says" {
	for engine in a b; do
		ip -n $engine link add dev x0 type veth peer name x1
		ip -n $engine link set x0 up
		ip -n $engine link set x1 up
	done
	sed -i 's/^a /a iface=lo /; s/^b /b wait=lo /' config/engines
	vcap-live -i x0 shop >live.pcapng 2>err 3>&- &
	live=$!
	until_true captures_on x0
	end
	run -2 vcap-live -i ../x0 shop
	[[ $output == *"not the name of an interface: '../x0'"* ]]
}

lengths() { # of the packets of live.pcapng that are kept, and were
	tshark -r live.pcapng -T fields -e ip.proto -e frame.cap_len -e frame.len 2>/dev/null | sort -u
}

# Break: lib/controller/params_cli.c s/case 's': rc = read_snaplen(params, value, why); break;/case 's': break;/
# bats test_tags=slow
@test "live: -s keeps so many bytes of each packet, or its headers" {
	for snaplen in 30 headers; do
		begin -s $snaplen shop
		talk a 1 'a payload that is cut'
		until_true holds 2
		end
		# Ethernet, IP and UDP; and the error that quotes all of it.
		if [ $snaplen = 30 ]; then
			[ "$(lengths | cut -f 2 | sort -u)" = 30 ]
		else
			[ "$(lengths | awk -F '\t' '$1 == 17 { print $2 }')" = 42 ]
		fi
		[ "$(lengths | awk -F '\t' '$1 == 17 { print $3 }')" = 66 ]
		run ! grep -aq 'is cut' live.pcapng
	done
}

# Break: lib/controller/live.c s/if (!live->prints)/if (1)/
@test "live: on a terminal a line a packet, from both engines" {
	script -qec 'vcap-live shop' /dev/null </dev/null >seen 3>&- &
	live=$!
	until_true eval 'talk a 1 x; grep -q "^[0-9:.]* a  *client  IP 127.0.0.1.[0-9]* > 127.0.0.1.5000: UDP, length 4" seen'
	until_true eval 'talk b 1 x; grep -q "^[0-9:.]* b  *client  IP 127.0.0.1 > 127.0.0.1: ICMP about" seen'
	pkill -INT -x vcap-live
	wait "$live"
	until_true gone vcap-print
}

# In the lab, since a link takes sshd. Its vcap-run is killed by nothing and sends what it has when
# the link is back.
# The service's engine a becomes that of a controller of its own, the region `west`; this one knows no `a` then,
# which would be no region's.
make_region() {
	mkdir -p west/config/services
	grep '^a ' config/engines >west/config/engines
	grep -v '^engine b' config/services/shop >west/config/services/shop
	sed -i "s|^a .*|west region exec env VCAP_CONFIG=$PWD/west/config VCAP_SPOOL=$PWD/west/spool|" config/engines
	sed -i 's/^engine a/engine west/' config/services/shop
}

gone_all() {
	gone vcap-run && gone vcap-merge && gone vcap-live && gone vcap-region
}

# Break: lib/controller/live.c s/mergedfile_add_regions(/(void)(/
# Break: lib/controller/region_live.c s/strvec_push(&argv, "-");/;/
@test "live: a region's packets in the order of time, once, under its engines' names" {
	make_region
	begin shop 127.0.0.1
	talk_before_witnesses
	end
	until_true gone_all
	for pid in $(pgrep -x dumpcap); do kill -INT "$pid"; done
	until_true gone dumpcap
	capinfos -o live.pcapng | grep -q 'Strict time order: *True'
	for engine in a b; do
		sums_to $engine 240
		datagrams $engine.pcap | cut -d ' ' -f 2
	done | sort >seen
	[ "$(wc -l <seen)" -eq 240 ]
	datagrams live.pcapng | cut -d ' ' -f 2 | sort | diff seen -
	fields name live.pcapng | sort -u | diff - <(printf '%s\n' {a,b}/lo/{client,server})
	[ "$(vcap-stat live.pcapng | awk '$2 == "lo" && $3 == "client" && $6 == 0' | wc -l)" -eq 2 ]
	# Who asked, and that it is for somebody, stands in the region's stream.
	capinfos -k live.pcapng | grep -q " by .*,for:"
}

# bats test_tags=slow
@test "live: a region ends with its time, its lease, and whoever is killed" {
	make_region
	begin -t 2s shop
	talk a 3 x
	wait $live
	sums_to a 12
	until_true gone_all
	begin shop
	kill -9 $live
	until_true gone_all
	begin --lease 1s shop
	kill -STOP $live
	until_true only_zombies vcap-run
	kill -9 $live
	until_true gone_all
	# Its end is that of an engine: the others go on, and it is connected again.
	for victim in vcap-region vcap-live; do
		begin shop
		pkill -9 -n -x $victim
		until_true said 1 "engine 'west' was lost: connecting again"
		talk b 3 after
		until_true eval 'sums_to b 12'
		until_true said 1 "nothing of 'west' from .*: its stream had ended"
		talk a 3 again
		until_true eval 'sums_to a 12'
		end 3
		until_true gone_all
	done
}

# Break: lib/merge/merge_live.c s/return merge_has_pending(live->merge) &&/return 0 \&\&/
# bats test_tags=slow
@test "live: an engine of a region that is silent is told of, not the region" {
	make_region
	# A second engine there, of which nothing is heard.
	echo "c dir=$PWD/run exec $in b" >>west/config/engines
	echo "engine c" >>west/config/services/shop
	begin shop
	until_true pgrep -f '/vcap-run -b 4M -n c'
	talk a 5 before
	talk b 5 before
	until_true eval 'sums_to c 20'
	stopped=$(pgrep -f '/vcap-run -b 4M -n c')
	kill -STOP "$stopped"
	# Packets wait here before any do there.
	talk b 1 first
	pause 99
	for round in $(seq 20); do
		talk a 1 "round $round"
		pause 15
	done
	until_true grep -q "engine 'west': vcap-merge: 'c' is silent" err
	talk a 1 "at last"
	until_true eval 'sums_to a 104'
	run ! grep "'west' is silent" err
	# What it had comes late, to both.
	kill -CONT "$stopped"
	end 3
	grep -q "'west' came late" err
}

# bats test_tags=slow
@test "live: a region that cannot says why, and one without it is refused" {
	make_region
	ip netns del a
	vcap-live shop >live.pcapng 2>err 3>&- &
	live=$!
	until_true grep -q "engine 'west': vcap-live: engine 'a' does not capture: status 255" err
	until_true grep -q "engine 'west' does not capture: status 1" err
	until_true eval 'talk b 1 x; holds 1'
	end 3
	run -2 vcap-live -i lo shop
	[[ $output == *"a region takes no part in a choice of interfaces (-i): 'west'"* ]]
	run -2 vcap-region live shop </dev/null
	[ "$output" = "vcap-region: 'live' needs a lease first: '--lease=15s'" ]
	run -2 vcap-region live --lease=x shop </dev/null
	ip netns add a
}

# bats test_tags=slow
@test "live: a link that swallows everything holds only its own engine up" {
	run "$BATS_TEST_DIRNAME/../lab/lab" "$BATS_TEST_DIRNAME/../lab/hole"
	[ "$status" -ne 77 ] || skip "$output"
	echo "$output"
	[ "$status" -eq 3 ]
	[[ $output == *"'lb2' came late: "* ]]
}

# Break: lib/controller/livestreams.c s/again_ns \&\& streams->has_begun)/again_ns \&\& engine->stream.has_begun)/
# bats test_tags=slow
@test "live: an engine whose sshd does not run at first is connected once it does" {
	run "$BATS_TEST_DIRNAME/../lab/lab" "$BATS_TEST_DIRNAME/../lab/absent"
	[ "$status" -ne 77 ] || skip "$output"
	echo "$output"
	[ "$status" -eq 3 ]
	[ "$(grep -c "engine 'lb2' does not capture: status 255" <<<"$output")" -eq 1 ]
	[ "$(grep -c "Connection refused" <<<"$output")" -eq 1 ]
}

# Break: lib/controller/livestream.c s/strcmp(reason, "time")/strcmp(reason, "lease")/
# bats test_tags=slow
@test "live: a link that is gone for longer than the lease, and an ssh that ends, are gaps that end" {
	run "$BATS_TEST_DIRNAME/../lab/lab" "$BATS_TEST_DIRNAME/../lab/hole" lease
	[ "$status" -ne 77 ] || skip "$output"
	echo "$output"
	[ "$status" -eq 3 ]
	[ "$(grep -c "'lb2' was lost" <<<"$output")" -eq 2 ]
}
