#!/usr/bin/env bats
# A capture with what the engines' kernels drop: from the start to the file.
# shellcheck disable=SC2016 # dollars for the shell of an engine

bats_require_minimum_version 1.5.0
load ../until

setup() {
	build=$BATS_TEST_DIRNAME/../../${VCAP_BUILD:-build}
	PATH=$(cd "$build/bin" && pwd):$PATH:/usr/sbin:/sbin
	grep -q netns-run /proc/1/cmdline || {
		echo "these tests make namespaces: run them by tests/netns-run"
		return 1
	}
	command -v vcap-drops >/dev/null || skip "vcap-drops was not built: needs clang and libbpf"
	cd "$BATS_TEST_TMPDIR" || return
	export VCAP_CONFIG=$PWD/config VCAP_SPOOL=$PWD/spool
	mkdir -p config/services run
	printf '%s\n' 'vip 192.0.2.10 udp/443' 'server 192.0.2.11 udp/8080' 'engine a' 'engine b' >config/services/shop
	vcap-drops -S shop -c 1 -t 1ms -w - >probe.pcapng 2>err || {
		grep -q 'user namespace\|CAP_BPF' err || { cat err; return 1; }
		skip "bpf programs need the host's root"
	}
	for engine in a b; do
		ip netns add $engine
		ip -n $engine link set lo up
		ip -n $engine addr add 192.0.2.10/32 dev lo
		ip -n $engine addr add 192.0.2.11/32 dev lo
		echo "$engine dir=$PWD/run exec ip netns exec $engine"
	done >config/engines
	# So that only one of them answers by an error.
	ip netns exec a nft -f - <<-'END'
		table inet t { chain in { type filter hook input priority 0; udp dport 443 drop; }; }
	END
}

teardown() {
	for id in $(vcap-ls -r -o ID 2>/dev/null); do vcap-rm --give-up "$id" >/dev/null 2>&1 || true; done
	for engine in a b; do
		ip netns del $engine 2>/dev/null || true
	done
}

talk() { # ENGINE ADDRESS PORT COUNT
	ip netns exec "$1" bash -c 'for n in $(seq "$3"); do echo x >"/dev/udp/$1/$2"; done' - "${@:2}" 2>/dev/null || :
}

has_dropped() { # ENGINE REASON
	grep -aqs "kernel: $2 " run/*."$1"/dropped*.pcapng
}

# "COUNT INTERFACE REASON" of all dropped packets of a file.
dropped() { # FILE
	tshark -r "$1" -Y 'frame.comment contains "dropped by the kernel"' -T fields -e frame.interface_name -e frame.comment 2>/dev/null |
		sed 's/\tvcap: dropped by the kernel://' | LC_ALL=C sort | uniq -c | sed 's/^ *//'
}

# Break: lib/controller/fetch.c s/engine_state_packets(&fetch->answer)/keyval_number(\&fetch->answer, "packets", 0)/
# Break: lib/controller/collect.c s/engine_state_packets(&state)/keyval_number(\&state, "packets", 0)/
# Break: lib/controller/params.c s/if (params->drops)/if (0)/
@test "start --drops: what each engine's kernel drops is in the file, with side and reason; and nothing is left" {
	id=$(vcap-start --drops -t 60 shop 2>err)
	talk a 192.0.2.10 443 3
	talk b 192.0.2.11 8080 2
	until_true has_dropped a NETFILTER_DROP
	until_true has_dropped b NO_SOCKET
	run -0 vcap-stop shop
	vcap-export -w all.pcapng "$id"
	diff - <(dropped all.pcapng) <<-'END'
		3 a/dropped/client NETFILTER_DROP (lo)
		2 b/dropped/server NO_SOCKET (lo)
	END
	[ "$(vcap-ls -r -o PACKETS "$id")" -eq "$(tshark -r all.pcapng 2>/dev/null | wc -l)" ]
	[ "$(vcap-ls -r -o STATE "$id")" = "done" ]
	[ -z "$(ls run)" ]
	grep -qx 'drops yes' "spool/captures/$id/capture"

	# Without the option there is none.
	id=$(vcap-start -t 60 shop 2>err)
	talk a 192.0.2.10 443 3
	[ -z "$(find run -name 'dropped*')" ]
	vcap-stop shop >/dev/null
	vcap-export -w plain.pcapng "$id"
	[ -z "$(dropped plain.pcapng)" ]
	run -2 vcap-start -t 1 shop --drops -x 192.0.2.1
	[[ $output == *"'--drops' and '-x' exclude each other"* ]]
}

# Break: lib/controller/ability.c s/names_option(error, options\[i\])/0/
# Break: lib/controller/collect.c s/if (ability_lacks_drops(.*/if (0)/
# Break: lib/capture/session.c s/if (wanted->detached && \*session->drops.why.text)/if (0)/
@test "engines that cannot keep dropped packets are named, and capture the others" {
	mkdir bare
	cp "$build"/bin/vcap-run "$build"/bin/vcap-host "$build"/bin/vcap-merge bare/
	printf '#!/bin/sh\necho "vcap-drops: CAP_BPF is missing" >&2; exit 1\n' >bare/vcap-drops
	chmod 755 bare/vcap-drops
	sed -i "s,^b ,&bin=$PWD/bare ," config/engines
	id=$(vcap-start --drops -t 60 shop 2>err)
	talk a 192.0.2.10 443 3
	talk b 192.0.2.10 443 2
	until_true has_dropped a NETFILTER_DROP
	run -3 vcap-stop shop
	[[ $output == *"'b'"*"'vcap-drops' ended with status 1: vcap-drops: CAP_BPF is missing: dropped packets are missing"* ]]
	[[ $output != *"'a'"* ]]
	run -3 vcap-export -w all.pcapng "$id"
	[ "$(dropped all.pcapng)" = '3 a/dropped/client NETFILTER_DROP (lo)' ]
	[ "$(tshark -r all.pcapng -Y 'frame.interface_name == "b/lo/client" and !icmp' 2>/dev/null | wc -l)" -eq 2 ]

	# One of a release before.
	cat >older <<-'END'
		#!/bin/sh
		case " $* " in
		*" --drops "*)
			[ "$1 $2" != "vcap-host answer" ] || echo "vcap-answer $3"
			echo "vcap-run: unknown option '--drops' (try --help)" >&2
			exit 2
			;;
		esac
		exec ip netns exec b "$@"
	END
	chmod 755 older
	sed -i "s,^b .*,b dir=$PWD/run exec $PWD/older," config/engines
	id=$(vcap-start --drops -t 60 shop 2>err)
	talk a 192.0.2.10 443 3
	talk b 192.0.2.10 443 2
	until_true has_dropped a NETFILTER_DROP
	run -3 vcap-stop shop
	[[ $output == *"'b'"*"its vcap keeps no dropped packets"* ]]
	grep -qx 'lacks b drops' "spool/captures/$id/capture"
	run -3 vcap-export -w older.pcapng "$id"
	[ "$(dropped older.pcapng)" = '3 a/dropped/client NETFILTER_DROP (lo)' ]
}

# Break: lib/controller/commands.c s/strvec_push(argv, "{drops}")/(void)0/
@test "start --drops through a region: its engines' dropped packets come with its file" {
	mkdir -p west above/services
	cp -r config west/
	sed '/^engine/d' config/services/shop >above/services/shop
	echo 'engine west' >>above/services/shop
	echo "west region exec env VCAP_CONFIG=$PWD/west/config VCAP_SPOOL=$PWD/west/spool" >above/engines
	export VCAP_CONFIG=$PWD/above
	id=$(vcap-start --drops -t 60 shop 2>err)
	talk a 192.0.2.10 443 3
	until_true has_dropped a NETFILTER_DROP
	run -0 vcap-stop shop
	vcap-export -w all.pcapng "$id"
	[ "$(dropped all.pcapng)" = '3 a/dropped/client NETFILTER_DROP (lo)' ]
}

is_past() { # TIME
	[ "$(bc <<<"$EPOCHREALTIME > $1")" = 1 ]
}

flood() { # ENGINE ADDRESS PORT COUNT
	ip netns exec "$1" perl -MSocket=:all -e '
		my ($to, $port, $count) = @ARGV;
		socket(my $socket, AF_INET, SOCK_DGRAM, 0) or die;
		my $address = pack_sockaddr_in($port, inet_aton($to));
		send($socket, "datagram", 0, $address) for 1 .. $count' "${@:2}"
}

# Break: lib/capture/ringfiles.c s/file->core = RINGFILES_DROPPED;/return false;/
# Break: lib/drops/dropring.c s/counts->dropped = ring->not_kept/counts->dropped = 0/
# bats test_tags=slow
@test "start --drops --rolling: a snapshot has the dropped packets of its window, with side and reason, and the others' count" {
	ring=$(vcap-start --drops --rolling 5s shop 2>err)
	talk a 192.0.2.10 443 3
	talk b 192.0.2.11 8080 2
	until_true has_dropped a NETFILTER_DROP
	until_true has_dropped b NO_SOCKET
	until_true is_past "$EPOCHREALTIME + 5"
	flood a 192.0.2.10 443 5000
	talk b 192.0.2.11 8080 4
	id=$(vcap-snapshot --after 1s shop)
	run -0 vcap-wait "$id"
	vcap-export -w all.pcapng "$id"
	kept=$(dropped all.pcapng | sed -n 's/ a.*//p')
	[ "$kept" -ge 1000 ]
	diff - <(dropped all.pcapng) <<-END
		$kept a/dropped/client NETFILTER_DROP (lo)
		4 b/dropped/server NO_SOCKET (lo)
	END
	[ "$(vcap-stat all.pcapng | awk '$1 == "a" && $2 == "dropped" { print $4 + $6 }')" -eq 5000 ]
	# No packet of the window is in it twice, or missing.
	[ "$(tshark -r all.pcapng -Y 'frame.interface_name == "a/lo/client"' 2>/dev/null | wc -l)" -eq 5000 ]
	vcap-stop "$ring" >/dev/null
	vcap-rm "$id"
	[ -z "$(ls run)" ]
}

pid_of() { # ENGINE COMMAND
	local pid
	for pid in $(ip netns pids "$1"); do
		[ "$(cat "/proc/$pid/comm" 2>/dev/null)" != "$2" ] || echo "$pid"
	done
}

# Break: lib/controller/ability.c s/else if (lost \&\&/else if (0 \&\&/
# Break: lib/controller/snapshot_entry.c s/"drops"};/"engines"};/
@test "start --drops --rolling: where vcap-drops is killed, a snapshot has what there was, and is partial" {
	ring=$(vcap-start --drops --rolling 60s shop 2>err)
	talk a 192.0.2.10 443 3
	talk b 192.0.2.11 8080 2
	until_true has_dropped a NETFILTER_DROP
	until_true has_dropped b NO_SOCKET
	kill -KILL "$(pid_of a vcap-drops)"
	until_true grep -qs '^kernel-drops-lost ' run/*.a/status
	id=$(vcap-snapshot --after 1s shop)
	run -3 vcap-wait "$id"
	[[ $output == *"'a'"*"'vcap-drops' was ended by signal 9: dropped packets are missing"* ]]
	[[ $output != *"'b'"*missing* ]]
	run -3 vcap-export -w all.pcapng "$id"
	diff - <(dropped all.pcapng) <<-'END'
		3 a/dropped/client NETFILTER_DROP (lo)
		2 b/dropped/server NO_SOCKET (lo)
	END
	vcap-stop "$ring" >/dev/null
	[ -z "$(ls run)" ]
}
