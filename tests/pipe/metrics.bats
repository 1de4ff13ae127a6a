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

# Prometheus' own word on what it is to read. `series NAME LABELS VALUES`, `fires TIME ALERT LABELS SUMMARY`: of one test of rules.
series() {
	printf "      - series: '%s{%s}'\n        values: '%s'\n" "$@"
}

fires() {
	printf "      - eval_time: %s\n        alertname: %s\n        exp_alerts:\n" "$1" "$2"
	printf "          - exp_labels: {%s}\n            exp_annotations: {summary: '%s'}\n" "$3" "$4"
}

# Break: lib/controller/metrics.c s/head(metrics, "vcap_waits_seconds", "gauge",/head(metrics, "vcap_waits_seconds", "span",/
# Break: contrib/prometheus/vcap.rules.yml s/group_left () vcap_rolling_seconds/group_left () (vcap_rolling_seconds * 0)/
# bats test_tags=slow
@test "Prometheus takes what is printed, and the rules, which fire when they should" {
	command -v promtool >/dev/null || skip "no promtool: Debian's package prometheus has it"
	ring=web.20260103_000000
	entry $ring 'state capturing' 'engine a' 'rolling 120000000000'
	printf '%s\n' 'state running' 'exit 0' 'packets 7' 'dropped 1' 'complete-since 1767225600.5' 'trigger-1 5 2' \
		'lost-0 21 ListenOverflows' >$ring/engines/a.state
	printf 'seen 1 a 5\nsnapshots 2\nsuppressed 7\nfailed 1\n' >$ring/triggers
	vcap-metrics | promtool check metrics
	cp "$BATS_TEST_DIRNAME/../../contrib/prometheus/vcap.rules.yml" rules.yml
	run -0 promtool check rules rules.yml
	[[ $output == *"SUCCESS: 8 rules found"* ]]
	of='service="web",capture="c"' labels='service: web, capture: c'
	{
		printf '%s\n' 'rule_files: [rules.yml]' 'evaluation_interval: 1m' 'tests:' '  - interval: 1m' '    input_series:'
		series vcap_rolling_seconds "$of" 120x40
		series vcap_engine_up "$of,engine=\"a\"" '1x9 0x30'
		# One that has all of its window, and one whose ring only ever has begun.
		series vcap_rolling_complete_since_seconds "$of,engine=\"a\"" 0x40
		series vcap_rolling_complete_since_seconds "$of,engine=\"b\"" 0+60x40
		series vcap_engine_dropped "$of,engine=\"a\"" '0x29 5x10'
		series vcap_engine_lost "$of,engine=\"a\",loss=\"ListenOverflows\"" '0x29 5x10'
		series vcap_engine_lost "$of,engine=\"a\",loss=\"rx_dropped\"" '0x29 5x10'
		series vcap_spool_free_bytes '' '9x40'
		series vcap_spool_reserve_bytes '' '8x40'
		series vcap_snapshots_failed_total "$of" '0x29 1x10'
		series vcap_trigger_limited_total "$of,engine=\"a\",trigger=\"1\"" '0x29 1x10'
		echo '    alert_rule_test:'
		printf '      - {eval_time: %s, alertname: %s}\n' 9m VcapEngineDown 30m VcapNotRolling 29m VcapDrops
		fires 20m VcapEngineDown "$labels, engine: a" 'a does not capture web.'
		fires 20m VcapRingShort "$labels, engine: b" 'b keeps less of web than was asked for.'
		fires 31m VcapDrops "$labels, engine: a" 'a drops packets of web.'
		fires 31m VcapHostLoses "$labels, engine: a, loss: ListenOverflows" 'a loses packets or connections: ListenOverflows'
		fires 20m VcapSpoolFull '' 'The disk of the spool is nearly down to its reserve.'
		fires 31m VcapSnapshotFailed "$labels" 'web: a trigger could not make a snapshot'
		fires 31m VcapTriggerTooSlow "$labels, engine: a, trigger: 1" 'a: the pattern of trigger 1 takes too long on some lines'
		printf '%s\n' '  - interval: 1m' '    input_series:'
		series vcap_spool_free_bytes '' '99x40'
		echo '    alert_rule_test:'
		fires 10m VcapNotRolling '' 'No rolling capture runs, so no snapshot can be taken.'
	} >tests.yml
	promtool test rules tests.yml
}
