#!/usr/bin/env bats
# What is imported, on the wire: the real programs serve the configurations of tests/pipe/import between a client and
# servers, and captures of the services have the requests of both sides; those to servers are compared with tcpdump's.
# Servers answer at whatever address and port they are reached.
# shellcheck disable=SC2016,SC2013,SC2317 # programs of perl; words; functions that are waited for

bats_require_minimum_version 1.5.0
load ../until

setup() {
	inputs=$BATS_TEST_DIRNAME/../pipe/import
	PATH=$(cd "$BATS_TEST_DIRNAME/../../${VCAP_BUILD:-build}/bin" && pwd):$PATH:/usr/sbin:/sbin
	grep -q netns-run /proc/1/cmdline || {
		echo "these tests need namespaces: run them by tests/netns-run"
		return 1
	}
	cd "$BATS_TEST_TMPDIR" || return
	export VCAP_CONFIG=$PWD/config VCAP_SPOOL=$PWD/spool
	pids='' among=''
	mount -t tmpfs -o size=12g tmpfs /var/lib
	mkdir -p /run/haproxy /run/nginx /var/lib/nginx
	sysctl -qw net.ipv4.ip_forward=1 net.ipv4.ip_nonlocal_bind=1 net.ipv6.ip_nonlocal_bind=1 \
		net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0
	host client 1 to-client
}

teardown() {
	# shellcheck disable=SC2086 # words
	[ -z "$pids" ] || kill $pids 2>/dev/null || true
	for pid in $(pgrep -x vcap-wait) $(pgrep -x vcap-run); do
		kill -9 "$pid" 2>/dev/null || true
	done
	nft flush ruleset
	umount -l /var/lib
	for side in client servers; do
		[ ! -e /run/netns/$side ] || ip netns del $side
	done
	ip addr flush dev lo scope global
}

in_background() { # COMMAND...
	"$@" </dev/null >>log 2>&1 3>&- &
	pids="$pids $!"
	disown
}

host() { # NAME NET DEVICE: behind a device of this host, the engine
	ip netns add "$1"
	ip link add dev "$3" type veth peer name eth0 netns "$1"
	ip addr add "198.18.$2.1/24" dev "$3"
	ip link set dev "$3" up
	ip -n "$1" link set dev lo up
	ip -n "$1" addr add "198.18.$2.2/24" dev eth0
	ip -n "$1" link set dev eth0 up
	ip -n "$1" route add default via "198.18.$2.1"
}

servers_behind() { # DEVICE
	link=$1
	host servers 2 "$link"
	for net in 10.0.0.0/8 172.16.0.0/12; do
		ip -n servers route add local $net dev lo
		ip route add $net via 198.18.2.2
	done
	ip netns exec servers nft -f - <<-END
		table ip any {
			chain in {
				type nat hook prerouting priority dstnat
				meta l4proto { tcp, udp } redirect to :9999
			}
		}
	END
	in_background ip netns exec servers perl -MIO::Select -MIO::Socket::INET -e '
		$SIG{PIPE} = "IGNORE";
		my $tcp = IO::Socket::INET->new(LocalPort => 9999, Listen => 128, ReuseAddr => 1) or die;
		my $udp = IO::Socket::INET->new(LocalPort => 9999, Proto => "udp") or die;
		my $all = IO::Select->new($tcp, $udp);
		while (my @ready = $all->can_read) {
			for my $socket (@ready) {
				if ($socket == $tcp) {
					my $new = $tcp->accept;
					$all->add($new) if $new;
				} elsif ($socket == $udp) {
					$udp->recv(my $text, 2048);
					$udp->send("answer");
				} elsif (sysread $socket, my $text, 65536) {
					syswrite $socket, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" if $text =~ m{(?:GET|HEAD|OPTIONS) |\x16\x03};
				} else {
					$all->remove($socket);
					close $socket;
				}
			}
		}'
	answers() { ip netns exec servers ss -Hltn 'sport = :9999' | grep -q .; }
	until_true answers
}

# The VIPs of the services that were imported are this host's.
own_vips() {
	local vip
	for vip in $(awk '$1 == "vip" && $2 !~ /[:\/-]|^127\./ && !/an address of the host/ { print $2 }' config/services/* | sort -u); do
		ip addr add "$vip/32" dev lo
	done
}

page() { # ADDRESS:PORT [ARG...]: a request of the client
	ip netns exec client curl -s --max-time 9 -o /dev/null "http://$1/page" "${@:2}"
}

tls() { # ADDRESS:PORT NAME: one that begins TLS with that name; a server that has none ends it
	ip netns exec client curl -sk --max-time 9 -o /dev/null --connect-to "::$1" "https://$2/page"
}

datagram() { # ADDRESS PORT
	ip netns exec client perl -MIO::Socket::INET -e '
		my $socket = IO::Socket::INET->new(PeerAddr => $ARGV[0], PeerPort => $ARGV[1], Proto => "udp") or die;
		$socket->send("/page");
		alarm 9;
		$socket->recv(my $text, 2048)' "$@"
}

# Frames with a request, or with what precedes it, of those that $among has: where to. Checks ask for something else,
# or for nothing.
requests() { # FILE [FILTER]
	local begins='tcp.payload contains "/page HTTP" or tcp.payload[0:2] == 16:03 or tcp.payload[0:5] == "PROXY" or udp.payload contains "/page"'

	tshark -nr "$1" -Y "($begins) and not icmp${2:+ and $2}${among:+ and $among}" \
		-T fields -E separator=: -e ip.dst -e tcp.dstport -e udp.dstport 2>/dev/null | sed 's/:$//; s/::/:/' | sort
}

# Captures a service while the client makes requests, by each command of those given, twice.
through() { # SERVICE VIP:PORT COMMAND...
	local id request
	echo "# $1"
	rm -f witness.pcap capture.pcapng witness.log
	tcpdump --immediate-mode -Z root -ni "$link" -U -w witness.pcap tcp or udp >witness.log 2>&1 3>&- &
	local witness=$!
	until_true grep -q 'listening on' witness.log
	id=$(vcap start -t 5 "$1" 2>start.err 3>&-) || { cat start.err; return 1; }
	for request in "${@:3}"; do
		# shellcheck disable=SC2086 # words
		{ $request || true; $request || true; }
	done
	vcap stop "$id"
	vcap export -w capture.pcapng "$id"
	kill $witness
	wait $witness || true
	requests witness.pcap >wanted
	[ -s wanted ]
	requests capture.pcapng 'frame.interface_name contains "/server"' | grep -vxF "$2" | diff wanted -
	# A proxy that hands on to itself, too, has its VIP among the servers.
	local side='frame.interface_name contains "/client"'
	! grep -q "^server *${2%:*} tcp/${2##*:}\b" config/services/* || side=
	[ "$(requests capture.pcapng "$side" | grep -cxF "$2")" -ge $((2 * ($# - 2))) ]
}

haproxy_with() { # FILE
	servers_behind to-servers
	cp -r "$inputs/haproxy/maps" .
	mkdir -p config
	cp -r maps config
	sed -E '/^[[:blank:]]+(user|group|chroot|daemon|log)\>/d' "$inputs/haproxy/$1" >"$1"
	# Files are where default-path has them.
	vcap import -w haproxy "$PWD/$1" >written 2>said || [ $? -eq 3 ]
	own_vips
	in_background haproxy -db -f "$PWD/$1"
	listens() { [ "$(ss -Hltn | wc -l)" -ge "$(grep -c '^[[:blank:]]*bind.*:[0-9]' "$1")" ]; }
	until_true listens "$1"
}

# Break: lib/import/haproxy_route.c s/bind = haproxy_sockets_find(.*/bind = NULL;/
# bats test_tags=slow
@test "wires: HAProxy, frontends behind frontends, by sockets, addresses and names in TLS" {
	haproxy_with chains.cfg
	through edge-one 192.0.2.170:443 'page 192.0.2.170:443' 'page 192.0.2.170:443/slow' 'tls 192.0.2.170:443 x.raw.example.org'
	grep -q '^10.36.1.1:443' wanted
	grep -q '^10.36.0.[12]:8080' wanted
}

# bats test_tags=slow
@test "wires: HAProxy, a router whose backends maps name" {
	haproxy_with router.cfg
	through public 192.0.2.60:80 'page 192.0.2.60:80 -H Host:web.example.org'
	grep -q '^10.20.0.[12]:8080' wanted
	through public_ssl 192.0.2.60:443 'page 192.0.2.60:443' 'tls 192.0.2.60:443 mail.example.org'
	[ "$(uniq wanted | tr '\n' ' ')" = '10.20.1.1:8443 10.20.3.1:8080 ' ]
}

# bats test_tags=slow
@test "wires: HAProxy, a controller's variables and maps" {
	haproxy_with controller.cfg
	through http 192.0.2.130:8080 'page 192.0.2.130:8080 -H Host:shop.example.org' 'page 192.0.2.130:8080 -H Host:other.example.org'
	grep -q '^10.32.1.1[12]:8080' wanted
	grep -q '^10.32.9.11:8080' wanted
	through ssl 192.0.2.130:8443 'page 192.0.2.130:8443' 'tls 192.0.2.130:8443 mail.example.org'
	[ "$(uniq wanted | tr '\n' ' ')" = '10.32.3.11:8443 10.32.9.11:8080 ' ]
}

# bats test_tags=slow
@test "wires: HAProxy, sections that choose among defaults" {
	haproxy_with tiers.cfg
	through api 198.51.100.1:80 'page 198.51.100.1:80'
	through ldap 198.51.100.1:389 'page 198.51.100.1:389'
	through gopher 198.51.100.1:70 'page 198.51.100.1:70'
}

# The address is there by VRRP alone.
# bats test_tags=slow
@test "wires: HAProxy and keepalived, whose address moves" {
	haproxy_with pair.cfg
	ip addr del 192.0.2.140/32 dev lo
	cat >keepalived.conf <<-END
		global_defs {
			router_id lb1
		}
		vrrp_instance edge {
			interface to-client
			virtual_router_id 7
			priority 100
			advert_int 0.1
			virtual_ipaddress {
				192.0.2.140/32 dev to-client
			}
		}
	END
	in_background keepalived -n -P -l -f "$PWD/keepalived.conf" -p "$PWD/keepalived.pid" -r "$PWD/vrrp.pid"
	is_master() { ip addr show dev to-client | grep -q 192.0.2.140; }
	until_true is_master
	# The checks of others begin TLS, too.
	among='tcp.port == 80'
	through ingress-http 192.0.2.140:80 'page 192.0.2.140:80'
	grep -q '^10.33.1.[12]:80' wanted
	among='tcp.port == 22623'
	through machine-config 192.0.2.140:22623 'page 192.0.2.140:22623'
	grep -q '^10.33.0.1[12]:22623' wanted
}

# bats test_tags=slow
@test "wires: nginx, streams by names in TLS, and its own servers behind them" {
	servers_behind to-servers
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key.pem -out cert.pem \
		-subj /CN=lab -days 1 2>/dev/null
	sed "s|^load_module.*|load_module /usr/lib/nginx/modules/ngx_stream_module.so; user root; pid /run/nginx.pid; error_log stderr;|
		s|^http {|&ssl_certificate $PWD/cert.pem; ssl_certificate_key $PWD/key.pem; access_log off;|
		/^# configuration file/d" "$inputs/nginx/preread.dump" >nginx.conf
	for address in 192.0.2.200/32 2001:db8::200/128; do
		ip addr add $address dev lo
	done
	vcap import -w nginx "$PWD/nginx.conf" >written 2>said || [ $? -eq 3 ]
	in_background nginx -c "$PWD/nginx.conf" -g 'daemon off;'
	listens() { ss -Hltn | grep -q 192.0.2.200:10100; }
	until_true listens
	through stream-443 192.0.2.200:443 'tls 192.0.2.200:443 a.mail.example.org' 'tls 192.0.2.200:443 vpn.example.org' \
		'tls 192.0.2.200:443 shop.example.org' 'tls 192.0.2.200:443 wiki.example.org' 'tls 192.0.2.200:443 other.example.org'
	for server in '10.62.1.[12]:993' 10.62.0.9:8443 10.62.4.1:8080 10.62.4.2:8080 '10.62.2.[12]:443'; do
		grep -q "^$server" wanted || { echo "no $server"; cat wanted; false; }
	done
	through stream-10000 192.0.2.200:10007 'page 192.0.2.200:10007'
	[ "$(uniq wanted)" = 10.62.3.1:10007 ]
}

# The rules of each family are in a part of their own.
restore() { # FILE
	awk '/^# Generated by ip6/ { six = 1 } { print >(six ? "rules6" : "rules4") }' "$inputs/iptables/$1"
	iptables-restore rules4
	[ ! -e rules6 ] || ip6tables-restore rules6
	vcap import -w iptables >written 2>said || [ $? -eq 3 ]
}

# bats test_tags=slow
@test "wires: iptables, as kube-proxy has it" {
	servers_behind to-servers
	restore cluster.rules
	through shop/web:http 10.96.1.1:80 'page 10.96.1.1:80'
	through shop/web:http 203.0.113.80:80 'page 203.0.113.80:80'
	through shop/web:http 198.18.1.1:30080 'page 198.18.1.1:30080'
	through kube-system/kube-dns:dns 10.96.0.10:53 'datagram 10.96.0.10 53'
	[ "$(uniq wanted)" = 10.244.0.3:53 ]
}

# bats test_tags=slow
@test "wires: iptables, ports that Docker and Podman publish" {
	servers_behind docker0
	restore docker.rules
	own_vips
	through tcp-8080 198.18.1.1:8080 'page 198.18.1.1:8080'
	[ "$(uniq wanted)" = 172.17.0.2:80 ]
	through udp-192.0.2.70-5353 192.0.2.70:5353 'datagram 192.0.2.70 5353'
	restore pods.rules
	through tcp-8443 198.18.1.1:8443 'page 198.18.1.1:8443'
	[ "$(uniq wanted)" = 10.89.0.5:443 ]
}

# bats test_tags=slow
@test "wires: iptables, the networks of Docker's compose" {
	servers_behind br-1f0a55d2c3b4
	restore compose.rules
	iptables -P FORWARD ACCEPT # the rules that accept are not all there
	through tcp-80 198.18.1.1:80 'page 198.18.1.1:80'
	through tcp-9000-9003 198.18.1.1:9002 'page 198.18.1.1:9002'
	[ "$(uniq wanted)" = 172.20.0.4:9002 ]
}

rules() { # FILE
	nft flush ruleset
	nft -f "$inputs/nft/$1"
	rm -rf config/services
	vcap import -w nft >written 2>said || [ $? -eq 3 ]
}

# bats test_tags=slow
@test "wires: nft, balancing, a cluster, Docker's tables" {
	servers_behind to-servers
	rules balancer.nft
	through tcp-192.0.2.20-80 192.0.2.20:80 'page 192.0.2.20:80'
	through tcp-192.0.2.21-80 192.0.2.22:80 'page 192.0.2.22:80' 'page 192.0.2.22:80'
	[ "$(uniq wanted | wc -l)" -eq 3 ]
	through tcp-192.0.2.40-31-9000 192.0.2.41:9000 'page 192.0.2.41:9000'
	through udp-192.0.2.23-53 192.0.2.23:53 'datagram 192.0.2.23 53'
	rules cluster.nft
	through tcp-10.96.0.1-443 10.96.0.1:443 'page 10.96.0.1:443'
	through udp-10.96.0.53-53 10.96.0.53:53 'datagram 10.96.0.53 53'
	rules edges.nft
	through tcp-192.0.2.40-80 192.0.2.40:95 'page 192.0.2.40:95'
	through tcp-192.0.2.7-80 192.0.2.7:80 'page 192.0.2.7:80'
	rules docker.nft
	through tcp-8080 198.18.1.1:8080 'page 198.18.1.1:8080'
	[ "$(uniq wanted)" = 172.20.0.2:80 ]
}
