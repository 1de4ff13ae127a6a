# shellcheck shell=sh disable=SC2154 # the names come from names.sh
# The namespaces of the lab and the cables between them.

lab_namespace() { # NAME
	ip netns add "$1"
	# Without this no IPv6 address could be used, nor a neighbour be found, for a second.
	lab_in "$1" sysctl -qw net.ipv6.conf.default.accept_dad=0
	# A last FIN that nobody acknowledges, as was seen on a busy host, is given up after seconds, not minutes.
	lab_in "$1" sysctl -qw net.ipv4.tcp_orphan_retries=3
	ip -n "$1" link set dev lo up
}

lab_cable() { # NAMESPACE DEVICE BRIDGE V4-PREFIX V6-PREFIX HOST: plugs a device into a bridge of fabric
	ip -n fabric -batch - <<-END
		link add dev $1-$2 type veth peer name $2 netns $1
		link set dev $1-$2 master $3 up
	END
	lab_address "$1" "$2" "$4.$6/24" "$5:$6/64"
	ip -n "$1" link set dev "$2" up
}

lab_address() { # NAMESPACE DEVICE ADDRESS...
	namespace=$1 device=$2
	shift 2
	printf "addr add %s dev $device\n" "$@" | ip -n "$namespace" -batch -
}

lab_network() {
	# Here, too: an address that is there a second later is a network that changes, by which browsers end requests.
	sysctl -qw net.ipv6.conf.default.accept_dad=0
	lab_namespace fabric
	ip -n fabric -batch - <<-END
		link add dev front up type bridge mcast_snooping 0
		link add dev back up type bridge mcast_snooping 0
	END
	ip link add dev mgmt type bridge
	ip addr add "$LAB_MGMT4.1/24" dev mgmt
	ip link set dev mgmt up

	for server in $LAB_SERVERS; do
		lab_namespace "$server"
		lab_cable "$server" eth0 back "$LAB_BACK4" "$LAB_BACK6" "1$(lab_number "$server")"
	done
	for engine in $LAB_ENGINES; do
		lab_engine_network "$engine"
	done
	lab_client_network
}

lab_engine_network() { # ENGINE
	n=10$(lab_number "$1")
	lab_namespace "$1"
	lab_cable "$1" eth0 front "$LAB_FRONT4" "$LAB_FRONT6" "$n"
	lab_cable "$1" eth1 back "$LAB_BACK4" "$LAB_BACK6" "$n"
	lab_address "$1" lo "$LAB_VIP4/32" "$LAB_VIP6/128"
	ip link add dev "mgmt-$1" type veth peer name mgmt0 netns "$1"
	ip link set dev "mgmt-$1" master mgmt up
	lab_address "$1" mgmt0 "$LAB_MGMT4.$n/24"
	ip -n "$1" link set dev mgmt0 up
}

lab_client_network() {
	lab_namespace client
	lab_cable client eth0 front "$LAB_FRONT4" "$LAB_FRONT6" 1
	# shellcheck disable=SC2046 # words
	lab_address client eth0 $(seq -f "$LAB_FRONT4.%.0f/24" 2 "$LAB_CLIENTS") \
		$(seq -f "$LAB_FRONT6:%.0f/64" 2 "$LAB_CLIENTS")
	# Both engines serve the VIP; ports decide which one gets a connection.
	for family in ipv4 ipv6; do
		lab_in client sysctl -qw net.$family.fib_multipath_hash_policy=1
	done
	hops4='' hops6=''
	for engine in $LAB_ENGINES; do
		n=10$(lab_number "$engine")
		hops4="$hops4 nexthop via $LAB_FRONT4.$n"
		hops6="$hops6 nexthop via $LAB_FRONT6:$n"
		lab_client_of "$engine" "$n" "20$(lab_number "$engine")"
	done
	# shellcheck disable=SC2086 # words
	ip -n client route add "$LAB_VIP4" $hops4
	# shellcheck disable=SC2086
	ip -n client -6 route add "$LAB_VIP6" $hops6
}

lab_client_of() { # ENGINE ENGINE-HOST HOST: a client address whose connections all go to one engine
	lab_address client eth0 "$LAB_FRONT4.$3/24" "$LAB_FRONT6:$3/64"
	ip -n client -batch - <<-END
		rule add from $LAB_FRONT4.$3 lookup $3
		route add $LAB_VIP4 via $LAB_FRONT4.$2 table $3
	END
	ip -n client -6 -batch - <<-END
		rule add from $LAB_FRONT6:$3 lookup $3
		route add $LAB_VIP6 via $LAB_FRONT6:$2 table $3
	END
}
