#!/usr/bin/env bats
# vcap, vcap-services and vcap-engines: what is configured, and what is wrong with it.

bats_require_minimum_version 1.5.0

setup() {
	PATH="$BATS_TEST_DIRNAME/../../${VCAP_BUILD:-build}/bin:$PATH"
	export VCAP_CONFIG="$BATS_TEST_TMPDIR/config"
	mkdir -p "$VCAP_CONFIG/services"
	printf '%s\n' 'lb1 ssh root@lb1 -p 22' 'lb2 dir=/d iface=e0,e1 exec run in' >"$VCAP_CONFIG/engines"
	printf '%s\n' 'vip 192.0.2.10 tcp/443' 'vip 2001:db8::10 tcp/80-90' 'server 10.0.1.0/30 tcp/8080' \
		'server 10.0.2.1' 'engine lb1' 'engine lb2' >"$VCAP_CONFIG/services/shop"
}

# bats test_tags=slow
@test "vcap runs verbs, and lists them when there is no such verb" {
	[ "$(vcap engines -r | cut -f 1)" = $'lb1\nlb2' ]
	for verb in nonsense ../engines /bin/true -x '' $'a\e[31mb'; do
		run --separate-stderr vcap "$verb"
		[ "$status" -eq 2 ]
		[ -z "$output" ]
		[[ "$stderr" != *$'\e'* ]]
	done
	run vcap nonsense
	[ "${lines[0]}" = "vcap: unknown verb 'nonsense'" ]
	[[ "$output" == *services* ]]
	run vcap
	[ "$status" -eq 2 ]
	run vcap engines --no-such
	[ "$status" -eq 2 ]
}

@test "vcap's directory comes first on PATH, a verb of one's own last" {
	mkdir "$BATS_TEST_TMPDIR/bin"
	printf '#!/bin/sh\necho mine "$@"\n' | tee "$BATS_TEST_TMPDIR/bin/vcap-mine" >"$BATS_TEST_TMPDIR/bin/vcap-engines"
	chmod 755 "$BATS_TEST_TMPDIR/bin"/*
	vcap=$(command -v vcap)
	PATH="$BATS_TEST_TMPDIR/bin:$PATH"
	[ "$("$vcap" mine 'a  b')" = "mine a  b" ]
	[[ "$("$vcap" engines -r)" != mine* ]]
}

@test "engines: raw and JSON" {
	[ "$(vcap-engines -r)" = $'lb1\tssh\troot@lb1 -p 22\t/var/lib/vcap/run\t-\nlb2\texec\trun in\t/d\te0,e1' ]
	[ "$(vcap-engines -j | tr -d '\n ')" = '{"engines":[{"name":"lb1","transport":"ssh","where":"root@lb1-p22","dir":"/var/lib/vcap/run","interfaces":""},{"name":"lb2","transport":"exec","where":"runin","dir":"/d","interfaces":"e0,e1"}]}' ]
	vcap-engines | grep -q '^lb2 *exec'
}

@test "services: raw, every kind of address" {
	[ "$(vcap-services -r)" = $'shop\t192.0.2.10 tcp/443, 2001:db8::10 tcp/80-90\t10.0.1.0-10.0.1.3 tcp/8080, 10.0.2.1\tlb1,lb2' ]
}

# Break: lib/controller/config.c s/service_alias_matches(alias, word)/0/
# bats test_tags=slow
@test "an alias: every command that takes a service's name takes it, and says the file's" {
	printf 'alias  "Test-virtual  service" # in quotes\nalias Web shop 2\n' >>"$VCAP_CONFIG/services/shop"
	[ "$(vcap-services -r -o ALIASES)" = 'Test-virtual service, Web shop 2' ]
	[[ "$(vcap-services)" == *"also called 'Test-virtual service'"* ]]
	[ "$(vcap-filter -S 'Test-virtual service' 2>/dev/null)" = "$(vcap-filter -S shop 2>/dev/null)" ]
	export VCAP_SPOOL=$BATS_TEST_TMPDIR/spool
	id=shop.20260101_000000
	(umask 077 && mkdir -p "$VCAP_SPOOL/captures/$id/engines")
	printf '%s\n' 'state done' 'size 100' 'engine lb1' >"$VCAP_SPOOL/captures/$id/capture"
	for command in vcap-ls vcap-status vcap-wait vcap-stop 'vcap-prune -n -c 0'; do
		# shellcheck disable=SC2086 # words
		run --separate-stderr $command ' Web  shop 2'
		[[ $output$stderr == *"$id"* ]] || { echo "$command: $output $stderr"; false; }
	done
	# A start is by the file's name, and engines get no alias.
	for command in vcap-start vcap-capture; do
		run ! $command -E lb1 'Web shop 2' 2>&1
		[[ $output == *"no engine of 'shop' captures"* ]]
	done
	! grep -rq 'Web shop' "$VCAP_SPOOL" || false
	run -1 vcap-status 'Web shop'
	[ "$output" = "vcap-status: neither a capture nor a service: 'Web shop'" ]
	cp "$VCAP_CONFIG/services/shop" "$VCAP_CONFIG/services/twin"
	run -2 vcap-filter -S 'Web shop 2'
	[[ $output == "vcap-filter: alias 'Web shop 2' is one of 's"*"' and of '"* ]]
}

# Break: lib/controller/catalog.c s/service->monitor_count == 0/0/
@test "services: what decides which packets of one are captured is a note" {
	sed 's/^server.*/server 10.0.1.2/; /10.0.2/d' "$VCAP_CONFIG/services/shop" >"$VCAP_CONFIG/services/other"
	echo 'monitor empty' >>"$VCAP_CONFIG/services/other"
	echo 'vip 192.0.2.9' >"$VCAP_CONFIG/services/bare"
	run -0 vcap-services
	grep "^bare .*no server line: only the client side .*; no monitor line: health checks" <<<"$output"
	grep "^other .*vcap-join tells its health checks" <<<"$output"
	grep "^shop .*shares servers with 'other'" <<<"$output"
	[ "$(vcap-services -j | jq -r '.services[0].note')" = "$(sed -n 's/^bare .*\(no server line.*\)/\1/p' <<<"$output")" ]
}

@test "a malformed service is named by file and line, the others are listed" {
	printf 'vip 192.0.2.11\n\nvpi x\n' >"$VCAP_CONFIG/services/bad"
	run --separate-stderr vcap-services -r
	[ "$status" -eq 2 ]
	[[ "$stderr" == *"services/bad:3: "*"'vpi'"* ]]
	[[ "$output" == shop* ]]
}

@test "a service with an engine that is not configured" {
	echo 'engine lb9' >>"$VCAP_CONFIG/services/shop"
	run --separate-stderr vcap-services -r
	[ "$status" -eq 2 ]
	[ "$stderr" = "vcap-services: service 'shop': unknown engine 'lb9'" ]
}

# Break: lib/controller/engine.c s/ \&\& errno == ENOENT \&\& why/ \&\& 0/
@test "a malformed engines file, a file that is no text, none at all" {
	printf 'lb1 local\nlb1 local\n' >"$VCAP_CONFIG/engines"
	for command in vcap-engines vcap-services; do
		run "$command"
		[ "$status" -eq 2 ]
		[[ "$output" == *"engines:2: duplicate engine 'lb1'"* ]]
	done
	printf 'lb1 local\n\0' >"$VCAP_CONFIG/engines"
	run vcap-engines
	[ "$status" -eq 2 ]
	rm "$VCAP_CONFIG/engines"
	run vcap-engines
	[ "$status" -eq 2 ]
	[ "$output" = "vcap-engines: cannot read '$VCAP_CONFIG/engines': No such file or directory ('vcap init' makes one)" ]
	rm -r "$VCAP_CONFIG/services"
	run -2 --separate-stderr vcap-services
	[ "${stderr_lines[0]}" = "vcap-services: cannot list '$VCAP_CONFIG/services' ('vcap import' and 'vcap init' make services): No such file or directory" ]
}

@test "what cannot be a service's name is passed over" {
	touch "$VCAP_CONFIG/services/.hidden" "$VCAP_CONFIG/services/"$'x\e[31m' "$VCAP_CONFIG/services/a b"
	run vcap-services -r
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 1 ]
}

@test "the configuration is that of VCAP_CONFIG, else of the home directory" {
	home="$BATS_TEST_TMPDIR/home"
	mkdir -p "$home/.config/vcap"
	echo 'mine local' >"$home/.config/vcap/engines"
	[ "$(env -u VCAP_CONFIG HOME="$home" vcap-engines -r | cut -f 1)" = mine ]
}

# Break: lib/controller/catalog.c s/loaded->name = name;/&; struct config_file again; if (config_read_service(\&again, name, variable, NULL) == 0) config_file_release(\&again);/
@test "services, start: each service's file is read once, however many there are" {
	cd "$VCAP_CONFIG/services"
	mkfifo s1 s2 s3
	fill() {
		for i in 1 2 3; do
			timeout 20 sh -c "printf 'vip 192.0.2.$i tcp/80\nserver 10.0.2.1 tcp/80\nengine lb2\n' >s$i" &
		done
	}
	fill 3>&-
	run -0 timeout 20 vcap-services -r -o +NOTE
	[ "$(grep -c 'shares servers with' <<<"$output")" -eq 4 ]
	fill 3>&-
	VCAP_SPOOL=$BATS_TEST_TMPDIR/spool run -1 timeout 20 vcap-start -v --patience 0 -E lb2 shop
	[[ $output == *"shares servers with 's1'"* ]] || { echo "$output"; false; }
	wait
}
