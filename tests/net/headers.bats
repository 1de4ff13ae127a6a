#!/usr/bin/env bats
# shellcheck disable=SC2016,SC2046,SC2086 # words, and dollars of nginx
# The client by what real proxies write: HAProxy with servers of HTTP/2, nginx with X-Real-IP, HAProxy in
# front of nginx on the same engine. Each client asks for a path of its own and forges the headers of
# another one; services are as vcap-import has them from the configurations.

bats_require_minimum_version 1.5.0
load ../until

CLIENTS=20

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return
	ip link set lo up
	for n in $(seq $CLIENTS) 100; do
		ip addr add 10.77.0.$n/32 dev lo
	done
	ip addr add 10.78.0.11/32 dev lo
	scratch() { for kind in client_body proxy fastcgi uwsgi scgi; do echo "${kind}_temp_path $PWD/$1.$kind;"; done; }
	nginx_of() { # NAME SERVER...
		cat <<-END >"$1.conf"
			daemon off; worker_processes 1; pid $PWD/$1.pid; error_log $PWD/$1.err; events { worker_connections 256; }
			http { access_log off; $(scratch "$1") keepalive_requests 100000; ${*:2} }
		END
		nginx -c "$PWD/$1.conf" 3>&- &
		echo $! >>pids
	}
	nginx_of servers \
		'server { listen 10.78.0.11:8081; listen 10.78.0.11:8082; location / { return 200 ok; } }' \
		'server { listen 10.78.0.11:8080 http2; listen 10.78.0.11:8083 http2; location / { return 200 ok; } }'
	nginx_of engine \
		'server { listen 10.77.0.100:81; server_name real.ip; location / { proxy_set_header X-Real-IP $remote_addr; proxy_pass http://10.78.0.11:8081; } }' \
		'server { listen 127.0.0.1:8888; server_name behind; location / { proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_pass http://10.78.0.11:8082; } }' \
		'server { listen 10.77.0.100:83 http2; server_name grpc; location / { grpc_set_header X-Forwarded-For $proxy_add_x_forwarded_for; grpc_pass grpc://10.78.0.11:8083; } }'
	cat >haproxy.cfg <<-END
		defaults
		  mode http
		  timeout connect 5s
		  timeout client 30s
		  timeout server 30s
		  option forwardfor
		frontend h2
		  bind 10.77.0.100:80
		  default_backend h2c
		backend h2c
		  http-reuse never
		  server s 10.78.0.11:8080 proto h2
		frontend two
		  bind 10.77.0.100:82
		  default_backend loopback
		backend loopback
		  http-reuse never
		  server l 127.0.0.1:8888
	END
	haproxy -f haproxy.cfg 3>&- &
	echo $! >>pids
	for port in 80 81 82; do
		until_true curl -sf http://10.77.0.100:$port/ready
	done
	vcap-run -b 32M -i lo -R 0 -w run 3>&- 2>run.err &
	run_pid=$!
	until_true grep -q running run/status
	for n in $(seq $CLIENTS); do
		other=10.77.0.$((n % CLIENTS + 1))
		for port in 80 81 82 83; do
			curl -s $([ $port != 83 ] || echo --http2-prior-knowledge) --interface 10.77.0.$n -H "Forwarded: for=$other" \
				-H "X-Forwarded-For: $other" $([ $port = 81 ] || echo "-H X-Real-IP:$other") \
				-H "True-Client-IP: $other" "http://10.77.0.100:$port/$port/of$n" >/dev/null
		done
	done
	kill $run_pid
	until_true grep -q '^state done' run/status
	vcap-merge -w all.pcapng run
}

teardown_file() {
	while read -r pid; do kill "$pid"; done <"$BATS_FILE_TMPDIR/pids" || true
}

setup() {
	cd "$BATS_FILE_TMPDIR" || return
}

# What servers were asked for, of what a join for client 7 keeps.
asked() { # SERVICE-FILE
	vcap-join -S "./$1" -r all.pcapng -w one.pcapng 10.77.0.7 2>said || { cat said; return 1; }
	tshark -r one.pcapng -d tcp.port==8080,http2 -d tcp.port==8083,http2 -Y 'ip.dst == 10.78.0.11 && (http.request || http2.headers.path)' \
		-T fields -e http.request.uri -e http2.headers.path 2>/dev/null | tr -d '\t' | sort | tr '\n' ' '
}

# bats test_tags=slow
@test "HAProxy with servers of HTTP/2: all connections of one client's requests" {
	vcap-import haproxy haproxy.cfg h2 >h2
	grep -qx 'header   X-Forwarded-For' h2
	run -0 asked h2
	[ "$output" = '/80/of7 ' ]
	grep -q " 1 wanted, $((CLIENTS - 1)) not, 0 undecided; told by request headers $CLIENTS$" said
}

# bats test_tags=slow
@test "nginx with X-Real-IP, and other headers forged" {
	vcap-import nginx engine.conf real.ip >real
	grep -qx 'header   X-Real-IP' real
	run -0 asked real
	[ "$output" = '/81/of7 ' ]
}

# bats test_tags=slow
@test "HAProxy in front of nginx, on loopback of the same engine" {
	printf 'vip 10.77.0.100 tcp/82\nserver 10.78.0.11 tcp/8082\nheader X-Forwarded-For\n' >two
	run -0 asked two
	[ "$output" = '/82/of7 ' ]
}

# bats test_tags=slow
@test "nginx with gRPC's HTTP/2" {
	vcap-import nginx engine.conf grpc >grpc
	grep -qx 'header   X-Forwarded-For' grpc
	run -0 asked grpc
	[ "$output" = '/83/of7 ' ]
}
