#!/usr/bin/env -S LAB_TRANSPORT=exec tests/lab/lab bats
# TLS keys where it is less simple: TLS 1.3 to the servers, resumed sessions, early data, log lines that are cut, a rolling
# capture's snapshot, a region.
#
# shellcheck disable=SC2154,SC1008 # the names come from the lab

bats_require_minimum_version 1.5.0
load ../until

parts() {
	for part in names network service control tls; do
		# shellcheck source=/dev/null
		. "$BATS_TEST_DIRNAME/../lab/$part.sh"
	done
}

setup_file() {
	parts
	lab_tls_certificate
	lab_tls_server s1
	# One engine speaks TLS 1.3 with the server, the other cuts its log lines.
	lab_tls_proxy lb1 ssl-min-ver\ TLSv1.3
	lab_tls_proxy lb2 ssl-max-ver\ TLSv1.2 1024
	lab_wait 'TLS through the engines' lab_tls_get 201 /ready /dev/null
	lab_wait 'TLS through the engines' lab_tls_get 202 /ready /dev/null
}

setup() {
	parts
	cd "$BATS_TEST_TMPDIR" || return
	export VCAP_CONFIG=$PWD/config VCAP_SPOOL=$PWD/spool
	PATH=$LAB_DIR/bin:$PATH
	mkdir -p config/services
	lab_tls_service tls config
	keyed "haproxy:$LAB_DIR/lb1-tls.sock" "haproxy:$LAB_DIR/lb2-tls.sock"
}

teardown() {
	[ -z "${reader-}" ] || kill "$reader" 2>/dev/null || true
	[ -z "${server-}" ] || kill "$server" 2>/dev/null || true
	for id in $(vcap-ls -r -o ID 2>/dev/null); do vcap-rm --give-up "$id" >/dev/null 2>&1 || true; done
}

keyed() { # SOURCE...: of each engine
	for engine in $LAB_ENGINES; do
		lab_engine_line "$engine" exec | sed "s, , keys=$1 ,"
		shift
	done >config/engines
}

randoms() { # FILE...
	cut -d ' ' -f 2 "$@" | sort -u
}

paths() { # FILE SIDE
	tshark -r "$1" -Y "http.request and frame.interface_name matches \"/$2\$\"" -T fields -e http.request.uri 2>/dev/null | sort | tr '\n' ' '
}

@test "TLS 1.3 on both sides, by a key log file: all requests, also of resumed sessions, and no key of others" {
	# The keys of the engine's sessions with the server as the server has them, and the client's.
	: >keylog
	vcap-keys --haproxy "$LAB_DIR/s1-tls.sock" >>keylog 3>&- &
	reader=$!
	keyed "file:$PWD/keylog" "file:$PWD/keylog"
	id=$(vcap-start tls --keys -t 60 "$LAB_FRONT4.201" 2>err)
	for n in 1 2 3 4 5; do
		lab_tls_get "$n" "/other/$n" "$PWD/others" >/dev/null
		lab_tls_get 201 "/mine/$n" "$PWD/mine" >/dev/null
	done
	cat mine others >>keylog
	# A session that is resumed, and early data, which HAProxy does not take.
	printf 'GET /mine/%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' first >first
	printf 'GET /mine/%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' again >again
	cp again early
	lab_in client openssl s_client -bind "$LAB_FRONT4.201" -connect "$LAB_VIP4:443" -keylogfile "$PWD/keylog" \
		-sess_out session -ign_eof -quiet <first >out 2>&1
	lab_in client openssl s_client -bind "$LAB_FRONT4.201" -connect "$LAB_VIP4:443" -keylogfile "$PWD/keylog" \
		-sess_in session -early_data early -ign_eof <again >out 2>&1 || true
	grep -q '^Reused' out
	until_true test "$(wc -l <keylog)" -gt 20
	run vcap-stop tls
	file=$VCAP_SPOOL/captures/$id/$id.keys
	vcap-export --keys -w open.pcapng "$id"
	wanted='/mine/1 /mine/2 /mine/3 /mine/4 /mine/5 /mine/again /mine/first '
	for side in client server; do
		[ "$(paths open.pcapng $side)" = "$wanted" ]
	done
	[ "$(vcap-ls -r -o KEYS "$id")" = 14/14 ]
	[ "$(randoms "$file" | wc -l)" -eq 14 ]
	[ "$(randoms others | wc -l)" -eq 5 ]
	[ -z "$(comm -12 <(randoms others) <(randoms "$file"))" ]
	run -1 grep -q -F -f <(randoms others) open.pcapng
}

@test "cut log lines are refused, and what is missing is said, also of HAProxy's servers by TLS 1.3" {
	id=$(vcap-start tls --keys -t 60 2>err)
	lab_tls_get 201 /one /dev/null >/dev/null
	lab_tls_get 202 /two /dev/null >/dev/null
	run -3 vcap-stop tls
	[[ $output == *"lb2"*"lines of keys are cut or malformed"* ]]
	[[ $output == *"1 of 4 TLS sessions have keys (HAProxy before 3.0 tells no server keys of TLS 1.3)"* ]]
	[ "$(vcap-ls -r -o KEYS "$id")" = 1/4 ]
	run -3 vcap-export --keys -w open.pcapng "$id"
	[ "$(paths open.pcapng client)" = '/one ' ]
}

is_as_old() { # SECONDS: all that the engines have of the rolling capture
	local state now=$EPOCHREALTIME
	for state in "$VCAP_SPOOL/captures/$ring"/engines/*.state; do
		[ "$(bc <<<"$now - $(sed -n 's/^started //p' "$state") > $1")" = 1 ] || return
	done
}

# Break: lib/controller/spool_keys.c s/rc = see_file(keys, path, why)/rc = 0/
@test "a rolling capture's snapshot has the keys of its window, and another one none" {
	keyed "haproxy:$LAB_DIR/lb1-tls.sock" "haproxy:$LAB_DIR/lb1-tls.sock"
	ring=$(vcap-start tls --keys --rolling 3s 2>err)
	until_true is_as_old 4
	lab_tls_get 201 /early "$PWD/early" >/dev/null
	until_true grep -q "$(randoms early | head -n 1)" "$LAB_DIR"/lb1.run/*/keys
	id=$(vcap-snapshot --after 1s tls)
	vcap-wait "$id" >/dev/null
	[ "$(vcap-ls -r -o KEYS "$id")" = 1/2 ]
	randoms early | diff - <(randoms "$VCAP_SPOOL/captures/$id/$id.keys")
	# The first request is not in the window of this one.
	until_true is_as_old 10
	lab_tls_get 201 /late "$PWD/late" >/dev/null
	until_true grep -q "$(randoms late | head -n 1)" "$LAB_DIR"/lb1.run/*/keys
	other=$(vcap-snapshot --after 1s tls)
	vcap-wait "$other" >/dev/null
	randoms late | diff - <(randoms "$VCAP_SPOOL/captures/$other/$other.keys")
	vcap-export --keys -w open.pcapng "$other"
	[ "$(paths open.pcapng client)" = '/late ' ]
	until_true is_as_old 16
	bare=$(vcap-snapshot --no-keys --after 1s tls)
	vcap-wait "$bare" >/dev/null
	[ "$(vcap-ls -r -o KEYS "$bare")" = - ]
	[ ! -e "$VCAP_SPOOL/captures/$bare/$bare.keys" ]
}

@test "through a region: its keys come with its file" {
	mkdir -p west above
	cp -r config west/
	mkdir -p above/services
	sed '/^engine/d' config/services/tls >above/services/tls
	echo 'engine west' >>above/services/tls
	echo "west region exec env VCAP_CONFIG=$PWD/west/config VCAP_SPOOL=$PWD/west/spool" >above/engines
	keyed "haproxy:$LAB_DIR/lb1-tls.sock" "haproxy:$LAB_DIR/lb1-tls.sock"
	cp config/engines west/config/engines
	export VCAP_CONFIG=$PWD/above
	id=$(vcap-start tls --keys -t 60 "$LAB_FRONT4.201" 2>err)
	lab_tls_get 201 /mine "$PWD/mine" >/dev/null
	lab_tls_get 3 /other "$PWD/other" >/dev/null
	run vcap-stop tls
	randoms mine | diff - <(randoms "$VCAP_SPOOL/captures/$id/$id.keys")
	vcap-export --keys -w open.pcapng "$id"
	[ "$(paths open.pcapng client)" = '/mine ' ]
	[ -z "$(find west/spool -name '*.keys')" ]
	# Wireshark opens a copy, of which nothing is left.
	mkdir run
	[ "$(env -u DISPLAY -u WAYLAND_DISPLAY XDG_RUNTIME_DIR="$PWD/run" vcap-open tls -Y http.request -T fields \
		-e http.request.uri 2>/dev/null </dev/null)" = /mine ]
	[ -z "$(ls run)" ]
}

has_keys() { # COUNT: the key log
	[ "$(grep -c ^CLIENT_RANDOM keylog)" -eq "$1" ]
}

said() { # FILE [OPTION...]: what Wireshark reads of the first session
	tshark -r "$1" "${@:2}" -q -z follow,tls,ascii,0 2>/dev/null
}

@test "a session that renegotiates is opened up to there: its second hello is encrypted, and nobody's key is kept for it" {
	printf '%s\n' "vip $LAB_VIP4 tcp/444" "server $LAB_BACK4.11 tcp/9999" 'engine lb1' >config/services/again
	: >keylog
	keyed "file:$PWD/keylog" "file:$PWD/keylog"
	mkfifo none words
	exec 8<>none
	ip netns exec lb1 openssl s_server -accept "$LAB_VIP4:444" -tls1_2 -client_renegotiation -quiet \
		-cert "$LAB_DIR/tls.crt" -key "$LAB_DIR/tls.key" -keylogfile "$PWD/keylog" <&8 >heard 2>&1 3>&- &
	server=$!
	id=$(vcap-start again --keys -t 60 2>err)
	# What a line begins with is a command only if the line comes by itself.
	lab_in client openssl s_client -bind "$LAB_FRONT4.201" -connect "$LAB_VIP4:444" -tls1_2 <words >out 2>&1 3>&- &
	client=$!
	exec 9>words
	printf 'first words\n' >&9
	until_true grep -q 'first words' heard
	grep ^CLIENT_RANDOM keylog >first
	printf 'R\n' >&9
	until_true has_keys 2
	printf 'second words\n' >&9
	until_true grep -q 'second words' heard
	exec 9>&-
	wait $client || true
	run vcap-stop again
	[ "$(vcap-ls -r -o KEYS "$id")" = 1/1 ]
	randoms first | diff - <(randoms "$VCAP_SPOOL/captures/$id/$id.keys")
	vcap-export --keys -w open.pcapng "$id"
	said open.pcapng | grep -q 'first words'
	run -1 grep -q 'second words' <(said open.pcapng)
	# With the whole key log it would be open, of which the file has that one key.
	said open.pcapng -o "tls.keylog_file:$PWD/keylog" | grep -q 'second words'
}

# Break: lib/flows/keykeep.c s/if (helloset_find(&keep->hellos, key->random))/if (0)/
@test "early data that is refused: the session's keys are kept, and open what the client said again" {
	printf '%s\n' "vip $LAB_VIP4 tcp/446" "server $LAB_BACK4.11 tcp/9999" 'engine lb1' >config/services/early
	: >keylog
	keyed "file:$PWD/keylog" "file:$PWD/keylog"
	mkfifo none first second
	exec 8<>none
	# It takes early data, but not behind a HelloRetryRequest (RFC 8446, 4.2.10).
	ip netns exec lb1 openssl s_server -accept "$LAB_VIP4:446" -tls1_3 -early_data -no_anti_replay -groups P-384 -quiet \
		-cert "$LAB_DIR/tls.crt" -key "$LAB_DIR/tls.key" -keylogfile "$PWD/keylog" <&8 >heard 2>&1 3>&- &
	server=$!
	id=$(vcap-start early --keys -t 60 2>err)
	lab_in client openssl s_client -bind "$LAB_FRONT4.201" -connect "$LAB_VIP4:446" -groups P-384 \
		-sess_out session <first >out 2>&1 3>&- &
	client=$!
	exec 9>first
	printf 'first words\n' >&9
	until_true grep -q 'first words' heard
	until_true test -s session
	exec 9>&-
	wait $client || true
	printf 'early words\n' >early
	lab_in client openssl s_client -bind "$LAB_FRONT4.201" -connect "$LAB_VIP4:446" -groups X25519:P-384 \
		-sess_in session -early_data early <second >out 2>&1 3>&- &
	client=$!
	exec 9>second
	printf 'second words\n' >&9
	until_true grep -q 'second words' heard
	exec 9>&-
	wait $client || true
	grep -q '^Reused' out
	grep -q 'Early data was rejected' out
	run -1 grep -q 'early words' heard
	run vcap-stop early
	grep -v '^#' keylog >told
	randoms told | diff - <(randoms "$VCAP_SPOOL/captures/$id/$id.keys")
	[ "$(vcap-ls -r -o KEYS "$id")" = 2/2 ]
	vcap-export --keys -w open.pcapng "$id"
	tshark -r open.pcapng -q -z follow,tls,ascii,1 2>/dev/null | grep -q 'second words'
}
