#!/usr/bin/env -S LAB_TRANSPORT=exec tests/lab/lab bats
# TLS keys of a capture, from HAProxy's ring to Wireshark: those of the captured clients, and of no others.
#
# shellcheck disable=SC2154,SC1008 # the names come from the lab

bats_require_minimum_version 1.5.0
load ../until

setup_file() {
	for part in names network service control tls; do
		# shellcheck source=/dev/null
		. "$BATS_TEST_DIRNAME/../lab/$part.sh"
	done
	lab_tls_certificate
	lab_tls_server s1
	for engine in $LAB_ENGINES; do
		lab_tls_proxy "$engine" ssl-max-ver\ TLSv1.2
	done
	mkdir "$LAB_DIR/keyed"
	mkdir "$LAB_DIR/keyed/services"
	lab_tls_service tls "$LAB_DIR/keyed"
	for engine in $LAB_ENGINES; do
		lab_engine_line "$engine" exec | sed "s, , keys=haproxy:$LAB_DIR/$engine-tls.sock ,"
	done >"$LAB_DIR/keyed/engines"
	lab_wait 'TLS through the engines' lab_tls_get 201 /ready /dev/null
	lab_wait 'TLS through the engines' lab_tls_get 202 /ready /dev/null
}

setup() {
	for part in names network service control tls; do
		# shellcheck source=/dev/null
		. "$BATS_TEST_DIRNAME/../lab/$part.sh"
	done
	cd "$BATS_TEST_TMPDIR" || return
	export VCAP_CONFIG=$LAB_DIR/keyed VCAP_SPOOL=$PWD/spool
	PATH=$LAB_DIR/bin:$PATH
}

teardown() {
	for id in $(vcap-ls -r -o ID 2>/dev/null); do vcap-rm --give-up "$id" >/dev/null 2>&1 || true; done
}

# The client randoms in a key log.
randoms() { # FILE...
	cut -d ' ' -f 2 "$@" | sort -u
}

# Paths of the requests that Wireshark reads on a side of a file.
paths() { # FILE SIDE
	tshark -r "$1" -Y "http.request and frame.interface_name matches \"/$2\$\"" -T fields -e http.request.uri 2>/dev/null | sort
}

# Break: lib/flows/keykeep.c s/if (helloset_find(&keep->hellos, key->random))/if (1)/
# Break: lib/controller/mergedfile.c s/if (form->keys) {/if (0) {/
@test "an export with keys shows the requests of the captured clients, on both sides, and has no key of others" {
	id=$(vcap-start tls --keys -t 60 "$LAB_FRONT4.201" "$LAB_FRONT4.202" 2>err)
	for n in $(seq 1 18); do
		lab_tls_get "$n" "/other/$n" "$PWD/others.log" >/dev/null
	done
	lab_tls_get 201 /mine/1 "$PWD/mine.log" >/dev/null
	lab_tls_get 202 /mine/2 "$PWD/mine.log" --tls-max 1.2 >/dev/null
	run -0 vcap-stop tls
	file=$VCAP_SPOOL/captures/$id/$id.keys
	[ "$(stat -c %a "$file")" = 600 ]
	# Both clients and the two sessions to the server, of four.
	[ "$(vcap-ls -r -o KEYS "$id")" = 4/4 ]
	comm -12 <(randoms mine.log) <(randoms "$file") | diff <(randoms mine.log) -
	[ -z "$(comm -12 <(randoms others.log) <(randoms "$file"))" ]
	[ "$(randoms "$file" | wc -l)" -eq 4 ]
	[ "$(randoms others.log | wc -l)" -eq 18 ]

	vcap-export --keys -w open.pcapng "$id"
	for side in client server; do
		[ "$(paths open.pcapng $side | tr '\n' ' ')" = '/mine/1 /mine/2 ' ]
	done
	capinfos open.pcapng | grep -q 'decryption secrets in file: 1'
	for random in $(randoms others.log); do
		run -1 grep -q "$random" open.pcapng
	done

	# Nothing else has any: another export, what is filtered, joined, or cut out of it, the engines.
	vcap-export -w plain.pcapng "$id"
	vcap-filter -S tls -r open.pcapng -w filtered.pcapng
	vcap-join -S tls -r open.pcapng -w joined.pcapng "$LAB_FRONT4.201"
	vcap-merge --only lb1 -w only.pcapng open.pcapng
	run -1 grep -l -e CLIENT_RANDOM -e TRAFFIC_SECRET plain.pcapng filtered.pcapng joined.pcapng only.pcapng
	[ -z "$(find "$LAB_DIR"/lb?.run -mindepth 1)" ]
	[ -z "$(find "$VCAP_SPOOL" -name '*.keys' ! -name "$id.keys")" ]
	# Those of one client, on both sides, if they are asked for.
	vcap-join --keys -S tls -r open.pcapng -w joined.pcapng "$LAB_FRONT4.201"
	for side in client server; do
		[ "$(paths joined.pcapng $side)" = /mine/1 ]
	done
	[ "$(strings joined.pcapng | grep -oE '(CLIENT_RANDOM|SECRET_0) [0-9a-f]{64}' | cut -d ' ' -f 2 | sort -u | wc -l)" -eq 2 ]
	# Of a part, those of the part.
	vcap-export --keys --only lb1 -w part.pcapng "$id"
	[ "$(paths part.pcapng client)" = /mine/1 ]
	[ "$(strings part.pcapng | grep -oE '(CLIENT_RANDOM|SECRET_0) [0-9a-f]{64}' | cut -d ' ' -f 2 | sort -u | wc -l)" -eq 2 ]

	run -0 vcap-prune -n --keys -a 0
	[ "$output" = "$id" ]
	run -0 vcap-prune --keys -a 1h
	[ -z "$output" ]
	run -0 vcap-prune --keys -a 0
	[ ! -e "$file" ]
	[ "$(vcap-ls -r -o KEYS "$id")" = 0/4 ]
	run -1 vcap-export --keys -w again.pcapng "$id"
	[[ $output == *"has no TLS keys"* ]]
	vcap-export -w again.pcapng "$id"
}

# Break: lib/controller/params_keys.c s/else if (params->snaplen/else if (0 \&\& params->snaplen/
@test "keys are refused where there can be none, and nothing is read without being asked" {
	run -2 vcap-start tls --keys -s headers
	[[ $output == *"needs the payload"* ]]
	VCAP_CONFIG=$LAB_DIR/near run -2 vcap-start shop --keys -t 1
	[[ $output == *"'keys=' in the engines file"* ]]
	run -2 vcap-run --keys file:/dev/null -w - -i lo
	run -2 vcap-run --keys log:/dev/null -w x -i lo
	run -2 vcap-export --keys -F pcap -w x x
	# What is cut is not opened, which is said while something can be done about it.
	id=$(vcap-start tls --keys -s 256 -t 60 2>err)
	grep -q -- '-s 256 cuts TLS records' err
	vcap-stop tls >/dev/null
	vcap-rm "$id"
	id=$(vcap-start tls -t 60 2>err)
	lab_tls_get 201 /mine "$PWD/mine.log" >/dev/null
	vcap-stop tls >/dev/null
	[ -z "$(find "$LAB_DIR"/lb?.run "$VCAP_SPOOL" -name '*keys*')" ]
	[ "$(vcap-ls -r -o KEYS "$id")" = - ]
}
