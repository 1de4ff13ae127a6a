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
	for command in vcap-host vcap-merge; do
		ln -s "$(command -v $command)" bin/
	done
	printf '#!/bin/sh\nexec %s -b 2M "$@"\n' "$(command -v vcap-run)" >bin/vcap-run
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

# To each engine its share; many at a time, as a socket takes long to open and close.
many_send() { # FIRST LAST
	for number in $(seq "$1" "$2"); do
		echo "--net=/run/netns/e$number send -o -c $(many_share "$number") lo"
	done | xargs -P 32 -L 1 nsenter >/dev/null
}

many_remove() {
	find /run/netns -mindepth 1 -printf "%f\n" 2>/dev/null | xargs -rn 1 ip netns del
}
