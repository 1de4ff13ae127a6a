#!/usr/bin/env bats
# Rules of iptables and nft, and virtual servers of the kernel, imported and on the wire: see wires.bash.
# shellcheck disable=SC2034 # what wires.bash reads

bats_require_minimum_version 1.5.0
load ../until
load wires

# Break: lib/import/iptables.c s/} else if (\*target) {/} else if (0) {/
# bats test_tags=slow
@test "wires: iptables, as kube-proxy has it, of both families" {
	servers_behind to-servers
	restore "$inputs/iptables/cluster.rules"
	through shop/web:http 'page 10.96.1.1:80' 'page 203.0.113.80:80' 'page 198.18.1.1:30080' 'page [fd00:10:96::1]:80'
	grep -q '^\[fd00:10:244::5\]:8080' wanted
	through kube-system/kube-dns:dns 'datagram 10.96.0.10 53'
	[ "$(uniq wanted)" = 10.244.0.3:53 ]
}

# Clients elsewhere than in the load balancer's source range are dropped.
# Break: lib/import/iptables.c s/} else if (\*target) {/} else if (0) {/
# bats test_tags=slow
@test "wires: iptables, as kube-proxy has it behind MetalLB" {
	servers_behind to-servers
	ip -n client addr add 198.51.100.7/32 dev eth0
	ip route add 198.51.100.7 via 198.18.1.2
	restore "$inputs/iptables/metallb.rules"
	through shop/web:http 'page 203.0.113.91:80 --interface 198.51.100.7' 'page 10.96.2.1:80' 'page 198.18.1.1:30180'
	grep -q '^10.244.1.5:8080' wanted
	through shop/away:http 'page 10.96.2.2:80'
	through logs/syslog 'datagram 198.51.100.93 514' 'datagram 10.96.2.3 514'
	[ "$(uniq wanted)" = 10.244.3.3:1514 ]
}

# Break: lib/import/iptables.c s/} else if (\*target) {/} else if (0) {/
# bats test_tags=slow
@test "wires: iptables, ports that Docker and Podman publish" {
	servers_behind docker0
	restore "$inputs/iptables/docker.rules"
	own_vips
	through tcp-8080 'page 198.18.1.1:8080'
	[ "$(uniq wanted)" = 172.17.0.2:80 ]
	through udp-192.0.2.70-5353 'datagram 192.0.2.70 5353'
	restore "$inputs/iptables/pods.rules"
	through tcp-8443 'page 198.18.1.1:8443'
	[ "$(uniq wanted)" = 10.89.0.5:443 ]
	through tcp-8080 'page 198.18.1.1:8080'
	[ "$(uniq wanted)" = 10.88.0.2:80 ]
}

# Break: lib/import/iptables.c s/port\[strcspn(port, "\/")\] = .*/;/
# bats test_tags=slow
@test "wires: iptables, the networks of Docker's compose, of both families" {
	servers_behind br-1f0a55d2c3b4
	restore "$inputs/iptables/compose.rules"
	iptables -P FORWARD ACCEPT # the rules that accept are not all there
	through tcp-80 'page 198.18.1.1:80' 'page [2001:2:0:1::1]:80'
	[ "$(uniq wanted | tr '\n' ' ')" = '172.20.0.2:80 [fd00:20::2]:80 ' ]
	through udp-443 'datagram 198.18.1.1 443'
	through tcp-9000-9003 'page 198.18.1.1:9002'
	[ "$(uniq wanted)" = 172.20.0.4:9002 ]
}

# Without what iptables-restore refuses, and the sets, whose program may not be there.
# Break: lib/import/iptables.c s/match.ports = rule->ports;/;/
# bats test_tags=slow
@test "wires: iptables, a gateway that balances, and hides clients" {
	servers_behind to-servers
	sed '/^create\|^add\|^garbage\|nonsense\|match-set/d' "$inputs/iptables/gateway.rules" >gateway.rules
	restore gateway.rules
	through tcp-192.0.2.70-80-8000-8003 'page 192.0.2.70:80' 'page 192.0.2.70:8003'
	[ "$(uniq wanted | tr '\n' ' ')" = '10.1.0.1:8080 10.1.0.2:8080 ' ]
	through udp-192.0.2.74-514 'datagram 192.0.2.74 514'
}

# Break: lib/import/nftables.c s/json_array_foreach(elements, i, element)/json_array_foreach(NULL, i, element)/
# bats test_tags=slow
@test "wires: nft, balancing, a cluster, Docker's tables, of both families" {
	servers_behind to-servers
	rules balancer.nft
	through tcp-192.0.2.20-80 'page 192.0.2.20:80'
	through tcp-192.0.2.21-80 'page 192.0.2.22:80' 'page 192.0.2.21:80'
	[ "$(uniq wanted | wc -l)" -eq 3 ]
	through tcp-192.0.2.40-31-9000 'page 192.0.2.41:9000'
	through udp-192.0.2.23-53 'datagram 192.0.2.23 53'
	rules cluster.nft
	through tcp-10.96.0.1-443 'page 10.96.0.1:443'
	through udp-10.96.0.53-53 'datagram 10.96.0.53 53'
	through tcp-2001-db8--80-80 'page [2001:db8::80]:80'
	[ "$(uniq wanted)" = '[2001:db8:2::1]:8080' ]
	rules edges.nft
	through tcp-192.0.2.40-80 'page 192.0.2.40:95'
	through tcp-192.0.2.7-80 'page 192.0.2.7:80'
	rules docker.nft
	through tcp-8080 'page 198.18.1.1:8080'
	[ "$(uniq wanted)" = 172.20.0.2:80 ]
}

# Break: lib/import/nftables.c s/jump = json_object_get(value, "goto");/;/
# bats test_tags=slow
@test "wires: nft, as kube-proxy has it, of both families" {
	servers_behind to-servers
	rules kubeproxy.nft
	through shop/web:http 'page 10.96.1.1:80' 'page 203.0.113.90:80' 'page 192.0.2.31:30080' 'page [2001:db8:96::1]:80'
	grep -q '^\[2001:db8:244::5\]:8080' wanted
	through shop/api 'page 10.96.1.2:8000'
	[ "$(uniq wanted)" = 10.244.1.9:9000 ]
	through kube-system/kube-dns:dns 'datagram 10.96.0.10 53'
}

# Break: lib/import/nftables.c s/nft_parse_ports(dnat->port, &ports)/true/
# bats test_tags=slow
@test "wires: nft, a router that forwards ports, with reflection" {
	client_behind eth1
	servers_behind br-lan
	rules router.nft
	through tcp-8443 'page 198.18.1.1:8443'
	[ "$(uniq wanted)" = 10.80.0.10:443 ]
	through tcp-5060 'page 198.18.1.1:5061' 'datagram 198.18.1.1 5070'
	[ "$(uniq wanted | tr '\n' ' ')" = '10.80.0.11:5061 10.80.0.11:5070 ' ]
	through udp-192.0.2.250-51820 'datagram 192.0.2.250 51820'
	client_behind wan0
	rules gateway.nft
	through tcp-192.0.2.10-443 'page 192.0.2.10:443'
	through tcp-192.0.2.10-25 'page 192.0.2.10:587'
	through any-192.0.2.11 'page 192.0.2.12:8088'
	through tcp-2222 'page 198.18.1.1:2222'
	through udp-5000 'datagram 198.18.1.1 5003'
	[ "$(uniq wanted | sed 's/:60.*//')" = 10.0.1.15 ]
}

# The kernel of this host balances; where its addresses are is no matter here.
has_ipvs() {
	modprobe -q ip_vs 2>/dev/null || true
	[ -e /proc/net/ip_vs ] || skip 'ip_vs: the kernel has none'
}

# With the virtual servers of keepalived's configuration, and the addresses that it finds here.
keepalived_with() { # FILE LAST-SERVER: in hexadecimal
	vcap import -w keepalived "$PWD/$1" >written 2>said || [ $? -eq 3 ]
	own_vips
	in_background keepalived -n -C -l -i lab -f "$PWD/$1" -p "$PWD/$1.pid" -c "$PWD/$1.checkers"
	balances() { grep -q "$1" /proc/net/ip_vs; }
	until_true balances "$2"
}

# bats test_tags=slow
@test "wires: keepalived, what the kernel balances by NAT, of both families" {
	has_ipvs
	servers_behind to-servers
	sed '/^include/d' "$inputs/keepalived/pair.conf" >pair.conf
	keepalived_with pair.conf '0A1E0007:0035 .* '
	among='not tcp.dstport == 443' # checks of others begin TLS
	through tcp-192.0.2.100-80 'page 192.0.2.100:80' 'page 192.0.2.100:80'
	grep -q '^10.30.0.[12]:8080' wanted
	ip addr add 192.0.2.111/32 dev lo # one of a range
	through mail 'page 192.0.2.101:25' 'page 192.0.2.111:587'
	through udp-192.0.2.102-53 'datagram 192.0.2.102 53'
	# One of the names is not set.
	sed '/UNSET/,$d' "$inputs/keepalived/params.conf" >params.conf
	keepalived_with params.conf '2001:0db8:0050:.*:0002\]:1F90'
	through tcp-192.0.2.180-80 'page 192.0.2.180:80'
	through tcp-2001-db8-180--1-80 'page [2001:db8:180::1]:80'
	[ "$(uniq wanted)" = '[2001:db8:50::2]:8080' ]
}

# Servers take packets out of tunnels, and answer by themselves. The third tunnel is one of UDP, which is not captured.
# A veth has left the checksum to be made that GRE's would be made of.
# bats test_tags=slow
@test "wires: keepalived, servers in tunnels" {
	has_ipvs
	servers_behind to-servers
	sysctl -qw "net.ipv4.conf.$link.accept_local=1"
	ip -n servers route add local 10.40.0.0/24 dev lo
	for tunnel in tunl0 gre0; do
		ip -n servers addr add 198.18.3.2/32 dev $tunnel
		ip -n servers link set $tunnel up
	done
	sed '/real_server 10.40.0.3/,/^    }/d; s/ csum//' "$inputs/keepalived/tunnels.conf" >tunnels.conf
	keepalived_with tunnels.conf 0A280002:01BB
	through tcp-192.0.2.120-443 'page 192.0.2.120:443' 'page 192.0.2.120:443'
	grep -q '^10.40.0.1,192.0.2.120:443' wanted
	grep -q '^10.40.0.2,192.0.2.120:443' wanted
}

# bats test_tags=slow
@test "wires: ipvsadm, what the kernel balances, as it prints that" {
	has_ipvs
	command -v ipvsadm >/dev/null || skip 'ip_vs: no ipvsadm is here'
	servers_behind to-servers
	grep -v sctp "$inputs/ipvs/nat.rules" | ipvsadm -R
	vcap import -w ipvs >written
	own_vips
	through tcp-203.0.113.44-80 'page 203.0.113.44:80'
	[ "$(uniq wanted | tr '\n' ' ')" = '192.168.10.1:80 192.168.10.2:8080 ' ]
	through udp-203.0.113.44-53 'datagram 203.0.113.44 53'
	through tcp-2001-db8-44--1-443 'page [2001:db8:44::1]:443'
	[ "$(uniq wanted)" = '[2001:db8:10::1]:8443' ]
	through tcp-203.0.113.45-0 'page 203.0.113.45:8081'
	[ "$(uniq wanted)" = 192.168.10.9:8081 ]
	ipvsadm -C
}
