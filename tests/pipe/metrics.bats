#!/usr/bin/env bats
# vcap-metrics on a spool that was written by hand.
#
# shellcheck disable=SC2154 # stderr is set by run

bats_require_minimum_version 1.5.0

setup() {
	PATH="$BATS_TEST_DIRNAME/../../${VCAP_BUILD:-build}/bin:$PATH"
	export VCAP_SPOOL="$BATS_TEST_TMPDIR/spool"
	umask 077
	mkdir -p "$VCAP_SPOOL/captures"
	cd "$VCAP_SPOOL/captures" || return
}

entry() { # ID LINE...
	mkdir -p "$1/engines"
	printf '%s\n' "service ${1%.*}" "${@:2}" >"$1/capture"
}

# Break: lib/controller/metrics.c s/if (snapshot_entry_is_ring(&metrics->list\[i\].entry, &rolling))/if (0)/
# Break: lib/controller/metrics.c s/return !spool_entry_is_over(entry);/return true;/
@test "states, engines and rings, in lines that Prometheus reads; what is damaged is left out" {
	ring=web.20260103_000000
	entry shop.20260102_030405 'state done' 'engine a'
	entry $ring 'state capturing' 'engine a' 'engine b' 'missing b not reached: x' 'rolling 120000000000'
	printf '%s\n' 'state running' 'exit 0' 'packets 7' 'dropped 1' 'complete-since 1767225600.500000000' >$ring/engines/a.state
	entry web.20260103_000100 'state done' "snapshot-of $ring" 'from 1.0' 'to 2.0'
	entry web.20260103_000200 'state done' "snapshot-of $ring" 'from 1.0' 'to 2.0'
	printf 'seen 1 a 5\nsnapshots 2\nsuppressed 7\nfailed 1\n' >$ring/triggers
	printf 'asked 9\nshared 7\n' >$ring/snapshots-asked
	printf 'trigger-1 5 2\n' >>$ring/engines/a.state
	printf '%s\n' 'lost-0 21 ListenOverflows 192.0.2.10:443' 'lost-1 2 rx_dropped eth0' 'lost-2 3 rx_dropped eth1' \
		'lost-3 4 of-nothing' 'lost-at-0 1.0 2.0 9 conntrack_drop' >>$ring/engines/a.state
	mkdir -p bad.20260103_000000
	printf 'a\\001 b\n' >bad.20260103_000000/capture
	run -0 --separate-stderr vcap-metrics
	[ -n "$stderr" ]
	grep -v '^#' <<<"$output" >lines
	grep -vE '^[a-z_]+(\{([a-z]+="[A-Za-z0-9._-]+",?)+\})? [0-9]+(\.[0-9]+)?$' lines >wrong || true
	[ ! -s wrong ]
	# Each metric is told once, before its lines, which stand together.
	[ "$(grep -c '^# TYPE' <<<"$output")" -eq "$(grep -c '^# HELP' <<<"$output")" ]
	sed 's/[{ ].*//' lines | uniq | sort | uniq -d >apart
	[ ! -s apart ]
	grep -qx 'vcap_captures{service="web",state="done"} 2' lines
	grep -qx 'vcap_captures{service="shop",state="failed"} 0' lines
	of="service=\"web\",capture=\"$ring\""
	grep -qx "vcap_engine_up{$of,engine=\"a\"} 1" lines
	grep -qx "vcap_engine_up{$of,engine=\"b\"} 0" lines
	grep -qx "vcap_engine_dropped{$of,engine=\"a\"} 1" lines
	grep -qx "vcap_engine_lost{$of,engine=\"a\",loss=\"ListenOverflows\"} 21" lines
	grep -qx "vcap_engine_lost{$of,engine=\"a\",loss=\"rx_dropped\"} 5" lines
	[ "$(grep -c '^vcap_engine_lost{' lines)" -eq 2 ]
	grep -qx "vcap_rolling_complete_since_seconds{$of,engine=\"a\"} 1767225600.500000000" lines
	grep -qx "vcap_rolling_seconds{$of} 120.000000000" lines
	grep -qx "vcap_snapshots{$of} 2" lines
	grep -qx "vcap_snapshots_asked_total{$of} 9" lines
	grep -qx "vcap_snapshots_shared_total{$of} 7" lines
	grep -qx "vcap_snapshots_suppressed_total{$of} 7" lines
	grep -qx "vcap_snapshots_failed_total{$of} 1" lines
	grep -qx "vcap_trigger_matches_total{$of,engine=\"a\",trigger=\"1\"} 5" lines
	grep -qx "vcap_trigger_limited_total{$of,engine=\"a\",trigger=\"1\"} 2" lines
	grep -qx "vcap_waits_seconds{$of} 0.000000000" lines
	run -0 vcap-metrics shop
	[[ $output != *web* ]]
	# The rules ask for nothing else.
	grep -o 'vcap_[a-z_]*' "$BATS_TEST_DIRNAME/../../contrib/prometheus/vcap.rules.yml" | sort -u >asked
	cut -d ' ' -f 3 <(vcap-metrics 2>/dev/null | grep '^# TYPE') | sort -u | comm -23 asked - >unknown
	[ ! -s unknown ]
}
