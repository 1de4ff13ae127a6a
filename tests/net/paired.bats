#!/usr/bin/env -S LAB_TRANSPORT=exec tests/lab/lab bats
# shellcheck shell=bats disable=SC2154 # the names are the lab's
# 2,040 requests at once over all engines, by evidence of each kind: no transaction has messages of two requests, which the
# path in each of them tells; and each has the phases that tests/lab/truth computes from its segments.

bats_require_minimum_version 1.5.0

parts() {
	for part in names network service control evidence; do
		# shellcheck source=/dev/null
		. "$BATS_TEST_DIRNAME/../lab/$part.sh"
	done
	PATH=$BATS_TEST_DIRNAME/../lab:$PATH
}

setup_file() {
	parts
	lab_evidence
}

setup() {
	parts
	cd "$BATS_TEST_TMPDIR" || return
	export LC_ALL=C
}

# Engines that have pairs of their own: a ring, a log file, the kernel.
informed_engines() {
	mkdir "$LAB_DIR/informed"
	ln -s "$VCAP_CONFIG/services" "$LAB_DIR/informed"
	sed "/^lb1/s, , flows=haproxy:$LAB_DIR/lb1.more ,
		/^lb2/s, , flows=log:$LAB_DIR/lb2-haproxy.log ,
		/^lb3/s, , flows=conntrack ," "$VCAP_CONFIG/engines" >"$LAB_DIR/informed/engines"
	export VCAP_CONFIG=$LAB_DIR/informed
}

# Marked packets of a file as "TRANSACTION PATH".
marked() {
	tshark -r "$1" --disable-protocol http --disable-protocol proxy -Y frame.comment -T fields -e frame.comment -e tcp.payload |
		perl -ne 'my ($comment, $bytes) = /^(.*)\t([0-9a-f]*)$/ or next;
			my ($path) = pack("H*", $bytes) =~ m{(/\w+/c\d+/\d+)\s} or next;
			print "$_ $path\n" for $comment =~ /vcap: transaction (\d+)/g'
}

# computed NAME PORT SERVER-PORT
computed() {
	export TRUTH_AT_ONCE=1
	if [ "$1" != mixed ]; then
		truth "$(echo "$VCAP_SPOOL/captures/$1".*/"$1".*.pcapng)" "$2" "$3"
		return
	fi
	# One of its engines is no proxy: the kernel translates addresses.
	for engine in lb1 lb2 lb3; do
		vcap export --only "$engine" -w "$engine.pcapng" mixed >&2
	done
	for engine in lb1 lb2; do
		truth "$engine.pcapng" "$2" "$3"
	done
	TRUTH_NAT=1 truth lb3.pcapng "$2" "$LAB_BARE_PORT"
}

# same NAME PORT SERVER-PORT
same() {
	computed "$@" | grep "^/$1/c" | sort >wanted
	vcap transactions -r -o PATH,METHOD,STATUS,SSTATUS,CSYN,IDLE,REQHEAD,REQBODY,WAIT,CONNECT,TTFB,RELAY,TRANSFER,DRAIN,STALL,TOTAL "$1" |
		grep "^/$1/c" | tr '\t' ' ' | sort | diff wanted -
	[ "$(wc -l <wanted)" -eq 340 ]
}

# Break: lib/transactions/phases.c s/set(row, PHASE_DRAIN, client->response.last.ns, client->acked_ns)/set(row, PHASE_DRAIN, client->request.last.ns, client->acked_ns)/
# Break: lib/transactions/marks.c s/.id = row->id};/.id = 1 + row->id \/ 2};/
# Break: lib/transactions/pairing.c s/search->best = exchange;/search->best = NULL;/
# bats test_tags=slow
@test "two thousand requests at once: each row has one request's messages, on both sides, and their phases" {
	informed_engines
	lab_more_checks disable
	lab_all_quiet
	names='v1 v2 xff bare reuse mixed'
	for name in $names; do
		vcap start "$name" -t 60 3>&- &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid"
	done
	pids=()
	for name in $names; do
		case $name in
		v1) port=81 ;; v2) port=82 ;; xff) port=83 ;; bare) port=84 ;; reuse) port=86 ;; mixed) port=80 ;;
		esac
		vip4=$LAB_VIP4 vip6=$LAB_VIP6
		[ "$name" != mixed ] || vip4=$LAB_SECOND4 vip6=$LAB_SECOND6
		lab_in client "$(command -v clients)" -k "$([ "$name" = reuse ] && echo 5 || echo 1)" "$name" 20 17 "$LAB_FRONT4" "$LAB_FRONT6" \
			"$vip4:$port" "[$vip6]:$port" 3>&- &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid"
	done
	lab_all_quiet
	for name in $names; do
		vcap stop "$name" >/dev/null
		vcap wait "$name" >/dev/null
		vcap transactions --mark "$name.pcapng" -r -o ID,PATH,UNIT,CONFIDENCE,SERVER "$name" | grep -P "\t/$name/c" >rows
		marked "$name.pcapng" >marks
		# All that is marked with a number has the path of that row.
		awk 'NR == FNR { path[$1] = $2; next } path[$1] && path[$1] != $2 { print; bad = 1 } END { exit bad }' rows marks
		echo "$name: $(wc -l <rows) rows, $(wc -l <marks) marks; $(cut -f 3,4 rows | sort | uniq -c | tr -s ' \t\n' ' ')"
		cut -f 2 rows | sort | uniq -d | tee twice
		[ ! -s twice ]
		[ "$(wc -l <rows)" -eq 340 ]
		# Both sides: a request and a response on each.
		[ "$(wc -l <marks)" -eq 1360 ]
		case $name in
		v1) same v1 81 "$LAB_PROXY_PORT" ;;
		v2) same v2 82 "$LAB_PROXY_PORT" ;;
		xff) same xff 83 "$LAB_WEB_PORT" ;;
		bare) same bare 84 "$LAB_BARE_PORT" ;;
		reuse) same reuse 86 "$LAB_SHARED_PORT" ;;
		mixed) same mixed 80 "$LAB_PROXY_PORT" ;;
		esac
		# Every packet is in one conversation.
		[ "$(vcap transactions -r --conversations "$name" | awk -F '\t' '{ packets += $11; rows += $13 } END { print packets, rows }')" = \
			"$(vcap print "$name" | wc -l) $(vcap transactions -r "$name" | wc -l)" ]
	done
}
