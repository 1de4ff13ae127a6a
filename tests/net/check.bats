#!/usr/bin/env bats
# vcap-check: what there is to know about engines before a capture.
# shellcheck disable=SC2016 # dollars for the shell of an engine

bats_require_minimum_version 1.5.0

setup() {
	build=$BATS_TEST_DIRNAME/../../${VCAP_BUILD:-build}
	PATH=$(cd "$build/bin" && pwd):$(cd "$build/tests/tools" && pwd):$PATH:/usr/sbin:/sbin
	grep -q netns-run /proc/1/cmdline || {
		echo "these tests make namespaces: run them by tests/netns-run"
		return 1
	}
	cd "$BATS_TEST_TMPDIR" || return
	export VCAP_CONFIG=$PWD/config
	mkdir -p config/services run
	mount -t tmpfs -o size=12g tmpfs run
	for engine in a b; do
		ip netns add $engine
		ip -n $engine link set lo up
	done
	ip -n a addr add 192.0.2.10/32 dev lo
	for engine in a b; do
		echo "$engine dir=$PWD/run exec ip netns exec $engine"
	done >config/engines
	printf '%s\n' 'vip 192.0.2.10 tcp/80' 'vip 192.0.2.10 tcp/443' 'vip 2001:db8::10 tcp/80' \
		'server 10.0.0.1' 'engine a' 'engine b' >config/services/shop
}

teardown() {
	ip netns del a
	ip netns del b
	umount run
}

of() { # COLUMN ENGINE: of the JSON in $output
	jq -r --arg engine "$2" ".engines[] | select(.engine == \$engine) | .$1" <<<"$output"
}

@test "check: a service's engines, ready, with where its addresses are" {
	run -0 --separate-stderr vcap-check -j shop
	[ -z "$stderr" ]
	[ "$(jq '.engines | length' <<<"$output")" -eq 2 ]
	for engine in a b; do
		[ "$(of state $engine)" = ready ]
		[ "$(of version $engine)" = "$(vcap-check --version | cut -d ' ' -f 2)" ]
		[ "$(of cap_net_raw $engine)" = yes ]
		[ "$(of interfaces $engine)" = lo ]
		[ "$(of free $engine)" -gt $((11 << 30)) ]
		[ "$(of reserve $engine)" -gt $((1 << 30)) ]
		[ "$(of note $engine)" = null ] || [ -z "$(of note $engine)" ]
		# Both are this host: as far apart as the answer took.
		jq -e ".engines[] | (.clock | tonumber | . < 0.5 and . > -0.5) and (.error | tonumber) > 0" <<<"$output"
	done
	[ "$(of local a)" = 192.0.2.10 ]
	[ "$(of elsewhere a)" = 2001:db8::10 ]
	[ "$(of elsewhere b)" = "192.0.2.10 2001:db8::10" ]
	run -0 vcap-check shop
	[[ ${lines[0]} =~ ^ENGINE\ +STATE\ +VERSION\ +INTERFACES\ +VIP\ +FREE\ +CLOCK\ +NOTE ]]
	[[ ${lines[1]} =~ ^a\ +ready\ .*\ lo\ +1\ of\ 2\ local\ +12G\ +[+-]0\.[0-9]{3}ms ]]
	[[ ${lines[2]} =~ ^b\ +ready\ .*\ lo\ +elsewhere ]]
	# Nothing was made there.
	[ -z "$(ls -A run)" ]
}

# bats test_tags=slow
@test "check: engines by name, all of them, and each once" {
	run -0 vcap-check -r b
	[ "$(cut -f 1-2 <<<"$output")" = $'b\tready' ]
	run -0 vcap-check -r
	[ "$(cut -f 1 <<<"$output")" = $'a\nb' ]
	run -0 vcap-check -r b shop a
	[ "$(cut -f 1 <<<"$output")" = $'b\na' ]
	run -2 vcap-check nobody
	[[ $output == "vcap-check: unknown service 'nobody'"* ]]
	run -2 vcap-check ../x
	[ "${#lines[@]}" -eq 1 ]
	echo 'engine c' >>config/services/shop
	run -2 vcap-check shop
	[ "$output" = "vcap-check: service 'shop': unknown engine 'c'" ]
}

# Break: lib/capture/hostcheck.c s/"vcap-join"/"vcap-run"/
@test "check: a program that is not there" {
	cp -rL "$(dirname "$(command -v vcap-run)")" fewer
	rm fewer/vcap-join
	echo "j bin=$PWD/fewer dir=$PWD/run exec ip netns exec a" >config/engines
	run -1 --separate-stderr vcap-check -j
	[ "$(of state j)" = not-ready ]
	[ "$(of note j)" = "there is no '$PWD/fewer/vcap-join' ('vcap push' brings all programs)" ]
}

# Break: lib/controller/enginecheck.c s/check->is_ready = task->status == 0/check->is_ready = 1/
# Break: lib/controller/gate.c s/take(left, "trial")/take(left, "trials")/
# bats test_tags=slow
@test "check: rings that cannot be opened are found by trying, once all else is well" {
	printf '%s\n' "m dir=$PWD/run exec prlimit --as=48000000 ip netns exec a" \
		"g dir=$PWD/run exec $PWD/gated" >config/engines
	# The gate admits the trial, and it is asked for by nobody but vcap check.
	cat >gated <<-END
		#!/bin/sh
		echo "\$*" >>$PWD/asked
		line=\$(printf " '%s'" "\$@")
		SSH_ORIGINAL_COMMAND=\${line# } exec ip netns exec a vcap-gate $PWD/run
	END
	chmod 755 gated
	run -3 --separate-stderr vcap-check -j
	[ "$(of state m)" = not-ready ]
	[[ "$(of note m)" == "a capture of a moment failed: "*[Mm]emory* ]]
	[ "$(of state g)" = ready ]
	grep -q 'vcap-host trial$' asked
	[ -z "$(ls -A run)" ]
}

# Break: lib/capture/hostcheck.c s/try_directory(fd, dir, .*) == 0/1/
# bats test_tags=slow
@test "check: one out of reach, one that babbles, one without privilege, one without room" {
	mkdir small readonly
	mount -t tmpfs -o ro tmpfs readonly
	mount -t tmpfs -o size=1M tmpfs small
	printf '#!/bin/sh\nprintf "version \\033[31m\\nx\\n" ; exit 9\n' >babbler
	chmod 755 babbler
	cat >>config/engines <<-END
		c exec $PWD/gone
		d exec no-such-transport
		e exec $PWD/babbler
		f dir=$PWD/run exec $PWD/bare
		g dir=$PWD/small exec ip netns exec a
		i dir=$PWD/readonly exec ip netns exec a
		h iface=lo,eth7 dir=$PWD/run exec ip netns exec a
	END
	printf '#!/bin/sh\nexec capsh --drop=cap_net_raw -- -c %s -- "$@"\n' "'exec \"\$@\"'" >bare
	printf '#!/bin/sh\necho "ssh: connect to host c port 22: No route to host" >&2\nexit 255\n' >gone
	chmod 755 bare gone
	run -3 --separate-stderr vcap-check -j
	umount small readonly
	[ -z "$stderr" ]
	[ "$(of state a)" = ready ]
	[ "$(of state c)" = unreachable ]
	[ "$(of note c)" = "ssh: connect to host c port 22: No route to host" ]
	[ "$(of state d)" = unreachable ]
	[[ "$(of note d)" == *"'no-such-transport'"* ]]
	[ "$(of state e)" = unreachable ]
	[[ $output != *$'\e'* ]]
	[ "$(of state f)" = not-ready ]
	[ "$(of cap_net_raw f)" = no ]
	[[ "$(of note f)" == *"no privilege to capture"* ]]
	[ "$(of state g)" = not-ready ]
	[[ "$(of note g)" == *"are to stay free"* ]]
	[ "$(of state i)" = not-ready ]
	[[ "$(of note i)" == "cannot create a directory in '$PWD/readonly': Read-only file system"* ]]
	[ -z "$(find run small -name '.vcap-check*')" ]
	[ "$(of state h)" = not-ready ]
	[[ "$(of note h)" == *"'eth7'"* ]]
	run -1 vcap-check c d
}

# Of a login shell: what it prints at its end would be in the captures, what it reads is not there for them.
# Break: lib/controller/enginecheck.c s/check->is_ready = check->has_clock && !line;/;/
# Break: lib/capture/job.c s/if (rc == 0 && used == 0)/if (0)/
# bats test_tags=slow
@test "check: one whose shell prints behind answers, or reads what is sent, is not ready, and its captures say why" {
	export VCAP_SPOOL=$PWD/spool
	printf '#!/bin/sh\nip netns exec a "$@"; status=$?; echo bye; exit $status\n' >polite
	printf '#!/bin/sh\nip netns exec a "$@"; status=$?; printf "\\033[1mbye\\n"; exit $status\n' >loud
	printf '#!/bin/bash\nread -r _; exec ip netns exec a "$@"\n' >curious
	printf '#!/bin/sh\ncat >/dev/null; exec ip netns exec a "$@"\n' >hungry
	printf '#!/bin/sh\necho hello; exec ip netns exec a "$@"\n' >friendly
	chmod 755 polite loud curious hungry friendly
	for engine in polite loud curious hungry friendly; do
		echo "$engine dir=$PWD/run exec $PWD/$engine"
		printf '%s\n' 'vip 192.0.2.10 tcp/80' 'server 10.0.0.1' 'monitor icmp' "engine $engine" >config/services/$engine
	done >>config/engines
	run -3 --separate-stderr vcap-check -j polite loud curious hungry friendly
	echo "$output"
	[ "$(of state polite)" = not-ready ]
	[ "$(of note polite)" = "what reaches polite prints behind what it is asked: 'bye': its login shell must not" ]
	[ "$(of state loud)" = unreachable ]
	[[ "$(of note loud)" == "something else is in its answer: line "*bye* ]]
	for engine in curious hungry; do
		[ "$(of state $engine)" = not-ready ]
		[[ "$(of note $engine)" == "does not answer what is sent to it: its login shell may read standard input"* ]]
	done
	[ "$(of state friendly)" = ready ]
	# Nothing came of the job: not everything is captured.
	run -1 --separate-stderr vcap-capture -t 1s hungry
	echo "$stderr"
	[[ $stderr == *"no job was received"* ]]
	run -0 --separate-stderr vcap-capture -t 1s friendly
}

# Break: lib/controller/enginecheck_table.c s/else if (\*lacking)/else if (0)/
# bats test_tags=slow
@test "check: an engine of another release is told with what it lacks, in words of ours" {
	printf '#!/bin/sh\n"$@" | sed -u "s/^version .*/version 0.0.1/; s/^abilities .*/abilities answer \033[1m token by-and-by/"\n' >older
	printf '#!/bin/sh\n"$@" | sed -u "s/^version .*/version 0.1.0/; /^abilities/d"\n' >first
	chmod 755 older first
	printf '%s\n' "o dir=$PWD/run exec $PWD/older" "f dir=$PWD/run exec $PWD/first" >>config/engines
	run vcap-check -j o f
	lacking=$(vcap-host check . | sed -n 's/^abilities //p')
	[[ "$(of note f)" == "version 0.1.0, but "*" here; takes part without: ${lacking// /, }"* ]]
	[[ "$(of note o)" == "version 0.0.1, but "*" here; takes part without: by, audit"* ]]
}

# Break: lib/capture/hostreport.c s/platform.kernel, platform.machine/platform.machine, platform.kernel/
# Break: lib/base/platform.c s/have_minor < minor/0/
@test "check: what kind of host it is, for scripts and with -v; a kernel that is too old is a remark" {
	run -0 vcap-check -j b
	[ "$(of kernel b)" = "$(uname -r)" ]
	[ "$(of machine b)" = "$(uname -m)" ]
	[ -e /sys/fs/selinux/enforce ] || [ "$(of selinux b)" = off ]
	for kernel in 3.10.0-1160.el7.x86_64 4.17.19 4.18.0-553.el8_10.aarch64 10.0; do
		printf '#!/bin/sh\n"$@" | sed -u "s/^kernel .*/kernel %s/; s/^machine .*/machine aarch64/; s/^selinux .*/selinux enforcing/"\n' \
			$kernel >on-$kernel
		chmod 755 on-$kernel
		echo "k$kernel dir=$PWD/run exec $PWD/on-$kernel ip netns exec a" >>config/engines
	done
	run -0 vcap-check -j k3.10.0-1160.el7.x86_64 k4.17.19 k4.18.0-553.el8_10.aarch64 k10.0
	[ "$(of note k3.10.0-1160.el7.x86_64)" = "kernel 3.10.0-1160.el7.x86_64 is older than 4.18" ]
	[ "$(of note k4.17.19)" = "kernel 4.17.19 is older than 4.18" ]
	[ "$(jq '[.engines[] | select(.note != null and .note != "")] | length' <<<"$output")" -eq 2 ]
	run -0 vcap-check -v k4.18.0-553.el8_10.aarch64
	[[ ${lines[0]} =~ \ CLOCK\ KERNEL\ +MACHINE\ SELINUX\ +NOTE ]]
	[[ ${lines[1]} == *" 4.18.0-553.el8_10.aarch64 aarch64 enforcing"* ]]
	# Eighty columns hold.
	COLUMNS=80 vcap-check -v k4.18.0-553.el8_10.aarch64 >narrow
	[ "$(wc -L <narrow)" -le 80 ]
	grep -q '4.18.0-553.el8_10.aarch64' narrow
	grep -q enforcing narrow
}

# Break: lib/controller/enginecheck.c s/check->reach == REMEDY_REFUSED/0/
@test "check: bin= on a file system that is mounted noexec, and programs for another architecture" {
	mkdir -p none/bin other
	mount -t tmpfs -o noexec tmpfs none
	mkdir none/bin
	cp -L "$(command -v vcap-host)" none/bin
	# A header of ELF for no machine.
	printf '\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\2\0\376\377' | cat - /dev/zero | head -c 4096 >other/vcap-host
	chmod 755 other/vcap-host
	# As the shell of a login says it.
	printf '#!/bin/bash\n"$@"\n' >by-bash
	chmod 755 by-bash
	printf '%s\n' "n bin=$PWD/none/bin dir=$PWD/run exec ip netns exec a" \
		"o bin=$PWD/other dir=$PWD/run exec $PWD/by-bash" >>config/engines
	run -1 vcap-check -j n o
	umount none
	[ "$(of state n)" = refused ]
	[ "$(of note n)" = "'$PWD/none/bin' is on a file system mounted noexec (set bin= of 'n' in the engines file to another directory, then 'vcap push n')" ]
	[ "$(of state o)" = refused ]
	[[ "$(of note o)" == *"xec format error ('vcap push o' brings programs for its architecture)" ]]
}

# bats test_tags=slow
@test "check: an XDP program, and another version, are remarks" {
	ip netns exec b xdp lo true || skip "xdp: no programs for this user here"
	run -0 ip netns exec b xdp lo vcap-check -j b
	[ "$(of state b)" = ready ]
	[ "$(of xdp b)" = lo ]
	[ "$(of note b)" = "an XDP program may hide packets of lo" ]
	printf '#!/bin/sh\n"$@" | sed -u "s/^version .*/version 0.0.1/"\n' >older
	chmod 755 older
	echo "o dir=$PWD/run exec $PWD/older" >>config/engines
	run -0 vcap-check -j o
	[[ "$(of note o)" == "version 0.0.1, but "*" here" ]]
}
