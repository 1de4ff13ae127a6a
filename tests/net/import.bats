#!/usr/bin/env bats
# vcap-import beside the programs whose configuration it reads: what they really listen at and talk
# to, and captures from what was imported, without an edit by hand.
# shellcheck disable=SC2016 # programs of awk and perl

bats_require_minimum_version 1.5.0
load tcpdump
load ../until
load ../pipe/import/stubs

setup() {
	inputs=$BATS_TEST_DIRNAME/../pipe/import
	build=$BATS_TEST_DIRNAME/../../${VCAP_BUILD:-build}
	PATH=$(cd "$build/bin" && pwd):$PATH:/usr/sbin:/sbin
	grep -q netns-run /proc/1/cmdline || {
		echo "these tests need namespaces: run them by tests/netns-run"
		return 1
	}
	cd "$BATS_TEST_TMPDIR" || return
	export VCAP_CONFIG=$PWD/config VCAP_SPOOL=$PWD/spool
	pids=
	mkdir -p /run/haproxy
	sysctl -qw net.ipv4.ip_nonlocal_bind=1 net.ipv6.ip_nonlocal_bind=1 2>/dev/null || true
}

teardown() {
	# shellcheck disable=SC2086 # words
	[ -z "$pids" ] || kill $pids 2>/dev/null || true
	[ -z "${open-}" ] || rm -rf "$open"
	for pid in $(pgrep -x vcap-wait) $(pgrep -x vcap-run); do
		kill -9 "$pid" 2>/dev/null || true
	done
	nft flush ruleset
	for place in /etc/nginx /etc/haproxy/haproxy.cfg /var/lib; do
		! grep -q " $place " /proc/self/mountinfo || umount -l $place
	done
	for side in client server; do
		[ ! -e /run/netns/$side ] || ip netns del $side
	done
	ip addr flush dev lo scope global
}

in_background() { # COMMAND...
	"$@" </dev/null >>log 2>&1 3>&- &
	pids="$pids $!"
	disown
}

ask() { # SOCKET COMMAND: of HAProxy
	perl -MIO::Socket::UNIX -e '
		my $socket = IO::Socket::UNIX->new($ARGV[0]) or exit 1;
		print $socket "$ARGV[1]\n";
		print while <$socket>' "$1" "$2"
}

ends() { # KEYWORD FILE: the addresses and ports of such lines
	awk -v keyword="$1" '$1 == keyword && !/an address of the host/ {
		sub(/^[a-z]+\//, "", $3); print ($2 ~ /:/ ? "[" $2 "]" : $2) ":" $3 }' "$2" | sort -u
}

# What HAProxy has opened, and the servers that it knows with a port of their own. Names are left to
# the stubs.
run_haproxy() { # FILE
	printf 'global\n    stats socket %s/state.sock level admin\n' "$PWD" >state.cfg
	# It runs as whoever runs the tests.
	sed -E '/^[[:blank:]]+(user|group|chroot|daemon)\>/d' "$1" >run.cfg
	in_background haproxy -db -f run.cfg -f state.cfg
	until_true ask state.sock 'show info'
	ss -Hltn | awk '{ sub(/%[a-z]+/, "", $4); print $4 }' | grep -vE '^(0\.0\.0\.0|\*|\[::\]|127\.0\.0\.1:1(024|0000)$|(127\.0\.0\.1|\[::1\]):8090$)' |
		sort -u >listening
	ask state.sock 'show servers state' | awk 'NF > 18 && $5 ~ /[.:]/ && $5 !~ /^0\.0\.0\.0$/ && $19 > 0 {
		print ($5 ~ /:/ ? "[" $5 "]" : $5) ":" $19 }' | sort -u >talking
	kill "${pids##* }"
	until_true none_listens
}

listens_at() { # :PORT
	ss -Hltn | grep -q "$1 "
}

none_listens() {
	[ -z "$(ss -Hltn)" ]
}

# Answers HTTP and says once, for each address that was asked, by what request: "ADDRESS PATH".
answer() { # PORT...: in the background
	exec perl -MIO::Socket::INET -MIO::Select -e '
		$| = 1;
		my %listens = map { fileno($_) => 1 } my @sockets = map {
			IO::Socket::INET->new(LocalPort => $_, Listen => 64, ReuseAddr => 1) or die } @ARGV;
		my ($select, %seen) = IO::Select->new(@sockets);
		while (my @ready = $select->can_read) {
			for my $socket (@ready) {
				if ($listens{fileno $socket}) {
					my $new = $socket->accept;
					$select->add($new) if $new;
				} elsif (sysread $socket, my $text, 4096) {
					my $address = $socket->sockhost;
					print "$address $1\n" if $text =~ m{^(?:GET|OPTIONS|HEAD) (\S+)} && !$seen{"$address $1"}++;
					syswrite $socket, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
				} else {
					$select->remove($socket);
					close $socket;
				}
			}
		}' "$@"
}

# Break: lib/import/haproxy_checks.c s/ && !has_rules(section, check->keyword)//
# bats test_tags=slow
@test "haproxy: checks ask for the paths of the monitor lines" {
	import_stubs "$PWD/stubs"
	PATH="$PWD/stubs:$PATH" vcap-import haproxy "$inputs/haproxy/probes.cfg" >services 2>said || [ $? -eq 3 ]
	# Those of one service have addresses like 10.9.N.1; what they are asked for but "/" is there,
	# and the first of two requests is asked for first.
	awk '$1 == "server" { split($2, part, "."); service = part[3] }
		$1 == "monitor" && $2 == "http" { print service, $3 }' services | sort >wanted
	ip route add local 10.9.0.0/16 dev lo
	answer 80 443 >asked 2>>log 3>&- &
	pids=$!
	disown
	listens() { ss -Hltn 'sport = :443' | grep -q .; }
	until_true listens
	sed 's/^defaults.*/&\n    default-server inter 100ms/; s/bind \(.*\):80/bind \1:8000/' "$inputs/haproxy/probes.cfg" >run.cfg
	in_background haproxy -db -f run.cfg
	told() { awk '{ split($1, part, "."); print part[3], $2 }' asked | grep -v ' /$' | sort -u | diff wanted -; }
	until_true told
	# Nor is anything else asked for.
	grep -qx '10.9.2.1 /' asked
	run ! grep -q '^10.9.3.1 ' asked
}

# Break: lib/import/haproxy_server.c s/\*rest == '\/'/false/
# Break: lib/import/haproxy.c s/return is_enabled(section);/return true;/
# bats test_tags=slow
@test "haproxy: VIPs are where it listens, servers are those it knows" {
	import_stubs "$PWD/stubs"
	cp -r "$inputs/haproxy/maps" .
	for file in "$inputs"/haproxy/*.cfg; do
		echo "# $file"
		! grep -q quic4@ "$file" || haproxy -vv | grep -q +QUIC || continue
		run_haproxy "$file"
		PATH="$PWD/stubs:$PATH" vcap-import haproxy "$file" >services 2>said || [ $? -eq 3 ]
		# A range of ports is one socket each.
		ends vip services | grep -v ':8090$' | while IFS= read -r end; do
			range=${end##*:}
			seq "${range%-*}" "${range#*-}" | sed "s/^/${end%:*}:/"
		done | sort -u >vips
		diff vips listening
		# Of the servers, those that no frontend uses are no one's, and those at the client's
		# port have none.
		ends server services >servers
		case $(basename "$file" .cfg) in
		quoting) grep -vE '^10\.3\.0\.(3|9|9[789]):' talking ;; # left out, as is said
		edges) grep -vE '^10\.7\.0\.9:|^192\.0\.2\.99:' talking ;;
		ports) grep -v '^10\.6\.1\.[12]:' talking ;;
		probes) grep -v '^10\.9\.13\.1:' talking ;; # out of range, as is said
		ingress) grep -v '^127.0.0.1:10445$' talking ;; # another frontend
		router) grep -v '^127.0.0.1:10444$' talking ;;
		chains) grep -v '^127.0.0.1:10081$' talking ;;
		controller) grep -v '^127.0.0.1:1$' talking ;; # places for servers to come
		mail) grep -v '^10\.34\.0\.3:' talking ;;     # by the environment, as is said
		*) cat talking ;;
		esac >wanted
		case $(basename "$file" .cfg) in
		ports) grep -vE '^10\.6\.(0|1\.[12]|2)' servers ;; # relative ports, dispatch
		mail) grep -vE '^10\.34\.1\..:(143|993)$' servers ;;
		discovery) : ;; # names, which it does not resolve here
		*) cat servers ;;
		esac >found
		diff wanted found
	done
}

# bats test_tags=slow
@test "nft: the rules as nft prints them here come to the same as those of the tests" {
	import_stubs "$PWD/stubs"
	for file in "$inputs"/nft/*.nft; do
		name=$(basename "$file" .nft)
		nft flush ruleset
		nft -f "$file"
		PATH="$PWD/stubs:$PATH" vcap-import nft >services 2>said || [ $? -eq 3 ]
		diff <(sed "s/$name.json:/nft -j list ruleset:/" "$inputs/nft/$name.services") services
		diff <(sed "s/$name.json:/nft -j list ruleset:/" "$inputs/nft/$name.said" 2>/dev/null) said
	done
}

# Break: lib/import/serving.c s/!= -f /!= -g /
# Break: lib/import/importer.c s/importer->import(drafts, configuration/0 \&\& &/
@test "auto: what runs here is imported, from the files that it was started with, and what translates" {
	import_stubs "$PWD/stubs"
	PATH=$PWD/stubs:$PATH
	run -1 vcap-import auto
	[[ "$output" == *"nothing that balances was found: name a kind" ]]
	mkdir conf.d
	cp "$inputs/haproxy/debian.cfg" "$inputs/haproxy/tiers.cfg" .
	sed -i -E '/^[[:blank:]]+(user|group|chroot|daemon)\>/d; s|/run/haproxy|'"$PWD"'|; /errorfile/d' debian.cfg
	mv tiers.cfg conf.d
	in_background haproxy -db -f "$PWD/debian.cfg" -f conf.d
	until_true listens_at :389
	nft -f "$inputs/nft/balancer.nft"
	iptables-restore <"$inputs/iptables/docker.rules"
	vcap-import auto >all 2>said || [ $? -eq 3 ] # some rules of iptables hide clients
	{
		vcap-import -a "$PWD/conf.d" haproxy "$PWD/debian.cfg"
		vcap-import iptables
		vcap-import nft
	} 2>/dev/null | grep -v '^#' | sort -u >each
	grep -v '^#' all | sort -u | diff each -
	[ "$(grep -c '^# service' all)" -gt 10 ]
}

# What waits for ever, a script that sh runs, under a name of anybody's choice.
called() { # NAME
	mkdir -p names
	[ -p names/never ] || mkfifo names/never
	printf '#!/bin/sh\nread -r _ <>%s/names/never\n' "$PWD" >"names/$1"
	chmod 755 "names/$1"
}

no_nginx() {
	! pgrep -x nginx
}

# Break: lib/import/serving.c s/$whose$root/$whose/
# Break: lib/import/serving.c s/ -ef / != /
# Break: lib/import/serving.c s/s|^|$root|/s|^||/
@test "auto: what is only called so, or is in a container, is not executed: its files are read" {
	import_stubs "$PWD/stubs"
	PATH=$PWD/stubs:$PATH
	called nginx
	# In mounts of its own, with a configuration there; the program is the one that is here.
	ln -s "$(readlink -f /bin/sh)" stubs/nginx
	in_background unshare -m --propagation private sh -c 'mount --bind "$0" /etc/nginx && exec names/nginx' "$inputs/nginx/sites"
	until_true pgrep -x nginx
	vcap-import auto >all 2>said || [ $? -eq 3 ]
	diff <(grep -v '^#' "$inputs/nginx/sites.services" | sort) <(grep -v '^#' all | sort)
	diff "$inputs/nginx/sites.said" said
	kill "${pids##* }"
	until_true no_nginx
	# In the same mounts, with arguments that say what to execute.
	printf '#!/bin/sh\n: >%s/executed\n' "$PWD" >stubs/other
	chmod 755 stubs/other
	mv stubs/other stubs/nginx
	printf 'http { server { listen 192.0.2.7:81; location / { proxy_pass http://10.0.0.7:82; } } }\n' >any.conf
	in_background names/nginx -c "$PWD/any.conf"
	until_true pgrep -x nginx
	vcap-import auto >all 2>said
	grep -q '^server   10.0.0.7 tcp/82' all
	[ ! -e executed ]
}

# Break: lib/import/serving.c s/-qxs ...ids../-qs ^Uid/
# bats test_tags=slow
@test "auto: one's own nginx is asked for its files, and those of another user's are read" {
	import_stubs "$PWD/stubs"
	PATH=$PWD/stubs:$PATH
	setpriv --reuid 65534 --clear-groups true 2>/dev/null || skip "there is no other user"
	open=$(mktemp -d)
	chmod 777 "$open"
	for asks in '' 'setpriv --reuid 65534 --clear-groups'; do
		{
			printf 'pid %s/pid;\nerror_log stderr;\nevents {}\nhttp {\naccess_log off;\n' "$open"
			printf '%s_temp_path '"$open"'/%s;\n' client_body 1 proxy 2 fastcgi 3 uwsgi 4 scgi 5
			printf 'server { listen 127.0.0.1:8081; location / { proxy_pass http://10.0.0.7:82; } }\n}\n'
		} >"$open/nginx.conf"
		# shellcheck disable=SC2086 # words
		in_background $asks nginx -g 'daemon off;' -c "$open/nginx.conf"
		until_true listens_at :8081
		# Who executes it once more opens another log.
		sed -i "s|stderr|$open/asked|" "$open/nginx.conf"
		vcap-import auto >all 2>said || [ $? -eq 3 ]
		grep -q '^server   10.0.0.7 tcp/82' all
		if [ -z "$asks" ]; then
			rm "$open/asked"
		else
			[ ! -e "$open/asked" ]
		fi
		kill "${pids##* }"
		until_true no_nginx
		rm -rf "$open"/[1-5]
	done
}

# Servers of keepalived's last words, as ADDRESS PROTOCOL/PORT: with IPVS or without, it says which ones it had.
keepalived_servers() { # FILE
	rm -f log
	in_background keepalived -n -C -l -i lab -f "$1" -p "$PWD/keepalived.pid" -c "$PWD/checkers.pid"
	until_true grep -qE 'Startup complete|Terminating' log
	kill "${pids##* }" 2>/dev/null || true
	until_true grep -q 'Stopped Keepalived' log
	sed -n 's|.*Shutting down service \[\(.*\)\]:\(.*\):\([0-9]*\) from VS \[.*|\1 \2/\3|p' log | sort -u
}

# Those that are apologies (sorry_server) it does not name; they end in .9 here.
# Break: lib/import/keepalived_tree.c s/definition = find_definition/definition = 0 ? NULL : NULL; (void)find_definition/
# bats test_tags=slow
@test "keepalived: the servers are those that it reads itself" {
	for file in "$inputs"/keepalived/*.conf; do
		echo "# $file"
		sed '/^net_namespace/d' "$file" >keepalived.conf
		keepalived_servers "$PWD/keepalived.conf" >wanted
		[ -s wanted ]
		vcap-import keepalived keepalived.conf >services 2>said || [ $? -eq 3 ]
		awk '/^server/ { print $2 } /direct routing to/ { sub(/:$/, "", $5); print $5 }' services >found
		sed -n "s/.*in a tunnel of UDP are not captured: '\(.*\)'/\1/p" said >>found
		sort -u found | grep -v '\.9$' | diff <(cut -d ' ' -f 1 wanted | sort -u) -
		[ -z "$(awk '/^server/ && $3 != "via" { print $2, $3 }' services | grep -v '\.9 ' | sort -u | comm -23 - wanted)" ]
	done
}

# Without what iptables-restore refuses in one of them, and the sets, whose program may not be there.
# bats test_tags=slow
@test "iptables: the rules as iptables prints them here come to the same as those of the tests" {
	import_stubs "$PWD/stubs"
	PATH=$PWD/stubs:$PATH
	for file in "$inputs"/iptables/*.rules; do
		echo "# $file"
		rm -f rules[46]
		nft flush ruleset
		sed '/^create\|^add\|^garbage\|nonsense\|match-set/d' "$file" >rules
		awk '/^# Generated by ip6/ { six = 1 } { print >(six ? "rules6" : "rules4") }' rules
		iptables-restore rules4
		[ ! -e rules6 ] || ip6tables-restore rules6
		vcap-import iptables rules 2>/dev/null | grep -Ev '^#  ' >wanted
		vcap-import iptables 2>/dev/null | grep -Ev '^#  ' | diff wanted -
	done
}

# bats test_tags=slow
@test "nginx: nginx -T of these files comes to the same as that of the tests" {
	import_stubs "$PWD/stubs"
	mount --bind "$inputs/nginx/sites" /etc/nginx
	PATH="$PWD/stubs:$PATH" vcap-import nginx >services 2>said || [ $? -eq 3 ]
	diff "$inputs/nginx/sites.services" services
	diff "$inputs/nginx/sites.said" <(grep ^vcap-import said)
}

# A machine on which nothing of vcap is configured, with room on its disk.
clean_machine() {
	mount -t tmpfs -o size=12g tmpfs /var/lib
	mkdir -p /var/lib/haproxy
	[ ! -e config ]
}

web_server() { # ADDRESS...: answers by itself, on port 8080
	{
		printf '%s\n' global "stats socket $PWD/web.sock level admin" defaults 'mode http' 'timeout client 9s' 'frontend web'
		printf 'bind %s:8080\n' "$@"
		printf '%s\n' 'http-request return status 200 content-type text/plain string ok'
	} >web.cfg
	in_background haproxy -db -f web.cfg
	until_true ask web.sock 'show info'
}

# Captures the service while the function talks; the file is capture.pcapng.
capture() { # SERVICE FUNCTION
	vcap check "$1" 2>&1
	id=$(vcap start "$1" 2>start.err 3>&-)
	"$2"
	vcap stop "$id"
	vcap wait "$id"
	vcap export -w capture.pcapng "$id"
}

count() { # FILTER...: packets in the capture
	tcpdump -r capture.pcapng "$@" 2>/dev/null | wc -l
}

syn='tcp[tcpflags] & (tcp-syn|tcp-ack) == tcp-syn'

requests() { # FILTER...: for /page
	tcpdump -nr capture.pcapng "$@" 2>/dev/null | grep -c 'HTTP: GET /page'
}

has_both_sides() {
	[ "$(vcap-stat capture.pcapng | awk 'NR > 1 { print $3 }' | sort -u | tr '\n' ' ')" = 'client server ' ]
}

opened() { # how many connections of TCP this namespace has opened
	awk '/^Tcp: [0-9]/ { print $6 }' /proc/net/snmp
}

# Nobody but the checks opens any meanwhile.
is_checked_since() { # COUNT: of connections
	[ "$(opened)" -ge $(($1 + 2)) ]
}

shop() {
	before=$(opened)
	until_true is_checked_since "$before"
	for _ in 1 2 3 4 5 6; do
		curl -sf -o /dev/null http://192.0.2.10/page
	done
	ask /run/haproxy/admin.sock 'disable health servers/web1; disable health servers/web2'
}

# Break: lib/import/haproxy_checks.c s/draft_add_monitor(check->draft, "empty");/;/
@test "a clean machine: HAProxy's configuration to a capture, without an edit" {
	clean_machine
	for address in 192.0.2.10 10.0.1.11 10.0.1.12; do
		ip addr add $address/32 dev lo
	done
	web_server 10.0.1.11 10.0.1.12
	sed -E '/^\t(user|group|chroot|daemon)/d' "$inputs/haproxy/debian.cfg" >haproxy.cfg
	mount --bind haproxy.cfg /etc/haproxy/haproxy.cfg
	in_background haproxy -db -f /etc/haproxy/haproxy.cfg
	until_true curl -sf http://192.0.2.10/

	run -0 vcap import haproxy -w
	[ "$output" = "$PWD/config/services/shop" ]
	capture shop shop
	# Every request on both sides, and of the connections to servers those that carry them: no check.
	[ "$(count "$syn and dst host 192.0.2.10")" -eq 6 ]
	[ "$(requests dst host 192.0.2.10)" -eq 6 ]
	[ "$(requests dst net 10.0.1.0/24 and dst port 8080)" -eq 6 ]
	[ "$(count "$syn and dst net 10.0.1.0/24")" -le 6 ]
	[ "$(count not host 192.0.2.10 and not net 10.0.1.0/24)" -eq 0 ]
	has_both_sides
}

# Checks and clients alike meet a server that refuses, one that answers nothing, and one that is well.
shop_of_ruins() {
	in_background env tcpdump --immediate-mode -Z root -i lo -U -w witness.pcap tcp or icmp
	until_true grep -q 'listening on' log
	ask /run/haproxy/admin.sock 'enable health servers/web1; enable health servers/web2; enable health servers/web3'
	until_true is_checked_since "$(($(opened) + 8))"
	curl -sZ http://192.0.2.10/page'?[1-6]' >/dev/null
	ask /run/haproxy/admin.sock 'disable health servers/web1; disable health servers/web2; disable health servers/web3'
	until_true no_connection
}

no_connection() {
	[ -z "$(ss -Htn state connected exclude time-wait dst 10.0.1.0/24)" ]
}

segments() { # FILE FILTER...: without the times, by what tells them apart
	tcpdump -Snnr "$1" "${@:2}" 2>/dev/null | sed 's/^[^ ]* //' | sort
}

connects_in_witness() { # ADDRESS: by port and sequence number, since a SYN is sent again
	segments witness.pcap "$syn and dst host $1" | awk '{ print $2, $7 }' | sort -u | wc -l
}

# Break: lib/join/monitor.c s/return jc->has_client ? NO : UNKNOWN;/return YES;/
# bats test_tags=slow
@test "a dead server is in the capture, which says so; the checks of one that is well are not" {
	clean_machine
	for address in 192.0.2.10 10.0.1.11 10.0.1.12 10.0.1.13; do
		ip addr add $address/32 dev lo
	done
	web_server 10.0.1.11
	nft 'table ip ruins { chain in { type filter hook input priority 0; ip daddr 10.0.1.13 drop; }; }'
	sed -E '/^\t(user|group|chroot|daemon)/d; /^\tserver/d
		s/timeout connect.*/timeout connect 300ms\n\tretries 2\n\toption redispatch 1/' "$inputs/haproxy/debian.cfg" >haproxy.cfg
	# They stay in use, however often their checks fail.
	for n in 1 2 3; do
		printf '\tserver web%s 10.0.1.1%s:8080 check inter 200ms fall 10000 pool-max-conn 0\n' $n $n >>haproxy.cfg
	done
	mount --bind haproxy.cfg /etc/haproxy/haproxy.cfg
	in_background haproxy -db -f /etc/haproxy/haproxy.cfg
	until_true curl -sf http://192.0.2.10/
	ask /run/haproxy/admin.sock 'disable health servers/web1; disable health servers/web2; disable health servers/web3'
	until_true no_connection
	run -0 vcap import haproxy -w
	grep -qx 'monitor  *empty' config/services/shop

	capture shop shop_of_ruins 2>said
	kill "${pids##* }"
	until_true grep -q 'packets captured' log
	for dead in 10.0.1.12 10.0.1.13; do
		[ "$(connects_in_witness $dead)" -ge 2 ]
		diff <(segments witness.pcap host $dead) <(segments capture.pcapng host $dead)
	done
	grep -F "vcap stop: $(connects_in_witness 10.0.1.12) failed connects to 10.0.1.12:8080" said ||
		grep -F "; $(connects_in_witness 10.0.1.12) failed connects to 10.0.1.12:8080" said
	grep -F "$(connects_in_witness 10.0.1.13) failed connects to 10.0.1.13:8080" said
	run ! grep -F 10.0.1.11 said
	# Of the server that is well those connections that carry requests, and no other.
	[ "$(requests dst host 10.0.1.11)" -ge 1 ]
	[ "$(count "$syn and dst host 10.0.1.11")" -le "$(requests dst host 10.0.1.11)" ]
	[ "$(segments witness.pcap "$syn and dst host 10.0.1.11" | wc -l)" -gt "$(count "$syn and dst host 10.0.1.11")" ]
}

page() {
	ip netns exec client curl -sf -o /dev/null http://192.0.2.10/page
}

# This namespace is the gateway; the client and the server have one each.
# Break: lib/import/nft_snat.c s/nft_format_address(buffer, 128, snat->rules\[i\].address)/false/
# bats test_tags=slow
@test "a clean machine: the rules of nftables to a capture, without an edit" {
	clean_machine
	sysctl -qw net.ipv4.ip_forward=1
	ip addr add 192.0.2.10/32 dev lo
	for side in client server; do
		net=$([ $side = client ] && echo 1 || echo 2)
		ip netns add $side
		ip link add dev to-$side type veth peer name eth0 netns $side
		ip addr add "10.$net.0.1/24" dev to-$side
		ip link set dev to-$side up
		ip -n $side addr add "10.$net.0.2/24" dev eth0
		ip -n $side link set dev eth0 up
		ip -n $side route add default via "10.$net.0.1"
	done
	printf '%s\n' defaults 'mode http' 'timeout client 9s' 'frontend web' 'bind :8080' \
		'http-request return status 200 content-type text/plain string ok' >web.cfg
	in_background ip netns exec server haproxy -db -f web.cfg
	nft -f - <<-END
		table ip nat {
			chain in {
				type nat hook prerouting priority dstnat;
				ip daddr 192.0.2.10 tcp dport 80 dnat to 10.2.0.2:8080
			}
			chain out {
				type nat hook postrouting priority srcnat;
				ip daddr 10.2.0.2 snat to 10.2.0.1
			}
		}
	END
	until_true page

	run -0 vcap import nft -w
	grep -qx 'source   10.2.0.1' config/services/tcp-192.0.2.10-80
	capture tcp-192.0.2.10-80 page
	[ "$(count "$syn and src host 10.1.0.2 and dst host 192.0.2.10")" -eq 1 ]
	[ "$(count "$syn and src host 10.2.0.1 and dst host 10.2.0.2")" -eq 1 ]
	[ "$(requests dst host 192.0.2.10)" -eq 1 ]
	[ "$(requests dst host 10.2.0.2)" -eq 1 ]
	has_both_sides
}

through_nginx() {
	curl -sf -o /dev/null http://192.0.2.10/page
}

# bats test_tags=slow
@test "a clean machine: nginx's stream servers to a capture, without an edit" {
	clean_machine
	for address in 192.0.2.10 10.0.1.11; do
		ip addr add $address/32 dev lo
	done
	web_server 10.0.1.11
	mkdir nginx
	cat >nginx/nginx.conf <<-END
		load_module /usr/lib/nginx/modules/ngx_stream_module.so;
		user root;
		pid /run/nginx.pid;
		error_log stderr;
		events { }
		stream {
			upstream shop { server 10.0.1.11:8080; }
			server { listen 192.0.2.10:80; proxy_pass shop; }
		}
	END
	mount --bind nginx /etc/nginx
	in_background nginx -g 'daemon off;'
	until_true through_nginx

	run -0 vcap import nginx -w
	capture shop through_nginx
	[ "$(requests dst host 192.0.2.10)" -eq 1 ]
	[ "$(requests dst host 10.0.1.11 and dst port 8080)" -eq 1 ]
	has_both_sides
}
