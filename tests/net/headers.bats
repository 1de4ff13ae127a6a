#!/usr/bin/env bats
# shellcheck disable=SC2016,SC2046,SC2086 # words, and dollars of nginx
# The client by what real proxies write: HAProxy with servers of HTTP/2, nginx with X-Real-IP, HAProxy in
# front of nginx on the same engine. Each client asks for a path of its own and forges the headers of
# another one; services are as vcap-import has them from the configurations.

bats_require_minimum_version 1.5.0
load ../until

CLIENTS=20

# ask CLIENT ARG...: with headers that name another one.
ask() {
	local other=10.77.0.$(($1 % CLIENTS + 1))
	curl -sf -o /dev/null --interface 10.77.0.$1 -H "Forwarded: for=$other" -H "X-Forwarded-For: $other" \
		-H "X-Real-IP: $other" -H "True-Client-IP: $other" "${@:2}"
}

# Two requests to each port, on one connection but for HTTP/2, as curl 7.88 has no second one there.
client() { # NUMBER
	local url=http://10.77.0.100
	for port in 80 81 82; do
		ask $1 $url:$port/$port/of$1/1 -o /dev/null $url:$port/$port/of$1/2
	done
	ask $1 --http2-prior-knowledge $url:83/83/of$1/1
	ask $1 --http2-prior-knowledge $url:83/83/of$1/2
}

setup_file() {
	local clients=()
	build=$(cd "$BATS_TEST_DIRNAME/../../${VCAP_BUILD:-build}" && pwd)
	export PATH=$build/bin:$PATH:/usr/sbin:/sbin
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
		client $n 3>&- &
		clients+=($!)
	done
	wait "${clients[@]}"
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

told() { # FILE FILTER FIELD...: of the packets that tshark's filter takes
	local field fields=() decoded=()
	for field in 80 81 82 8081 8082; do
		decoded+=(-d "tcp.port==$field,http")
	done
	for field in 83 8080 8083; do
		decoded+=(-d "tcp.port==$field,http2")
	done
	for field in "${@:3}"; do
		fields+=(-e "$field")
	done
	tshark -r "$1" "${decoded[@]}" -Y "$2" -T fields "${fields[@]}" 2>>tshark.err
}

packets() { # FILE FILTER
	told "$1" "$2" frame.time_epoch ip.src tcp.srcport ip.dst tcp.dstport tcp.seq_raw tcp.ack_raw tcp.flags tcp.len | sort
}

# A join for client 7, of the file and of a stream, keeps all packets of its connections, to the VIP's port and to the
# servers', and no other. The path tells which they are.
is_client_only() { # SERVICE-FILE VIP-PORT SERVER-PORT
	local request='(http.request || http2.headers.path)' mine all streams live
	all=$(told all.pcapng "tcp.port == $3 && $request" tcp.stream | sort -u | wc -l)
	told all.pcapng "tcp.port in {$2, $3} && (http.request.uri contains \"/of7/\" || http2.headers.path contains \"/of7/\")" \
		tcp.stream tcp.dstport | sort -u >streams
	mine=$(grep -c "	$3$" streams)
	[ "$mine" -ge 1 ] && [ "$(grep -c "	$2$" streams)" -ge 1 ] && [ "$all" -ge "$CLIENTS" ]
	streams=$(cut -f 1 streams | paste -sd ,)
	packets all.pcapng "tcp.stream in {$streams}" >wanted
	for live in '' --live; do
		vcap-join -S "./$1" $live -r all.pcapng -w one.pcapng 10.77.0.7 2>said || { cat said; return 1; }
		packets one.pcapng tcp | diff wanted -
		cat said
		grep -q " $mine wanted, $((all - mine)) not, 0 undecided; told by request headers $all$" said
	done
}

# Break: lib/join/decide.c s/(jc->inspect && inspect_awaits_request(jc->inspect))/false/
# bats test_tags=slow
@test "HAProxy with servers of HTTP/2: all packets of one client's requests, and no other" {
	vcap-import haproxy haproxy.cfg h2 >h2
	grep -qx 'header   X-Forwarded-For' h2
	is_client_only h2 80 8080
}

# Break: lib/join/join.c s/join->rule.header = config->service->header;/;/
# bats test_tags=slow
@test "nginx with X-Real-IP, and other headers forged" {
	vcap-import nginx engine.conf real.ip >real
	grep -qx 'header   X-Real-IP' real
	is_client_only real 81 8081
	# Without that line it is undecided whose a request is: the client's own headers disagree with nginx's.
	grep -v ^header real >unsaid
	vcap-join -S ./unsaid -r all.pcapng -w one.pcapng 10.77.0.7 2>said
	grep -q " 0 wanted, 0 not, [1-9][0-9]* undecided$" said
	[ "$(packets one.pcapng tcp.port==81 | wc -l)" -gt 0 ]
	[ "$(packets one.pcapng tcp.port==8081 | wc -l)" = 0 ]
}

# Break: lib/join/forwarded.c s/if (is_own(forwarded, .end))/if (0)/
# bats test_tags=slow
@test "HAProxy in front of nginx, on loopback of the same engine" {
	printf 'vip 10.77.0.100 tcp/82\nserver 10.78.0.11 tcp/8082\nheader X-Forwarded-For\n' >two
	is_client_only two 82 8082
}

# Break: lib/join/inspect.c s/inspect->is_http2 = true;/;/
# bats test_tags=slow
@test "nginx with gRPC's HTTP/2" {
	vcap-import nginx engine.conf grpc >grpc
	grep -qx 'header   X-Forwarded-For' grpc
	is_client_only grpc 83 8083
}
