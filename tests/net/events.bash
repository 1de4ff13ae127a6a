# shellcheck shell=bash disable=SC2154 # cpus
# Random events on interfaces during a capture, with a witness. To be loaded after veth.
#
# This host has two wires to somebody outside, a bridge, and VLAN, macvlan and VRF devices as far as the
# kernel makes them. Packets come in by a wire, with a tag or without, and go out by the bridge or a
# macvlan, while something happens to one of these; tcpdump -i any sees many of them several times. No
# two have the same port and number, so that one which it saw has to be in the capture's files, and once.
# Each interface has an address before it is up, so that the rule takes it or what it is seen on.
#
# The kernel tells of a change when it has made it. While a bridge goes it drops what its members bring, and so
# does a wire that goes with what a macvlan sends. Who chooses by what is told so far expects those on the bridge,
# or the wire: they may be missed, as far as tcpdump saw them once. Nobody was given them.

stopped() {
	vcap-host stop d
	ended 0
	pid=
}

teardown() {
	[ -z "${witness-}" ] || kill "$witness" 2>/dev/null || true
	if [ -n "${pid-}" ] && kill -9 "$pid"; then wait "$pid"; fi 2>/dev/null || true
	for device in br7 red tun8 va wa; do
		ip link del dev $device 2>/dev/null || true
	done
	ip link del group 7 2>/dev/null || true
	for wire in 0 1; do
		ip -n outside link del dev w$wire 2>/dev/null || true
	done
	ip netns del outside 2>/dev/null || true
}

# Where packets are sent: this host takes them for its own, on any of its interfaces.
mac=02:00:00:00:00:02
# Of nobody: the bridge sends what is for it on to all its members.
elsewhere=02:00:00:00:00:09

# The far end of wire N is wN; the near one, near[N], is renamed now and then.
make_wire() { # 0|1
	near[$1]=wire$1a
	ip link add dev "${near[$1]}" address $mac type veth peer name "w$1" netns outside
	ip addr add "192.0.2.$((10 + $1))/32" dev "${near[$1]}"
	ip link set dev "${near[$1]}" up
	ip -n outside link set dev "w$1" up
}

make_bridge() {
	ip link add dev br7 address $mac type bridge
	ip addr add 192.0.2.3/24 dev br7
	ip link set dev br7 up
}

exists() { # DEVICE
	[ -e "/proc/sys/net/ipv4/conf/$1" ]
}

# Deletes a device above a wire, or makes it.
toggle() { # DEVICE LOWER TYPE [OPTION...]
	local device=$1 lower=$2
	shift 2
	if exists "$device"; then
		ip link del dev "$device"
	else
		ip link add link "$lower" dev "$device" type "$@" &&
			ip addr add 192.0.2.4/32 dev "$device" && ip link set dev "$device" up
	fi
}

# Whether the kernel has such devices.
can_make() { # TYPE [OPTION...]
	ip link add link vb dev probe type "$@" 2>/dev/null && ip link del dev probe
}

# Kernels before 6.2 only rename what is down.
rename_wire() { # WIRE NAME
	local dev=${near[$1]}
	[ "$dev" != "$2" ] || return
	ip link set dev "$dev" name "$2" ||
		{ ip link set dev "$dev" down && ip link set dev "$dev" name "$2" && ip link set dev "$2" up; } || return
	near[$1]=$2
}

letters=abcd

event() { # KIND WIRE
	local dev=${near[$2]}
	case $1 in
	address) ip addr add "192.0.2.$((RANDOM % 200 + 20))/32" dev "$dev" ;;
	no-address) ip addr flush dev "$dev" ;;
	down) ip link set dev "$dev" down && ip link set dev "$dev" up ;;
	again) ip -n outside link del dev "w$2" && bridged[$2]= && make_wire "$2" ;;
	rename) rename_wire "$2" "wire$2${letters:RANDOM % 4:1}" ;;
	join) ip link set dev "$dev" master br7 && bridged[$2]=yes ;;
	leave) ip link set dev "$dev" nomaster && bridged[$2]= ;;
	bridge) ip link del dev br7 && bridged=() && make_bridge ;;
	bridge-down) ip link set dev br7 down && ip link set dev br7 up ;;
	macvlan) toggle "mac$2" "$dev" macvlan ;;
	vlan) toggle "tag$2" "$dev" vlan id 7 ;;
	vrf) ip link set dev "$dev" master red && bridged[$2]= ;;
	esac
}

begin_events() {
	sysctl -qw net.bridge.bridge-nf-call-iptables=0 2>/dev/null || true
	kinds=(address no-address down again rename join join leave bridge bridge-down)
	lacking=
	if can_make macvlan; then kinds+=(macvlan); else lacking+=" macvlan"; fi
	if can_make vlan id 7; then kinds+=(vlan); else lacking+=" vlan"; fi
	if can_make vrf table 7; then kinds+=(vrf); else lacking+=" vrf"; fi
	! [[ ${kinds[*]} == *vrf* ]] || { ip link add dev red type vrf table 7 && ip link set dev red up; }
	ip link del dev va
	mkdir -p /run/netns
	ip netns add outside
	ip netns exec outside sysctl -qw net.ipv6.conf.default.disable_ipv6=1
	make_wire 0
	make_wire 1
	make_bridge
}

# tcpdump writes what it has seen when its ring gives it a block, a second later at most.
has_written() { # TEXT: of the last packet
	tail -c 200 any.pcap | grep -aq "$1"
}

# Packets in the background, whose port tells which event they were for, and by which way. What is random is so in this
# shell: another one's numbers have another seed.
send_about() { # NUMBER WIRE
	local tag=() devices=(br7 mac0 mac1) cpu=$((RANDOM % cpus))
	[ $((RANDOM % 4)) -ne 0 ] || tag=(-v 7)
	out=${devices[RANDOM % 3]}
	ip netns exec outside send -C $cpu -c 100 -r 2000 -p $((10000 + $1)) "${tag[@]}" "w$2" 3>&- &
	senders=($!)
	send -o -d $elsewhere -C $((cpus - 1 - cpu)) -c 50 -r 1000 -p $((20000 + $1)) "$out" 3>&- &
	senders+=($!)
} >/dev/null 2>&1

# VCAP_SEED: for other events than always.
random_events() { # COUNT
	local number kind wire out before seed=${VCAP_SEED-$1}
	bridged=()
	: >covered
	begin_events
	vcap-filter -P 10.0.0.2 >program
	start d -f program
	command tcpdump -Z root -U -B 16384 -i any -y LINUX_SLL2 --time-stamp-precision=nano -w any.pcap 'udp' 2>any.err 3>&- &
	witness=$!
	until_true grep -q listening any.err
	RANDOM=$seed
	echo "# $1 events, VCAP_SEED=$seed; devices that this kernel lacks:${lacking:- none}" | tee seed >&3
	for ((number = 0; number < $1; number++)); do
		kind=${kinds[RANDOM % ${#kinds[@]}]}
		wire=$((RANDOM % 2))
		send_about $number $wire
		# In the midst of them.
		pause $((RANDOM % 3 + 1))
		before=${bridged[wire]-}
		if event "$kind" $wire 2>>refused; then echo "$number $kind $wire" >>events; fi
		[ -z "$before${bridged[wire]-}" ] || echo $((10000 + number)) >>covered
		[ "$out" != mac$wire ] || echo $((20000 + number)) >>covered
		wait "${senders[@]}" || true
	done
	stopped
	echo "the last one" >/dev/udp/127.0.0.1/9
	until_true has_written "the last one"
	kill $witness
	wait $witness || true
	witness=
	cat seed
	# Most of what was tried has happened, of each kind.
	cut -d ' ' -f 2 events | sort | uniq -c
	[ "$(cut -d ' ' -f 2 events | sort -u | wc -l)" -eq "$(printf '%s\n' "${kinds[@]}" | sort -u | wc -l)" ] || [ "$1" -lt 100 ]
	[ "$(wc -l <events)" -ge $(($1 / 2)) ]
}

# Ports and numbers, a packet a line.
packets() { # FILE
	tshark -nr "$1" -Y 'udp.dstport >= 10000' -T fields -e udp.dstport -e udp.payload 2>/dev/null | cut -c 1-14 | sort
}

compare_with_witness() {
	packets any.pcap >sights
	uniq sights >seen
	mergecap -F pcapng -w all.pcapng d/core-*.pcapng
	packets all.pcapng >kept
	uniq -d kept >twice
	comm -23 seen <(uniq kept) >not-kept
	uniq -u sights | comm -12 not-kept - | awk 'NR == FNR { covered[$1]; next } $1 in covered' covered - >dropped
	comm -23 not-kept dropped >missed
	wc -l seen kept twice missed dropped
	for port in $(cut -f 1 twice missed dropped | sort -u | head); do
		grep -m 1 "^$((port % 10000)) " events || echo "$port"
	done
	[ "$(value dropped)" -eq 0 ]
	[ "$(wc -l <seen)" -ge $(($(wc -l <events) * 60)) ]
	[ ! -s twice ]
	[ ! -s missed ]
	[ "$(wc -l <dropped)" -le $(($(wc -l <seen) / 500)) ]
}
