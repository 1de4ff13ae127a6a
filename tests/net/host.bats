#!/usr/bin/env bats
# vcap-host: what a controller learns from, and does to, an engine.

bats_require_minimum_version 1.5.0

setup() {
	build=$BATS_TEST_DIRNAME/../../${VCAP_BUILD:-build}
	PATH=$build/bin:$PATH:/usr/sbin:/sbin
	grep -q netns-run /proc/1/cmdline || {
		echo "these tests make interfaces: run them by tests/netns-run"
		return 1
	}
	cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
	for dir in "$BATS_TEST_TMPDIR"/*/; do
		vcap-host stop "$dir" >/dev/null 2>&1 || true
	done
}

start() { # DIR OPTION...
	vcap-run -i lo -R 0 --detach -w "$@"
}

@test "status: running, then done; prints the file's lines" {
	start d
	run -0 vcap-host status d
	[ "${lines[0]}" = "state running" ]
	vcap-host stop d
	run -0 vcap-host status d
	[ "${lines[0]}" = "state done" ]
	[ "$output" = "$(cat d/status)" ]
}

@test "status: a capture that was killed is partial, reason killed" {
	start d
	kill -9 "$(sed -n 's/^pid //p' d/status)"
	for _ in $(seq 500); do
		[ "$(vcap-host status d | head -n 1)" = "state running" ] || break
		sleep 0.02
	done
	run -0 vcap-host status d
	[ "${lines[0]}" = "state partial" ]
	grep -qx "reason killed" <<<"$output"
	run -0 vcap-host stop d
	grep -qx "reason killed" <<<"$output"
}

@test "stop: waits for the end and prints it; stopping twice is harmless" {
	start d
	run -0 vcap-host stop d
	grep -qx "state done" <<<"$output"
	grep -qx "reason request" <<<"$output"
	run -0 vcap-host stop d
	grep -qx "state done" <<<"$output"
}

# Break: lib/capture/status.c s/RUNDIR_KEPT_S \* NS_PER_SECOND/0/
@test "expires: a week after the end, and the next vcap-run there removes it" {
	mkdir run
	start run/shop.20260101_000000.a
	vcap-host stop run/shop.20260101_000000.a >status
	ended=$(sed -n 's/^ended //p' status) expires=$(sed -n 's/^expires //p' status)
	[ "$expires" = "$((${ended%.*} + 604800)).${ended#*.}" ]
	sed -i 's/^expires .*/expires 1.000000000/' run/shop.20260101_000000.a/status
	run -0 start run/shop.20260102_000000.a -t 9
	[[ $output != *removed* ]]
	touch -d '8 days ago' run/shop.20260101_000000.a/status
	run -0 start run/shop.20260103_000000.a -t 9
	[[ $output == "vcap-run: removed 'run/shop.20260101_000000.a', which expired on "* ]]
	[ "$(ls run)" = $'shop.20260102_000000.a\nshop.20260103_000000.a' ]
	vcap-host stop run/shop.20260102_000000.a
	vcap-host stop run/shop.20260103_000000.a
}

# Break: lib/base/followreply.c s/if (is_gone \&\& is_gone(context))/if (0)/
# bats test_tags=slow
@test "follow: a session that nobody ends does when its capture is gone, and not before" {
	load ../until
	start d
	mkfifo in
	exec 7<>in
	vcap-host follow d <in >answers 7>&- 3>&- &
	echo >&7
	until_true grep -q '^state running' answers
	# Silence alone is no end.
	for _ in $(seq 8); do
		pause 99
	done
	echo >&7
	# shellcheck disable=SC2016 # for eval
	until_true eval '[ "$(grep -c "^state running" answers)" -eq 2 ]'
	vcap-host stop d >/dev/null
	vcap-host remove d
	until_true eval '! pgrep -x vcap-host'
	exec 7>&-
}

@test "remove: not while it runs, not what others made; an absent one is no error" {
	start d
	run -1 vcap-host remove d
	[[ $output == *"'d'"* ]]
	[ -e d/status ]
	vcap-host stop d
	touch d/precious
	run -1 vcap-host remove d
	[[ $output == *"'d/precious'"* ]]
	[ -e d/status ]
	rm d/precious
	run -0 vcap-host remove d
	[ ! -e d ]
	run -0 vcap-host remove d
	mkdir e
	ln -s e f
	run -1 vcap-host remove f
	[ -d e ]
}

@test "an absent directory, a link and wrong words" {
	run -1 vcap-host status nosuch
	run -1 vcap-host stop nosuch
	mkdir e
	ln -s e f
	run -1 vcap-host status f
	run -2 vcap-host
	run -2 vcap-host dance
	[[ $output == *"'dance'"* ]]
	run -2 vcap-host status
	run -2 vcap-host clock d
	run -2 vcap-host status d e
	[[ $output == *"'e'"* ]]
}

@test "check: version, privilege, interfaces, space" {
	run -0 vcap-host check .
	[[ ${lines[0]} == "version "* ]]
	grep -qx "cap_net_raw yes" <<<"$output"
	grep -qx "interfaces lo" <<<"$output"
	free=$(sed -n 's/^free //p' <<<"$output")
	real=$(df --output=avail -B1 . | tail -n 1)
	[ $((free > real ? free - real : real - free)) -lt $((1 << 28)) ]
	run -0 vcap-host check ./not/yet/there
	# Copies: those of a package have the capability as files.
	cp "$(command -v vcap-host)" "$(command -v vcap-run)" .
	run -1 capsh --drop=cap_net_raw -- -c "./vcap-host check ."
	grep -qx "cap_net_raw no" <<<"$output"
	[[ $output == *"setcap"* ]]
}

@test "check: named interfaces, the reserve, and whose addresses" {
	load ../until
	ip link add va type veth peer name vb
	ip addr add 192.0.2.1/24 dev va
	ip link set va up
	ip link set vb up
	ip route add local 198.51.100.0/24 dev lo
	ip addr add 2001:db8::1/64 dev va nodad
	# The kernel makes its route a little later.
	until_true eval 'ip -6 route get 2001:db8::1 | grep -q ^local'
	run -0 vcap-host check -i vb . 192.0.2.1 192.0.2.2 198.51.100.7 203.0.113.9 2001:db8::1 2001:db8::2 ::1
	grep -qx "interfaces vb" <<<"$output"
	grep -qE "^reserve [0-9]{10,}$" <<<"$output"
	[ "$(grep -E '^(local|elsewhere) ' <<<"$output")" = "local 192.0.2.1
elsewhere 192.0.2.2
local 198.51.100.7
elsewhere 203.0.113.9
local 2001:db8::1
elsewhere 2001:db8::2
local ::1" ]
	run -1 vcap-host check -i vx .
	[[ $output == *"'vx'"* ]]
	run -2 vcap-host check . shop
	run -2 vcap-host status -i vb .
	mkdir small
	mount -t tmpfs -o size=1M tmpfs small
	run -1 vcap-host check small
	[[ $output == *"only 1 MiB of disk are free, and 1024 MiB are to stay free"* ]]
	umount small
}

@test "clock: a time for each line, or one" {
	before=$(date +%s)
	run -0 vcap-host clock </dev/null
	[[ $output =~ ^[0-9]+\.[0-9]{9}$ ]]
	[ "${output%.*}" -ge "$before" ]
	[ "${output%.*}" -le "$(date +%s)" ]
	coproc vcap-host clock
	for _ in 1 2 3; do
		echo >&"${COPROC[1]}"
		read -r -t 5 answer <&"${COPROC[0]}"
		[[ $answer =~ ^[0-9]+\.[0-9]{9}$ ]]
	done
	eval "exec ${COPROC[1]}>&-"
}

# Break: lib/base/priv.c s/fs.f_flag . ST_NOSUID/0/
# bats test_tags=slow
@test "check: a capability of a file system that is mounted nosuid is none" {
	mkdir programs captures
	mount -t tmpfs -o nosuid tmpfs programs
	for name in vcap-host vcap-run vcap-merge vcap-join; do
		cp -L "$(command -v $name)" programs
	done
	setcap cap_net_raw=ep programs/vcap-run || skip "setcap: not here"
	run -1 capsh --drop=cap_net_raw -- -c 'exec "$@"' sh programs/vcap-host check captures
	umount programs
	[[ $output == *"no privilege to capture: vcap-run is on a file system mounted nosuid, where its capability counts for nothing"* ]]
	[[ $output == *"cap_net_raw no"* ]]
}
