#!/usr/bin/env bats
# make demo, as whoever runs the tests and as an ordinary user.

bats_require_minimum_version 1.5.0

setup() {
	cd "$BATS_TEST_DIRNAME/../.." || return
	unset MAKEFLAGS MAKELEVEL
	target=demo
	[ "${VCAP_BUILD:-build}" = build ] || target="demo B=$VCAP_BUILD"
}

teardown() {
	[ -z "${copy-}" ] || rm -rf "$copy"
}

shown() { # TRANSPORT WITNESS: that the output has what a user would want to see
	[[ $output == *"through $1,"* ]]
	[[ $output == *"$ vcap start shop"* ]]
	[[ $output == *"$ vcap ls"* ]]
	[[ $output == *"$ vcap-stat shop."* ]]
	for place in lb1/eth0/client lb1/eth1/server lb2/eth0/client lb2/eth1/server; do
		[[ $output =~ $place:\ $2\ on\ the\ engine\ has\ seen\ the\ same\ [1-9][0-9]*\ packets ]]
	done
	# tshark and tcpdump count the same packets.
	[ "${lines[-1]}" -gt 0 ]
	[ "${lines[-1]}" -eq "${lines[-3]}" ]
}

# bats test_tags=slow
@test "demo: shows a capture of both engines, both sides, and cleans up" {
	mounts=$(cat /proc/self/mountinfo)
	# shellcheck disable=SC2086 # a target and perhaps a variable
	run -0 make $target
	if [ "$(awk '{ print $3 }' /proc/self/uid_map)" = 4294967295 ]; then
		shown ssh tcpdump
	else
		shown exec dumpcap
	fi
	[ -z "$(ip netns list)" ]
	[ "$(cat /proc/self/mountinfo)" = "$mounts" ]
}

# bats test_tags=slow
@test "demo: works for an ordinary user, without sshd" {
	[ "$(awk '{ print $3 }' /proc/self/uid_map)" = 4294967295 ] || return 0 # is one: the test above
	ordinary="setpriv --reuid=65534 --regid=65534 --clear-groups"
	# shellcheck disable=SC2086 # words
	$ordinary unshare -Ur true || skip "ordinary users may not make user namespaces here"
	copy=$(mktemp -d /tmp/vcap-demo.XXXXXX)
	cp -a Makefile cmd lib man tests tools "${VCAP_BUILD:-build}" "$copy"
	chown -R 65534:65534 "$copy"
	# shellcheck disable=SC2086 # words
	run -0 env -C "$copy" HOME="$copy" $ordinary make $target
	shown exec dumpcap
}
