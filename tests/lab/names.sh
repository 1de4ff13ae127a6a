# shellcheck shell=sh disable=SC2034 # the names are for others
# What everything in the lab is called, and what its tests need of it. To be sourced.

# Engine N has host part 10N towards client and servers, server N 1N.
LAB_DIR=${LAB_DIR-/run/lab}
LAB_ENGINES='lb1 lb2'
LAB_SERVERS='s1 s2'
LAB_VIP4=192.0.2.10
LAB_VIP6=2001:db8::10
LAB_PORT=80         # of the VIP
LAB_SERVER_PORT=8080
LAB_CHECK_PORT=8081 # where the servers answer health checks
LAB_FRONT4=10.9.0 LAB_FRONT6=2001:db8:9:
LAB_BACK4=10.9.1 LAB_BACK6=2001:db8:1:
LAB_MGMT4=10.9.255
LAB_CLIENTS=20      # addresses .1 to .20; and .20N, whose connections all go to engine N

lab_number() { # NAME: the number in a name, lb2: 2
	echo "${1##*[!0-9]}"
}

# The words of pcap-filter(7) for each kind of packet, written by hand: what witnesses look for.
lab_expression() { # client|server|monitor
	case $1 in
	client) echo "(host $LAB_VIP4 or host $LAB_VIP6) and tcp port $LAB_PORT" ;;
	server) echo "$(lab_server_hosts) and tcp port $LAB_SERVER_PORT" ;;
	monitor) echo "$(lab_server_hosts) and tcp port $LAB_CHECK_PORT" ;;
	esac
}

lab_server_hosts() {
	printf '('
	or=
	for s in $LAB_SERVERS; do
		n=$(lab_number "$s")
		printf '%shost %s or host %s' "$or" "$LAB_BACK4.1$n" "$LAB_BACK6:1$n"
		or=' or '
	done
	printf ')'
}

lab_wait() { # WHAT COMMAND...: until the command succeeds, half a minute at most
	what=$1
	shift
	lab_tries=0
	until "$@" >/dev/null 2>&1; do
		lab_tries=$((lab_tries + 1))
		if [ $lab_tries -ge 300 ]; then
			echo "lab: no $what within half a minute" >&2
			return 1
		fi
		[ $lab_tries -lt 5 ] && sleep 0.03 || sleep 0.1
	done
}

lab_real_root() { # and not one of a user namespace
	[ "$(awk '{ print $3; exit }' /proc/self/uid_map)" = 4294967295 ]
}

lab_in() { # NAMESPACE COMMAND...
	namespace=$1
	shift
	ip netns exec "$namespace" "$@"
}

# For what is the same whatever way leads to the engines.
lab_near() {
	export VCAP_CONFIG="$LAB_DIR/near"
}

# Of lines "ADDRESS URL", requests from these addresses, a connection each, by a curl for each family:
# one that has used an IPv6 address does not go back.
lab_fetch() {
	lab_lines=$(cat)
	for lab_colon in 0 1; do
		echo "$lab_lines" | awk -v colon=$lab_colon '(index($1, ":") > 0) == colon {
			print n++ ? "--next" : "--fail-early"
			print "-sSfg --max-time 10 -H Connection:close --interface", $1, $2 }' |
			lab_in client xargs -x curl || return
	done
}

lab_urls() { # HOST PATH...: of client address HOST, over IPv4 and IPv6
	lab_host=$1
	shift
	for lab_path; do
		echo "$LAB_FRONT4.$lab_host http://$LAB_VIP4:$LAB_PORT$lab_path"
		echo "$LAB_FRONT6:$lab_host http://[$LAB_VIP6]:$LAB_PORT$lab_path"
	done
}

lab_get() { # HOST PATH...: requests from client address HOST, over IPv4 and IPv6
	lab_urls "$@" | lab_fetch
}

# Every client, both families, small answers and answers that are larger than a packet.
lab_traffic() { # ROUNDS
	for lab_round in $(seq "$1"); do
		for lab_client in $(seq "$LAB_CLIENTS"); do
			lab_urls "$lab_client" "/small/$lab_round" /large
		done
	done | lab_fetch >/dev/null
}

# Requests of client address HOST over IPv4, a connection each, so many a second until it is killed.
lab_steady() { # HOST RATE
	exec ip netns exec client curl -s -o /dev/null --interface "$LAB_FRONT4.$1" -H Connection:close \
		--rate "$2/s" "http://$LAB_VIP4:$LAB_PORT/small/[1-10000]"
}

# No connection of the service is open or closing on any engine: its last packet is through.
lab_quiet() {
	lab_wait "end of connections" lab_no_connection || {
		for lab_engine in $LAB_ENGINES; do lab_in "$lab_engine" ss -Htnopi state connected; done
		return 1
	}
}

lab_no_connection() {
	for lab_engine in $LAB_ENGINES; do
		[ -z "$(lab_in "$lab_engine" ss -Htn state connected exclude time-wait exclude syn-recv \
			"( sport = :$LAB_PORT or dport = :$LAB_SERVER_PORT or dport = :$LAB_CHECK_PORT )")" ] || return
	done
}
