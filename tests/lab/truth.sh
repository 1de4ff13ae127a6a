# shellcheck shell=sh disable=SC2154 # the names come from names.sh
# Services of the lab in which somebody waits: clients, engines, servers (tests/lab/various, tests/lab/patient).
#
#   truth    VIP:92, TLS on VIP:494: by HAProxy on lb1, over s1
#   gate     VIP2:80: by a gateway that translates addresses (evidence.sh), over s1 and s2
#   direct   VIP3:80: by a gateway that hands packets on as they are; s1 answers clients itself

LAB_THIRD4=192.0.2.30 # VIP3

lab_truth_server() { # SERVER PORT
	lab_run "$1" "$1-patient-$2" patient "$2"
	lab_wait "a patient server on $1" lab_in "$1" curl -sf -o /dev/null "http://127.0.0.1:$2/ready"
}

lab_truth() { # [LINE...]: what else the defaults of the proxy are to say
	lab_truth_server s1 8092
	cat >"$LAB_DIR/truth.cfg" <<-END
	global
	    nbthread 1
	    stats socket $LAB_DIR/truth.sock mode 600 level admin
	defaults
	    mode http
	    option forwardfor
	    http-reuse never
	    retries 1
	    timeout connect 1s
	    timeout client 10s
	    timeout server 10s
	$(printf '    %s\n' "$@")
	frontend truth
	    bind $LAB_VIP4:92
	    bind $LAB_VIP4:494 ssl crt $LAB_DIR/tls.pem
	    http-request deny deny_status 403 if { path_beg /denied/ }
	    http-request redirect location /elsewhere if { path_beg /redirected/ }
	    use_backend refused if { path_beg /refused/ }
	    use_backend queue if { path_beg /parallel/ }
	    use_backend dead if { path_beg /dead/ }
	    use_backend shared if { path_beg /shared/ }
	    use_backend whole if { path_beg /buffered/ }
	    default_backend servers
	backend servers
	    server s1 $LAB_BACK4.11:8092
	backend queue
	    server s1 $LAB_BACK4.11:8092 maxconn 1
	backend dead
	    retries 2
	    option redispatch 1
	    server d1 $LAB_BACK4.11:8098 weight 200
	    server s1 $LAB_BACK4.11:8092 weight 50
	backend refused
	    retries 0
	    server d1 $LAB_BACK4.11:8098
	backend shared
	    http-reuse always
	    server s1 $LAB_BACK4.11:8092 pool-purge-delay 100ms
	backend whole
	    option http-buffer-request
	    server s1 $LAB_BACK4.11:8092
	END
	lab_run lb1 truth haproxy -db -f "$LAB_DIR/truth.cfg"
	{
		printf 'vip %s tcp/%s\n' "$LAB_VIP4" 92 "$LAB_VIP4" 494
		printf 'server %s tcp/%s\n' "$LAB_BACK4.11" 8092 "$LAB_BACK4.11" 8098
		printf 'source %s\nengine lb1\n' "$LAB_BACK4.101"
	} >"$VCAP_CONFIG/services/truth"
	lab_wait 'the proxy' test -S "$LAB_DIR/truth.sock"
}

# Both gateways are lb3.
lab_truth_gateways() {
	lab_gateway
	lab_gateway_line >>"$VCAP_CONFIG/engines"
	for server in $LAB_SERVERS; do
		lab_truth_server "$server" "$LAB_BARE_PORT"
	done
	lab_truth_server s1 80
	ip -n client route add "$LAB_SECOND4" via "$LAB_FRONT4.103"
	ip -n client route add "$LAB_THIRD4" via "$LAB_FRONT4.103"
	# As IPVS does it: a packet goes to the server with the addresses that it came with, and the server has the VIP.
	lab_in "$LAB_GATEWAY" nft insert rule ip lab after ip daddr "$LAB_THIRD4" accept
	ip -n "$LAB_GATEWAY" route add "$LAB_THIRD4" via "$LAB_BACK4.11" dev eth1
	lab_cable s1 eth1 front "$LAB_FRONT4" "$LAB_FRONT6" 111
	lab_in s1 sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.eth0.rp_filter=0
	lab_address s1 lo "$LAB_THIRD4/32"
	{
		printf 'vip %s tcp/80\n' "$LAB_SECOND4"
		printf 'server %s tcp/%s\n' "$LAB_BACK4.11" "$LAB_BARE_PORT" "$LAB_BACK4.12" "$LAB_BARE_PORT"
		printf 'source %s\nengine %s\n' "$LAB_BACK4.103" "$LAB_GATEWAY"
	} >"$VCAP_CONFIG/services/gate"
	printf 'vip %s tcp/80\nserver %s tcp/80\nengine %s\n' "$LAB_THIRD4" "$LAB_BACK4.11" "$LAB_GATEWAY" >"$VCAP_CONFIG/services/direct"
}
