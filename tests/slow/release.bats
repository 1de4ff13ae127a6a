#!/usr/bin/env bats
# bats file_tags=net
# The release before, built from the history: its services, its spool and the static programs that it
# pushed to engines have to work with this controller, and its controller with these programs.

bats_require_minimum_version 1.5.0
load ../until

setup_file() {
	top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	build=$top/${VCAP_BUILD:-build}
	release=88192f053f18e565921e4ce80937acfcfa554709 # 0.1.0
	git -C "$top" cat-file -e "$release^{commit}" 2>/dev/null || skip "no history here: git"
	mkdir "$BATS_FILE_TMPDIR/old"
	git -C "$top" archive "$release" | tar -x -C "$BATS_FILE_TMPDIR/old"
	env -u MAKEFLAGS -u MAKELEVEL make -s -C "$BATS_FILE_TMPDIR/old" -j 2 commands static >"$BATS_FILE_TMPDIR/log" 2>&1 || {
		tail "$BATS_FILE_TMPDIR/log"
		return 1
	}
	export old_bin=$BATS_FILE_TMPDIR/old/build/bin new_bin=$build/bin
	machine=$(uname -m)
	export old_static=$BATS_FILE_TMPDIR/old/build/libexec/vcap/$machine new_static=$build/libexec/vcap/$machine
	[ "$("$old_static/vcap-run" --version)" = "vcap-run 0.1.0" ]
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	export VCAP_CONFIG=$PWD/config VCAP_SPOOL=$PWD/spool
	mkdir -p config/services
	for engine in a b; do
		ip netns add $engine
		ip -n $engine link set lo up
	done
	printf '%s\n' 'vip 127.0.0.1 udp/5000' 'server 127.0.0.2 udp/6000' 'monitor tcp/1' \
		'engine a' 'engine b' >config/services/shop
}

# The processes of this name that this test has started.
ours() { # NAME
	local pid
	for pid in $(pgrep -x "$1"); do
		! grep -qsxz "VCAP_SPOOL=$PWD/spool" "/proc/$pid/environ" || echo "$pid"
	done
}

teardown() {
	local pid
	for pid in $(ours vcap-wait) $(ours vcap-run); do
		kill -9 "$pid" 2>/dev/null || true
	done
	ip netns del a
	ip netns del b
}

engines() { # BIN of a, of b
	printf '%s\n' "a bin=$1 dir=$PWD/run exec ip netns exec a" "b bin=$2 dir=$PWD/run exec ip netns exec b" >config/engines
}

use() { # BIN: whose controller
	PATH=$1:$plain_path
}
plain_path=$PATH:/usr/sbin:/sbin

# One datagram to the VIP and one to a server: with the ICMP errors that answer, two packets a side.
talk() { # ENGINE
	ip netns exec "$1" bash -c 'echo x >/dev/udp/127.0.0.1/5000; echo x >/dev/udp/127.0.0.2/6000' 2>/dev/null || :
}

# Both engines' packets are in the file, each with its engine and side.
has_both() { # FILE
	tshark -nr "$1" -T fields -e frame.interface_name 2>/dev/null | sort | uniq -c | tr -s ' ' >seen
	printf ' 2 %s\n' a/lo/client a/lo/server b/lo/client b/lo/server | diff - seen
}

capture_both() {
	id=$(vcap start shop -t 0 3>&-)
	talk a
	talk b
	vcap stop "$id" >stopped
	until_true grep -qx 'state done' "spool/captures/$id/capture"
	has_both "spool/captures/$id/$id.pcapng"
}

@test "release: an engine with the programs of 0.1.0 takes part" {
	use "$new_bin"
	engines "$old_static" "$new_static"
	capture_both
	[ -z "$(ls run)" ]
}

@test "release: the controller of 0.1.0 captures with these programs" {
	use "$old_bin"
	engines "$new_static" "$old_static"
	capture_both
	[ -z "$(ls run)" ]
}

@test "release: a capture that 0.1.0 began and left is stopped, merged, listed, exported and removed" {
	use "$old_bin"
	engines "$old_static" "$old_static"
	id=$(vcap start shop -t 0 3>&-)
	talk a
	talk b
	kill -9 "$(ours vcap-wait)"
	use "$new_bin"
	run -0 vcap status -nr shop
	[[ $output == *capturing* ]]
	vcap stop "$id" >stopped
	until_true grep -qx 'state done' "spool/captures/$id/capture"
	has_both "spool/captures/$id/$id.pcapng"
	# One that it finished, too.
	use "$old_bin"
	capture_both
	use "$new_bin"
	[ "$(vcap ls -r shop | grep -c "done")" = 2 ]
	vcap export -w whole.pcapng "$id"
	cmp whole.pcapng "spool/captures/$id/$id.pcapng"
	vcap rm "$id"
	[ ! -e "spool/captures/$id" ]
	[ -z "$(ls run)" ]
}
