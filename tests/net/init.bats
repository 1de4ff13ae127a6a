#!/usr/bin/env bats
# vcap-init: a configuration from nothing, and a capture of loopback traffic with it.

bats_require_minimum_version 1.5.0
load ../until

setup() {
	grep -q netns-run /proc/1/cmdline || {
		echo "these tests send packets: run them by tests/netns-run"
		return 1
	}
	PATH=$(cd "$BATS_TEST_DIRNAME/../../${VCAP_BUILD:-build}/bin" && pwd):$PATH:/usr/sbin:/sbin
	cd "$BATS_TEST_TMPDIR" || return
	export VCAP_CONFIG=$PWD/config VCAP_SPOOL=$PWD/spool
	# The reserve of a capture is a GiB.
	mkdir -p /run/captures
	mount -t tmpfs -o size=4g tmpfs /run/captures
}

teardown() {
	umount /run/captures
	[ ! -e guarded ] || umount /etc
}

# Break: cmd/vcap-init.sh s/^vip     ::1$//
@test "init: vcap capture self, at once" {
	# What it would write is what it writes.
	run -0 vcap init -n
	[ ! -e config ]
	dry=$output
	run -0 --separate-stderr vcap init
	[ "$dry" = "$(for file in $output; do printf '# file %s\n\n%s\n\n' "$file" "$(cat "$file")"; done)" ]
	[ "$output" = "$PWD/config/engines
$PWD/config/service.example
$PWD/config/services/self" ]
	[ -z "$stderr" ]
	[ -z "$(find config -name '*.new*')" ]
	# Only where captures live is moved, to where there is room.
	sed -i 's,^local ,local dir=/run/captures ,' config/engines
	run -0 vcap check self
	[[ ${lines[1]} =~ ^local\ +ready ]]
	ip link add dev eth0 type veth peer name eth1
	ip addr add 192.0.2.1/24 dev eth0
	ip link set dev eth0 up
	id=$(vcap start self)
	# A socket each: after an ICMP error the next send of the same one fails.
	for address in 127.0.0.1 ::1 192.0.2.1; do
		for _ in {1..20}; do
			echo x >"/dev/udp/$address/9"
		done
	done
	vcap stop self
	file=$(vcap wait "$id")
	tshark -nr "$file" -Y '!icmp && !icmpv6' -T fields -e frame.interface_name -e ip.dst -e ipv6.dst \
		2>/dev/null | sort | uniq -c | tr -s ' \t' ' ' >seen
	printf '%s\n' ' 20 local/lo/client 127.0.0.1 ' ' 20 local/lo/client ::1' | sort | diff - <(sort seen)
}

@test "init: the example is a service" {
	vcap init
	printf '%s\n' 'lb1 local' 'lb2 local' >>config/engines
	cp config/service.example config/services/shop
	run -0 vcap-services -r
	[[ ${lines[1]} == $'shop\t192.0.2.10 tcp/443\t10.0.1.11 tcp/8080, 10.0.1.12 tcp/8080\tlb1,lb2' ]]
	# And what is only a comment in it, or in the engines file.
	sed 's/^# \(source\|monitor\)/\1/' config/service.example >config/services/shop
	sed -n 's/^# \(lb1\|lb2\|pod0\)/\1/p' config/engines | cat - <(echo 'local local') >engines
	mv engines config/engines
	run -0 vcap-services -r
	[ "${#lines[@]}" -eq 2 ]
	[ "$(vcap-engines -r | cut -f 1)" = $'lb1\nlb2\npod0\nlocal' ]
}

# Break: cmd/vcap-init.sh s/if \[ -e "$config\/$1" \]/if false/ ; s/ln "/mv -f "/
# bats test_tags=slow
@test "init: nothing is replaced, and this host's own engine is used" {
	mkdir -p config/services
	echo 'here local' >config/engines
	echo 'vip 192.0.2.1' >config/services/other
	run -0 vcap init
	[ "${lines[0]}" = "$PWD/config/engines exists, and is kept" ]
	[ "$(cat config/engines)" = 'here local' ]
	[ "$(vcap-services -r self 2>/dev/null | cut -f 4)" = here ] || grep -qx 'engine  here' config/services/self
	run -0 vcap init
	[ "$(grep -c 'exists, and is kept' <<<"$output")" -eq 3 ]
	echo 'lb1 exec true' >config/engines
	rm config/services/self
	run -1 vcap init
	[ "${lines[-1]}" = "vcap init: no engine in '$PWD/config/engines' is this host: add the line 'local local' and run this again" ]
	[ ! -e config/services/self ]
}

# bats test_tags=slow
@test "init: root has /etc/vcap, unless there is one of its own" {
	unset VCAP_CONFIG
	mkdir home etc
	touch guarded
	cp -a /etc/passwd /etc/group /etc/alternatives etc/
	mount --bind etc /etc
	[ "$(id -u)" -eq 0 ] || skip "root: not here"
	HOME=$PWD/home run -0 vcap init
	[ -e etc/vcap/services/self ]
	mkdir -p home/.config/vcap
	HOME=$PWD/home run -0 vcap init
	[ "${lines[0]}" = "$PWD/home/.config/vcap/engines" ]
}
