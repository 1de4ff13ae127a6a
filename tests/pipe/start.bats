#!/usr/bin/env bats
# vcap-start: what it refuses, having written nothing, and what it asks of an engine.

bats_require_minimum_version 1.5.0

setup() {
	PATH="$BATS_TEST_DIRNAME/../../${VCAP_BUILD:-build}/bin:$PATH"
	cd "$BATS_TEST_TMPDIR" || return
	export VCAP_CONFIG=$PWD/config VCAP_SPOOL=$PWD/spool
	mkdir -p config/services
	# An engine that takes down what it is told, and has no vcap-run.
	cat >engine <<-END
		#!/bin/sh
		[ "\$1 \$2" != "vcap-host answer" ] || { echo "vcap-answer \$3"; shift 4; }
		printf '%s\n' "\$@" >>"$PWD/asked.\$\$"
		cat >"$PWD/job.\$\$"
		echo 'vcap-run: cannot open a packet socket' >&2
		exit 1
	END
	chmod 755 engine
	printf '%s\n' "a dir=/d iface=e0,e1 exec $PWD/engine" "b dir=/d exec $PWD/engine" >config/engines
	printf '%s\n' 'vip 192.0.2.10 tcp/80' '' 'server 10.0.0.1' 'monitor tcp/1' 'engine a' 'engine b' \
		>config/services/shop
	printf 'vip 192.0.2.10\n' >config/services/alone
}

refused() { # MESSAGE ARG...
	run vcap-start "${@:2}"
	[ "$status" -eq 2 ] || { echo "$status: $output"; false; }
	[[ "$output" == *"$1"* ]] || { echo "$output"; false; }
	[ "${#lines[@]}" -eq 1 ]
	[ ! -e spool ]
	[ -z "$(find . -name 'asked.*')" ]
}

@test "wrong usage is one line with the word in quotes, and nothing is written" {
	refused "'10.1.1.300'" shop -P -t 1 10.1.1.300
	refused "'10.1.1.9-10.1.1.1'" shop -P -t 1 10.1.1.9-10.1.1.1
	refused "'1.2.3.4/33'" shop -P -t 1 1.2.3.4/33
	refused "cannot read 'nofile'" shop -t 1 --specs nofile
	refused "unknown service 'nope': there is no '$VCAP_CONFIG/services/nope' (there are: alone, shop)" nope
	refused "several services have '192.0.2.10': 'alone', 'shop'" 192.0.2.10
	refused "no service has the VIP '192.0.2.11' (there are: " 192.0.2.11
	refused "'client.example.com' is no address, and names are not looked up" shop client.example.com
	refused "name: ''" ../shop/
	refused "'-t'" shop -t
	refused "'x'" shop -t x
	refused "'1x'" shop -c 1x
	refused "'some'" shop -m some
	refused "'300000'" shop -s 300000
	refused "not a time, such as +5m, 03:00 or 2026-11-30T03:00: 'soon'" shop --at soon
	refused "is in the past: '2020-01-01 00:00'" shop --at '2020-01-01 00:00'
	refused "not an id of a capture of 'shop': 'shop'" shop --id shop
	refused "not an id of a capture of 'shop': '../x.20260101_000000'" shop --id ../x.20260101_000000
	refused "not an id of a capture of 'shop': 'shoes.20260101_000000'" shop --id shoes.20260101_000000
	refused "has no engine 'c'" shop -E a,c
	refused "service 'alone' has no engine" alone
	refused "needs a service" -t 1
	echo 'engine c' >>config/services/shop
	refused "unknown engine 'c'" shop
	echo 'nonsense' >>config/services/shop
	refused "services/shop:8: " shop
	sed -i '$d' config/services/shop
	printf 'a local\na local\n' >config/engines
	refused "engines:2: " shop
}

# Break: cmd/cli.c s/"VCAP_AS", called, 1/"VCAP_AS", self->name, 1/
# Break: lib/controller/config.c s/vip->port_first <= port/port == 1/
# Break: cmd/vcap-start.c s/ || opt == PARAMS_CLI_ROLLING//
@test "vcap capture waits for a file, and takes nothing that has none" {
	for option in --dry-run '--rolling 4s'; do
		# shellcheck disable=SC2086 # words
		run -2 timeout 20 vcap capture shop $option
		[ "$output" = "vcap capture: use 'vcap start ${option% *}'" ]
	done
	[ ! -e spool ]
}

@test "a service is found by its VIP; what is wrong is said in the name of what was typed" {
	printf 'vip 2001:db8::1 tcp/443\nengine a\n' >config/services/six
	rm config/services/alone
	for words in 192.0.2.10:80 192.0.2.10 '[2001:db8::1]:443' 2001:db8::1; do
		# shellcheck disable=SC2086 # words
		run -1 vcap capture $words -t 1
		[[ $output == *"vcap capture: no engine of '"*"' captures"* ]]
	done
	for words in 192.0.2.10:81 '[2001:db8::1]:80' '[2001:db8::1' 192.0.2.10: :80; do
		run -2 vcap capture "$words" -t 1
	done
	for verb in capture start live; do
		run -2 vcap $verb shop 10.0.0.1 client.example.com
		[ "$output" = "vcap $verb: 'client.example.com' is no address, and names are not looked up" ]
		run -2 vcap-$verb shop client.example.com
		[[ $output == "vcap-$verb: 'client."* ]]
	done
}

@test "what an engine is asked, and the job it reads" {
	run vcap-start shop -P -c 9 -t 90s -s 96 -m include 10.0.0.0/8 - <<<$'192.0.2.1 # one\n\n198.51.100.1'
	[ "$status" -eq 1 ]
	[[ "$output" == *"engine 'a' does not capture: vcap-run: cannot open a packet socket"* ]]
	id=$(sed -n 's,^/d/\(shop.*\)\.a$,\1,p' asked.*)
	asked=$(grep -lx "/d/$id.a" asked.*)
	token=$(grep -x -- '--token=[0-9a-f]\{16\}' "$asked")
	by=$(grep -x -- "--by=[^:]*:$(id -u).*" "$asked")
	printf '%s\n' vcap-run -n a -f - "$token" "$by" --detach -w "/d/$id.a" -c9 -t90.000000000s -s96 -i e0 -i e1 | diff - "$asked"
	job=job.${asked##*.}
	# Three parts, each ended by an empty line.
	[ "$(awk -v RS= 'END { print NR }' "$job")" -eq 3 ]
	[ "$(awk -v RS= 'NR == 2' "$job")" = "$(grep . config/services/shop)" ]
	[ "$(awk -v RS= 'NR == 3' "$job")" = $'10.0.0.0/8\n192.0.2.1\n198.51.100.1' ]
	[ "$(awk -v RS= 'NR == 1' "$job")" = "$(vcap-filter -S shop -P -m include 10.0.0.0/8 192.0.2.1 198.51.100.1)" ]
}

# What engine a was asked, but for what every engine is, and the program it was given.
asked() { # ARG...
	rm -f asked.* job.*
	run vcap-start -E a -t 1 "$@"
	[ "$status" -eq 1 ]
	sed '1,/^e1$/d' asked.* | tr '\n' ' '
}

given() {
	awk -v RS= "NR == $1" job.*
}

@test "vcap-join runs on the engines where packets alone do not tell, and only there" {
	[ -z "$(asked shop)" ]
	[ -z "$(asked shop -P 10.1.1.1)" ]
	[ -z "$(asked shop -m only)" ]
	[ "$(asked shop 10.1.1.1)" = "-- vcap-join -S ./service -m none --specs specs " ]
	[ "$(given 1)" = "$(vcap-filter -S shop 10.1.1.1)" ]
	[ "$(asked shop -x -m include 10.1.1.1)" = "-- vcap-join -S ./service -m include -x --specs specs " ]
	[ "$(given 1)" = "$(vcap-filter -S shop -x -m include 10.1.1.1)" ]

	# With the engine's own pairs, if it has a source of them.
	cp config/engines engines
	sed -i 's/^a /a flows=conntrack /' config/engines
	[ "$(asked shop 10.1.1.1)" = "--flows conntrack -- vcap-join -S ./service -m none -t /dev/fd/3 --specs specs " ]
	[ "$(asked shop -P 10.1.1.1)" = "--flows conntrack " ]
	[ "$(asked shop)" = "--flows conntrack " ]
	cp engines config/engines

	# The header is an option there: engines of 0.1.0 do not know the line.
	cp config/services/shop shop
	echo 'header X-Real-IP' >>config/services/shop
	[ "$(asked shop 10.1.1.1)" = "-- vcap-join -S ./service -m none --header=X-Real-IP --specs specs " ]
	[ "$(given 2)" = "$(grep . shop)" ]
	cp shop config/services/shop

	# Servers that see the clients' addresses.
	sed -i '$a source client' config/services/shop
	[ -z "$(asked shop 10.1.1.1)" ]

	# Monitors that need a look at a connection.
	sed -i '$a monitor http /health' config/services/shop
	[ "$(asked shop 10.1.1.1)" = "-- vcap-join -S ./service -m none --specs specs " ]
	[ "$(asked shop -m only)" = "-- vcap-join -S ./service -m only " ]
	[ -z "$(asked shop -m include)" ]
	[ -z "$(asked shop -P -m none)" ]
}

# Break: lib/controller/commands.c s/if (params->bytecode)/if (false)/
@test "-e: in the program, or for what vcap-join keeps" {
	[ -z "$(asked shop -e 'tcp[13] & 4 != 0')" ]
	[ "$(given 1)" = "$(vcap-filter -S shop -e 'tcp[13] & 4 != 0')" ]
	[ -z "$(asked shop -P -x -e 'port 443' 10.1.1.1)" ]
	[ "$(given 1)" = "$(vcap-filter -S shop -P -x -e 'port 443' 10.1.1.1)" ]
	text=$(vcap-filter -e 'port 443' | tr '\n' ,)
	[ "$(asked shop -e 'port 443' 10.1.1.1)" = "-- vcap-join -S ./service -m none --bytecode=${text%,} --specs specs " ]
	[ "$(given 1)" = "$(vcap-filter -S shop 10.1.1.1)" ]
	rm -r spool asked.* job.*
	refused "'-e'" shop -e
	refused "an expression is one line" shop -e $'tcp\nport 80'
	refused "expression" shop -e ''
	run -2 vcap-start shop -t 1 -e 'prot 80'
	[[ $output == *"'prot 80'"* ]]
	run -2 vcap-start shop -t 1 -e 'prot 80' 10.1.1.1
	[[ $output == *"'prot 80'"* ]]
	[ -z "$(find . -name 'asked.*')" ]
}

@test "vcap-join runs for services that share servers, and says so" {
	printf '%s\n' 'vip 192.0.2.11' 'server 10.0.0.0/24 tcp/81' >config/services/other
	printf '%s\n' 'vip 192.0.2.11' 'nonsense' >config/services/bad
	sed -i 's/^server.*/& tcp\/80/' config/services/shop
	[ -z "$(asked shop)" ]
	sed -i 's,tcp/81,tcp/80-90,' config/services/other
	[ "$(asked shop)" = "-- vcap-join -S ./service -m none " ]
	[[ $output != *shares* ]]
	asked shop -v
	[[ $output == *"'shop' shares servers with 'other'"* ]]
	[ -z "$(asked shop -P 10.0.0.1)" ]
	[ "$(asked ./config/services/shop)" = "-- vcap-join -S ./service -m none " ]
	sed -i 's,10.0.0.0/24,10.0.0.2-10.0.0.9,' config/services/other
	[ -z "$(asked shop)" ]
}

@test "any number of addresses: a program that fits, and the list itself for vcap-join" {
	for i in {0..99}; do printf "10.$i.%d.1\n" {0..99}; done >list
	[ "$(asked shop --specs list 192.0.2.77)" = "-- vcap-join -S ./service -m none --specs specs " ]
	[ "$(given 3)" = "$(cat list; echo 192.0.2.77)" ]
	[ "$(given 1)" = "$(vcap-filter --widen -S shop --specs list 192.0.2.77 2>/dev/null)" ]
	[ "$(asked shop - <list)" = "-- vcap-join -S ./service -m none --specs specs " ]
	[ "$(given 3)" = "$(cat list)" ]

	# Of what is excluded a program may not have more.
	[ "$(asked shop -x --specs list)" = "-- vcap-join -S ./service -m none -x --specs specs " ]
	[ "$(given 1)" = "$(vcap-filter -S shop)" ]

	# Each packet by itself.
	[ "$(asked shop -P --specs list)" = "-- vcap-join -S ./service -m none -P --specs specs " ]
	asked shop -v -P --specs list
	[[ $output == *"too many addresses for the filter program"* ]]
	head -n 900 list >some
	[ -z "$(asked shop -P --specs some)" ]
}

# Break: lib/base/text.c s/strncmp(text, mark, length) == 0/0/
@test "a byte order mark at the head of a list or a file is passed over" {
	for file in config/engines config/services/shop; do
		{ printf '\xef\xbb\xbf'; cat $file; } >marked
		mv marked $file
	done
	printf '\xef\xbb\xbf10.1.1.1\n' >list
	asked shop --specs list - <list >/dev/null
	[ "$(given 3)" = $'10.1.1.1\n10.1.1.1' ]
	[ "$(vcap-filter --specs list)" = "$(vcap-filter 10.1.1.1)" ]
	[ "$(vcap-filter - <list)" = "$(vcap-filter 10.1.1.1)" ]
}

@test "a chosen engine alone; no limit is warned of" {
	run vcap-start shop -E b
	[ "$status" -eq 1 ]
	[ "$(find . -name 'asked.*' | wc -l)" -eq 1 ]
	[[ "$output" == *"no limit (-c, -t)"* ]]
	run vcap-start shop -E b -t 1
	[[ "$output" != *limit* ]]
	run vcap-start shop -E b -t 0
	[[ "$output" != *limit* ]]
}

@test "what no engine captures leaves nothing behind" {
	rm config/services/alone # which has the same VIP
	run vcap-start shop -t 1
	[ "$status" -eq 1 ]
	[ "$output" = "vcap-start: engine 'a' does not capture: vcap-run: cannot open a packet socket
vcap-start: engine 'b' does not capture: vcap-run: cannot open a packet socket
vcap-start: no engine of 'shop' captures" ]
	[ -z "$(ls -A spool/captures)" ]
}

@test "vcap-stop says what is wrong with the engines file, and does not wait for that" {
	id=shop.20260101_000000
	(umask 077 && mkdir -p spool/captures/$id/engines)
	printf '%s\n' 'state capturing' 'engine a' 'engine b' >spool/captures/$id/capture
	echo 'a local' >>config/engines
	run timeout 10 vcap-stop shop
	[ "$status" -eq 2 ]
	[[ "${lines[0]}" == *"/config/engines:3: "* ]]
	[ "${lines[1]}" = "vcap-stop: capture '$id' is still running: correct the engines file first" ]
	[ -e spool/captures/$id/stop ]
}

@test "a start that was killed can be stopped, also after somebody has asked for its status" {
	id=shop.20260101_000000
	printf 'a dir=%s/run exec env\n' "$PWD" >config/engines
	sed -i '/engine b/d' config/services/shop
	(umask 077 && mkdir -p spool/captures/$id/engines)
	printf '%s\n' 'state starting' 'engine a' "created $(date +%s).0" 'duration 60000000000' \
		'patience 100000000' >spool/captures/$id/capture
	vcap-status shop
	run timeout 10 vcap-stop shop
	[ "$status" -eq 1 ]
	[ "$(vcap-ls -r | cut -f 8)" = failed ]
}

@test "two at once: one is refused" {
	# The first one's engine answers only when the gate is opened, and then with a failure, as whenever
	# it is asked again: nothing is left that would wait for it.
	mkfifo gate
	printf '#!/bin/sh\n[ -e is-open ] || timeout 10 cat gate\nexit 1\n' >held
	chmod 755 held
	printf 'a dir=/d exec %s/held\n' "$PWD" >config/engines
	sed -i '/engine b/d' config/services/shop
	vcap-start shop -t 1 2>err1 3>&- &
	vcap-start shop -t 1 2>err2 3>&- &
	wait -n || true
	[ "$(cat err1 err2 | grep -c 'is being captured already')" -eq 1 ]
	: >is-open
	# Whether somebody waits at it or not.
	: <>gate
	wait
}

# Break: lib/controller/spool.c s/if (given)$/if (0)/
@test "an id that is asked for, and taken" {
	mkdir -p spool/captures/shop.20260101_000000
	chmod -R go= spool
	run -1 vcap-start -t 1 --id shop.20260101_000000 shop
	[[ "$output" == *"shop.20260101_000000': File exists" ]]
	run -1 vcap-start -t 1 --id shop.20260101_000001 shop
	grep -qx /d/shop.20260101_000001.a asked.*
}

# A controller as an engine: what is asked of it.
region() { # COMMAND...
	printf 'a dir=/d exec %s\nb dir=/d region exec %s\n' "$PWD/engine" "$PWD/engine" >config/engines
	run -1 vcap-start "$@"
	id=$(sed -n 's,^/d/\(shop.*\)\.a$,\1,p' asked.*)
	asked=$(grep -lx vcap-region asked.*)
}

# An engine that runs what it is told, by a vcap-run that knows only the options given, and ends at once.
knowing() { # OPTION...
	cat >engine <<-END
		#!/bin/sh
		[ "\$1 \$2" != "vcap-host answer" ] || { echo "vcap-answer \$3"; shift 4; }
		printf '%s\n' "\$*" >>"$PWD/told"
		for word in "\$@"; do
			case \$word in --by=* | --audit=* | --token=*)
				case " $* " in *" \${word%%=*} "*) ;; *)
					echo "vcap-run: unknown option '\$word' (try --help)" >&2
					exit 2
				esac
			esac
		done
		case \$* in *remove*) exit 0 ;; vcap-run*) exec cat >/dev/null ;; esac
		exit 1
	END
}

give_up() { # what a vcap-wait waits for
	(cd spool/captures && vcap-rm --give-up -- *) 3>&-
}

# Break: lib/controller/ability.c s/"token", "by", "audit"/"token", "audit"/
# Break: lib/controller/ability.c s/!lacks(entry, engine, "audit")/true/
@test "an engine that refuses an option is started without it, and remembered" {
	echo 'audit required' >>config/engines
	# Where nothing takes what has to be logged, there is nothing to see.
	[ -S /dev/log ] || sed -i '$d' config/engines
	knowing --token
	id=$(vcap-start shop -P -t 1 3>&- 2>err) || { cat err; false; }
	for engine in a b; do
		grep -qx "lacks $engine by" "spool/captures/$id/capture"
	done
	[ "$(grep -c -- '-n a .*--by=' told)" -eq 1 ]
	[ "$(grep -c -- '-n a .*--token=' told)" -ge 2 ]
	[ "$(tail -n 1 told | grep -c -- --by=)" -eq 0 ]
	knowing
	rm told
	id=$(vcap-start shop -P -t 2 3>&- 2>err) || { cat err; false; }
	[ "$(grep -c '^older [ab]$' "spool/captures/$id/capture")" -eq 2 ]
	run ! grep -q '^lacks' "spool/captures/$id/capture"
	[ "$(grep -c -- '-n a .*--by=' told)" -eq 1 ]
	give_up
}

# Break: lib/controller/params_cli.c s/capture_audit_caller(params->by/capture_audit_caller(NULL/
# Break: lib/controller/capture_table.c s/keyval_get(facts, "by")/NULL/
@test "who asked is a fact, of the system and of what the environment says" {
	knowing --token --by
	unset SUDO_USER SUDO_UID PKEXEC_UID COCKPIT_REMOTE_PEER
	export SUDO_USER=$'al ice,for:\n\e' SUDO_UID=1001 SSH_CONNECTION='2001:db8::7 50000 192.0.2.1 22'
	by=$(id -un):$(id -u),sudo:al%20ice%2Cfor:%0A%1B:1001,ssh:2001:db8::7
	id=$(vcap-start shop -P -t 1 3>&- 2>err) || { cat err; false; }
	grep -qxF "by $by" "spool/captures/$id/capture"
	[ "$(vcap-ls -r -o BY "$id")" = "$by" ]
	vcap-ls -j "$id" | grep -qF "\"by\": \"$by\""
	[ "$(grep -cF -- "--by=$by" told)" -eq 2 ]
	id=$(SUDO_USER='' SSH_CONNECTION='' vcap-start shop -P -t 3 --at +1h --by "larger:7,ssh:192.0.2.9" 3>&- 2>err)
	[ "$(vcap-ls -r -o BY "$id")" = "$(id -un):$(id -u),for:larger:7,ssh:192.0.2.9" ]
	give_up
	run -2 vcap-start shop -P --by 'x y'
	[[ $output == *"not a word of who asks: 'x y'"* ]]
}

# Break: lib/controller/params.c s/"comment", "%s", params->comment/"comment", "no"/
@test "a note is a fact, and shown; it is one line" {
	id=$(vcap-start shop --at 2050-01-01T00:00 --comment 'ticket 7: <b>slow</b>' 3>&- 2>/dev/null)
	grep -qxF 'comment ticket 7: <b>slow</b>' "spool/captures/$id/capture"
	[ "$(vcap-ls -r -o COMMENT "$id")" = 'ticket 7: <b>slow</b>' ]
	# It is no part of what is asked for.
	run vcap-start shop --at 2050-01-01T00:00 --comment other
	[[ $output == *"'$id'"* ]]
	give_up
	for text in '' $'a\nb' $'\e[2J' "$(printf 'x%.0s' {1..256})"; do
		run -2 vcap-start shop --comment "$text"
	done
}

# Break: lib/controller/commands.c s/strvec_push(argv, "-x");/;/
@test "what a region is asked, and the job it reads" {
	region shop -x -P -c 9 -t 90s -s 96 -m include --patience 7s 10.0.0.0/8
	printf '%s\n' vcap-region start "$id" "$(grep -- --token= "$asked")" --patience=7000ms "$(grep -- --by= "$asked")" -m include -P -x -c9 -t90.000000000s -s96 shop |
		diff - "$asked"
	[ "$(awk -v RS= 'NR == 3' "job.${asked##*.}")" = 10.0.0.0/8 ]
}

@test "a region: vcap-start gets the specs of the job; the rest is told from the spool" {
	job=$'1\n6 0 0 1\n\nvip 192.0.2.10\n\n10.0.0.0/8\n192.0.2.1\n'
	run -1 vcap-region start shop.20260101_000000 -P -t 1 shop <<<"$job"
	[[ "$output" == *"engine 'a' does not capture: vcap-run: cannot open a packet socket"* ]]
	job=job.$(grep -lx /d/shop.20260101_000000.a asked.* | sed 's/.*\.//')
	[ "$(awk -v RS= 'NR == 3' "$job")" = $'10.0.0.0/8\n192.0.2.1' ]
	run -2 vcap-region start shop.20260101_000000 -t x shop <<<"$job"
	run -1 vcap-region status shop.20260101_000000
	run -2 vcap-region status shop
	run -2 vcap-region check shop
	run -0 vcap-region remove shop.20260101_000000
	run -0 vcap-region check
	# How a controller shows it: where its VIPs are is for its own vcap-check to tell.
	echo 'west region exec env' >>config/engines
	printf 'vip 192.0.2.1\nengine west\n' >config/services/far
	run -0 vcap-check far
	[[ "${lines[1]}" =~ ^west\ +ready\  ]]
	[[ "$output" != *elsewhere* ]]
	mkdir -p spool/captures/shop.20260101_000000/engines
	chmod -R go= spool
	printf '%s\n' 'state partial' 'packets 7' 'bytes 70' 'dropped 1' 'message why' \
		>spool/captures/shop.20260101_000000/capture
	run -0 vcap-region status shop.20260101_000000
	[ "$(grep -vE '^(version|abilities) ' <<<"$output")" = $'state partial\npackets 7\nbytes 70\ndropped 1\nmessage why' ]
	run -0 vcap-region remove shop.20260101_000000
	[ -z "$(ls spool/captures)" ]
}
