# shellcheck shell=bash
# Many engines on one machine, for the test and the benchmark: namespaces e1, e2, ... with a vcap-run
# of two megabytes of rings in each. Packets of the service go over the loopback of each, to the
# address that send sends to. Everything is under the current directory.

# How many packets the engine gets: never as many as another.
many_share() { # NUMBER
	echo $((1000 + $1))
}

# Namespaces and configuration; several at a time, as ip takes its time.
many_make() { # COUNT
	export VCAP_CONFIG=$PWD/config VCAP_SPOOL=$PWD/spool
	mkdir -p config/services bin runs
	# The static ones, as engines have them.
	local programs
	programs=$(realpath "$(dirname "$(command -v vcap-host)")/../libexec/vcap/$(uname -m)")
	ln -s "$programs/vcap-host" "$programs/vcap-merge" bin/
	printf '#!/bin/sh\nexec %s -b 2M "$@"\n' "$programs/vcap-run" >bin/vcap-run
	chmod 755 bin/vcap-run
	seq "$1" | xargs -P 4 -I{} sh -c 'ip netns add e{} && ip -n e{} link set dev lo up'
	for number in $(seq "$1"); do
		echo "e$number bin=$PWD/bin dir=$PWD/runs exec nsenter --net=/run/netns/e$number"
	done >config/engines
	{
		printf '%s\n' 'vip 10.0.0.2 udp/9' 'server 10.0.0.3 udp/9' 'monitor tcp/1'
		seq -f 'engine e%.0f' "$1"
	} >config/services/shop
}

# Another way to reach an engine.
many_reach() { # ENGINE COMMAND...
	local engine=$1
	shift
	sed -i "s|^$engine .*|$engine bin=$PWD/bin dir=$PWD/runs exec $*|" config/engines
}

# An sshd in each namespace, over a bridge, with keys made on the spot: engines are reached by ssh. Only as
# root, in a mount namespace of its own.
many_ssh() { # COUNT
	local number address
	mkdir -m 700 ssh
	mkdir -p /run/sshd
	ssh-keygen -q -t ed25519 -N '' -f ssh/host
	ssh-keygen -q -t ed25519 -N '' -f ssh/key
	# sshd refuses a root whose password field is a '!', and its bash reads files.
	sed 's/^root:[^:]*:/root:*:/' /etc/shadow >ssh/shadow
	mount --bind ssh/shadow /etc/shadow
	sed '/^root:/s,[^:]*$,/bin/sh,' /etc/passwd >ssh/passwd
	mount --bind ssh/passwd /etc/passwd
	printf '%s\n' "HostKey $PWD/ssh/host" "AuthorizedKeysFile $PWD/ssh/key.pub" 'StrictModes no' 'UsePAM no' \
		'UseDNS no' 'PidFile none' 'PermitRootLogin prohibit-password' >ssh/sshd
	ip link add many type bridge
	ip addr add 10.66.0.1/16 dev many
	ip link set many up
	for number in $(seq "$1"); do
		address=10.66.$((1 + number / 250)).$((1 + number % 250))
		ip link add "m$number" type veth peer name eth0 netns "e$number"
		ip link set "m$number" master many up
		ip -n "e$number" addr add "$address/16" dev eth0
		ip -n "e$number" link set eth0 up
		echo "$address $(cat ssh/host.pub)" >>ssh/known_hosts
		ip netns exec "e$number" "$(command -v sshd)" -f "$PWD/ssh/sshd" -E "$PWD/ssh/log.$number"
		echo "e$number bin=$PWD/bin dir=$PWD/runs ssh root@$address -F none -i $PWD/ssh/key" \
			"-o UserKnownHostsFile=$PWD/ssh/known_hosts -o GlobalKnownHostsFile=none"
	done >config/engines
}

# What runs on the engines is in this control group: what nsenter starts, or the sshds.
many_within() { # TASKS
	local pid
	for pid in $(pgrep -x sshd); do
		echo "$pid" >"$1"
	done
	sed -i "s|exec nsenter \([^ ]*\)|exec within \1 $1|" config/engines
}

many_end() {
	pkill -x sshd || true
}

# To each engine its share; many at a time, as a socket takes long to open and close.
many_send() { # FIRST LAST
	for number in $(seq "$1" "$2"); do
		echo "--net=/run/netns/e$number send -o -c $(many_share "$number") lo"
	done | xargs -P 32 -L 1 nsenter >/dev/null
}

many_remove() {
	find /run/netns -mindepth 1 -printf "%f\n" 2>/dev/null | xargs -rn 1 ip netns del
}
