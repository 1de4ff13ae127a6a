#!/usr/bin/env bats
# bats file_tags=net
# vcap live while the clock of an engine drifts. VCAP_LIVE_MINUTES=30, as `make check-slow` says, makes it that long,
# at 200 ppm, with an engine that is killed twice; without it, half a minute, at a hundredth.

bats_require_minimum_version 1.5.0
load ../until
load ../net/rings
load ../net/live

# Engine b's clock: what its kernel stamps is moved on the way, and vcap-host has a clock of its own.
drifting() { # PPM
	local tools=$build/tests
	cat >drifting <<-END
		#!/bin/bash
		case "\$*" in
		*'vcap-host clock') LD_PRELOAD=$tools/preload/clock.so CLOCK_PPM=$1 CLOCK_BASE=$base exec "\$@" ;;
		*'vcap-run '*) "\$@" | $tools/tools/drift $1 $base; exit "\${PIPESTATUS[0]}" ;;
		esac
		exec "\$@"
	END
	chmod 755 drifting
	sed -i "s|^b .*|b dir=$PWD/run exec $PWD/drifting $in b|" config/engines
}

# Some datagrams on both engines, until the time has come, and b is killed at two of three places.
talk_until() { # SECONDS KILLS
	local end=$((SECONDS + $1)) third=$(($1 / 3)) kills=0 round=0
	while [ "$SECONDS" -lt "$end" ]; do
		round=$((round + 1))
		talk a 1 "a$round"
		talk b 1 "b$round"
		pause 20
		if [ "$kills" -lt "$2" ] && [ "$SECONDS" -ge $((end - $1 + third * (kills + 1))) ]; then
			kills=$((kills + 1))
			kill -9 "$(pgrep -f '/vcap-run -b 4M -n b')"
			until_true said $kills "nothing of 'b' from 20"
		fi
	done
	talk a 1 last
	talk b 1 last
	until_true grep -aq "last" live.pcapng
}

# Corrected times are those of the witnesses, which have the true clock, within so many seconds.
are_within() { # ENGINE SECONDS
	join -j 2 -o 1.1,2.1,0 <(datagrams live.pcapng | sort -k 2) <(datagrams "$1.pcap" | sort -k 2) |
		awk -v engine="$1" -v most="$2" '
			{ off = $1 - $2; off = off < 0 ? -off : off; n++ }
			# Each of two datagrams meets each other one.
			{ if (!($3 in least) || off < least[$3]) least[$3] = off }
			END {
				for (i in least) { if (least[i] > worst) worst = least[i] }
				printf "%s: %d datagrams, at most %.6f s off\n", engine, n, worst
				exit worst > most || n < 20
			}'
}

# Break: lib/controller/clock_session.c s/rc = session->left > 0 ? -1 : begin(session);/rc = 0;/
# Break: lib/merge/stream_control.c s/return merge_change_offset(control->merge, message->name, message->offset_ns,/return 0 \&\& merge_change_offset(control->merge, message->name, message->offset_ns,/
@test "live: a clock that drifts is corrected while it runs, in order" {
	local minutes=${VCAP_LIVE_MINUTES-} ppm=10000 seconds=25 most=0.1 kills=0 status=0
	# In five seconds, and one for the change to spread, 60 ms or 1.2 ms; and the errors of measurements.
	[ -z "$minutes" ] || ppm=200 seconds=$((minutes * 60)) most=0.01 kills=2 status=3
	base=$(date +%s)
	drifting $ppm
	begin shop
	witness a
	witness b
	talk_until "$seconds" "$kills"
	end "$status"
	for pid in $(pgrep -x dumpcap); do kill -INT "$pid"; done
	until_true gone dumpcap
	cat err
	run ! grep -q 'late' err
	capinfos -o live.pcapng | grep -q 'Strict time order: *True'
	are_within a "$most" >&3
	are_within b "$most" >&3
}
