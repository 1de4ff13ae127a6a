# shellcheck shell=sh disable=SC2154 # the names come from names.sh
# What runs in them: HTTP servers, and the proxies in front of them.

lab_run() { # NAMESPACE NAME COMMAND...: in the background, its output in $LAB_DIR/NAME.log
	namespace=$1 name=$2
	shift 2
	# Whoever reads descriptors 3 and 4, as bats does, is not to wait for its end.
	ip netns exec "$namespace" "$@" </dev/null >"$LAB_DIR/$name.log" 2>&1 3>&- 4>&- &
	echo $! >"$LAB_DIR/$name.pid"
}

# What servers answer. The large one makes packets far larger than the wire's.
lab_bodies() {
	head -c 70000 /dev/zero | tr '\0' . >"$LAB_DIR/large"
}

# HAProxy answers by itself here.
lab_server() { # SERVER
	cat >"$LAB_DIR/$1.cfg" <<-END
	global
	    nbthread 1
	    tune.bufsize 262144
	defaults
	    mode http
	    timeout client 30s
	    timeout http-keep-alive 30s
	frontend web
	    bind :$LAB_SERVER_PORT,:::$LAB_SERVER_PORT v6only
	    http-request return status 200 content-type text/plain file "$LAB_DIR/large" if { path /large }
	    http-request return status 200 content-type text/plain lf-string "$1 %[path]\n"
	frontend health
	    bind :$LAB_CHECK_PORT,:::$LAB_CHECK_PORT v6only
	    http-request return status 200 content-type text/plain string "ok\n"
	END
	lab_run "$1" "$1" haproxy -db -f "$LAB_DIR/$1.cfg"
}

# A connection to a server carries one client connection only, so that the two sides can be told apart.
lab_proxy() { # ENGINE
	{
		cat <<-END
		global
		    nbthread 2
		    stats socket $LAB_DIR/$1.sock mode 600 level admin
		defaults
		    mode http
		    option forwardfor
		    http-reuse never
		    timeout connect 2s
		    timeout client 30s
		    timeout server 30s
		frontend shop
		    bind $LAB_VIP4:$LAB_PORT
		    bind $LAB_VIP6:$LAB_PORT
		    default_backend servers
		backend servers
		    balance roundrobin
		    option httpchk GET /health
		    default-server check port $LAB_CHECK_PORT inter 500ms fastinter 100ms rise 1
		END
		for server in $LAB_SERVERS; do
			n=1$(lab_number "$server")
			echo "    server $server $LAB_BACK4.$n:$LAB_SERVER_PORT"
			echo "    server $server-6 $LAB_BACK6:$n:$LAB_SERVER_PORT"
		done
	} >"$LAB_DIR/$1.cfg"
	lab_run "$1" "$1" haproxy -db -f "$LAB_DIR/$1.cfg"
}

lab_proxy_ask() { # ENGINE COMMAND: what the proxy answers on its socket
	perl -MIO::Socket::UNIX -e '
		my $socket = IO::Socket::UNIX->new($ARGV[0]) or exit 1;
		print $socket "$ARGV[1]\n";
		print while <$socket>' "$LAB_DIR/$1.${LAB_SOCKET-sock}" "$2"
}

lab_proxy_stats() { # ENGINE FIELD: "PROXY NAME VALUE" a line, from the proxy's own statistics
	lab_proxy_ask "$1" "show stat" | awk -F , -v field="$2" '
		sub(/^# /, "") { for (i = 1; i <= NF; i++) if ($i == field) at = i; next }
		NF > 1 { print $1, $2, $at }'
}

# A check that runs ends by itself; lab_quiet waits for it.
lab_checks() { # enable|disable: the health checks of every engine
	lab_commands=
	for lab_server in $LAB_SERVERS; do
		lab_commands="$lab_commands$1 health servers/$lab_server; $1 health servers/$lab_server-6; "
	done
	for lab_engine in $LAB_ENGINES; do
		lab_proxy_ask "$lab_engine" "$lab_commands"
	done >/dev/null
}

lab_proxy_ready() { # ENGINE: every server has answered a health check
	lab_proxy_stats "$1" check_status | awk '
		$1 == "servers" && $2 != "BACKEND" { all++; good += $3 == "L7OK" }
		END { exit !(all && all == good) }'
}
