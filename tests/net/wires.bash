# shellcheck shell=bash
# What is imported, on the wire: this host is an engine, where a real program serves a configuration of
# tests/pipe/import between a client and servers. Captures of the services have the requests of both sides: each is
# compared with what tcpdump saw on the interface to the client, and on that to the servers.
# Servers answer at whatever address and port they are reached.
# shellcheck disable=SC2016,SC2013,SC2317 # programs of perl; words; functions that are waited for

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
	sysctl -qw net.ipv4.ip_forward=1 net.ipv4.ip_nonlocal_bind=1 net.ipv4.conf.all.rp_filter=0 \
		net.ipv4.conf.default.rp_filter=0 net.ipv6.conf.all.forwarding=1 net.ipv6.ip_nonlocal_bind=1 \
		net.ipv6.conf.default.accept_dad=0
	client_behind to-client
}

teardown() {
	# shellcheck disable=SC2086 # words
	[ -z "$pids" ] || kill $pids 2>/dev/null || true
	for pid in $(pgrep -x vcap-wait) $(pgrep -x vcap-run); do
		kill -9 "$pid" 2>/dev/null || true
	done
	nft flush ruleset
	ip rule del lookup 100 2>/dev/null || true
	ip route flush table 100 2>/dev/null || true
	umount -l /var/lib
	! mountpoint -q /etc/resolv.conf || umount -l /etc/resolv.conf
	ip link del "$front"
	[ -z "${link-}" ] || ip link del "$link"
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
	ip netns exec "$1" sysctl -qw net.ipv6.conf.default.accept_dad=0
	ip link add dev "$3" type veth peer name eth0 netns "$1"
	ip addr add "198.18.$2.1/24" dev "$3"
	ip addr add "2001:2:0:$2::1/64" dev "$3"
	ip link set dev "$3" up
	ip -n "$1" link set dev lo up
	ip -n "$1" addr add "198.18.$2.2/24" dev eth0
	ip -n "$1" addr add "2001:2:0:$2::2/64" dev eth0
	ip -n "$1" link set dev eth0 up
	ip -n "$1" route add default via "198.18.$2.1"
	ip -n "$1" route add default via "2001:2:0:$2::1"
}

client_behind() { # DEVICE
	if [ -n "${front-}" ]; then
		ip link del "$front"
		ip netns del client
	fi
	front=$1
	host client 1 "$front"
}

servers_behind() { # DEVICE
	link=$1
	host servers 2 "$link"
	ip route add 10.0.0.0/8 via 198.18.2.2
	ip route add 172.16.0.0/12 via 198.18.2.2
	ip route add 192.168.0.0/16 via 198.18.2.2
	ip route add 2001:db8::/32 via 2001:2:0:2::2
	ip route add fd00::/8 via 2001:2:0:2::2
	ip netns exec servers nft -f - <<-END
		table inet any {
			chain in {
				type nat hook prerouting priority dstnat
				meta l4proto { tcp, udp } redirect to :9999
			}
		}
	END
	# TLS is ended by an alert: these have no certificate.
	in_background ip netns exec servers perl -MIO::Select -MIO::Socket::IP -e '
		$SIG{PIPE} = "IGNORE";
		my %any = (LocalHost => "::", LocalPort => 9999, V6Only => 0);
		my $tcp = IO::Socket::IP->new(%any, Listen => 128, ReuseAddr => 1) or die;
		my $udp = IO::Socket::IP->new(%any, Proto => "udp") or die;
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
					syswrite $socket, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" if $text =~ /(?:GET|HEAD|OPTIONS) /;
					syswrite $socket, "+PONG\r\n" if $text eq "PING\r\n";
					syswrite $socket, "\x15\x03\x01\x00\x02\x02\x28" if $text =~ /\x16\x03/;
				} else {
					$all->remove($socket);
					close $socket;
				}
			}
		}'
	answers() { ip netns exec servers ss -Hltn 'sport = :9999' | grep -q .; }
	until_true answers
}

# A name server, which this host asks, too.
names_at() { # ADDRESS NAME=ADDRESS...
	ip addr add "$1/32" dev lo 2>/dev/null || true # one in 127.0.0.0/8 is there
	echo "nameserver $1" >resolv.conf
	[ -e /etc/resolv.conf ] || : >/etc/resolv.conf
	mount --bind resolv.conf /etc/resolv.conf
	in_background perl -MIO::Socket::INET -e '
		my $socket = IO::Socket::INET->new(LocalAddr => shift, LocalPort => 53, Proto => "udp") or die;
		my %addresses;
		push @{$addresses{$_->[0]}}, inet_aton $_->[1] for map { [split /=/] } @ARGV;
		while ($socket->recv(my $query, 2048)) {
			my ($name, $at) = ("", 12);
			while (my $length = ord substr $query, $at, 1) {
				$name .= ($name eq "" ? "" : ".") . lc substr $query, $at + 1, $length;
				$at += 1 + $length;
			}
			my $list = $addresses{$name};
			my @found = unpack("n", substr $query, $at + 1, 2) == 1 && $list ? @$list : ();
			$socket->send(pack("a2 n5", $query, $list ? 0x8580 : 0x8583, 1, scalar @found, 0, 0) . substr($query, 12, $at - 7) .
				join "", map { pack "n3 N n/a", 0xc00c, 1, 1, 60, $_ } @found);
		}' "$@"
	answers_names() { getent ahosts "$1"; }
	until_true answers_names "${2%=*}"
}

# The VIPs of the services that were imported are this host's.
own_vips() {
	local vip
	for vip in $(awk '$1 == "vip" && $2 !~ /[\/-]|^127\.|^::1$/ && !/an address of the host/ { print $2 }' config/services/* | sort -u); do
		ip addr replace "$vip" dev lo
	done
}

# Packets of servers that are for a client, whose address was taken for a connection here, are for that.
divert() {
	nft -f - <<-END
		table ip divert {
			chain prerouting {
				type filter hook prerouting priority mangle
				meta l4proto tcp socket transparent 1 meta mark set 1
			}
		}
	END
	ip rule add fwmark 1 lookup 100
	ip route add local default dev lo table 100
}

page() { # ADDRESS:PORT[PATH] [ARG...]: a request of the client
	ip netns exec client curl -gs --max-time 9 -o /dev/null "http://$1/page" "${@:2}"
}

tls() { # ADDRESS:PORT NAME[PATH]: one that begins TLS with that name; a server that has none ends it
	ip netns exec client curl -gsk --max-time 9 -o /dev/null --connect-to "::$1" "https://$2/page"
}

datagram() { # ADDRESS PORT
	ip netns exec client perl -MIO::Socket::IP -e '
		my $socket = IO::Socket::IP->new(PeerHost => $ARGV[0], PeerPort => $ARGV[1], Proto => "udp") or die;
		$socket->send("/page");
		alarm 9;
		$socket->recv(my $text, 2048)' "$@"
}

# Frames with a request, or with what precedes it, of those that $among has: interface and where to. Checks ask for
# something else, or for nothing.
requests() { # FILE
	local begins='tcp.payload contains "/page HTTP" or tcp.payload[0:2] == 16:03 or tcp.payload[0:5] == "PROXY" or udp.payload contains "/page"'

	tshark -nr "$1" -Y "($begins) and not icmp and not icmpv6${among:+ and $among}" -T fields \
		-e frame.interface_name -e ip.dst -e ipv6.dst -e tcp.dstport -e udp.dstport 2>/dev/null |
		awk -F '\t' '{ print ($1 == "" ? "-" : $1), ($2 != "" ? $2 : "[" $3 "]") ":" $4 $5 }'
}

on() { # PATTERN FILE: where the requests on these interfaces go, sorted
	sed -n "s|^[^ ]*$1[^ ]* ||p" "$2" | sort
}

witness() { # DEVICE FILE
	tcpdump --immediate-mode -Z root -ni "$1" -U -w "$2.pcap" ip or ip6 >"$2.log" 2>&1 3>&- &
	watching="$watching $!"
	until_true grep -q 'listening on' "$2.log"
}

# Captures a service while the client makes requests, by each command of those given, twice.
through() { # SERVICE COMMAND...
	local id request watching=''
	echo "# $1"
	rm -f ./*.pcap ./*.pcapng ./witness*.log
	witness "$front" witness-front
	witness "$link" witness
	id=$(vcap start -t 5 "$1" 2>start.err 3>&-) || { cat start.err; return 1; }
	for request in "${@:2}"; do
		# shellcheck disable=SC2086 # words
		{ $request || true; $request || true; }
	done
	vcap stop "$id"
	vcap export -w capture.pcapng "$id"
	# shellcheck disable=SC2086 # words
	{
		kill $watching
		wait $watching || true
	}
	requests capture.pcapng >captured
	requests witness-front.pcap | on '' - >wanted-front
	[ "$(wc -l <wanted-front)" -ge $((2 * ($# - 1))) ]
	on "/$front/" captured | diff wanted-front -
	requests witness.pcap | on '' - >wanted
	[ -s wanted ]
	on "/$link/server" captured | diff wanted -
}

haproxy_with() { # FILE [LISTENERS]
	[ -n "${link-}" ] || servers_behind to-servers
	cp -r "$inputs/haproxy/maps" .
	mkdir -p config
	cp -r maps config
	sed -E '/^[[:blank:]]+(user|group|chroot|daemon|log)\>/d' "$inputs/haproxy/$1" >"$1"
	# Files are where default-path has them.
	vcap import -w haproxy "$PWD/$1" >written 2>said || [ $? -eq 3 ]
	own_vips
	in_background haproxy -db -f "$PWD/$1"
	listens() { [ "$(ss -Hltnp | grep -c "pid=${pids##* },")" -ge "$1" ]; }
	until_true listens "${2-$(grep -c '^[[:blank:]]*bind.*:[0-9]' "$1")}"
}

# What nginx -T printed, as files below the directory root. What Debian's nginx does not know has to be taken out.
nginx_files() { # DUMP [SED-EXPRESSION]
	mkdir root
	awk '
		/^# configuration file / {
			sub(/:$/, "")
			file = "root" $4
			directory = file
			sub("/[^/]*$", "", directory)
			system("mkdir -p " directory)
			next
		}
		{ print >file }' "$1"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key.pem -out cert.pem \
		-subj /CN=lab -days 1 2>/dev/null
	find root -type f -exec sed -i -E "${2-}
		s|include /|include $PWD/root/|
		/^[[:blank:]]*(user|pid|daemon|load_module|ssl_certificate|ssl_certificate_key) /d
		s|^http \{|& access_log off; ssl_certificate $PWD/cert.pem; ssl_certificate_key $PWD/key.pem;|" {} +
	find root -name nginx.conf -exec sed -i '1i load_module /usr/lib/nginx/modules/ngx_stream_module.so; user root;' {} +
}

nginx_runs() { # NGINX.CONF VIP:PORT
	own_vips
	in_background nginx -e stderr -p "$PWD/root" -c "$PWD/$1" -g 'daemon off;'
	listens() { ss -Hltn | grep -qF "$1 "; }
	until_true listens "$2"
}

nginx_with() { # NGINX.CONF VIP:PORT
	servers_behind to-servers
	nginx -T -e stderr -p "$PWD/root" -c "$PWD/$1" >dump 2>>log
	vcap import -w nginx "$PWD/dump" >written 2>said || [ $? -eq 3 ]
	nginx_runs "$@"
}

# The rules of each family are in a part of their own.
restore() { # FILE
	nft flush ruleset
	rm -rf config/services
	awk '/^# Generated by ip6/ { six = 1 } { print >(six ? "rules6" : "rules4") }' "$1"
	iptables-restore rules4
	[ ! -e rules6 ] || ip6tables-restore rules6
	vcap import -w iptables >written 2>said || [ $? -eq 3 ]
}

rules() { # FILE
	nft flush ruleset
	rm -rf config/services
	nft -f "$inputs/nft/$1"
	vcap import -w nft >written 2>said || [ $? -eq 3 ]
}
