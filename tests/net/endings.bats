#!/usr/bin/env -S LAB_TRANSPORT=exec tests/lab/lab bats
# shellcheck shell=bats disable=SC2154,SC2016 # the names are the lab's; dollars for eval
# How transactions end, beside the termination states that HAProxy logs of the same requests: a table says which end of
# vcap-transactions is which of these. And each row of a live stream comes as soon as its transaction is over.

bats_require_minimum_version 1.5.0
load ../until

setup_file() {
	for part in names network service control evidence; do
		# shellcheck source=/dev/null
		. "$BATS_TEST_DIRNAME/../lab/$part.sh"
	done
	lab_endings
}

setup() {
	for part in names network service control; do
		# shellcheck source=/dev/null
		. "$BATS_TEST_DIRNAME/../lab/$part.sh"
	done
	PATH=$BATS_TEST_DIRNAME/../lab:$PATH
	cd "$BATS_TEST_TMPDIR" || return
}

# A proxy on lb1 that gives servers up after a second and clients after half of one, before a server that does what the path says.
lab_endings() {
	lab_syslog lb1
	mkfifo "$LAB_DIR/got"
	# The engine's own pairs have the proxy's words.
	mkdir "$LAB_DIR/informed"
	ln -s "$VCAP_CONFIG/services" "$LAB_DIR/informed"
	sed "/^lb1/s, , flows=log:$LAB_DIR/lb1-haproxy.log ," "$VCAP_CONFIG/engines" >"$LAB_DIR/informed/engines"
	cat >"$LAB_DIR/endings.cfg" <<-END
	global
	    nbthread 1
	    stats socket $LAB_DIR/endings.sock mode 600 level admin
	defaults
	    mode http
	    option forwardfor
	    option abortonclose
	    http-reuse never
	    retries 0
	    log 127.0.0.1:514 local0
	    log-format "vcap=%[date(0,us)],%ci,%cp,%fi,%fp,%bi,%bp,%si,%sp %ST %tsc %Tt %HP"
	    timeout connect 1s
	    timeout client 500ms
	    timeout server 1s
	frontend ends
	    bind $LAB_VIP4:90
	    bind $LAB_VIP4:91 proto h2
	    http-request deny deny_status 403 if { path /denied }
	    http-request redirect location /elsewhere if { path /redirected }
	    http-request reject if { path /cut-off }
	    use_backend refused if { path /refused }
	    default_backend servers
	backend servers
	    server s1 $LAB_BACK4.11:8090
	backend refused
	    server s1 $LAB_BACK4.11:8099
	END
	lab_run s1 misbehaved "$BATS_TEST_DIRNAME/../lab/misbehaved" 8090 "$LAB_DIR/got"
	lab_run lb1 endings haproxy -db -f "$LAB_DIR/endings.cfg"
	{
		printf 'vip %s tcp/90-91\n' "$LAB_VIP4"
		printf 'server %s tcp/%s\n' "$LAB_BACK4.11" 8090 "$LAB_BACK4.11" 8099
		printf 'source %s\nengine lb1\n' "$LAB_BACK4.101"
	} >"$VCAP_CONFIG/services/ends"
	lab_wait 'the proxy' test -S "$LAB_DIR/endings.sock"
	lab_wait 'its server' lab_in lb1 curl -sf -o /dev/null "http://$LAB_BACK4.11:8090/ok"
}

# ask PATH: from a client whose connections go to lb1.
ask() {
	lab_in client "$(command -v rude)" "$LAB_FRONT4.201" "$LAB_VIP4:90" "$LAB_DIR/got" "$1"
}

# What HAProxy logs, and what its requests are then: "PATH STATE END", - for any.
table() {
	cat <<-'END'
		/ok          ---- complete       server
		/denied      PR-- complete       engine
		/redirected  LR-- complete       engine
		/refused     SC-- complete       engine
		/reset       SH-- complete       engine
		/silent      sH-- complete       engine
		/part-reset  SD-- server_rst     server
		/part-closed SD-- server_fin     server
		/part-silent sD-- server_timeout server
		/leaves      CD-- client_rst     server
		/gives-up    CD-- client_rst     -
		/uploads     sH-- complete       engine
		/unread      cD-- client_timeout server
		/cut-off     PR-- engine_fin     -
	END
}

# Break: lib/transactions/settle.c s/said->end\[0\] == 'c' || said->end\[0\] == 's'/0/
# Break: lib/transactions/row.c s/return PARTY_ENGINE;/return PARTY_NOBODY;/
# Break: lib/transactions/marks.c s/if (row->proxy_mark && row->proxy\[0\])/if (0)/
# Break: lib/transactions/closing.c s/take(first, rst_ns.CONN_BACKWARD., other, ENDING_RST)/(void)0/
# bats test_tags=slow
@test "the end of each transaction is that of HAProxy's termination state" {
	export VCAP_CONFIG=$LAB_DIR/informed
	vcap start ends -t 60 3>&-
	table | while read -r path _; do
		case $path in
		/unread)
			# The client itself, not a shell that waits for it: it has no other end.
			ip netns exec client "$(command -v rude)" "$LAB_FRONT4.201" "$LAB_VIP4:90" "$LAB_DIR/got" "$path" 3>&- &
			until_true grep -q "$path" "$LAB_DIR/lb1-haproxy.log"
			kill $!
			;;
		*) ask "$path" ;;
		esac
	done
	until_true eval '[ "$(grep -c " /" "$LAB_DIR/lb1-haproxy.log")" -ge "$(table | wc -l)" ]'
	vcap stop ends
	vcap wait ends
	sed -nE 's,.* ([^ ]+) [0-9]+ (/[^ ]*)$,\2 \1,p' "$LAB_DIR/lb1-haproxy.log" | sort >logged
	table | awk '{ print $1, $2 }' | sort | diff - logged
	vcap transactions -r -o PATH,END,FROM ends | sed 's/ /_/' | tr '\t' ' ' | sort >rows
	table | awk '{ print $1, $3, $4 }' | sort | diff - rows
	# Timeouts are words of the proxy's: the packets show that the engine closed, or reset.
	vcap transactions -t /dev/null -r -o PATH,END ends | grep -E '^/(part-silent|unread|cut-off)' | sort |
		diff <(printf '%s\n' /cut-off$'\t''engine fin' /part-silent$'\t''engine fin' /unread$'\t''engine rst') -
	vcap transactions -r -o PATH,PROXY ends | tr '\t' ' ' | grep -E '^/(denied|refused|silent) ' | sort |
		diff - <(printf '%s\n' '/denied 403 PR--' '/refused 503 SC--' '/silent 504 sH--')
	# In a marked copy the proxy's words stand at the request, which is one packet here.
	vcap transactions --mark marked.pcapng ends >/dev/null
	tshark -r marked.pcapng -Y 'frame.comment contains "vcap: haproxy"' -T fields -E occurrence=l \
		-e http.request.uri -e frame.interface_name -e frame.comment 2>/dev/null | tr '\t' ' ' | sort >said
	grep -E '^/(denied|refused|silent) ' said | diff - <(printf '%s\n' \
		'/denied lb1/eth0/client vcap: haproxy 403 PR--' \
		'/refused lb1/eth0/client vcap: haproxy 503 SC--' \
		'/silent lb1/eth0/client vcap: haproxy 504 sH--')
}

# Break: lib/transactions/sayings.c s/found->is_given = true;/return NULL;/
# bats test_tags=slow
@test "HTTP/2: what HAProxy logs of each stream of a connection is said of that stream" {
	export VCAP_CONFIG=$LAB_DIR/informed
	before=$(wc -l <"$LAB_DIR/lb1-haproxy.log")
	paths=$(table | awk '$1 !~ /leaves|gives|uploads|unread|cut-off/ { print $1 }')
	vcap start ends -t 60 3>&-
	# shellcheck disable=SC2086 # words
	lab_in client "$(command -v h2paths)" "$LAB_FRONT4.201" "$LAB_VIP4:91" $paths
	until_true eval '[ "$(tail -n +$((before + 1)) "$LAB_DIR/lb1-haproxy.log" | grep -c vcap=)" -ge 8 ]'
	vcap stop ends
	vcap wait ends
	# "PATH STATUS WORDS", as logged and as told.
	tail -n +$((before + 1)) "$LAB_DIR/lb1-haproxy.log" | sed -nE 's,.* ([0-9]+) ([^ ]+) [0-9]+ (http://[^/]*)?(/[^ ]*)$,\4 \1 \2,p' | sort >logged
	[ "$(wc -l <logged)" -eq 8 ]
	# Of one it says nothing: the server reset it, and HAProxy did the same in silence.
	echo '/reset -' | sort - logged >wanted
	# The connect that was refused is a row of its own, as several requests waited.
	vcap transactions -r -o PATH,PROXY ends | grep ^/ | tr '\t' ' ' | sort | diff wanted -
	# All on one connection.
	[ "$(vcap transactions -r -o PATH,CLIENT ends | grep ^/ | cut -f 2 | sort -u | wc -l)" -eq 1 ]
}

# Break: lib/transactions/listing.c s/fflush(listing->out);/;/
@test "a row of a live stream comes when its transaction is over, and not later" {
	mkfifo stream
	vcap transactions -S shop -r -o PATH,STATUS,END - <stream >rows 2>err 3>&- &
	transactions=$!
	vcap live shop >stream 2>live.err 3>&- &
	live=$!
	# Until both engines capture.
	until_true eval 'lab_get 201 /live/0 >/dev/null; lab_get 202 /live/0 >/dev/null; [ "$(wc -l <rows)" -ge 4 ]'
	for n in 1 2 3; do
		lab_get 201 "/live/$n" >/dev/null
		until_true eval '[ "$(grep -c "/live/$n" rows)" -eq 2 ]'
	done
	kill -INT "$live"
	wait "$live" "$transactions"
	[ "$(grep "/live/[1-9]" rows | sort | uniq -c | tr -s ' \t\n' ' ')" = \
		" 2 /live/1 200 complete 2 /live/2 200 complete 2 /live/3 200 complete " ]
}

# Break: lib/transactions/tls_records.c s/tls->is_finished ? TLS_FINISHED : TLS_MORE/TLS_MORE/
# bats test_tags=slow
@test "TLS on both sides, 1.2 and 1.3: handshakes take as long as tshark's fields say, and nothing else is told" {
	# shellcheck source=/dev/null
	. "$BATS_TEST_DIRNAME/../lab/tls.sh"
	lab_tls_certificate
	lab_tls_server s1
	lab_tls_proxy lb1 'ssl-max-ver TLSv1.2'
	lab_tls_proxy lb2 'ssl-min-ver TLSv1.3'
	mkdir own
	cp -r "$VCAP_CONFIG/." own
	export VCAP_CONFIG=$PWD/own
	lab_tls_service tls "$VCAP_CONFIG"
	lab_wait 'TLS through lb1' lab_tls_get 201 /ready /dev/null
	lab_wait 'TLS through lb2' lab_tls_get 202 /ready /dev/null
	vcap start tls -t 60 3>&-
	for version in 1.2 1.3; do
		lab_tls_get 201 /1 /dev/null --tls-max $version
		lab_tls_get 202 /2 /dev/null --tls-max $version
	done
	vcap stop tls
	vcap wait tls
	handshakes "$(echo "$VCAP_SPOOL"/captures/tls.*/tls.*.pcapng)" 443 8443 >wanted
	vcap transactions -r -o CLIENT,CTLS,SOURCE,STLS tls | awk '{ print $1, $2; print $3, $4 }' | sort | diff <(sort wanted) -
	[ "$(wc -l <wanted)" -eq 8 ]
	vcap transactions -r -o UNIT,CONFIDENCE,SERVER,METHOD,STATUS,WAIT,TTFB,TOTAL tls | sort | uniq -c >kinds
	[ "$(tr -s ' \t' ' ' <kinds)" = " 4 pair proxy $LAB_BACK4.11:8443 - - - - -" ]
}
