#!/usr/bin/env bats
# Engines with an older kernel, as far as that is seen by system calls: those that came after Linux 4.18
# are not there (tests/tools/older). docs/platforms.md says what else older kernels lack.

bats_require_minimum_version 1.5.0
load ../until

setup() {
	build=$(cd "$BATS_TEST_DIRNAME/../../${VCAP_BUILD:-build}" && pwd)
	PATH=$build/bin:$build/tests/tools:$PATH:/usr/sbin:/sbin
	grep -q netns-run /proc/1/cmdline || {
		echo "these tests make namespaces: run them by tests/netns-run"
		return 1
	}
	cd "$BATS_TEST_TMPDIR" || return
	export VCAP_CONFIG=$PWD/config VCAP_SPOOL=$PWD/spool
	mkdir -p config/services run
	mount -t tmpfs -o size=4g tmpfs run
	for engine in a b; do
		ip netns add $engine
		ip -n $engine link set lo up
		echo "$engine dir=$PWD/run exec older ip netns exec $engine"
	done >config/engines
	# Without `source client` a capture of one address has vcap-join run for vcap-run.
	printf '%s\n' 'vip 127.0.0.1 udp/9' 'server 127.0.0.2 udp/10' 'engine a' 'engine b' >config/services/shop
}

teardown() {
	ip netns del a
	ip netns del b
	umount run
}

send_on() { # ENGINE
	# shellcheck disable=SC2016 # the variables are perl's
	ip netns exec "$1" perl -MIO::Socket::INET -e '
		my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => 9, Proto => "udp") or die;
		send($s, "packet $_", 0) for 1 .. 20'
}

packets_of() { # ID
	tshark -nr "$(vcap-wait "$1")" -Y 'udp.dstport == 9' -T fields -e frame.interface_name 2>/dev/null | sort | uniq -c | tr -s ' '
}

# Break: lib/base/process.c s/errno == ENOSYS;/errno == 0;/
@test "older: a capture with vcap-join on the engines, a live one, and nothing is left" {
	run -0 older true
	run -1 --separate-stderr older perl -e 'exit(syscall(434, $$, 0) < 0 ? 1 : 0)'
	run -0 --separate-stderr vcap-check shop
	id=$(vcap-start shop 127.0.0.1)
	for engine in a b; do
		send_on $engine
	done
	pgrep -x vcap-join >joins
	[ "$(wc -l <joins)" -ge 2 ]
	vcap-stop "$id" >/dev/null
	[ "$(packets_of "$id")" = $' 20 a/lo/client\n 20 b/lo/client' ]
	[ -z "$(ls -A run)" ]
	! pgrep -x 'vcap-run|vcap-join' || false
	# To a command that ends by itself, too: what the supervisor waits for.
	run ip netns exec a older vcap-run -i lo -R 0 -w "$PWD/run/x" -- false
	[ "$status" -ne 0 ]
	[[ $output == *"'false'"* ]]
	vcap-host remove run/x
}

# Break: lib/base/process.c s/fd <= last .*open_files.rlim_cur/0/
@test "older: descriptors that were inherited are closed without close_range, too" {
	mkfifo held
	exec 7<>held
	older vcap-run -i lo -R 0 --detach -w run/y
	ls -l "/proc/$(sed -n 's/^pid //p' run/y/status)/fd" >fds
	! grep -q held fds || false
	vcap-host stop run/y >/dev/null
	vcap-host remove run/y
	exec 7>&-
}

# Break: lib/base/process.c s/signalling .*has_ended(signalling)/0/
# bats test_tags=slow
@test "older: a controller watches one command at a time, and says what more takes" {
	run -0 --separate-stderr older vcap-check -r a
	[ "$(cut -f 2 <<<"$output")" = ready ]
	run older vcap-check a b
	[ "$status" -ne 0 ]
	[[ $output == *"takes Linux 5.3"* ]]
}

# bats test_tags=slow
@test "older: the static programs likewise" {
	programs=$build/libexec/vcap/$(uname -m)
	[ -d "$programs" ] || skip "static: not in this build"
	sed -i "s,dir=,bin=$programs dir=," config/engines
	vcap-check shop
	id=$(vcap-start shop 127.0.0.1)
	send_on b
	vcap-stop "$id" >/dev/null
	[ "$(packets_of "$id")" = ' 20 b/lo/client' ]
}
