# shellcheck shell=sh disable=SC2154 # the names come from names.sh
# A service of the lab, `h2`, that speaks HTTP/2 in the clear: port 87 of the VIP on both sides, port 88 towards servers
# alone, port 89 towards clients alone. Connections to servers are shared by clients.

lab_http2() {
	for server in $LAB_SERVERS; do
		lab_http2_server "$server"
	done
	for engine in $LAB_ENGINES; do
		lab_http2_proxy "$engine"
	done
	{
		printf 'vip %s tcp/87-89\n' "$LAB_VIP4"
		for server in $LAB_SERVERS; do
			n=1$(lab_number "$server")
			printf 'server %s tcp/%s\n' "$LAB_BACK4.$n" 8087 "$LAB_BACK4.$n" 8088
		done
		for engine in $LAB_ENGINES; do
			printf 'source %s\nengine %s\n' "$LAB_BACK4.10$(lab_number "$engine")" "$engine"
		done
	} >"$VCAP_CONFIG/services/h2"
	for engine in $LAB_ENGINES; do
		lab_wait "HTTP/2 on $engine" test -S "$LAB_DIR/$engine-h2.sock"
	done
}

lab_http2_server() { # SERVER
	cat >"$LAB_DIR/$1-h2.cfg" <<-END
	global
	    nbthread 1
	    tune.bufsize 131072
	defaults
	    mode http
	    timeout client 30s
	frontend web
	    bind :8087 proto h2
	    bind :8088
	    http-request wait-for-body time 10s if METH_PUT
	    http-request return status 200 content-type text/plain file "$LAB_DIR/large" if { path_end /large }
	    http-request return status 200 content-type text/plain lf-string "$1 %[path]\n"
	END
	lab_run "$1" "$1-h2" haproxy -db -f "$LAB_DIR/$1-h2.cfg"
}

lab_http2_proxy() { # ENGINE
	{
		cat <<-END
		global
		    nbthread 2
		    stats socket $LAB_DIR/$1-h2.sock mode 600 level admin
		defaults
		    mode http
		    option forwardfor
		    http-reuse always
		    timeout connect 2s
		    timeout client 30s
		    timeout server 30s
		frontend up
		    bind $LAB_VIP4:87 proto h2
		    bind $LAB_VIP4:88
		    default_backend two
		frontend down
		    bind $LAB_VIP4:89 proto h2
		    default_backend one
		END
		for backend in 'two 8087 proto h2' 'one 8088'; do
			# shellcheck disable=SC2086 # words
			set -- "$1" $backend
			echo "backend $2"
			for server in $LAB_SERVERS; do
				echo "    server $server $LAB_BACK4.1$(lab_number "$server"):$3 ${4-} ${5-}"
			done
		done
	} >"$LAB_DIR/$1-h2.cfg"
	lab_run "$1" "$1-h2" haproxy -db -f "$LAB_DIR/$1-h2.cfg"
}
