#!/usr/bin/env bats
# Engines that never come to an end, each with a good one beside it. What they are given is minutes:
# that is what takes so long here.
# shellcheck disable=SC2016,SC2154 # dollars that the engine is to expand; stderr

bats_require_minimum_version 1.5.0
load ../until

setup() {
	PATH=$(cd "$BATS_TEST_DIRNAME/../../${VCAP_BUILD:-build}/bin" && pwd):$PATH
	cd "$BATS_TEST_TMPDIR" || return
	mkdir here
	cd here || return
	# `answer` says what the bad one does first.
	cat >engine <<-'END'
		#!/bin/bash
		dir=${0%/*}
		# What of a stream is framed.
		[ "$2:$3" != vcap-host:answer ] || { echo "vcap-answer $4"; set -- "$1" "${@:6}"; }
		case $1:$(<"$dir/answer") in
		bad:running) answer='state running\npackets 1\nbytes 60\n' ;;
		*) answer='state done\npackets 1\nbytes 60\ndropped 0\nreason time\n' ;;
		esac
		how=$1:$(<"$dir/answer")
		[ "$how" != bad:gone ] || exit 255
		[ "$2:$3" != vcap-host:answer ] || { echo "vcap-answer $4"; set -- "$1" "${@:6}"; }
		case $2:$3 in
		vcap-run:*) [ "$how" != bad:silent ] || sleep 600; cat "$dir/one" ;;
		vcap-host:clock) exec "${@:2}" ;;
		vcap-host:*) printf "$answer" ;;
		vcap-merge:*)
			one=$dir/one
			[[ $* != *' -z '* ]] || one=$dir/one.zst
			case $how in
			bad:drip) while read -rn 2 byte; do printf "\x$byte"; sleep 5; done < <(od -An -v -tx1 "$one" | tr -d ' \n') ;;
			bad:endless) echo bad >>"$dir/asked"; cat "$one"; sleep 600 ;;
			*) cat "$one" ;;
			esac
			;;
		esac
	END
	chmod 755 engine
	perl -e '
		sub block { my ($type, $body) = @_; my $n = 12 + length $body; pack("VV", $type, $n) . $body . pack("V", $n) }
		print block(0x0a0d0d0a, pack("VvvVV", 0x1a2b3c4d, 1, 0, 0xffffffff, 0xffffffff));
		print block(1, pack("vvV", 1, 0, 262144));
		print block(6, pack("VVVVV", 0, 0, 1, 60, 60) . "x" x 60);' >one
	zstd -q one
	export VCAP_CONFIG=$PWD/config VCAP_SPOOL=$PWD/spool
	mkdir -p config/services
	printf '%s\n' 'vip 192.0.2.10 tcp/80' 'server 10.0.0.1' 'monitor tcp/1' 'engine good' 'engine bad' \
		>config/services/shop
	printf '%s\n' "good exec $PWD/engine good" "bad exec $PWD/engine bad" >config/engines
}

# A capture that was over long ago, with this patience in seconds.
make_capture() { # SECONDS
	id=shop.20260101_000000
	rm -rf spool
	(umask 077 && mkdir -p "spool/captures/$id/engines")
	printf '%s\n' "id $id" 'service shop' 'state capturing' 'created 1767225600.0' 'count 0' \
		'duration 60000000000' "patience ${1}000000000" 'engine good' 'engine bad' >"spool/captures/$id/capture"
	cp config/services/shop "spool/captures/$id/service"
	chmod 600 "spool/captures/$id"/*e
}

# It ends without engine `bad`, for this reason, and may be removed.
ends_without_bad() { # REASON
	make_capture 0
	run -3 --separate-stderr timeout 300 vcap-stop "$id"
	[[ $stderr == *"engine 'bad' is missing: "*$1* ]] || { echo "$stderr"; false; }
	[ "$(vcap-stat "$output" | awk '{ print $1, $4 }')" = $'ENGINE PACKETS\ngood 1' ]
	vcap-rm "$id"
}

# Break: lib/controller/poll.c s/if (late > overtime(.*))/if (false)/
@test "one that says that it captures, for ever" {
	echo running >answer
	ends_without_bad "it says that it captures, "
}

# Break: lib/controller/fetch.c s/now.st_size - before.st_size < least/now.st_size == before.st_size/
# Break: lib/controller/fetch.c s/left_ns <= PATIENCE_NS/false/
@test "one that sends a byte now and then" {
	echo drip >answer
	ends_without_bad "sends too slowly"
}

# Break: lib/base/relay.c s/check_pace(work, now_ns, why) < 0/false/
@test "one that sends a byte now and then, compressed and slowed down" {
	echo drip >answer
	sed -i 's/ exec/ compress=zstd bwlimit=1M&/' config/engines
	ends_without_bad "the stream does not end"
}

# Break: lib/controller/collect.c s/if (!word || strcmp(word, "no") != 0)/if (true)/
@test "one whose stream goes on after its packets is not asked for them again" {
	echo endless >answer
	ends_without_bad "sends too slowly, or without end"
	[ "$(cat asked)" = bad ]
}

# Break: lib/controller/live.c s/if (end_ns < INT64_MAX) {/if (false) {/
@test "a live stream that is silent beyond its time" {
	echo silent >answer
	run -3 --separate-stderr timeout 120 vcap-live -t 1s shop
	[[ $stderr == *"engine 'bad' did not end when it should, and was cut off"* ]]
}

seen_by() { # the engines in the file
	vcap-stat "spool/captures/$id/$id.pcapng" | awk 'NR > 1 { print $1 }' | sort | paste -sd ' '
}

# Break: lib/controller/completion.c s/rc = completion_run(collect, spool, why);/;/
@test "one that is back after the end: its part is put in, in the background" {
	echo gone >answer
	make_capture 600
	vcap-wait --persist "$id" 3>&- &
	waiter=$!
	patience=60 until_true grep -q '^state partial' "spool/captures/$id/capture"
	[ "$(seen_by)" = 'good' ]
	echo fine >answer
	patience=90 until_true grep -q '^state done' "spool/captures/$id/capture"
	[ "$(seen_by)" = 'bad good' ]
	wait $waiter || [ $? -eq 3 ]
}
