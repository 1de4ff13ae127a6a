# shellcheck shell=sh disable=SC2154 # the names come from names.sh
# Services whose two sides are joined by evidence of one kind each, on the same engines and servers,
# and an engine that is no proxy: lb3, which translates addresses in the kernel. Not part of the lab
# unless lab_evidence is called.
#
#   v1    VIP:81    PROXY protocol, version 1                 } one farm
#   v2    VIP:82    PROXY protocol, version 2; checks: LOCAL  }
#   xff   VIP:83    X-Forwarded-For;           checks: GET /health
#   reuse VIP:86    the same, connections shared by clients
#   bare  VIP:84    nothing;                   checks: empty connections
#   mixed VIP2:80   by lb1 and lb2 as v2, by lb3 to bare's servers
#   checked         v2, xff and bare as one service

LAB_GATEWAY=lb3
LAB_SECOND4=192.0.2.20 # VIP2
LAB_SECOND6=2001:db8::20
LAB_PROXY_PORT=8082 LAB_BARE_PORT=8083 LAB_WEB_PORT=8084 LAB_SHARED_PORT=8085

lab_evidence() {
	for server in $LAB_SERVERS; do
		lab_more_server "$server"
	done
	for engine in $LAB_ENGINES; do
		lab_address "$engine" lo "$LAB_SECOND4/32" "$LAB_SECOND6/128"
		lab_more_proxy "$engine"
	done
	lab_gateway
	lab_second_route
	lab_more_services
	for engine in $LAB_ENGINES; do
		lab_wait "more frontends on $engine" lab_frontends_ready "$engine"
	done
}

lab_frontends_ready() { # ENGINE: and every server is up
	LAB_SOCKET="more" lab_proxy_stats "$1" status | awk '
		$2 == "FRONTEND" { fronts++ }
		$2 ~ /^s/ { all++; good += $3 == "UP" || $3 == "no check" || $3 == "no" }
		END { exit !(fronts == 5 && all && all == good) }'
}

lab_more_checks() { # enable|disable: of v2, xff and bare
	for engine in $LAB_ENGINES; do
		for server in $LAB_SERVERS; do
			for backend in v2 xff bare; do
				printf '%s' "$1 health $backend/$server; $1 health $backend/$server-6; "
			done
		done >"$LAB_DIR/order"
		LAB_SOCKET="more" lab_proxy_ask "$engine" "$(cat "$LAB_DIR/order")"
	done >/dev/null
}

lab_all_quiet() { # every connection, of checks too, is through
	lab_wait "end of all connections" lab_no_connection_at_all
}

lab_no_connection_at_all() {
	for lab_namespace in client $LAB_ENGINES $LAB_SERVERS; do
		[ -z "$(lab_in "$lab_namespace" ss -Htn state connected exclude time-wait exclude syn-recv \
			'( sport != :22 )')" ] || return
	done
}

lab_more_server() { # SERVER
	cat >"$LAB_DIR/$1-more.cfg" <<-END
	global
	    nbthread 1
	defaults
	    mode http
	    timeout client 30s
	    timeout http-keep-alive 30s
	frontend proxied
	    bind :$LAB_PROXY_PORT accept-proxy
	    bind :::$LAB_PROXY_PORT v6only accept-proxy
	    http-request return status 200 content-type text/plain lf-string "$1 %[path]\n"
	frontend web
	    bind :$LAB_BARE_PORT,:$LAB_WEB_PORT,:$LAB_SHARED_PORT
	    bind :::$LAB_BARE_PORT,:::$LAB_WEB_PORT,:::$LAB_SHARED_PORT v6only
	    http-request return status 200 content-type text/plain lf-string "$1 %[path]\n"
	END
	lab_run "$1" "$1-more" haproxy -db -f "$LAB_DIR/$1-more.cfg"
}

lab_backend() { # NAME PORT OPTION...: of servers
	printf 'frontend f_%s\n    default_backend %s\n' "$1" "$1"
	case $1 in
	v1) port=81 ;; v2) port=82 ;; xff) port=83 ;; bare) port=84 ;; reuse) port=86 ;;
	esac
	printf '    bind %s:%s\n    bind %s:%s\n' "$LAB_VIP4" "$port" "$LAB_VIP6" "$port"
	[ "$1" != v2 ] || printf '    bind %s:80\n    bind %s:80\n' "$LAB_SECOND4" "$LAB_SECOND6"
	printf 'backend %s\n    balance roundrobin\n' "$1"
	case $1 in
	xff) printf '    option forwardfor\n    option httpchk GET /health\n' ;;
	reuse)
		printf '    option forwardfor\n    http-reuse always\n'
		printf '    default-server pool-purge-delay 500ms\n'
		;;
	esac
	for server in $LAB_SERVERS; do
		n=1$(lab_number "$server")
		echo "    server $server $LAB_BACK4.$n:$2 $3"
		echo "    server $server-6 $LAB_BACK6:$n:$2 $3"
	done
}

# What a syslog daemon does. (HAProxy's own log to a descriptor leaves out what two threads say at once.)
lab_syslog() { # ENGINE
	# shellcheck disable=SC2016 # perl's own
	lab_run "$1" "$1-syslog" perl -MIO::Socket::INET -MSocket=SOL_SOCKET,SO_RCVBUF -e '
		my $from = IO::Socket::INET->new(Proto => "udp", LocalAddr => "127.0.0.1:514") or die $@;
		setsockopt $from, SOL_SOCKET, SO_RCVBUF, 1 << 20;
		open my $log, ">>", $ARGV[0] or die $!;
		$log->autoflush;
		while (defined recv $from, my $line, 65535, 0) {
			$line =~ s/^<\d+>//;
			print $log $line =~ s/\n?$/\n/r;
		}' "$LAB_DIR/$1-haproxy.log"
	lab_wait "syslog on $1" test -e "$LAB_DIR/$1-haproxy.log"
}

lab_more_proxy() { # ENGINE
	lab_syslog "$1"
	{
		cat <<-END
		global
		    nbthread 2
		    stats socket $LAB_DIR/$1.more mode 600 level admin
		ring vcap
		    format raw
		    size 4194304
		defaults
		    mode http
		    log ring@vcap local0
		    log 127.0.0.1:514 local0
		    option logasap
		    log-format "vcap=%[date(0,us)],%ci,%cp,%fi,%fp,%bi,%bp,%si,%sp %ST %tsc %Tt"
		    http-reuse never
		    timeout connect 2s
		    timeout client 30s
		    timeout server 30s
		END
		checked="check inter 500ms fastinter 100ms rise 1"
		lab_backend v1 "$LAB_PROXY_PORT" send-proxy
		lab_backend v2 "$LAB_PROXY_PORT" "send-proxy-v2 $checked"
		lab_backend xff "$LAB_WEB_PORT" "$checked"
		lab_backend bare "$LAB_BARE_PORT" "$checked"
		lab_backend reuse "$LAB_SHARED_PORT" ''
	} >"$LAB_DIR/$1-more.cfg"
	lab_run "$1" "$1-more" haproxy -db -f "$LAB_DIR/$1-more.cfg"
}

lab_gateway() { # to the servers in turn, from an address of its own
	n=10$(lab_number $LAB_GATEWAY)
	lab_namespace $LAB_GATEWAY
	lab_cable $LAB_GATEWAY eth0 front "$LAB_FRONT4" "$LAB_FRONT6" "$n"
	lab_cable $LAB_GATEWAY eth1 back "$LAB_BACK4" "$LAB_BACK6" "$n"
	lab_in $LAB_GATEWAY sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	lab_in $LAB_GATEWAY nft -f - <<-END
	table ip lab {
		chain before {
			type nat hook prerouting priority dstnat
			ip daddr $LAB_SECOND4 tcp dport 80 dnat to numgen inc mod 2 map {
				0 : $LAB_BACK4.11, 1 : $LAB_BACK4.12 } : $LAB_BARE_PORT
		}
		chain after {
			type nat hook postrouting priority srcnat
			oif eth1 masquerade
		}
	}
	table ip6 lab {
		chain before {
			type nat hook prerouting priority dstnat
			ip6 daddr $LAB_SECOND6 tcp dport 80 dnat to numgen inc mod 2 map {
				0 : $LAB_BACK6:11, 1 : $LAB_BACK6:12 } : $LAB_BARE_PORT
		}
		chain after {
			type nat hook postrouting priority srcnat
			oif eth1 masquerade
		}
	}
	END
}

lab_second_route() { # all three engines serve the second VIP
	hops4='' hops6=''
	for engine in $LAB_ENGINES $LAB_GATEWAY; do
		n=10$(lab_number "$engine")
		hops4="$hops4 nexthop via $LAB_FRONT4.$n"
		hops6="$hops6 nexthop via $LAB_FRONT6:$n"
	done
	# shellcheck disable=SC2086 # words
	ip -n client route add "$LAB_SECOND4" $hops4
	# shellcheck disable=SC2086
	ip -n client -6 route add "$LAB_SECOND6" $hops6
}

lab_service() { # NAME VIP4 VIP6 PORT "SERVER-PORT..." "ENGINE..." [LINE...]
	{
		printf 'vip %s tcp/%s\nvip %s tcp/%s\n' "$2" "$4" "$3" "$4"
		for server in $LAB_SERVERS; do
			n=1$(lab_number "$server")
			for port in $5; do
				printf 'server %s tcp/%s\n' "$LAB_BACK4.$n" "$port" "$LAB_BACK6:$n" "$port"
			done
		done
		for engine in $6; do
			n=10$(lab_number "$engine")
			printf 'source %s\nsource %s\nengine %s\n' "$LAB_BACK4.$n" "$LAB_BACK6:$n" "$engine"
		done
		shift 6
		[ $# -eq 0 ] || printf '%s\n' "$@"
	} >"$VCAP_CONFIG/services/$1"
}

lab_more_services() {
	all="$LAB_ENGINES $LAB_GATEWAY"
	lab_service v1 "$LAB_VIP4" "$LAB_VIP6" 81 $LAB_PROXY_PORT "$LAB_ENGINES" 'monitor local'
	lab_service v2 "$LAB_VIP4" "$LAB_VIP6" 82 $LAB_PROXY_PORT "$LAB_ENGINES" 'monitor local'
	lab_service xff "$LAB_VIP4" "$LAB_VIP6" 83 $LAB_WEB_PORT "$LAB_ENGINES" 'monitor http /health'
	lab_service bare "$LAB_VIP4" "$LAB_VIP6" 84 $LAB_BARE_PORT "$LAB_ENGINES" 'monitor empty'
	lab_service reuse "$LAB_VIP4" "$LAB_VIP6" 86 $LAB_SHARED_PORT "$LAB_ENGINES"
	lab_service mixed "$LAB_SECOND4" "$LAB_SECOND6" 80 "$LAB_PROXY_PORT $LAB_BARE_PORT" "$all" \
		'monitor local' 'monitor empty'
	lab_service checked "$LAB_VIP4" "$LAB_VIP6" 82-84 "$LAB_PROXY_PORT $LAB_BARE_PORT $LAB_WEB_PORT" \
		"$LAB_ENGINES" 'monitor local' 'monitor empty' 'monitor http /health'
	lab_gateway_line >>"$VCAP_CONFIG/engines"
}

# Not by ssh: the commands there are the same.
lab_gateway_line() {
	printf '%s bin=%s dir=%s exec ip netns exec %s\n' $LAB_GATEWAY "$LAB_DIR/bin" \
		"$LAB_DIR/$LAB_GATEWAY.run" $LAB_GATEWAY
}
