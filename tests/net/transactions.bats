#!/usr/bin/env -S LAB_TRANSPORT=exec tests/lab/lab bats
# shellcheck shell=bats
# Captures of transactions: 20 clients make 50 requests each of several services through all engines
# at once, while many captures run. What belongs to each of these is told by an unfiltered capture
# that tshark reads: a path says which client a request is of, on whatever connection. Run this from
# the top of the tree.

bats_require_minimum_version 1.5.0

parts() {
	for part in names network service control witness evidence; do
		# shellcheck source=/dev/null
		. "$BATS_TEST_DIRNAME/../lab/$part.sh"
	done
	PATH=$BATS_TEST_DIRNAME/../lab:$PATH
}

# Engines whose rings are small: there are many captures at once.
small_rings() {
	mkdir "$LAB_DIR/small"
	ln -s "$LAB_DIR"/bin/* "$LAB_DIR/small"
	rm "$LAB_DIR/small/vcap-run"
	# shellcheck disable=SC2016 # the script's own
	printf '#!/bin/sh\nexec "%s/bin/vcap-run" -b 48M "$@"\n' "$LAB_DIR" >"$LAB_DIR/small/vcap-run"
	chmod 755 "$LAB_DIR/small/vcap-run"
	sed -i "s,bin=[^ ]*,bin=$LAB_DIR/small," "$VCAP_CONFIG/engines"
}

# A capture of its own of a service, under another name.
begin() { # NAME SERVICE ARG...
	[ "$1" = "$2" ] || cp "$VCAP_CONFIG/services/$2" "$VCAP_CONFIG/services/$1"
	vcap start "$1" -t 5 "${@:3}" >"$1.id" 2>"$1.err" 3>&- &
	starting+=($!)
	captures+=("$1")
}

begin_all() {
	five=("$LAB_FRONT4.5" "$LAB_FRONT6:5")
	begin v1 v1 "${five[@]}"
	begin v2 v2 "${five[@]}"
	begin xff xff "${five[@]}"
	begin range v1 "$LAB_FRONT4.5-$LAB_FRONT4.7" "$LAB_FRONT6:5-$LAB_FRONT6:7"
	printf '%s # two\n' "$LAB_FRONT4.9/31" "$LAB_FRONT6:9/127" >two
	begin subnet xff --specs two
	begin server v2 "$LAB_BACK4.11"
	begin except v1 -x "${five[@]}"
	begin count v1 -c 40 "${five[@]}"
	begin farm v1
	begin none checked
	begin include checked -m include
	begin only checked -m only
	begin reuse reuse "${five[@]}"
	vcap live v2 "${five[@]}" >live.pcapng 2>live.err 3>&- &
	live=$!
	for pid in "${starting[@]}"; do
		wait "$pid"
	done
	lab_wait "packets of the live capture" test -s live.pcapng
}

end_all() {
	kill -INT "$live"
	stopping=()
	for name in "${captures[@]}"; do
		{ vcap stop "$name" && vcap export "$name" .; } >/dev/null 2>>"$name.err" 3>&- &
		stopping+=($!)
	done
	for pid in "${stopping[@]}" $live; do
		wait "$pid"
	done
}

witnesses() { # COMMAND: with each file
	for engine in $LAB_ENGINES; do
		for device in eth0 eth1; do
			"$1" "$engine" $device "$engine.$device"
		done
	done
}

begin_witness() {
	lab_witness "$1" "$2" "$3" tcp
}

end_witness() {
	lab_witness_end "$3"
}

requests() { # ARG... PORT
	lab_in client "$BATS_TEST_DIRNAME/../lab/clients" "${@:1:$#-1}" "$LAB_FRONT4" "$LAB_FRONT6" \
		"$LAB_VIP4:${*: -1}" "[$LAB_VIP6]:${*: -1}"
}

request_all() {
	requests v1 20 50 81
	requests v2 20 50 82
	requests xff 20 50 83
	requests bare 20 2 84
	requests -k 5 reuse 20 50 86
}

setup_file() {
	[ -n "${LAB_DIR-}" ] || {
		echo "run this as: tests/lab/lab bats $BATS_TEST_FILENAME" >&2
		return 1
	}
	parts
	lab_evidence
	small_rings
	cd "$BATS_FILE_TMPDIR"
	captures=() starting=()
	lab_more_checks disable
	lab_all_quiet
	witnesses begin_witness
	lab_witness_ready lb?.eth?
	begin_all
	lab_more_checks enable
	request_all
	lab_more_checks disable
	lab_all_quiet
	end_all
	witnesses end_witness
	[ "$(grep -h 'dropped by kernel' lb?.eth?.log | sort -u)" = '0 packets dropped by kernel' ]
	mergecap -a -F pcap -w all.pcap lb?.eth?
	segments -p all.pcap >all
}

setup() {
	parts
	cd "$BATS_FILE_TMPDIR"
	export LC_ALL=C
}

# The packets of a capture are those that belong to it, all and no other.
is() { # NAME TRUTH-ARG...
	truth "${@:2}" <all | sort >want
	compare "$1"
}

compare() { # NAME: with want
	segments "$1".*pcapng | sort >kept
	echo "$1: $(wc -l <want) wanted, $(wc -l <kept) kept"
	[ -s want ]
	diff want kept | head
	cmp want kept
}

@test "one client's transactions, by PROXY protocol version 1" {
	is v1 v1 5
}

@test "... by version 2, and live" {
	is v2 v2 5
	is live v2 5
}

@test "... by X-Forwarded-For" {
	is xff xff 5
}

@test "what was found is in the file, once for each interface of an engine" {
	for name in v1 v2; do
		strings "$name".*.pcapng | grep -o 'server connections: .*' >verdicts
		cat verdicts
		[ "$(awk '{ wanted += $3; not += $5; undecided += $7 }
			END { print wanted / (NR / 2), not / (NR / 2), undecided }' verdicts)" = "50 1950 0" ]
	done
}

@test "ranges, subnets in a file, all but these" {
	is range v1 5 6 7
	is subnet xff 8 9
	truth v1 5 <all | sort >these
	truth v1 <all | sort | comm -23 - these >want
	compare except
}

@test "a server's address: what it was asked, and by whom" {
	is server -s "$LAB_BACK4.11" v2
}

@test "-c counts packets that are kept" {
	for engine in $LAB_ENGINES; do
		state=$VCAP_SPOOL/captures/$(cat count.id)/engines/$engine.state
		cat "$state"
		[ "$(sed -n 's/^core-.* packets \([0-9]*\) .*/\1/p' "$state" | sort -rn | head -n 1)" -eq 40 ]
	done
	segments count.*.pcapng | sort >kept
	truth v1 5 <all | sort | comm -13 - kept >others
	[ ! -s others ]
}

@test "of servers that are shared, the service's own connections" {
	is farm v1
	grep "'farm' shares servers with" farm.err
}

# Each kind of check: LOCAL on v2's servers, GET /health on xff's, nothing at all on bare's.
@test "health checks that only their connection tells: none, include, only" {
	for name in v2 xff bare; do
		truth $name <all
	done | sort >clients
	{
		truth -v -p "$LAB_PROXY_PORT" 'v1|v2' <all
		truth -v -p "$LAB_WEB_PORT" xff <all
		truth -v -p "$LAB_BARE_PORT" bare <all
	} | sort >checks
	cp clients want
	compare none
	cp checks want
	compare only
	sort clients checks >want
	compare include
}

@test "a connection that clients share is kept from the wanted request on" {
	segments -p reuse.*.pcapng | sort >kept
	# Every request and answer of this client.
	grep "$(printf /reuse/c5/ | od -An -tx1 | tr -d ' \n')" all | sort >want
	[ -s want ]
	[ -z "$(comm -23 want kept)" ]
	# No connection that has none; and on a client's side, no other client.
	truth reuse 5 <all | sort >want
	cut -d ' ' -f 1-9 kept | sort | comm -13 want - >others
	[ ! -s others ]
}
