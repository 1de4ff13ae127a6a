# shellcheck shell=sh disable=SC2154 # the names come from names.sh
# A second service of the lab, `tls`, that speaks TLS on both sides, and logs its keys: port 443 of the VIP, port 8443
# of s1, to which the engines send PROXY headers.

lab_tls_certificate() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj /CN=shop.test \
		-keyout "$LAB_DIR/tls.key" -out "$LAB_DIR/tls.crt" 2>/dev/null
	cat "$LAB_DIR/tls.crt" "$LAB_DIR/tls.key" >"$LAB_DIR/tls.pem"
}

# The lines that vcap-keys prints, in the two places where they belong.
lab_tls_global() {
	vcap-keys --print-haproxy | sed '/^# in each/,$d'
}

lab_tls_frontend() {
	vcap-keys --print-haproxy | sed '1,/^# in each/d'
}

lab_tls_server() { # SERVER
	{
		lab_tls_global
		cat <<-END
		global
		    nbthread 1
		    stats socket $LAB_DIR/$1-tls.sock mode 600 level admin
		defaults
		    mode http
		    timeout client 30s
		frontend web
		    bind :8443 ssl crt $LAB_DIR/tls.pem accept-proxy
		    option httplog
		    http-request return status 200 content-type text/plain lf-string "$1 %[path]\n"
		END
		lab_tls_frontend
	} >"$LAB_DIR/$1-tls.cfg"
	lab_run "$1" "$1-tls" haproxy -db -f "$LAB_DIR/$1-tls.cfg"
}

# OPTIONS of the server line, as which versions of TLS; LENGTH of a log line.
lab_tls_proxy() { # ENGINE OPTIONS [LENGTH]
	{
		lab_tls_global
		cat <<-END
		global
		    nbthread 2
		    stats socket $LAB_DIR/$1-tls.sock mode 600 level admin
		defaults
		    mode http
		    http-reuse never
		    timeout connect 2s
		    timeout client 30s
		    timeout server 30s
		frontend shop
		    bind $LAB_VIP4:443 ssl crt $LAB_DIR/tls.pem
		    option httplog
		    default_backend servers
		END
		lab_tls_frontend | sed "s/len 4096/len ${3:-4096}/"
		echo 'backend servers'
		echo "    server s1 $LAB_BACK4.11:8443 ssl verify none send-proxy $2"
	} >"$LAB_DIR/$1-tls.cfg"
	lab_run "$1" "$1-tls" haproxy -db -f "$LAB_DIR/$1-tls.cfg"
	lab_wait "socket of $1's TLS proxy" test -S "$LAB_DIR/$1-tls.sock"
}

lab_tls_service() { # NAME CONFIG: its file there
	{
		echo "vip      $LAB_VIP4 tcp/443"
		echo "server   $LAB_BACK4.11 tcp/8443"
		for engine in $LAB_ENGINES; do
			echo "source   $LAB_BACK4.10$(lab_number "$engine")"
		done
		for engine in $LAB_ENGINES; do
			echo "engine   $engine"
		done
	} >"$2/services/$1"
}

# A request; its keys, as the client has them, are added to FILE.
lab_tls_get() { # HOST PATH FILE [ARG...]
	host=$1 path=$2 file=$3
	shift 3
	lab_in client env SSLKEYLOGFILE="$file" curl -skf -m 20 --interface "$LAB_FRONT4.$host" "$@" \
		"https://$LAB_VIP4$path"
}
