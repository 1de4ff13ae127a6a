#!/usr/bin/env bats
# What nobody has fetched from engines: it is listed, told, and removed when its time is over.

bats_require_minimum_version 1.5.0

setup() {
	PATH="$BATS_TEST_DIRNAME/../../${VCAP_BUILD:-build}/bin:$PATH"
	cd "$BATS_TEST_TMPDIR" || return
	export VCAP_CONFIG=$PWD/config VCAP_SPOOL=$PWD/spool
	mkdir -p config/services run
	id=shop.20260101_000000
	now=$(date +%s)
	week=604800
}

# A capture as vcap-run leaves it, whose status says that it expires then, and was written a week before.
left() { # NAME EXPIRES [TOKEN]
	(umask 077 && mkdir "run/$1")
	echo packets >"run/$1/core-0.pcapng"
	printf %s "${3-0123456789abcdef}" >"run/$1/token"
	printf '%s\n' 'state done' 'bytes 8' "expires $2.000000000" >"run/$1/status"
	touch -d "@$(($2 - week))" "run/$1/status"
}

# Break: lib/capture/runlist.c s/run.expires_ns < now/0/
# bats test_tags=slow
@test "host: each request removes what has expired beside its capture, and says so, but not that one" {
	for words in "status run/$id.b" "stop run/$id.b" "remove run/none" 'list run' 'check run'; do
		left "$id.a" $((now - 9))
		[ -d "run/$id.b" ] || left "$id.b" $((now - 9))
		left "$id.c" $((now + 99))
		# shellcheck disable=SC2086 # words
		run --separate-stderr vcap-host $words
		grep -q "^vcap-host: removed 'run/$id.a', which expired on 20" <<<"$stderr" || { echo "$words: $stderr"; false; }
		[ ! -e "run/$id.a" ]
		[[ $words != *"$id.b" ]] || [ -s "run/$id.b/core-0.pcapng" ]
		rm -r "run/$id.c"
	done
}

# Break: lib/capture/runlist.c s/INT64_MAX/0/
@test "host: a list of what is there, also in the answer to check" {
	left "$id.a" $((now + 99))
	left 'mine' $((now + 200)) ''
	mkdir run/empty
	ln -s "$id.a" "run/$id.link"
	run -0 --separate-stderr vcap-host list run
	[ "$(sort <<<"$output")" = "mine - done 8 $((now + 200)).000000000 -
$id.a 0123456789abcdef done 8 $((now + 99)).000000000 -" ]
	[ -z "$stderr" ]
	run vcap-host check run
	[ "$(grep -c '^capture ' <<<"$output")" -eq 2 ]
	run -0 vcap-host list none
	[ -z "$output" ]
	run -2 vcap-host list
	run -2 vcap-host list run 0123456789abcdef
}

# The engines a and b here, and captures in the spool.
engines() {
	printf '%s dir=%s/run exec env\n' a "$PWD" b "$PWD" >config/engines
	echo 'far region exec env' >>config/engines
}

known() { # ID STATE FACT...
	(umask 077 && mkdir -p "spool/captures/$1/engines")
	printf '%s\n' "id $1" 'service shop' "state $2" 'created 1767225600.0' 'token 0123456789abcdef' \
		'engine a' 'engine b' "${@:3}" >"spool/captures/$1/capture"
	chmod 600 "spool/captures/$1/capture"
}

# Break: lib/controller/remains.c s/strcmp(token ? token : "-", remain->token) == 0/1/
# Break: lib/controller/remains.c s/is_of_another(remains->engines, engine, remain.name)/0/
@test "collect: lists what engines have, and whether it is of this spool" {
	engines
	run -0 vcap collect
	[ -z "$output" ]
	known shop.20260102_000000 partial
	left shop.20260102_000000.a $((now + 99))
	left shop.20260102_000000.b $((now + 99)) fedcba9876543210
	left shop.20260103_000000.b $((now + 99))
	left shop.20260101_000000.b 1
	echo 'by ada, from 192.0.2.1' >>run/shop.20260103_000000.b/status
	touch -d "@$((now + 99 - week))" run/shop.20260103_000000.b/status
	# By one of them: a capture that the other removes at that moment may be listed without its status.
	run -0 --separate-stderr vcap collect -r -E a
	[ "${#lines[@]}" -eq 1 ]
	[[ $stderr == "vcap collect: engine 'a': removed '$PWD/run/shop.20260101_000000.b', which expired on 1970-"* ]]
	run -0 --separate-stderr vcap collect -r
	[ -z "$stderr" ]
	[ "$output" = "shop.20260103_000000	b	done	8	$((now + 99)).000000000	no	ada, from 192.0.2.1
shop.20260102_000000	a	done	8	$((now + 99)).000000000	yes	-
shop.20260102_000000	b	done	8	$((now + 99)).000000000	no	-" ] || { echo "$output"; false; }
	run -0 --separate-stderr vcap collect -j -E far,a
	[ "$(jq -r '.captures[0].size' <<<"$output")" = 8 ]
	[ "$stderr" = "vcap collect: engine 'far' is a region: 'vcap collect' there lists what its engines have" ]
	# One that is not reached, and an older one.
	echo 'c exec false' >>config/engines
	run -3 --separate-stderr vcap collect -r
	[ "${#lines[@]}" -eq 3 ]
	[[ $stderr == "vcap collect: engine 'c' did not tell what it has: "* ]]
	run -1 vcap collect -E c
	run -2 vcap collect -E d
	run -2 vcap collect -E a shop
	run -2 vcap collect --quiet
}

# Break: cmd/vcap-collect.c s/"--quiet", "--", capture/"--quiet", "--", "x"/
@test "collect: with ids it does what wait does, for each" {
	engines
	known shop.20260102_000000 'done'
	known shop.20260103_000000 partial 'message one is missing'
	run -0 --separate-stderr vcap collect --quiet shop.20260102_000000
	[ "$output" = "$PWD/spool/captures/shop.20260102_000000/shop.20260102_000000.pcapng" ]
	run -3 --separate-stderr vcap collect shop.20260102_000000 shop.20260103_000000
	[ "${#lines[@]}" -eq 2 ]
	[ "$stderr" = $'vcap collect: capture \'shop.20260103_000000\' is partial\nvcap collect: one is missing' ]
	run -1 vcap collect shop.20260104_000000
}

# Break: lib/controller/remains.c s/remain->known != REMAIN_BUSY/1/
@test "check: tells what is left on engines and how to get it, unless this spool works on it" {
	engines
	known shop.20260102_000000 capturing
	left shop.20260102_000000.a $((now + 99))
	known shop.20260103_000000 'done' 'kept a'
	left shop.20260103_000000.a $((now + 99))
	left shop.20260104_000000.a $((now + 99))
	left always $((now + 99))
	run --separate-stderr vcap-check -r a
	until=$(date -d "@$((now + 99))" '+%F %T')
	[ "$stderr" = "vcap-check: engine 'a' has 'shop.20260104_000000' (done, 8, until $until), which this spool does not know: 'vcap-on a vcap-host remove $PWD/run/shop.20260104_000000.a' removes it
vcap-check: engine 'a' still has its part of 'shop.20260103_000000' (done, 8, until $until): run 'vcap collect shop.20260103_000000'" ] || { echo "$stderr"; false; }
	before=$status
	vcap-on a vcap-host remove "$PWD/run/shop.20260104_000000.a"
	run --separate-stderr vcap-check -r a
	[ "$status" -eq "$before" ]
	[ "${#stderr_lines[@]}" -eq 1 ]
	for day in {10..25}; do left "shop.202602${day}_000000.a" $((now + 99)); done
	run --separate-stderr vcap-check -r a
	[ "${#stderr_lines[@]}" -eq 11 ]
	[ "${stderr_lines[10]}" = "vcap-check: engine 'a' has 7 more: 'vcap collect -E a' lists them" ]
}

# Break: cmd/vcap-prune.c s@^.warn("%s", text);@;@
@test "prune: what stays on an engine is told, with the command that removes it" {
	engines
	sed -i 's/^b \(.*\) exec env/b \1 exec false/' config/engines
	known "$id" 'done' "ended $((now - 99)).0" 'kept a' 'kept b' 'merged a' 'merged b'
	left "$id.a" $((now + 99))
	left "$id.b" $((now + 99))
	run -3 --separate-stderr vcap-prune -c 0
	[ "$output" = "$id" ]
	[ "$stderr" = "vcap-prune: engine 'b' keeps its part of '$id' in '$PWD/run/$id.b': run 'vcap-on b vcap-host remove $PWD/run/$id.b'" ] || { echo "$stderr"; false; }
	[ "$(ls run)" = "$id.b" ]
	[ -z "$(ls spool/captures)" ]
}

# Break: lib/controller/prune.c s/remain->known == REMAIN_COPY || remain->known == REMAIN_UNKNOWN/1/
# Break: lib/controller/prune.c s/strcmp(remain->state, "running") != 0/1/
# bats test_tags=slow
@test "prune: by a file, what engines have and nobody needs, once it is old enough" {
	engines
	known shop.20260102_000000 'done' 'kept a' # by a file that could not be removed
	for name in shop.20260102_000000.a shop.20260103_000000.a shop.20260104_000000.b; do
		left $name $((now + 86400)) # six days old
	done
	left shop.20260105_000000.b $((now + week - 3600))
	left shop.20260106_000000.b $((now + 86400))
	sed -i 's/^state .*/state running/' run/shop.20260106_000000.b/status
	left mine $((now + 86400)) ''
	echo 'leftovers 5d' >rules
	find run -mindepth 1 -maxdepth 1 | sort >before
	run -0 --separate-stderr vcap-prune -n -f rules
	[ "$(sort <<<"$output")" = $'shop.20260103_000000 on a\nshop.20260104_000000 on b' ] || { echo "$output"; echo "$stderr"; false; }
	find run -mindepth 1 -maxdepth 1 | sort | diff before -
	run -0 --separate-stderr vcap-prune -f rules
	[ "$(sort <<<"$output")" = $'shop.20260103_000000 on a\nshop.20260104_000000 on b' ] || { echo "$output"; echo "$stderr"; false; }
	grep -v '2026010[234]' before | diff - <(find run -mindepth 1 -maxdepth 1 | sort)
	! grep kept spool/captures/shop.20260102_000000/capture || false
}
