#!/usr/bin/env -S LAB_TRANSPORT=exec tests/lab/lab bats
# shellcheck shell=bats
# Captures of transactions: 20 clients make 16 requests each (50 with VCAP_SLOW) of several services
# through all engines at once, while many captures run. What belongs to each of these is told by an
# unfiltered capture that tshark reads: a path says which client a request is of, on whatever
# connection. Run this from the top of the tree.

bats_require_minimum_version 1.5.0

parts() {
	for part in names network service control witness evidence; do
		# shellcheck source=/dev/null
		. "$BATS_TEST_DIRNAME/../lab/$part.sh"
	done
	PATH=$BATS_TEST_DIRNAME/../lab:$PATH
}

# Engines with few and small rings: there are many captures at once.
small_rings() {
	mkdir "$LAB_DIR/small"
	ln -s "$LAB_DIR"/bin/* "$LAB_DIR/small"
	rm "$LAB_DIR/small/vcap-run"
	# shellcheck disable=SC2016 # the script's own
	printf '#!/bin/sh\nexec "%s/bin/vcap-run" -b 32M "$@"\n' "$LAB_DIR" >"$LAB_DIR/small/vcap-run"
	chmod 755 "$LAB_DIR/small/vcap-run"
	sed -i "s,bin=[^ ]*,iface=eth0\,eth1 bin=$LAB_DIR/small," "$VCAP_CONFIG/engines"
}

# Engines that have pairs of their own: a ring, a log file, the kernel.
informed_engines() {
	mkdir "$LAB_DIR/informed"
	ln -s "$VCAP_CONFIG/services" "$LAB_DIR/informed"
	sed "/^lb1/s, , flows=haproxy:$LAB_DIR/lb1.more ,
		/^lb2/s, , flows=log:$LAB_DIR/lb2-haproxy.log ,
		/^lb3/s, , flows=conntrack ," "$VCAP_CONFIG/engines" >"$LAB_DIR/informed/engines"
}

# The same two proxies as the region `west`, a controller of its own, for the service `far`, which is `bare`.
region_of_informed() {
	mkdir -p "$LAB_DIR/west/services"
	cp "$VCAP_CONFIG/services/bare" "$LAB_DIR/west/services/far"
	cp "$LAB_DIR/informed/engines" "$LAB_DIR/west"
	{ grep -v ^engine "$VCAP_CONFIG/services/bare"; echo engine west; } >"$VCAP_CONFIG/services/far"
	echo "west region exec env VCAP_CONFIG=$LAB_DIR/west VCAP_SPOOL=$LAB_DIR/west.spool" >>"$VCAP_CONFIG/engines"
}

# A capture of its own of a service, under another name.
begin() { # NAME SERVICE ARG...
	[ "$1" = "$2" ] || cp "$VCAP_CONFIG/services/$2" "$VCAP_CONFIG/services/$1"
	vcap start -v "$1" -t 5 "${@:3}" >"$1.id" 2>"$1.err" 3>&- &
	starting+=($!)
	captures+=("$1")
}

# For the tests that make check leaves out.
begin_more() {
	begin except v1 -x "${five[@]}"
	begin flags v1 -e 'tcp[13] & 3 != 0 or (ip6 and ip6[53] & 3 != 0)' "${five[@]}"
	begin none checked
	begin include checked -m include
	begin only checked -m only
	region_of_informed
	begin far far "${five[@]}"
}

begin_all() {
	five=("$LAB_FRONT4.5" "$LAB_FRONT6:5")
	begin v1 v1 "${five[@]}"
	begin v2 v2 "${five[@]}"
	printf '%s # two\n' "$LAB_FRONT4.9/31" "$LAB_FRONT6:9/127" >two
	begin xff xff --specs two
	VCAP_CONFIG=$LAB_DIR/informed begin bare bare "${five[@]}"
	VCAP_CONFIG=$LAB_DIR/informed begin mixed mixed "${five[@]}"
	begin server v2 "$LAB_BACK4.11"
	begin count v1 -c 20 "${five[@]}"
	[ -z "${VCAP_SLOW-}" ] || begin_more
	begin reuse reuse "${five[@]}"
	vcap live v2 "$LAB_FRONT4.5-$LAB_FRONT4.7" "$LAB_FRONT6:5-$LAB_FRONT6:7" >live.pcapng 2>live.err 3>&- &
	live=$!
	for pid in "${starting[@]}"; do
		wait "$pid"
	done
	lab_wait "live capture of every engine" live_has_engines
}

live_has_engines() {
	capinfos -I live.pcapng >interfaces
	for engine in $LAB_ENGINES; do
		grep -q "Name = $engine/eth0" interfaces && grep -q "Name = $engine/eth1" interfaces || return
	done
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
	for engine in $LAB_ENGINES $LAB_GATEWAY; do
		for device in eth0 eth1; do
			"$1" "$engine" $device "$engine.$device"
		done
	done
}

begin_witness() {
	lab_witness "$1" "$2" "$3" tcp
}

witness_ready() {
	lab_witness_ready "$3"
}

# A connect that is refused passes by each of them, once all else has.
end_witness() {
	local ended=$EPOCHREALTIME far=$LAB_FRONT4.1
	[ "$2" = eth0 ] || far=$LAB_BACK4.11
	lab_in "$1" bash -c ": >/dev/tcp/$far/9" 2>/dev/null || true
	lab_wait "the last packet in $3" lab_witness_is_past "$3" "$ended"
	lab_witness_end "$3"
}

requests() { # ARG... PORT
	lab_in client "$BATS_TEST_DIRNAME/../lab/clients" "${@:1:$#-1}" "$LAB_FRONT4" "$LAB_FRONT6" \
		"$vip4:${*: -1}" "[$vip6]:${*: -1}"
}

# How many of each client.
each() {
	[ -n "${VCAP_SLOW-}" ] && echo 50 || echo 16
}

request_all() {
	each=$(each)
	vip4=$LAB_VIP4 vip6=$LAB_VIP6
	requests v1 20 "$each" 81
	requests v2 20 "$each" 82
	requests xff 20 "$each" 83
	requests bare 20 "$each" 84
	requests -k 5 reuse 20 20 86
	vip4=$LAB_SECOND4 vip6=$LAB_SECOND6
	requests mixed 20 "$each" 80
}

setup_file() {
	[ -n "${LAB_DIR-}" ] || {
		echo "run this as: tests/lab/lab bats $BATS_TEST_FILENAME" >&2
		return 1
	}
	parts
	lab_evidence
	small_rings
	informed_engines
	cd "$BATS_FILE_TMPDIR"
	captures=() starting=()
	lab_more_checks disable
	lab_all_quiet
	witnesses begin_witness
	witnesses witness_ready
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
	# What a ring or a witness has dropped would be missing below.
	[ "$(vcap ls -r | cut -f 5 | sort -u)" = 0 ]
	marks "$LAB_BACK4.11" "$LAB_BACK4.12" <all >marked
}

setup() {
	parts
	cd "$BATS_FILE_TMPDIR"
	export LC_ALL=C
}

belongs() { # MARKS: the packets of connections that carry such requests, a regular expression
	grep -E " ($1) " marked | cut -d ' ' -f 1-9 | sort
}

checks() { # PORT: the packets of connections to this port that carry no request
	grep -v /c marked | awk -v port="$1" '$2 == port || $4 == port' | cut -d ' ' -f 1-9
}

# The packets of a capture are those that are wanted, all and no other.
same() { # NAME
	segments "$1".*pcapng | sort >kept
	echo "$1: $(wc -l <wanted) wanted, $(wc -l <kept) kept"
	[ -s wanted ]
	diff wanted kept | head
	cmp wanted kept
}

is() { # NAME MARKS
	belongs "$2" >wanted
	same "$1"
}

@test "one client's transactions, by the PROXY protocol, version 1" {
	is v1 v1/c5
}

@test "... by version 2" {
	is v2 v2/c5
}

@test "a range of clients, live" {
	cat live.err
	is live 'v2/c[567]'
}

@test "a list of subnets, by X-Forwarded-For" {
	is xff 'xff/c[89]'
}

@test "... by the proxy's ring on one engine, and its log file on the other" {
	is bare bare/c5
	for engine in lb1 lb2; do
		pairs=$(echo "$VCAP_SPOOL"/captures/bare.*/engines/$engine.pairs)
		[ "$(stat -c %a "$pairs")" = 600 ]
		# Which engine gets a connection is chance: of either family, all to one are one in 30,000.
		grep -qE " new tcp ($LAB_FRONT4.5|\[$LAB_FRONT6:5\]):[0-9]* .*:$LAB_BARE_PORT$" "$pairs"
	done
}

# Break: lib/controller/region.c s/pairs = spool_entry_is_over(&entry) ? spool_pairs_size(&entry) : 0;/pairs = 0;/
# bats test_tags=slow
@test "... of a region, whose engines' pairs are kept here, listed, used and removed with the capture" {
	is far bare/c5
	id=$(cat far.id)
	pairs=$VCAP_SPOOL/captures/$id/engines/west.pairs
	[ "$(stat -c %a "$pairs")" = 600 ]
	for engine in $LAB_ENGINES; do
		grep -q " new tcp $LAB_FRONT4.5:[0-9]* .* $LAB_BACK4.10$(lab_number "$engine"):[0-9]* .*:$LAB_BARE_PORT" "$pairs"
	done
	[ "$(vcap ls -r -o PAIRS far)" = west ]
	# Nothing else tells whose requests these are.
	[ "$(vcap transactions -r -o CONFIDENCE far | sort -u)" = table ]
	[ "$(vcap transactions -r -o CONFIDENCE -t /dev/null far | sort -u)" = '?' ]
	vcap join --capture far -w joined.pcapng "${five[@]}"
	segments joined.pcapng | sort | cmp - wanted
	[ ! -e "$LAB_DIR/west.spool/captures/$id" ]
	vcap rm "$id"
	[ ! -e "$pairs" ]
}

@test "... by connection tracking on one engine, and PROXY protocol or tables on the others" {
	is mixed mixed/c5
	# Which engines a client comes through is chance; all clients come through all.
	belongs 'mixed/c[0-9]+' >clients
	grep "^$LAB_BACK4.103 .* $LAB_BARE_PORT " clients
	grep "^$LAB_BACK4.101 .* $LAB_PROXY_PORT " clients
}

@test "what was found is in the file, once for each interface of an engine" {
	for name in v1 v2; do
		strings "$name".*.pcapng | grep -o 'server connections: .*' >verdicts
		cat verdicts
		[ "$(awk '{ wanted += $3; undecided += $7 } END { print wanted / (NR / 2), undecided }' verdicts)" = "$(each) 0" ]
	done
}

# bats test_tags=slow
@test "all but these clients" {
	belongs 'v1/c[0-9]+' | comm -23 - <(belongs v1/c5) >wanted
	same except
}

@test "a server's address: what it was asked, and by whom" {
	is server "v2@$LAB_BACK4.11"
}

# Break: lib/capture/output.c s/++core->packets == output->count/++core->packets == output->count + 1/
@test "-c counts packets that are kept" {
	for engine in $LAB_ENGINES; do
		cat "$VCAP_SPOOL/captures/$(cat count.id)/engines/$engine.state"
	done >states
	# Which cores the client's packets come to is chance; some get more than that.
	sed -nE 's/^core-[0-9]+ packets ([0-9]+) .* full (.*)/\1 \2/p' states | tee cores
	[ "$(wc -l <cores)" -ge 3 ]
	grep -q '^20 [0-9]' cores
	awk '$2 == "-" ? $1 >= 20 : $1 != 20 { exit 1 }' cores
	segments count.*.pcapng | sort | comm -13 <(belongs v1/c5) - >others
	[ ! -s others ]
}

# Break: lib/join/join_options.c s/rc = bpf_parse(&options->program, value, why);/break;/
# bats test_tags=slow
@test "-e: of a client's transactions, on both sides, what opens and closes connections" {
	belongs v1/c5 | awk '$7 ~ /[1-3]$/' >wanted
	[ "$(wc -l <wanted)" -lt "$(belongs v1/c5 | wc -l)" ]
	same flags
}

# Each kind of check: LOCAL on v2's servers, GET /health on xff's, nothing at all on bare's; and these
# servers are v1's and mixed's, too.
# bats test_tags=slow
@test "health checks that only their connection tells: none, include, only; other services' connections" {
	belongs '(v2|xff|bare)/c[0-9]+' >clients
	for port in $LAB_PROXY_PORT $LAB_WEB_PORT $LAB_BARE_PORT; do
		checks "$port" >checks."$port"
		[ -s checks."$port" ]
	done
	cp clients wanted
	same none
	sort checks.* >wanted
	same only
	sort clients checks.* >wanted
	same include
	grep "'none' shares servers with" none.err
}

@test "a connection that clients share is kept from the wanted request on" {
	segments -p reuse.*.pcapng | sort >kept
	# Every request and answer of this client, and no connection that has none.
	grep "$(printf /reuse/c5/ | od -An -tx1 | tr -d ' \n')" all | sort >wanted
	[ -s wanted ]
	[ -z "$(comm -23 wanted kept)" ]
	cut -d ' ' -f 1-9 kept | sort | comm -13 <(belongs reuse/c5) - | tee others
	[ ! -s others ]
}
