# shellcheck shell=bash disable=SC2154 # cpus
# Random events on interfaces during a capture, with a witness. To be loaded after veth.

stopped() {
	vcap-host stop d
	ended 0
	pid=
}

teardown() {
	[ -z "${witness-}" ] || kill "$witness" 2>/dev/null || true
	ip link del dev br7 2>/dev/null || true
	if [ -n "${pid-}" ] && kill -9 "$pid"; then wait "$pid"; fi 2>/dev/null || true
	ip link del dev va 2>/dev/null || true
	ip link del dev wa 2>/dev/null || true
}

# Random events on two veth pairs and a bridge, while packets with numbers come. Every interface has
# an address before it is up, so that the rule takes it or what it is a member of.
event() { # NUMBER
	local dev=vb other=va
	[ $(($1 % 2)) -eq 0 ] || dev=wb other=wa
	case $(($1 / 2 % 6)) in
	0) ip addr add "192.0.2.$(($1 % 200 + 20))/32" dev $dev ;;
	1) ip addr flush dev $dev ;;
	2) ip link set $dev master br7 ;;
	3) ip link set $dev nomaster ;;
	4)
		ip link set $dev down
		ip link set $dev up
		;;
	5)
		ip link del dev $other
		ip link add dev $other type veth peer name $dev address $mac
		ip addr add 192.0.2.7/32 dev $dev
		ip link set $dev up
		ip link set $other up
		;;
	esac
}

random_events() { # COUNT
	# Where the packets are sent: this host takes them for its own, on any of the three.
	mac=02:00:00:00:00:02
	# The bridge would drop them for want of a checksum.
	sysctl -qw net.bridge.bridge-nf-call-iptables=0 2>/dev/null || true
	ip link set vb address $mac
	ip link add dev wa type veth peer name wb address $mac
	ip link set wa up
	ip link add dev br7 address $mac type bridge
	ip addr add 192.0.2.3/24 dev br7
	ip addr add 192.0.2.1/24 dev vb
	ip addr add 192.0.2.2/24 dev wb
	ip link set wb up
	ip link set br7 up
	start d
	command dumpcap -q -i any -f 'udp dst port 9' -B 16 -w any.pcapng 2>any.err 3>&- &
	witness=$!
	until_true grep -q "File:" any.err
	RANDOM=$1
	for ((number = 0; number < $1; number++)); do
		send -C $((number % cpus)) -c 100 -r 2000 va >/dev/null 2>&1 3>&- &
		sender=$!
		event $RANDOM 2>/dev/null || true
		wait $sender || true
	done
	stopped
	kill $witness
	wait $witness
	witness=
}

# The frames that the witness saw come in on what is captured, and those of the capture, by time.
compare_with_witness() {
	tshark -nr any.pcapng -Y '(sll.pkttype != 4) && !(sll.ifindex == 0)' -T fields -e frame.time_epoch 2>/dev/null |
		sort -u >seen
	mergecap -F pcapng -w all.pcapng d/core-*.pcapng
	tshark -nr all.pcapng -Y 'udp.dstport == 9' -T fields -e frame.time_epoch 2>/dev/null | sort >kept
	uniq -d kept >twice
	comm -23 seen <(sort -u kept) >missed
	wc -l seen kept twice missed
	[ ! -s twice ]
	[ ! -s missed ]
}
